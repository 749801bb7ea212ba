/* A device's way to the engine: one caller has its turn, and fades in and out of it. The run is the audio thread's, the rest
 * control.
 *
 * The turn is one word. The audio thread goes inside only by changing MINE to MINE | INSIDE in one step; control takes MINE
 * away and then waits until INSIDE is gone. So once control has seen that, the caller touches nothing but itself, whatever
 * its device does and however long: the engine may go to another caller, or be freed. */
#include "devices.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_NS = 50000 };

/* Copies a map, leaving out what the device has not; returns how many are left. */
static uint32_t take_map(uint32_t *to, const uint32_t *from, uint32_t count, uint32_t channels)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < count && kept < GD_MAX_CHANNELS; ++k)
        if (from[k] < channels)
            to[kept++] = from[k];
    return kept;
}

static bool make_planes(GdCaller *caller)
{
    uint32_t planes = caller->device_ins + caller->device_outs + 1;
    caller->fade = calloc(caller->fade_frames + 1, sizeof(float));
    caller->planes = calloc((size_t)planes * caller->block, sizeof(float));
    caller->in = calloc(planes, sizeof(float *));
    if (!caller->fade || !caller->planes || !caller->in)
        return false;
    caller->out = caller->in + caller->device_ins;
    for (uint32_t c = 0; c < planes; ++c)
        caller->in[c] = caller->planes + (size_t)c * caller->block;
    for (uint32_t i = 0; i < caller->fade_frames; ++i)
        caller->fade[i] = (float)(0.5 - 0.5 * cos(3.14159265358979323846 * (i + 0.5) / caller->fade_frames));
    return true;
}

GdCaller *gd_caller_new(GdEngine *engine, const GdCallerSpec *spec)
{
    GdCaller *caller = calloc(1, sizeof *caller);
    if (!caller)
        return NULL;
    *caller = (GdCaller){.engine = engine, .device_ins = spec->device_ins, .device_outs = spec->device_outs,
                         .block = spec->block ? spec->block : 1, .fade_frames = spec->fade_frames, .silent = 1};
    caller->in_count = take_map(caller->ins, spec->ins, spec->in_count, spec->device_ins);
    caller->out_count = take_map(caller->outs, spec->outs, spec->out_count, spec->device_outs);
    if (make_planes(caller))
        return caller;
    gd_caller_free(caller);
    return NULL;
}

void gd_caller_free(GdCaller *caller)
{
    free(caller->fade);
    free(caller->planes);
    free(caller->in);
    free(caller);
}

void gd_caller_take(GdCaller *caller)
{
    caller->engine->audio.timing = (GdTiming){.start_ns = 0}; /* whoever called before is no measure of this one */
    atomic_store_explicit(&caller->turn, GD_MINE, memory_order_release);
}

bool gd_caller_leave(GdCaller *caller, double wait_s)
{
    uint64_t end_ns = gd_now_ns() + (uint64_t)(wait_s * 1e9);
    if (!atomic_fetch_and_explicit(&caller->turn, ~(uint32_t)GD_MINE, memory_order_acq_rel))
        return true;
    while (atomic_load_explicit(&caller->turn, memory_order_acquire) & GD_INSIDE) {
        if (gd_now_ns() > end_ns)
            return false;
        gd_sleep_until_ns(gd_now_ns() + LOOK_NS);
    }
    gd_crew_priority(caller->engine, 0);
    return true;
}

void gd_caller_open(GdCaller *caller, bool open) { atomic_store(&caller->open, open); }

void gd_caller_facts(const GdCaller *caller, GdCallerFacts *facts)
{
    *facts = (GdCallerFacts){.calls = atomic_load(&caller->calls), .xruns = atomic_load(&caller->xruns),
                             .frames = atomic_load(&caller->frames), .last_ns = atomic_load(&caller->last_ns),
                             .silent = atomic_load(&caller->silent), .gone = atomic_load(&caller->gone)};
    facts->now_ns = gd_now_ns();
}

int gd_caller_priority(GdCaller *caller, int wanted)
{
    uintptr_t thread = atomic_load(&caller->thread);
    if (!thread)
        return -1;
    int priority = gd_get_priority((pthread_t)thread);
    if (!priority && wanted && gd_set_priority((pthread_t)thread, wanted))
        priority = wanted;
    if (atomic_load(&caller->turn) & GD_MINE)
        gd_crew_priority(caller->engine, priority > 1 ? priority - 1 : priority);
    return priority;
}

float *gd_caller_plane(GdCaller *caller, bool input, uint32_t channel)
{
    if (channel >= (input ? caller->device_ins : caller->device_outs))
        return NULL;
    return input ? caller->in[channel] : caller->out[channel];
}

