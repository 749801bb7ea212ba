/* Look-ahead: the source a fixed whole number of frames later, so that a gain can know what comes. Audio thread.
 * A lane's memory is AHEAD_HEAD floats for readings; then, where there is a look-ahead, a ring for each of two channels
 * and as many floats more as frames are looked ahead, which is how the kernel knows the number (`ahead_memory` in
 * graphdaw/nodes/base.py). A ring is a power of two of frames, longer than the look-ahead by a slice at least. */
#ifndef GD_DSP_AHEAD_H
#define GD_DSP_AHEAD_H

#include "delay.h"
#include "ringing.h"

enum { AHEAD_HEAD = 16 };

typedef struct {
    Lines line[2];       /* of each channel */
    uint32_t frames[W];  /* looked ahead */
    bool any;
} Ahead;

INLINE Ahead ahead_of(const GdBlock *b)
{
    Ahead a = {.any = false};
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const GdMemory *memory = b->memory[l];
        if (!memory || memory->frames <= AHEAD_HEAD)
            continue;
        uint32_t rest = memory->frames - AHEAD_HEAD, rings = 1u << (31 - (uint32_t)__builtin_clz(rest)), ring = rings / 2;
        for (uint32_t c = 0; c < 2; ++c) {
            a.line[c].data[l] = memory->data + AHEAD_HEAD + c * ring;
            a.line[c].mask[l] = ring - 1;
        }
        a.frames[l] = rest - rings;
        a.any = true;
    }
    return a;
}

/* `from` as it was: in `to`, unless no lane looks ahead, when it is `from` itself. */
INLINE const Lanes *ahead_delay(const Ahead *a, const GdBlock *b, uint32_t channel, const Lanes *from, Lanes *to)
{
    if (!a->any)
        return from;
    const Lines *lines = &a->line[channel];
    memcpy(to, from, b->frames * sizeof *to);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        if (!a->frames[l])
            continue;
        float *restrict ring = lines->data[l];
        const uint32_t mask = lines->mask[l], time = (uint32_t)b->time, late = time - a->frames[l];
        for (uint32_t i = 0; i < b->frames; ++i)
            ring[(time + i) & mask] = LANE(from[i], l);
        for (uint32_t i = 0; i < b->frames; ++i)
            LANE(to[i], l) = ring[(late + i) & mask];
    }
    return to;
}

/* After a slice: how long the rings still hold sound of the inlets `left` and the next. */
INLINE void ahead_ringing(const Ahead *a, Ints *ringing, const GdBlock *b, uint32_t left)
{
    Ints sounding = {0};
    if (!a->any) {
        *ringing = sounding;
        return;
    }
    for (uint32_t i = 0; i < b->frames; ++i)
        sounding |= lanes_to_bits(b->in[left][i]) | lanes_to_bits(b->in[left + 1][i]);
    ringing_count(ringing, sounding, b);
}

#endif
