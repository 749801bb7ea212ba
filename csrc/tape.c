/* Tapes: take from a recorded node's rings what was heard while its gate was open, and write it to disk. Each has a disk
 * thread, which the audio thread knows nothing of: it looks at the engine's clock, and is allowed to be late by a ring.
 *
 * Positions are frames of absolute time by the gate; the samples that belong to frame f stand `late` frames further on. */
#define _GNU_SOURCE
#include "tape.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "wav.h"

enum { LOOK_EVERY_NS = 50000000, TELL_EVERY_NS = 250000000, SYNC_EVERY_NS = 1000000000 };
enum { MARGIN = 2 * GD_SLICE /* frames of a ring that may be written over while they are read */ };

typedef struct Finished {
    GdTake take;
    struct Finished *next;
} Finished;

struct GdTape {
    /* set once */
    GdEngine *engine;           /* not touched any more once `ends_at` is known */
    GdGraph *graph;             /* of the node, as long as the memory is not `inherited` */
    int32_t node;
    uint32_t sample_rate_hz;
    GdTapeSpec spec;
    GdStream *stream;
    uint32_t ring;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t moved, asked; /* the tape has gone on; somebody waits for it */
    /* under the lock */
    const GdMemory *memory;
    uint32_t lanes;
    bool inherited;
    int64_t late;               /* frames; once it is known it never changes, and the disk thread reads it freely */
    uint64_t ends_at;           /* UINT64_MAX until it is known */
    GdTapeState state;
    Finished *first, **last;
    uint64_t reached;           /* frames before this are on their way to disk, or not wanted */
    bool wanted;                /* somebody waits for it to be further on */
    /* disk thread only */
    uint64_t at;                /* next frame to look at */
    bool started;
    GdTake take;
    bool writing;
    GdWav wav;
    float *block;               /* GD_WAV_CHUNK frames of the take */
    uint64_t told_ns, synced_ns;
};

/* What the disk thread needs to know of the others for a moment. */
typedef struct View {
    const GdMemory *memory;
    uint32_t lanes;
    uint64_t first, now, end;   /* frames: the first in the rings, the one after the last, and where the tape ends */
    bool ready;                 /* it is known how late what is heard is */
} View;

/* The frame up to which all has been heard, or that the tape ends at; under the lock. */
static uint64_t clock_of(const GdTape *tape)
{
    return tape->ends_at == UINT64_MAX ? gd_engine_time(tape->engine) : tape->ends_at;
}

static View look(GdTape *tape)
{
    pthread_mutex_lock(&tape->lock);
    const uint64_t first = atomic_load_explicit(&tape->stream->consumed, memory_order_acquire);
    if (tape->late < 0 && tape->ends_at != UINT64_MAX)
        tape->late = 0;
    const View view = {tape->memory, tape->lanes, first, clock_of(tape), tape->ends_at, tape->late >= 0};
    pthread_mutex_unlock(&tape->lock);
    return view;
}

static uint64_t max64(uint64_t a, uint64_t b) { return a > b ? a : b; }
static uint64_t min64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t down(uint64_t a, uint64_t b) { return a > b ? a - b : 0; }

/* The oldest frame that nobody had begun to write over when all was read that was read before this call: see
 * tests/models/tape.pml. The node writes on after the tape's end, so its own clock tells. */
static uint64_t oldest(const GdTape *tape, const View *view)
{
    const uint64_t written = atomic_fetch_add_explicit(&tape->stream->written, 0, memory_order_acq_rel);
    return max64(view->first, down(written, tape->ring - MARGIN));
}

/* --- takes --- */

static uint64_t late_of(const GdTape *tape) { return tape->late > 0 ? (uint64_t)tape->late : 0; }

/* Under the lock. */
static void measure_held(GdTape *tape)
{
    GdTapeState *state = &tape->state;
    state->held_frames = (uint32_t)min64(down(clock_of(tape), tape->reached + late_of(tape)), UINT32_MAX);
    if (state->held_frames > state->held_peak_frames)
        state->held_peak_frames = state->held_frames;
}

