/* Band-limited waves of straight pieces: saw, triangle and pulses with hard sync, phase modulation and a sub-octave.
 * Audio thread. The wave runs EDGE_LEAD frames ahead of what is heard, so that an edge is known before its first tap.
 * Kernels list the inlets `sync` and `pm` and the parameter `frequency_hz` first. */
#ifndef GD_DSP_WAVE_H
#define GD_DSP_WAVE_H

#include <string.h>

#include "edges.h"
#include "phase.h"

enum { WAVE_SYNC, WAVE_PM };
enum { WAVE_FREQUENCY_HZ };
enum { WAVE_SAW, WAVE_TRIANGLE, WAVE_PULSE };
#define HALF_TURN 0x80000000u
#define QUARTER_TURN 0x40000000u

/* What a kernel is: its shape, and the numbers of the parameters that it may have besides; -1 for none. */
typedef struct { int32_t shape, width, sub; } Wave;

typedef struct {
    Words base, at;            /* phase without and with modulation in the last frame that was run */
    Words width, step;         /* of a pulse, in that frame; of a standing frequency */
    Words odd;                 /* all ones in every second turn, where the sub-octave is low */
    Ints started;
    Lanes sync;                /* the last value of the inlet */
    Lanes plain[EDGE_LEAD];    /* frames not heard yet: the wave without its edges, */
    Lanes rest[EDGE_TAPS - 1]; /* and what edges add */
} WaveState;

enum { WAVE_RUN = 64 }; /* frames worked on at a time, so that all of this stays in the first-level cache */

/* A run of frames at work. Of arrays that are longer than it, the last frame before it comes first. */
typedef struct {
    uint32_t first, frames; /* within the slice */
    Words at[WAVE_RUN + 1], width[WAVE_RUN + 1];
    Words by[WAVE_RUN], fresh[WAVE_RUN];          /* way of a frame if nothing is reset; way since a reset */
    uint32_t crossed[WAVE_RUN], synced[WAVE_RUN]; /* a bit for each lane that has an edge, or is reset */
    uint32_t odd[WAVE_RUN + 1];                   /* a bit for each lane whose sub-octave is low */
    Lanes plain[EDGE_LEAD + WAVE_RUN];
    Lanes rest[EDGE_TAPS + WAVE_RUN + EDGE_TAPS]; /* the first rows are never heard */
} WaveRun;

INLINE Words wave_width(const GdBlock *b, Wave w, uint32_t frame)
{
    return w.width < 0 ? (Words){0} + HALF_TURN : phase_of_turns(b->param[w.width][frame * b->stride[w.width]]);
}

/* The wave of a phase without its edges. */
INLINE Lanes wave_plain(Wave w, Words at, Words width)
{
    if (w.shape == WAVE_SAW)
        return lanes_from_ints(words_as_ints(at)) * 0x1p-31f;
    if (w.shape == WAVE_TRIANGLE)
        return 1.0f - 4.0f * lanes_abs(phase_turns(at - QUARTER_TURN));
    return lanes_where(MASK(at < width), lanes(1.0f), lanes(-1.0f));
}

INLINE float wave_plain_one(Wave w, uint32_t at, uint32_t width)
{
    if (w.shape == WAVE_SAW)
        return (float)(int32_t)at * 0x1p-31f;
    if (w.shape == WAVE_TRIANGLE)
        return 1.0f - 4.0f * __builtin_fabsf((float)(int32_t)(at - QUARTER_TURN) * 0x1p-32f);
    return at < width ? 1.0f : -1.0f;
}

/* True of a phase `to` beyond a border that it has crossed going by `by`, which is backwards if its top bit is set. */
INLINE Ints wave_crosses(Words to, Words by)
{
    const Words back = (Words)((Ints)by >> 31), way = (by ^ back) - back;
    return MASK((to - (by & back)) < way);
}

INLINE Ints wave_has_edge(Wave w, Words at, Words by, Words width, Words width_by)
{
    if (w.shape == WAVE_SAW)
        return wave_crosses(at - HALF_TURN, by);
    if (w.shape == WAVE_TRIANGLE)
        return wave_crosses(at - QUARTER_TURN, by) | wave_crosses(at + QUARTER_TURN, by);
    return wave_crosses(at, by) | wave_crosses(at - width, by - width_by);
}

/* A part of a frame in which a phase goes by `by` to `to`: `span` frames, ending `late` before the frame itself. */
typedef struct {
    float *rest; /* where the first tap goes of an edge in this frame */
    uint32_t to, by, width, width_by;
    float span, late;
    float sub; /* what the sub-octave adds after it */
} Stretch;

