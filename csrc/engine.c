/* The audio thread: takes plans and messages at cell boundaries, runs slices, fills the device's buffers. */
#include "engine.h"

#include <float.h>
#include <string.h>

/* What a program carries over from the one before, at the boundary where its stage begins. */
GD_RT static void enter_stage(GdAudio *audio, uint32_t index)
{
    const GdStage *stage = &audio->live->stages[index];
    for (uint32_t k = 0; k < stage->move_count; ++k) {
        const GdMove *move = &stage->moves[k];
        for (uint32_t r = 0; r < move->rows; ++r)
            move->target[r * move->target_width] = move->source[r * move->source_width];
    }
    for (uint32_t k = 0; k < stage->copy_count; ++k)
        memcpy(stage->copies[k].target, stage->copies[k].source, stage->copies[k].frames * sizeof(float));
    for (uint32_t k = 0; k < stage->aim_count; ++k) {
        const GdAim *aim = &stage->aims[k];
        gd_steps(aim->pack->kernel->width)->aim(gd_glide(aim->pack, aim->param), aim->lane, aim->value, 0);
    }
    audio->stage = index;
    audio->fade_frame = 0;
}

void gd_tell(GdEngine *engine, uint32_t kind, uint32_t count)
{
    const GdAudio *audio = &engine->audio;
    GdNews news = {.kind = kind, .count = count, .time = audio->time, .position = audio->transport.position};
    gd_send_from_audio(&engine->from_audio, news);
}

GD_RT static void settle(GdEngine *engine)
{
    GdAudio *audio = &engine->audio;
    if (audio->stage + 1 != audio->live->count)
        return;
    atomic_store_explicit(&engine->settled, audio->live, memory_order_release);
    gd_tell(engine, GD_NEWS_SETTLED, 0);
}

/* The new program is in place before the old one goes home: whoever finds it there may free it. */
GD_RT static void take_program(GdEngine *engine)
{
    GdAudio *audio = &engine->audio;
    if (atomic_load_explicit(&engine->retired, memory_order_acquire))
        return;
    GdProgram *program = atomic_exchange_explicit(&engine->next, NULL, memory_order_acq_rel), *before = audio->live;
    if (!program)
        return;
    uint64_t start_ns = gd_now_ns();
    audio->live = program;
    enter_stage(audio, 0);
    atomic_store_explicit(&engine->retired, before, memory_order_release);
    gd_note_peak(&engine->counters.swap_peak_ns, gd_now_ns() - start_ns);
    gd_count(&engine->counters.swaps, 1);
    gd_tell(engine, GD_NEWS_SWAPPED, 0);
    if (program->locates) {
        audio->transport.position = program->position;
        audio->transport.jumped = true, audio->transport.retimed = false;
        audio->transport.pass = 0;
        gd_tell(engine, GD_NEWS_LOCATED, 0);
    }
    settle(engine);
}

GD_RT static void apply(GdEngine *engine, const GdMessage *message)
{
    const GdPlan *plan = engine->audio.live->stages[engine->audio.stage].plan;
    if ((uint32_t)message->node >= plan->node_count)
        return;
    const GdNodePlaces *places = &plan->nodes[message->node];
    for (uint32_t k = 0; k < places->count; ++k) {
        const GdPlace *place = &plan->places[places->first + k];
        int8_t param = places->type->param[place->map][message->param];
        GdStep *step = &plan->steps[place->step];
        if (param < 0)
            continue;
        step->steps->aim(gd_glide(step->pack, (uint32_t)param), place->lane, message->value, message->cells);
        step->attention = 1;
    }
}

/* What may happen between two cells, and only there. */
GD_RT static void boundary(GdEngine *engine)
{
    GdAudio *audio = &engine->audio;
    ++audio->cells;
    if (audio->live && audio->stage + 1 < audio->live->count) {
        if (audio->fade_frame >= GD_FADE) {
            enter_stage(audio, audio->stage + 1);
            settle(engine);
        }
    } else {
        take_program(engine);
    }
    gd_transport_turn(engine);
    if (audio->live) {
        const GdPlan *plan = audio->live->stages[audio->stage].plan;
        for (uint32_t k = 0; k < plan->choir_count; ++k)
            gd_choir_rest(&plan->choirs[k], audio->time, plan->scratch);
    }
    GdMessage message;
    uint64_t messages = 0;
    while (audio->live && gd_receive_in_audio(&engine->to_audio, &message)) {
        apply(engine, &message);
        ++messages;
    }
    gd_count(&engine->counters.messages, messages);
}