static void publish(GdTape *tape)
{
    pthread_mutex_lock(&tape->lock);
    GdTapeState *state = &tape->state;
    state->writing = tape->writing;
    state->start = tape->take.start, state->frames = tape->wav.frames, state->lost = tape->take.lost, state->peak = tape->wav.peak;
    measure_held(tape);
    if (tape->late >= 0)
        tape->reached = tape->started ? tape->at : clock_of(tape);
    pthread_cond_broadcast(&tape->moved);
    pthread_mutex_unlock(&tape->lock);
}

/* The take is over, or could not go on: hand it over. */
static void end_take(GdTape *tape, int error)
{
    if (error) /* what is there is to stay playable, if the disk lets us say so */
        (void)!gd_wav_finish(&tape->wav);
    else
        error = gd_wav_finish(&tape->wav);
    tape->take.error = error;
    tape->take.file = tape->wav.file;
    tape->take.frames = tape->wav.frames;
    tape->take.peak = tape->wav.peak;
    tape->writing = false;
    gd_wav_let_go(&tape->wav);
    free(tape->block);
    tape->block = NULL;
    Finished *finished = malloc(sizeof *finished);
    pthread_mutex_lock(&tape->lock);
    if (finished) {
        *finished = (Finished){tape->take, NULL};
        *tape->last = finished;
        tape->last = &finished->next;
    } else if (tape->wav.file >= 0) { /* it stays on disk, and is found as one that a crash left is */
        close(tape->wav.file);
    }
    pthread_cond_broadcast(&tape->moved);
    pthread_mutex_unlock(&tape->lock);
}

static int begin_take(GdTape *tape, const View *view, uint64_t opened)
{
    char path[4096];
    tape->at = min64(max64(down(opened, tape->spec.preroll_frames), oldest(tape, view)), opened);
    tape->take = (GdTake){.number = tape->take.number + 1, .channels = view->lanes, .file = -1, .start = tape->at, .opened = opened};
    tape->wav = (GdWav){.file = -1, .channels = view->lanes, .bits = tape->spec.bits, .start = tape->at,
                        .sample_rate_hz = tape->sample_rate_hz};
    const int length = snprintf(path, sizeof path, "%s-%u.part.wav", tape->spec.parts, tape->take.number);
    tape->writing = true;
    tape->told_ns = tape->synced_ns = gd_now_ns();
    tape->block = malloc(sizeof *tape->block * GD_WAV_CHUNK * view->lanes);
    if (!tape->block)
        return ENOMEM;
    return length < (int)sizeof path ? gd_wav_create(&tape->wav, path) : ENAMETOOLONG;
}

/* Time that is not in the rings any more is silence in the take. */
static int write_lost(GdTape *tape, uint64_t frames)
{
    int error = 0;
    memset(tape->block, 0, sizeof *tape->block * GD_WAV_CHUNK * tape->take.channels);
    while (frames && !error) {
        const uint32_t count = (uint32_t)min64(frames, GD_WAV_CHUNK);
        error = gd_wav_write(&tape->wav, tape->block, count);
        tape->take.lost += count, tape->at += count, frames -= count;
    }
    return error;
}

static int write_frames(GdTape *tape, const View *view, uint32_t count)
{
    const uint32_t channels = tape->take.channels;
    for (uint32_t c = 0; c < channels; ++c) {
        const float *ring = view->memory[c].data;
        for (uint32_t i = 0; i < count; ++i)
            tape->block[(size_t)i * channels + c] = ring[(tape->at + late_of(tape) + i) & (tape->ring - 1)];
    }
    const uint32_t torn = (uint32_t)min64(down(oldest(tape, view), tape->at), count); /* it was overtaken */
    memset(tape->block, 0, sizeof *tape->block * torn * channels);
    tape->take.lost += torn;
    tape->at += count;
    return gd_wav_write(&tape->wav, tape->block, count);
}

/* --- the gate --- */

