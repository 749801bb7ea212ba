/* automation: a curve over the piece, whose points lie on their frames at any tempo. */
#define NODE automation
#define OUTS P(OUT, "out")
#include "kernel.h"
#include "box.h"
#include "dsp/lane.h"
#include "timeline.h"

typedef struct { Ints unused; } State;

/* The last point that does not lie after a frame; -1: all do. */
GD_RT static int32_t point_at(const GdTimeline *t, const GdCurve *curve, const GdCurvePoint *points, int64_t frame)
{
    int32_t lo = -1, hi = (int32_t)curve->count;
    while (hi - lo > 1) {
        int32_t mid = (lo + hi) / 2;
        if (gd_frame_of(t, points[mid].at) <= frame)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

/* How much of the way between two points is made when a part of its time has gone. */
GD_RT static double made(const GdCurvePoint *point, double part)
{
    switch (point->shape) {
    case GD_LINE: return part;
    case GD_CURVE: {
        const double k = 8.0 * (double)point->curve;
        return fabs(k) < 1e-3 ? part : expm1(k * part) / expm1(k);
    }
    case GD_SMOOTH: return 0.5 - 0.5 * cos(3.14159265358979323846 * part);
    default: return 0.0;
    }
}

/* The frame of this slice on which a span of the tempo map ends, if it ends before `until`. */
GD_RT static uint32_t span_end(const GdBlock *b, const GdTempoSpan *span, uint32_t until)
{
    const GdTimeline *t = b->transport->timeline;
    if (span + 1 == t->spans + t->span_count)
        return until;
    const double end = ceil(span[1].frame) - (double)b->transport->position;
    return end < (double)until ? (uint32_t)end : until;
}

GD_RT INLINE double within(double part) { return part < 0.0 ? 0.0 : part > 1.0 ? 1.0 : part; }

/* What comes between a point and the next, from frame `i` on to `end`, all in one span. Lines at a steady tempo are most of
 * what there is, so these have a loop without branches. */
GD_RT static void draw_span(const GdBlock *b, uint32_t l, const GdCurvePoint *point, const GdTempoSpan *span, uint32_t i, uint32_t end)
{
    Lanes *out = b->out[OUT];
    const double value = (double)point->value, way = (double)point[1].value - value, per_tick = 1.0 / (point[1].at - point->at);
    const double position = (double)b->transport->position, from = span->tick - point->at;
    if (span->slope == 0.0 && point->shape == GD_LINE) {
        const double ticks = gd_ticks_in_span(b->transport->timeline, span, 1.0);
        for (; i < end; ++i)
            LANE(out[i], l) = (float)(value + way * within((from + ((position + (double)(int32_t)i) - span->frame) * ticks) * per_tick));
        return;
    }
    for (; i < end; ++i) {
        const double ticks = gd_ticks_in_span(b->transport->timeline, span, position + (double)i - span->frame);
        LANE(out[i], l) = (float)(value + way * made(point, within((from + ticks) * per_tick)));
    }
}

GD_RT static uint32_t fill(const GdBlock *b, uint32_t l, float value, uint32_t i, uint32_t end)
{
    for (; i < end; ++i)
        LANE(b->out[OUT][i], l) = value;
    return i;
}

/* From frame `i` on until the next point or the end of the slice; returns where that is. */
GD_RT static uint32_t draw(const GdBlock *b, uint32_t l, const GdCurve *curve, int32_t k, uint32_t i)
{
    const GdCurvePoint *points = (const GdCurvePoint *)(curve + 1), *point = points + (k < 0 ? 0 : k);
    const GdTimeline *t = b->transport->timeline;
    const int64_t position = (int64_t)b->transport->position;
    const bool last = k + 1 == (int32_t)curve->count;
    uint32_t until = b->frames;
    if (b->transport->rolling && !last) {
        const int64_t next = gd_frame_of(t, points[k + 1].at) - position;
        until = next < (int64_t)until ? (uint32_t)next : until;
    }
    if (k < 0 || last || point->shape == GD_HOLD || point->value == point[1].value)
        return fill(b, l, point->value, i, until);
    if (!b->transport->rolling) {
        draw_span(b, l, point, gd_span_at_frame(t, (double)position), 0, 1);
        return fill(b, l, LANE(b->out[OUT][0], l), 1, until);
    }
    while (i < until) {
        const GdTempoSpan *span = gd_span_at_frame(t, (double)(position + i));
        const uint32_t end = span_end(b, span, until);
        draw_span(b, l, point, span, i, end);
        i = end;
    }
    return i;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const GdCurve *curve = b->memory[l] ? gd_box_look(b->memory[l]->box) : 0;
        uint32_t i = 0;
        if (!curve || !curve->count) {
            for (; i < b->frames; ++i)
                LANE(b->out[OUT][i], l) = 0.0f;
            continue;
        }
        int32_t k = point_at(b->transport->timeline, curve, (const GdCurvePoint *)(curve + 1), (int64_t)b->transport->position);
        for (i = draw(b, l, curve, k, 0); i < b->frames; i = draw(b, l, curve, k, i))
            k = point_at(b->transport->timeline, curve, (const GdCurvePoint *)(curve + 1), (int64_t)(b->transport->position + i));
    }
}

KERNEL(.effort = 40, .work_floats = 1)
