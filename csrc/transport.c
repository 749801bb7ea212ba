/* The transport: where in the piece the engine is, and how time goes there. */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define GD_NO_ROLL UINT64_MAX /* else frames of counting in * 2 + whether it rolls then */

/* --- control thread --- */

bool gd_transport_start(GdEngine *engine)
{
    static const GdTempoSpan usual_tempo = {.bpm = 120.0};
    static const GdBars usual_bars = {.bar_ticks = 3840.0, .beat_ticks = 960.0};
    const GdTimelineSpec spec = {.spans = &usual_tempo, .bars = &usual_bars, .span_count = 1, .bar_count = 1};
    engine->audio.timeline = gd_timeline_new(&spec, engine->graph->sample_rate_hz);
    engine->audio.transport = (GdTransport){.rolling = true, .timeline = engine->audio.timeline};
    atomic_store(&engine->wanted_roll, GD_NO_ROLL);
    atomic_store(&engine->rolls, 1);
    return engine->audio.timeline != NULL;
}

void gd_transport_free(GdEngine *engine)
{
    free(atomic_exchange(&engine->next_timeline, NULL));
    free(atomic_exchange(&engine->retired_timeline, NULL));
    free(engine->audio.timeline);
}

bool gd_engine_timeline(GdEngine *engine, const GdTimelineSpec *spec)
{
    GdTimeline *timeline = gd_timeline_new(spec, engine->graph->sample_rate_hz);
    if (!timeline)
        return false;
    free(atomic_exchange_explicit(&engine->retired_timeline, NULL, memory_order_acq_rel));
    free(atomic_exchange_explicit(&engine->next_timeline, timeline, memory_order_acq_rel));
    return true;
}

void gd_engine_roll(GdEngine *engine, bool rolling, uint64_t count_in_frames)
{
    atomic_store_explicit(&engine->wanted_roll, count_in_frames << 1 | rolling, memory_order_release);
}

bool gd_engine_rolls(GdEngine *engine) { return atomic_load_explicit(&engine->rolls, memory_order_relaxed); }

uint64_t gd_engine_position(GdEngine *engine) { return atomic_load_explicit(&engine->position_now, memory_order_relaxed); }

void gd_engine_locate(GdEngine *engine, uint64_t position)
{
    engine->locates = true;
    engine->position = position;
}

void gd_engine_restart(GdEngine *engine, uint64_t position)
{
    GdAudio *audio = &engine->audio;
    gd_engine_free_programs(engine);
    gd_graph_forget(engine->graph);
    for (GdMessage message; gd_receive_in_audio(&engine->to_audio, &message);) {
    } /* the values are in the graph, and what they went to is gone */
    audio->stage = audio->fade_frame = 0;
    audio->time = audio->cells = 0;
    audio->transport = (GdTransport){.position = position, .rolling = audio->transport.rolling, .timeline = audio->timeline};
    atomic_store(&engine->time, 0);
    atomic_store(&engine->position_now, position);
    engine->locates = engine->newest_settled = false;
}

/* --- audio thread --- */

GD_RT static bool same_tempo(const GdTimeline *a, const GdTimeline *b)
{
    return a->span_count == b->span_count && !memcmp(a->spans, b->spans, a->span_count * sizeof *a->spans);
}

/* The new map is in place before the old one goes home. What sounds at a tick goes on from that tick. */
GD_RT static void take_timeline(GdEngine *engine)
{
    GdAudio *audio = &engine->audio;
    if (!atomic_load_explicit(&engine->next_timeline, memory_order_relaxed)
        || atomic_load_explicit(&engine->retired_timeline, memory_order_acquire))
        return;
    GdTimeline *before = audio->timeline;
    GdTimeline *now = atomic_exchange_explicit(&engine->next_timeline, NULL, memory_order_acq_rel);
    GdTransport *transport = &audio->transport;
    if (audio->time && !transport->jumped && !same_tempo(before, now)) {
        double tick = gd_tick_at(before, (double)transport->position);
        transport->position = (uint64_t)gd_frame_of(now, tick);
        transport->jumped = transport->retimed = true;
    }
    transport->timeline = audio->timeline = now;
    atomic_store_explicit(&engine->retired_timeline, before, memory_order_release);
}

GD_RT static void roll(GdEngine *engine, bool rolls)
{
    GdTransport *transport = &engine->audio.transport;
    if (transport->rolling == rolls)
        return;
    transport->rolling = rolls;
    atomic_store_explicit(&engine->rolls, rolls, memory_order_relaxed);
    gd_tell(engine, rolls ? GD_NEWS_ROLLING : GD_NEWS_STANDING, 0);
}

void gd_transport_turn(GdEngine *engine)
{
    take_timeline(engine);
    if (atomic_load_explicit(&engine->wanted_roll, memory_order_relaxed) == GD_NO_ROLL)
        return;
    const uint64_t wanted = atomic_exchange_explicit(&engine->wanted_roll, GD_NO_ROLL, memory_order_acquire);
    engine->audio.transport.count_in = wanted & 1 ? wanted >> 1 : 0;
    roll(engine, wanted == 1);
}

GD_RT static bool loops(const GdTransport *transport)
{
    const GdTimeline *timeline = transport->timeline;
    return transport->rolling && timeline->loop_start != timeline->loop_end && transport->position < timeline->loop_end;
}

uint32_t gd_transport_reach(const GdTransport *transport, uint32_t frames)
{
    uint64_t reach = transport->count_in ? transport->count_in
                     : loops(transport)  ? transport->timeline->loop_end - transport->position
                                         : frames;
    return reach < frames ? (uint32_t)reach : frames;
}

void gd_transport_go(GdEngine *engine, uint32_t frames)
{
    GdTransport *transport = &engine->audio.transport;
    const bool in_loop = loops(transport);
    transport->jumped = transport->retimed = false;
    if (transport->rolling)
        transport->position += frames;
    if (in_loop && transport->position == transport->timeline->loop_end) {
        transport->position = transport->timeline->loop_start;
        transport->jumped = true;
        ++transport->pass;
        gd_tell(engine, GD_NEWS_LOOPED, transport->pass);
    }
    if (transport->count_in && !(transport->count_in -= frames))
        roll(engine, true);
}