/* --- the audio thread --- */

GD_RT static void shape(const GdCaller *caller, float *const *out, uint32_t done, uint32_t frames)
{
    const float *fade = caller->fade;
    for (uint32_t k = 0; k < caller->out_count; ++k) {
        float *plane = out[caller->outs[k]] + done;
        for (uint32_t i = 0; i < frames; ++i)
            plane[i] *= caller->rises ? fade[caller->level + i] : fade[caller->level - 1 - i];
    }
}

/* At most `block` frames of the engine, at `done` in the device's planes. One channel of a device gets both of a pair. */
GD_RT static void run_engine(GdCaller *caller, const float *const *in, float *const *out, uint32_t done, uint32_t frames)
{
    const float *heard[GD_MAX_CHANNELS];
    float *played[GD_MAX_CHANNELS];
    for (uint32_t k = 0; k < caller->in_count; ++k)
        heard[k] = in[caller->ins[k]] + done;
    for (uint32_t k = 0; k < caller->out_count; ++k)
        played[k] = out[caller->outs[k]] + done;
    bool folds = caller->out_count == 1;
    if (folds)
        played[1] = caller->out[caller->device_outs];
    gd_engine_run(caller->engine, heard, caller->in_count, played, folds ? 2 : caller->out_count, frames);
    for (uint32_t i = 0; folds && i < frames; ++i)
        played[0][i] = 0.5f * (played[0][i] + played[1][i]);
}

/* As much of the block as the gate lets through; returns how much, and the rest stays silent. */
GD_RT static uint32_t run_open(GdCaller *caller, const float *const *in, float *const *out, uint32_t frames)
{
    bool open = atomic_load_explicit(&caller->open, memory_order_relaxed);
    uint32_t done = 0;
    if (open)
        atomic_store_explicit(&caller->silent, 0, memory_order_relaxed); /* before it sounds: control may shut it at once */
    while (done < frames && (open || caller->level)) {
        if (!caller->level || caller->level == caller->fade_frames)
            caller->rises = open;
        uint32_t count = frames - done < caller->block ? frames - done : caller->block;
        uint32_t left = caller->rises ? caller->fade_frames - caller->level : caller->level;
        if (left && left < count)
            count = left;
        run_engine(caller, in, out, done, count);
        if (left) {
            shape(caller, out, done, count);
            caller->level = caller->rises ? caller->level + count : caller->level - count;
        }
        done += count;
    }
    return done;
}

GD_RT static uint32_t take_turn(GdCaller *caller, const float *const *in, float *const *out, uint32_t frames)
{
    uint32_t mine = GD_MINE;
    if (!atomic_compare_exchange_strong_explicit(&caller->turn, &mine, GD_MINE | GD_INSIDE, memory_order_acquire,
                                                 memory_order_relaxed))
        return 0;
    return run_open(caller, in, out, frames);
}

GD_RT static void end_turn(GdCaller *caller, uint64_t start_ns, uint32_t ran, uint32_t frames, uint32_t flags)
{
    if (!(atomic_load_explicit(&caller->turn, memory_order_relaxed) & GD_INSIDE))
        return;
    if (ran)
        gd_engine_account(caller->engine, start_ns, gd_now_ns(), frames, flags);
    else
        caller->engine->audio.timing.start_ns = 0; /* it rests: the next gap would be as long as the rest */
    atomic_store_explicit(&caller->silent, !caller->level && !atomic_load_explicit(&caller->open, memory_order_relaxed),
                          memory_order_relaxed);
    atomic_fetch_and_explicit(&caller->turn, ~(uint32_t)GD_INSIDE, memory_order_release);
}

void gd_caller_run(GdCaller *caller, const float *const *in, float *const *out, uint32_t frames, uint32_t flags)
{
    uint64_t start_ns = gd_now_ns();
    in = in ? in : (const float *const *)caller->in;
    out = out ? out : caller->out;
    atomic_store_explicit(&caller->thread, (uintptr_t)pthread_self(), memory_order_relaxed);
    for (uint32_t c = 0; c < caller->device_outs; ++c)
        memset(out[c], 0, frames * sizeof(float));
    uint32_t ran = take_turn(caller, in, out, frames);
    gd_count(&caller->frames, ran);
    gd_count(&caller->calls, 1);
    gd_count(&caller->xruns, (flags & GD_CALL_XRUN) != 0);
    atomic_store_explicit(&caller->last_ns, start_ns, memory_order_release);
    end_turn(caller, start_ns, ran, frames, flags);
}