INLINE bool wave_crosses_one(uint32_t to, uint32_t by)
{
    const bool backwards = (int32_t)by < 0;
    const uint32_t way = backwards ? 0u - by : by;
    return (backwards ? to + way : to) < way;
}

/* Add the edge at `border` if the stretch crosses it, forth or back; a bend grows with speed. */
INLINE void wave_edge(const Stretch *x, uint32_t border, uint32_t by, const EdgeTerms terms, float forth, float back)
{
    const bool backwards = (int32_t)by < 0;
    const uint32_t to = x->to - border, way = backwards ? 0u - by : by;
    if (!wave_crosses_one(to, by))
        return;
    const float since = (float)(backwards ? 0u - to : to) / (float)way;
    const float size = (backwards ? back : forth) * (terms == bend_terms ? (float)way / x->span : 1.0f);
    edge_add(x->rest, terms, size, x->late + x->span * since);
}

INLINE void wave_stretch(Wave w, const Stretch *x)
{
    const float bend = 8.0f * 0x1p-32f;
    if (w.shape == WAVE_SAW) {
        wave_edge(x, HALF_TURN, x->by, jump_terms, -2.0f, 2.0f);
    } else if (w.shape == WAVE_TRIANGLE) {
        wave_edge(x, QUARTER_TURN, x->by, bend_terms, -bend, -bend);
        wave_edge(x, 3u * QUARTER_TURN, x->by, bend_terms, bend, bend);
    } else {
        wave_edge(x, 0, x->by, jump_terms, 2.0f + 2.0f * x->sub, -2.0f + 2.0f * x->sub);
        wave_edge(x, x->width, x->by - x->width_by, jump_terms, -2.0f, 2.0f);
    }
}

/* The level of the sub-octave, with its sign. */
INLINE float wave_sub(const GdBlock *b, Wave w, uint32_t frame, uint32_t lane, bool odd)
{
    if (w.sub < 0)
        return 0.0f;
    const float level = LANE(b->param[w.sub][frame * b->stride[w.sub]], lane);
    return odd ? -level : level;
}

/* A lane begins as if it had always run, so that its first frames are like all others. */
INLINE void wave_begin(WaveRun *c, WaveState *s, const GdBlock *b, Wave w, uint32_t l)
{
    const Words steps = phase_step(b->param[WAVE_FREQUENCY_HZ][0], b->seconds_per_frame), widths = wave_width(b, w, 0);
    const uint32_t step = LANE(steps, l), width = LANE(widths, l);
    for (uint32_t k = 0; k < EDGE_TAPS; ++k)
        LANE(c->rest[k], l) = 0.0f;
    for (int32_t k = 0; k < EDGE_TAPS; ++k) {
        const int64_t turns = (int64_t)(k - EDGE_LEAD) * (int64_t)step;
        const bool odd = (turns >> 32) & 1;
        Stretch x = {.rest = (float *)(c->rest + k) + l, .to = (uint32_t)turns, .by = step, .span = 1.0f};
        x.width = width;
        x.sub = wave_sub(b, w, 0, l, odd);
        wave_stretch(w, &x);
        if (k >= EDGE_LEAD)
            LANE(c->plain[k - EDGE_LEAD], l) = wave_plain_one(w, x.to, width) + x.sub;
        LANE(s->at, l) = LANE(s->base, l) = x.to;
        LANE(s->odd, l) = odd ? ~0u : 0u;
    }
    LANE(s->width, l) = width;
    LANE(s->started, l) = 1;
}

INLINE void wave_open(WaveRun *c, WaveState *s, const GdBlock *b, Wave w)
{
    memcpy(c->plain, s->plain, sizeof s->plain);
    memcpy(c->rest + EDGE_TAPS, s->rest, sizeof s->rest);
    memset(c->rest + EDGE_TAPS + EDGE_TAPS - 1, 0, (c->frames + 1) * sizeof *c->rest);
    for (uint32_t l = 0; l < b->lanes; ++l)
        if (!LANE(s->started, l))
            wave_begin(c, s, b, w, l);
    c->at[0] = s->at;
    c->width[0] = s->width;
    c->odd[0] = mask_bits((Ints)s->odd);
}

