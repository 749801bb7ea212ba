/* Delay lines in memory that is addressed by absolute time: what was written in frame t lies at t & (frames - 1), so a
 * line has no position of its own and nothing is lost when its lane moves to another pack. Audio thread.
 * Lines are worked on in groups of four lanes: four samples in a row are one load, and a 4 x 4 transpose turns the
 * rows of four lines into lanes. One lane at a time, or gathers, took twice as long (gcc 12, Zen 4). */
#ifndef GD_DSP_DELAY_H
#define GD_DSP_DELAY_H

#include <string.h>

#include "../block.h"
#include "transpose.h"

enum {
    DELAY_LINEAR, DELAY_CUBIC, /* the order of the choice `interpolation` */
    DELAY_MARGIN = 4,          /* frames of a line that interpolation and rounding keep for themselves */
};

/* The lines of a pack; lanes not in use read lane 0's and write nothing. A line holds a power of two of frames, at
 * least a cell, so that a slice never wraps around its end. */
typedef struct {
    float *data[W];
    uint32_t mask[W];
} Lines;

INLINE Lines lines_of(const GdBlock *b)
{
    Lines lines;
    for (uint32_t l = 0; l < W; ++l) {
        const GdMemory *memory = b->memory[l < b->lanes ? l : 0];
        lines.data[l] = memory->data;
        lines.mask[l] = memory->frames - 1;
    }
    return lines;
}

/* One of `sides` lines that share each lane's memory, in equal parts. */
INLINE Lines lines_of_side(const GdBlock *b, uint32_t side, uint32_t sides)
{
    Lines lines = lines_of(b);
    for (uint32_t l = 0; l < W; ++l) {
        const uint32_t frames = (lines.mask[l] + 1) / sides;
        lines.data[l] += side * frames;
        lines.mask[l] = frames - 1;
    }
    return lines;
}

/* The longest delay each line has room for, in frames. */
INLINE Lanes lines_longest(const Lines *lines)
{
    Lanes longest;
    for (uint32_t l = 0; l < W; ++l)
        LANE(longest, l) = (float)(lines->mask[l] + 1 - DELAY_MARGIN);
    return longest;
}

INLINE float lanes_least(Lanes x)
{
    float least = LANE(x, 0);
    for (uint32_t l = 1; l < W; ++l)
        least = LANE(x, l) < least ? LANE(x, l) : least;
    return least;
}

/* Samples p, p + 1, p + 2, p + 3 of a ring; `wraps` if they may lie on both sides of its end. */
INLINE Quad ring_quad(const float *data, uint32_t mask, uint32_t p, bool wraps)
{
    Quad q;
    if (wraps && p + 3 > mask)
        return (Quad){data[p], data[(p + 1) & mask], data[(p + 2) & mask], data[(p + 3) & mask]};
    memcpy(&q, data + p, sizeof q);
    return q;
}

/* Four samples in a row, oldest first, of each line of a group that begins at lane `first`. */
INLINE void group_taps(Group tap[4], const Lines *lines, uint32_t first, const int32_t *at, bool wraps)
{
#if W == 1
    Quad q = ring_quad(lines->data[first], lines->mask[first], (uint32_t)at[0], wraps);
    for (int k = 0; k < 4; ++k)
        tap[k] = q[k];
#else
    for (uint32_t l = 0; l < GROUP; ++l)
        tap[l] = ring_quad(lines->data[first + l], lines->mask[first + l], (uint32_t)at[l], wraps);
    transpose_quads(tap);
#endif
}

/* The value `part` of the way from tap 2 back to tap 1: on the line between them, or on the cubic of Catmull and Rom
 * through all four, whose gain is never above 1 at any frequency, so that feedback below 1 dies away. */
INLINE Group group_between(const Group tap[4], Group part, bool cubic)
{
    Group step = tap[1] - tap[2];
    if (!cubic)
        return tap[2] + part * step;
    Group slope = 0.5f * (tap[1] - tap[3]), bend = 0.5f * (tap[0] - tap[3]) - 1.5f * step;
    return tap[2] + part * (slope + part * (step - slope - bend + part * bend));
}

/* Where in its line each lane reads in each frame of a slice. */
typedef struct {
    Ints at[GD_SLICE];    /* the place of the oldest of four samples */
    Lanes part[GD_SLICE]; /* the fraction of the delay, which lies between the middle two */
    uint32_t least;       /* the shortest delay of all, in whole frames */
    bool wraps;           /* some four samples lie on both sides of their line's end */
} Places;