/* The mix into the device's planes; what is not a number becomes silence and is counted. A mono mix goes to all channels. */
GD_RT static void fill_device(GdAudio *audio, const GdPlan *plan, uint32_t frames)
{
    for (uint32_t c = 0; c < audio->device.out_channels; ++c) {
        float *restrict out = audio->out[c];
        uint32_t lane = plan->device_channels == 1 ? 0 : c;
        const float *restrict source = plan->device_source[lane / GD_MAX_WIDTH];
        uint32_t width = plan->device_width[lane / GD_MAX_WIDTH];
        if (!source || lane >= plan->device_channels) {
            memset(out, 0, frames * sizeof(float));
            continue;
        }
        uint32_t bad = 0;
        for (uint32_t i = 0; i < frames; ++i) {
            float x = source[i * width + lane % GD_MAX_WIDTH];
            bool finite = __builtin_fabsf(x) <= FLT_MAX;
            out[i] = finite ? x + 0.0f : 0.0f; /* + 0: no negative zeros */
            bad += !finite;
        }
        audio->not_finite += bad;
    }
}

GD_RT static void run_slice(GdEngine *engine, uint32_t frames)
{
    GdAudio *audio = &engine->audio;
    if (!audio->live) {
        for (uint32_t c = 0; c < audio->device.out_channels; ++c)
            memset(audio->out[c], 0, frames * sizeof(float));
        return;
    }
    GdPlan *plan = audio->live->stages[audio->stage].plan;
    if (audio->stage + 1 < audio->live->count) {
        for (uint32_t i = 0; i < frames; ++i) {
            plan->rise[i] = audio->fade[audio->fade_frame + i];
            plan->fall[i] = 1.0f - plan->rise[i];
        }
        audio->fade_frame += frames;
    }
    bool profile = audio->cells % 16 == 0 && atomic_load_explicit(&engine->profile, memory_order_relaxed);
    if (plan->worker_count == 1 || !gd_crew_run(engine, plan, frames, profile))
        gd_run_steps(plan, audio, frames, profile);
    fill_device(audio, plan, frames);
}

void gd_engine_account(GdEngine *engine, uint64_t start_ns, uint64_t end_ns, uint32_t frames, uint32_t flags)
{
    GdAudio *audio = &engine->audio;
    uint64_t period_ns = (uint64_t)((double)frames * 1e9 / engine->graph->sample_rate_hz);
    GdCall call = {.start_ns = start_ns, .end_ns = end_ns, .period_ns = period_ns, .flags = flags};
    if (gd_account(&engine->counters, &audio->timing, call))
        gd_tell(engine, GD_NEWS_OVER_BUDGET, 0);
    if (audio->not_finite) {
        gd_count(&engine->counters.not_finite, audio->not_finite);
        gd_tell(engine, GD_NEWS_NOT_FINITE, audio->not_finite);
        audio->not_finite = 0;
    }
}

/* Frames until the present plan's next multiple of its slice, until the transport jumps, or until the block ends. */
GD_RT static uint32_t slice_length(const GdAudio *audio, uint32_t wanted)
{
    uint32_t longest = audio->live ? audio->live->stages[audio->stage].plan->slice_frames : GD_SLICE;
    uint32_t left = longest - (uint32_t)(audio->time % longest);
    return gd_transport_reach(&audio->transport, wanted < left ? wanted : left);
}

void gd_engine_run(GdEngine *engine, const float *const *in, uint32_t in_channels, float *const *out,
                   uint32_t out_channels, uint32_t frames)
{
    GdAudio *audio = &engine->audio;
    uint64_t denormals = gd_flush_denormals();
    gd_count(&engine->counters.overlaps, atomic_exchange_explicit(&engine->inside, 1, memory_order_acquire));
    audio->device.in_channels = in_channels < GD_MAX_CHANNELS ? in_channels : GD_MAX_CHANNELS;
    audio->device.out_channels = out_channels < GD_MAX_CHANNELS ? out_channels : GD_MAX_CHANNELS;
    bool called = gd_crew_call(engine);
    for (uint32_t done = 0; done < frames;) {
        if (audio->time % GD_SLICE == 0)
            boundary(engine);
        uint32_t count = slice_length(audio, frames - done);
        for (uint32_t c = 0; c < audio->device.in_channels; ++c)
            audio->in[c] = in[c] + done;
        for (uint32_t c = 0; c < audio->device.out_channels; ++c)
            audio->out[c] = out[c] + done;
        run_slice(engine, count);
        audio->time += count;
        gd_transport_go(engine, count);
        done += count;
        atomic_store_explicit(&engine->position_now, audio->transport.position, memory_order_relaxed);
        atomic_store_explicit(&engine->time, audio->time, memory_order_release); /* tapes: all before it is in the rings */
    }
    if (called)
        gd_crew_end_call(&engine->crew);
    gd_count(&engine->counters.frames, frames);
    gd_restore_denormals(denormals);
    atomic_store_explicit(&engine->inside, 0, memory_order_release);
}

void gd_engine_process(GdEngine *engine, const float *const *in, uint32_t in_channels, float *const *out,
                       uint32_t out_channels, uint32_t frames)
{
    uint64_t start_ns = gd_now_ns();
    gd_engine_run(engine, in, in_channels, out, out_channels, frames);
    gd_engine_account(engine, start_ns, gd_now_ns(), frames, 0);
}