/* What the sub-octave adds in a frame; `wave_sub` for all lanes. */
INLINE Lanes wave_with_sub(const GdBlock *b, Wave w, uint32_t frame, Lanes plain, Words odd)
{
    if (w.sub < 0)
        return plain;
    const Lanes level = b->param[w.sub][frame * b->stride[w.sub]];
    return plain + lanes_where((Ints)odd, -level, level);
}

/* Nothing moves but the phase. */
INLINE void wave_steady(WaveRun *c, WaveState *s, const GdBlock *b, Wave w)
{
    const Words step = s->step, width = s->width;
    Words at = s->at, odd = s->odd;
    for (uint32_t i = 0; i < c->frames; ++i) {
        at += step;
        c->crossed[i] = mask_bits(wave_has_edge(w, at, step, width, (Words){0}));
        if (w.sub >= 0) {
            odd ^= (Words)MASK(at < step);
            c->odd[i + 1] = mask_bits((Ints)odd);
        }
        c->plain[EDGE_LEAD + i] = wave_with_sub(b, w, c->first + i, wave_plain(w, at, width), odd);
    }
    s->base = s->at = at;
    s->odd = odd;
}

/* Where the inlet rises through 0, the phase begins anew at the place between frames where it did. */
INLINE Lanes wave_late(Lanes last, Lanes now) { return lanes_min(now / (now - last), lanes(1.0f)); }

GD_RT static void wave_moving(WaveRun *c, WaveState *s, const GdBlock *b, Wave w, bool modulated)
{
    const Lanes *restrict frequency_hz = b->param[WAVE_FREQUENCY_HZ], *restrict sync = b->in[WAVE_SYNC];
    const uint32_t stride = b->stride[WAVE_FREQUENCY_HZ];
    Words base = s->base, at = s->at, odd = s->odd, width = s->width;
    Lanes last = s->sync;
    for (uint32_t i = 0, frame = c->first; i < c->frames; ++i, ++frame) {
        const Words step = phase_step(frequency_hz[frame * stride], b->seconds_per_frame);
        const Words shift = modulated ? phase_of_turns(b->in[WAVE_PM][frame]) : (Words){0};
        const Words by = base + step + shift - at, width_by = wave_width(b, w, frame) - width;
        width += width_by;
        Ints edge = wave_has_edge(w, at + by, by, width, width_by);
        odd ^= (Words)wave_crosses(at + by, by);
        base += step;
        const Ints resets = modulated ? MASK(sync[frame] > 0.0f) & ~MASK(last > 0.0f) : (Ints){0};
        if ((c->synced[i] = modulated ? mask_bits(resets) : 0)) {
            const Lanes way = wave_late(last, sync[frame]) * lanes_from_ints(words_as_ints(step));
            c->fresh[i] = ints_as_words(lanes_truncate(lanes_where(resets, way, lanes(0.0f))));
            base = (base & ~(Words)resets) | c->fresh[i];
            odd &= ~(Words)resets;
            edge |= resets;
        }
        last = modulated ? sync[frame] : lanes(0.0f);
        c->at[i + 1] = at = base + shift;
        c->by[i] = by;
        c->width[i + 1] = width;
        c->odd[i + 1] = mask_bits((Ints)odd);
        c->crossed[i] = mask_bits(edge);
        c->plain[EDGE_LEAD + i] = wave_with_sub(b, w, frame, wave_plain(w, at, width), odd);
    }
    s->base = base;
    s->at = at;
    s->odd = odd;
    s->width = width;
    s->sync = last;
}

/* Slope of a wave at a phase, for each unit of it, where it bends at all. */
INLINE float wave_slope(Wave w, uint32_t at)
{
    return w.shape != WAVE_TRIANGLE ? 0.0f : at + QUARTER_TURN < HALF_TURN ? 0x1p-30f : -0x1p-30f;
}

