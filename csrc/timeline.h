/* The tempo map, as the audio thread has it: from frames of the piece to ticks and back. graphdaw/graph/timeline.py works in
 * the same way and makes the spans. Any thread. */
#ifndef GD_TIMELINE_H
#define GD_TIMELINE_H

#include <math.h>

#include "attrs.h"
#include "graphdaw.h"

/* One piece of memory: spans and bars follow. Never changed once it is made. */
typedef struct GdTimeline {
    double frames_per_beat_minute; /* frames that a tick takes at one beat a minute */
    uint64_t loop_start, loop_end; /* frames; equal: none */
    uint32_t span_count, bar_count;
    const GdTempoSpan *spans;      /* ascending, the first at 0 */
    const GdBars *bars;
} GdTimeline;

/* The span in which a tick, or a frame, lies. */
GD_RT static inline const GdTempoSpan *gd_span_at_tick(const GdTimeline *t, double tick)
{
    uint32_t lo = 0, hi = t->span_count;
    while (hi - lo > 1) {
        uint32_t mid = (lo + hi) / 2;
        if (t->spans[mid].tick <= tick)
            lo = mid;
        else
            hi = mid;
    }
    return &t->spans[lo];
}

GD_RT static inline const GdTempoSpan *gd_span_at_frame(const GdTimeline *t, double frame)
{
    uint32_t lo = 0, hi = t->span_count;
    while (hi - lo > 1) {
        uint32_t mid = (lo + hi) / 2;
        if (t->spans[mid].frame <= frame)
            lo = mid;
        else
            hi = mid;
    }
    return &t->spans[lo];
}

/* The tempo's integral: see timeline.py. */
GD_RT static inline double gd_frames_in_span(const GdTimeline *t, const GdTempoSpan *span, double ticks)
{
    if (span->slope == 0.0)
        return ticks * (t->frames_per_beat_minute / span->bpm);
    return t->frames_per_beat_minute / span->slope * log1p(span->slope * ticks / span->bpm);
}

GD_RT static inline double gd_ticks_in_span(const GdTimeline *t, const GdTempoSpan *span, double frames)
{
    if (span->slope == 0.0)
        return frames * (span->bpm / t->frames_per_beat_minute);
    return span->bpm / span->slope * expm1(span->slope / t->frames_per_beat_minute * frames);
}

GD_RT static inline double gd_tick_at(const GdTimeline *t, double frame)
{
    const GdTempoSpan *span = gd_span_at_frame(t, frame);
    return span->tick + gd_ticks_in_span(t, span, frame - span->frame);
}

/* The frame on which something at a tick sounds: the nearest one, the later of two. */
GD_RT static inline int64_t gd_frame_of(const GdTimeline *t, double tick)
{
    const GdTempoSpan *span = gd_span_at_tick(t, tick);
    return (int64_t)floor(span->frame + gd_frames_in_span(t, span, tick - span->tick) + 0.5);
}

/* The tempo at a frame, in quarter notes a minute. */
GD_RT static inline double gd_bpm_at(const GdTimeline *t, double frame)
{
    const GdTempoSpan *span = gd_span_at_frame(t, frame);
    return span->bpm + span->slope * gd_ticks_in_span(t, span, frame - span->frame);
}

/* The bars in force at a tick. */
GD_RT static inline const GdBars *gd_bars_at(const GdTimeline *t, double tick)
{
    uint32_t k = t->bar_count - 1;
    while (k && t->bars[k].tick > tick)
        --k;
    return &t->bars[k];
}

/* --- timeline.c --- */
/* A copy of what the spec says; null when out of memory. Freed with free(). */
GD_CTL GdTimeline *gd_timeline_new(const GdTimelineSpec *spec, float sample_rate_hz);

#endif
