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

/* From frame `i` on until the next point or the end of the slice; returns where that is. */
GD_RT static uint32_t draw(const GdBlock *b, uint32_t l, const GdCurve *curve, int32_t k, uint32_t i)
{
    const GdCurvePoint *points = (const GdCurvePoint *)(curve + 1);
    const GdTimeline *t = b->transport->timeline;
    const int64_t position = (int64_t)b->transport->position;
    const uint32_t step = b->transport->rolling;
    int64_t until = b->frames;
    if (step && k + 1 < (int32_t)curve->count && gd_frame_of(t, points[k + 1].at) - position < until)
        until = gd_frame_of(t, points[k + 1].at) - position;
    Lanes *out = b->out[OUT];
    const bool stands = k < 0 || k + 1 == (int32_t)curve->count || points[k].shape == GD_HOLD || points[k].value == points[k + 1].value;
    const float value = points[k < 0 ? 0 : k].value;
    if (stands) {
        for (; i < until; ++i)
            LANE(out[i], l) = value;
        return i;
    }
    const double from = points[k].at, length = points[k + 1].at - from, way = (double)points[k + 1].value - (double)value;
    for (; i < until; ++i) {
        double part = (gd_tick_at(t, (double)(position + step * i)) - from) / length;
        LANE(out[i], l) = value + (float)(way * made(&points[k], part < 0.0 ? 0.0 : part > 1.0 ? 1.0 : part));
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