/* A frame with a reset in it: what comes before it, the step and the bend of the reset itself, and what comes after. */
GD_RT static void wave_reset(const WaveRun *c, Stretch x, const GdBlock *b, Wave w, uint32_t i, uint32_t l, float last)
{
    const float now = LANE(b->in[WAVE_SYNC][c->first + i], l), ratio = now / (now - last);
    const float late = ratio < 1.0f ? ratio : 1.0f;
    const uint32_t fresh = LANE(c->fresh[i], l), by = (uint32_t)(int32_t)((1.0f - late) * (float)(int32_t)x.by);
    Stretch old = x;
    old.by = by;
    old.to = LANE(c->at[i], l) + by;
    old.span = 1.0f - late;
    old.late = late;
    old.sub = wave_sub(b, w, c->first + i, l, (c->odd[i] >> l & 1) ^ wave_crosses_one(old.to, by));
    if (old.span > 0.0f)
        wave_stretch(w, &old);
    const uint32_t start = x.to - fresh;
    const float before = wave_plain_one(w, old.to, x.width) + old.sub;
    const float slope = wave_slope(w, old.to) * (float)(int32_t)x.by;
    const float speed = (float)fresh / (late > 1e-9f ? late : 1e-9f);
    edge_add(x.rest, jump_terms, wave_plain_one(w, start, x.width) + x.sub - before, late);
    if (w.shape == WAVE_TRIANGLE)
        edge_add(x.rest, bend_terms, wave_slope(w, start) * speed - slope, late);
    x.by = fresh;
    x.width_by = 0;
    x.span = late;
    wave_stretch(w, &x);
}

/* Every edge of a run, in the order of time. Edges are few: one lane at a time, all taps of it at once. */
INLINE void wave_edges(WaveRun *c, const WaveState *s, const GdBlock *b, Wave w, Lanes last, bool steady)
{
    const uint32_t in_use = (1u << b->lanes) - 1;
    for (uint32_t i = 0; i < c->frames; ++i)
        for (uint32_t left = c->crossed[i] & in_use; left; left &= left - 1) {
            const uint32_t l = (uint32_t)__builtin_ctz(left);
            Stretch x = {.rest = (float *)(c->rest + EDGE_TAPS + i) + l, .span = 1.0f};
            x.to = steady ? LANE(c->at[0], l) + (i + 1) * LANE(s->step, l) : LANE(c->at[i + 1], l);
            x.by = steady ? LANE(s->step, l) : LANE(c->by[i], l);
            x.width = steady ? LANE(s->width, l) : LANE(c->width[i + 1], l);
            x.width_by = steady ? 0 : x.width - LANE(c->width[i], l);
            x.sub = w.sub < 0 ? 0.0f : wave_sub(b, w, c->first + i, l, c->odd[i + 1] >> l & 1);
            if (!steady && c->synced[i] >> l & 1)
                wave_reset(c, x, b, w, i, l, i ? LANE(b->in[WAVE_SYNC][c->first + i - 1], l) : LANE(last, l));
            else
                wave_stretch(w, &x);
        }
}

INLINE void wave_close(const WaveRun *c, WaveState *s, const GdBlock *b)
{
    Lanes *restrict out = b->out[0] + c->first;
    const Lanes *rest = c->rest + EDGE_TAPS;
    for (uint32_t i = 0; i < c->frames; ++i)
        out[i] = c->plain[i] + rest[i];
    memcpy(s->plain, c->plain + c->frames, sizeof s->plain);
    memcpy(s->rest, rest + c->frames, sizeof s->rest);
}

INLINE void wave_prepare(WaveState *s, const GdBlock *b)
{
    s->step = phase_step(b->param[WAVE_FREQUENCY_HZ][0], b->seconds_per_frame);
}

/* True if nothing moves, and nothing has moved at the end of the last run. */
INLINE bool wave_is_steady(const WaveState *s, const GdBlock *b, Wave w)
{
    if (!SILENT(b, WAVE_SYNC) || !SILENT(b, WAVE_PM))
        return false;
    if (MOVES(b, WAVE_FREQUENCY_HZ) || (w.width >= 0 && MOVES(b, w.width)))
        return false;
    Ints moved = MASK(s->base != s->at) | MASK(s->sync != 0.0f);
    if (w.width >= 0)
        moved |= MASK(wave_width(b, w, 0) != s->width);
    return (mask_bits(moved) & ((1u << b->lanes) - 1)) == 0;
}

INLINE void wave_run(WaveState *s, const GdBlock *b, Wave w)
{
    WaveRun c;
    for (c.first = 0; c.first < b->frames; c.first += c.frames) {
        const uint32_t left = b->frames - c.first;
        c.frames = left < WAVE_RUN ? left : WAVE_RUN;
        wave_open(&c, s, b, w);
        const Lanes last = s->sync;
        if (wave_is_steady(s, b, w)) {
            wave_steady(&c, s, b, w);
            wave_edges(&c, s, b, w, last, true);
        } else {
            wave_moving(&c, s, b, w, !SILENT(b, WAVE_SYNC) || !SILENT(b, WAVE_PM));
            wave_edges(&c, s, b, w, last, false);
        }
        wave_close(&c, s, b);
    }
}

#endif