/* How many of the next `count` frames the gate is open for, or is not. */
static uint32_t gate_run(const GdTape *tape, const View *view, uint32_t count, bool open)
{
    const float *gate = view->memory[0].data + tape->ring;
    uint32_t run = 0;
    while (run < count
           && ((gate[(tape->at + run) & (tape->ring - 1)] >= 0.5f || (open && tape->at + run < tape->take.opened)) == open))
        ++run;
    return run;
}

static int read_on(GdTape *tape, const View *view, uint32_t count)
{
    const uint32_t run = gate_run(tape, view, count, tape->writing);
    int error = 0;
    if (!tape->writing) {
        tape->at += run;
        if (run < count)
            error = begin_take(tape, view, tape->at);
    } else {
        if (run)
            error = write_frames(tape, view, run);
        if (!error && run < count) {
            end_take(tape, 0);
            error = tape->take.error;
        }
    }
    return error;
}

/* Tell the header, or a crash would leave a file that says it is empty. */
static int keep_true(GdTape *tape)
{
    const uint64_t now_ns = gd_now_ns();
    if (!tape->writing || now_ns - tape->told_ns < TELL_EVERY_NS)
        return 0;
    const bool sync = now_ns - tape->synced_ns >= SYNC_EVERY_NS;
    const int error = gd_wav_tell(&tape->wav, sync);
    tape->told_ns = gd_now_ns();
    if (sync)
        tape->synced_ns = tape->told_ns;
    return error;
}

/* Take what has come; true when the tape has ended. */
static bool go_on(GdTape *tape)
{
    int error = 0;
    View view = look(tape);
    while (!error) {
        if (!tape->started && view.ready && view.lanes && view.first < view.now) {
            tape->started = true;
            tape->at = max64(tape->at, view.first);
        }
        const uint64_t until = tape->started ? down(view.now, late_of(tape)) : 0;
        if (tape->at >= until)
            break;
        const uint64_t gone = min64(down(oldest(tape, &view), tape->at), until - tape->at);
        if (gone && tape->writing)
            error = write_lost(tape, gone);
        else if (gone)
            tape->at += gone;
        else
            error = read_on(tape, &view, (uint32_t)min64(until - tape->at, GD_WAV_CHUNK));
        if (!error)
            error = keep_true(tape);
        publish(tape);
        view = look(tape);
    }
    const bool ended = error || view.end != UINT64_MAX;
    if (tape->writing && (ended || (error = keep_true(tape))))
        end_take(tape, error);
    publish(tape);
    return ended || error;
}

static void *tape_main(void *argument)
{
    GdTape *tape = argument;
    while (!go_on(tape)) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_EVERY_NS;
        until.tv_sec += until.tv_nsec / 1000000000, until.tv_nsec %= 1000000000;
        pthread_mutex_lock(&tape->lock);
        if (!tape->wanted && tape->ends_at == UINT64_MAX)
            pthread_cond_timedwait(&tape->asked, &tape->lock, &until);
        tape->wanted = false;
        pthread_mutex_unlock(&tape->lock);
    }
    pthread_mutex_lock(&tape->lock);
    tape->state.ended = true;
    pthread_cond_broadcast(&tape->moved);
    pthread_mutex_unlock(&tape->lock);
    return NULL;
}

/* --- control --- */