/* Places of delays in frames, which are held between `shortest` and the line's length. */
INLINE void lines_place(Places *places, const Lines *lines, const GdBlock *b, const Lanes *restrict frames,
                        uint32_t shortest)
{
    const Lanes longest = lines_longest(lines);
    const uint32_t time = (uint32_t)b->time - 2;
    Lanes least = longest;
    Ints mask, wraps = {0};
    memcpy(&mask, lines->mask, sizeof mask);
    for (uint32_t i = 0; i < b->frames; ++i) {
        Lanes delay = lanes_clamp(frames[i], lanes((float)shortest), longest);
        Ints whole = lanes_truncate(delay), at = ((int32_t)(time + i) - whole) & mask;
        places->part[i] = delay - lanes_from_ints(whole);
        places->at[i] = at;
        least = lanes_min(least, delay);
        wraps |= MASK(at > mask - 3);
    }
    places->least = (uint32_t)lanes_least(least);
    places->wraps = false;
    for (uint32_t l = 0; l < W; ++l)
        places->wraps |= LANE(wraps, l) != 0;
}

/* Delays are held between `shortest` frames and the line's length. */
INLINE void lines_locate(Places *places, const Lines *lines, const GdBlock *b, uint32_t time_s, uint32_t shortest)
{
    const Lanes *restrict seconds = b->param[time_s], longest = lines_longest(lines);
    const uint32_t stride = b->stride[time_s], time = (uint32_t)b->time - 2;
    const Lanes rate = lanes(b->sample_rate_hz);
    Lanes least = longest;
    Ints mask, wraps = {0};
    memcpy(&mask, lines->mask, sizeof mask);
    for (uint32_t i = 0; i < b->frames; ++i) {
        Lanes delay = lanes_clamp(seconds[i * stride] * rate, lanes((float)shortest), longest);
        Ints whole = lanes_truncate(delay), at = ((int32_t)(time + i) - whole) & mask;
        places->part[i] = delay - lanes_from_ints(whole);
        places->at[i] = at;
        least = lanes_min(least, delay);
        wraps |= MASK(at > mask - 3);
    }
    places->least = (uint32_t)lanes_least(least);
    places->wraps = false;
    for (uint32_t l = 0; l < W; ++l)
        places->wraps |= LANE(wraps, l) != 0;
}

INLINE void lines_read_as(Lanes *wet, const Lines *lines, const Places *places, uint32_t from, uint32_t frames,
                          bool cubic, bool wraps)
{
    for (uint32_t g = 0; g < W; g += GROUP)
        for (uint32_t i = from; i < from + frames; ++i) {
            Group tap[4], fraction, value;
            group_taps(tap, lines, g, (const int32_t *)(places->at + i) + g, wraps);
            memcpy(&fraction, (const float *)(places->part + i) + g, sizeof fraction);
            value = group_between(tap, fraction, cubic);
            memcpy((float *)(wet + i) + g, &value, sizeof value);
        }
}

/* Read all lines for `frames` frames beginning `from` frames into the slice. */
INLINE void lines_read(Lanes *wet, const Lines *lines, const Places *places, uint32_t from, uint32_t frames, bool cubic)
{
    if (places->wraps)
        lines_read_as(wet, lines, places, from, frames, cubic, true);
    else if (cubic)
        lines_read_as(wet, lines, places, from, frames, true, false);
    else
        lines_read_as(wet, lines, places, from, frames, false, false);
}

/* Write `frames` frames from `time` into the lines in use. */
INLINE void lines_write(const Lines *lines, const Lanes *from, uint32_t time, uint32_t frames, uint32_t in_use)
{
    uint32_t l = 0;
#if W > 1
    for (; l + GROUP <= in_use && frames % 4 == 0; l += GROUP)
        for (uint32_t i = 0; i < frames; i += 4) {
            Quad q[4];
            for (uint32_t k = 0; k < 4; ++k)
                memcpy(&q[k], (const float *)(from + i + k) + l, sizeof q[k]);
            transpose_quads(q);
            for (uint32_t k = 0; k < 4; ++k)
                memcpy(lines->data[l + k] + ((time + i) & lines->mask[l + k]), &q[k], sizeof q[k]);
        }
#endif
    for (; l < in_use; ++l) {
        float *restrict to = lines->data[l] + (time & lines->mask[l]);
        for (uint32_t i = 0; i < frames; ++i)
            to[i] = LANE(from[i], l);
    }
}

/* What may enter a line that feeds itself: nothing below -400 dB, so that it falls silent exactly, and nothing beyond
 * +120 dB, infinite or not a number, so that it recovers from a broken source. */
INLINE Lanes line_safe(Lanes x)
{
    Lanes size = lanes_abs(x);
    return lanes_where(lanes_at_least(size, lanes(1e-20f)) & lanes_less(size, lanes(1e6f)), x, lanes(0.0f));
}

#endif