static bool start_thread(GdTape *tape)
{
    sigset_t all, before; /* or a full disk's SIGXFSZ would end the program */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = !pthread_create(&tape->thread, NULL, tape_main, tape);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

GdTape *gd_tape_new(GdEngine *engine, int32_t index, const GdTapeSpec *spec)
{
    GdNode *node = &engine->graph->nodes[index];
    GdTape *tape = calloc(1, sizeof *tape);
    char *parts = strdup(spec->parts);
    if (!tape || !parts) {
        free(tape), free(parts);
        return NULL;
    }
    *tape = (GdTape){.engine = engine, .graph = engine->graph, .node = index, .spec = *spec, .stream = node->stream,
                     .sample_rate_hz = (uint32_t)lrintf(engine->graph->sample_rate_hz), .ring = node->memory_frames / 2,
                     .memory = node->memory, .lanes = node->memory_lanes, .ends_at = UINT64_MAX, .at = spec->from,
                     .reached = spec->from, .late = spec->late_frames};
    tape->spec.parts = parts;
    tape->state.ring_frames = tape->ring - MARGIN;
    tape->last = &tape->first;
    pthread_mutex_init(&tape->lock, NULL);
    pthread_cond_init(&tape->moved, NULL);
    pthread_cond_init(&tape->asked, NULL);
    if (node->tape || !node->stream || !start_thread(tape)) {
        free(parts), free(tape);
        return NULL;
    }
    node->tape = tape;
    return tape;
}

void gd_tape_late(GdTape *tape, int32_t late_frames)
{
    pthread_mutex_lock(&tape->lock);
    if (tape->late < 0 && late_frames >= 0)
        tape->late = late_frames;
    pthread_mutex_unlock(&tape->lock);
}

void gd_tape_stop(GdTape *tape, uint64_t at)
{
    pthread_mutex_lock(&tape->lock);
    tape->ends_at = min64(tape->ends_at, at);
    pthread_cond_broadcast(&tape->asked);
    pthread_mutex_unlock(&tape->lock);
}

bool gd_tape_next(GdTape *tape, GdTake *take)
{
    pthread_mutex_lock(&tape->lock);
    while (!tape->first && !tape->state.ended)
        pthread_cond_wait(&tape->moved, &tape->lock);
    Finished *finished = tape->first;
    if (finished) {
        *take = finished->take;
        tape->first = finished->next;
        if (!tape->first)
            tape->last = &tape->first;
    }
    pthread_mutex_unlock(&tape->lock);
    free(finished);
    return finished != NULL;
}

void gd_tape_catch_up(GdTape *tape, uint32_t held_frames)
{
    pthread_mutex_lock(&tape->lock);
    const uint64_t wanted = down(clock_of(tape), held_frames + late_of(tape));
    while (tape->late >= 0 && tape->reached < wanted && !tape->state.ended) {
        tape->wanted = true;
        pthread_cond_broadcast(&tape->asked);
        pthread_cond_wait(&tape->moved, &tape->lock);
    }
    pthread_mutex_unlock(&tape->lock);
}

void gd_tape_state(GdTape *tape, GdTapeState *state)
{
    pthread_mutex_lock(&tape->lock);
    measure_held(tape);
    *state = tape->state;
    pthread_mutex_unlock(&tape->lock);
}

void gd_tape_lend(GdTape *tape, const GdMemory *memory, uint32_t lanes)
{
    pthread_mutex_lock(&tape->lock);
    tape->memory = memory;
    tape->lanes = lanes;
    pthread_mutex_unlock(&tape->lock);
}

void gd_tape_inherit(GdTape *tape, GdMemory *memory, uint32_t lanes)
{
    pthread_mutex_lock(&tape->lock);
    tape->memory = memory;
    tape->lanes = lanes;
    tape->inherited = tape->state.orphaned = true;
    pthread_mutex_unlock(&tape->lock);
}

void gd_tape_free(GdTape *tape)
{
    GdTake take;
    pthread_join(tape->thread, NULL);
    while (gd_tape_next(tape, &take))
        if (take.file >= 0)
            close(take.file);
    if (tape->inherited) {
        for (uint32_t lane = 0; lane < tape->lanes; ++lane)
            free(tape->memory[lane].data);
        free((GdMemory *)tape->memory);
        free(tape->stream);
    } else {
        tape->graph->nodes[tape->node].tape = NULL;
    }
    pthread_mutex_destroy(&tape->lock);
    pthread_cond_destroy(&tape->moved);
    pthread_cond_destroy(&tape->asked);
    free((char *)tape->spec.parts);
    free(tape);
}

int gd_tape_repair(const char *path, GdTake *take, uint32_t *sample_rate_hz, uint32_t *bits)
{
    GdWav wav;
    const int error = gd_wav_repair(&wav, path);
    *take = (GdTake){.error = error, .file = wav.file, .channels = wav.channels, .start = wav.start, .opened = wav.start, .frames = wav.frames};
    *sample_rate_hz = wav.sample_rate_hz;
    *bits = wav.bits;
    return error;
}
