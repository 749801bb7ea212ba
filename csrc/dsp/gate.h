/* Gates and triggers: signals that are on while above one half. Any thread. */
#ifndef GD_DSP_GATE_H
#define GD_DSP_GATE_H

#include <stdbool.h>
#include <string.h>

#include "../lanes.h"

INLINE Ints gate_open(Lanes x) { return lanes_less(lanes(0.5f), x); }

/* Where a gate opens in this frame; `open` remembers it until the next. */
INLINE Ints gate_opens(Ints *open, Lanes x)
{
    Ints now = gate_open(x), opens = now & ~*open;
    *open = now;
    return opens;
}

/* 1 where the mask is set, else 0. */
INLINE Lanes gate_of(Ints mask) { return lanes_from_bits(mask & 0x3f800000); }

INLINE Ints ints_where(Ints mask, Ints a, Ints b) { return (mask & a) | (~mask & b); }
INLINE Words words_where(Ints mask, Words a, Words b) { return ((Words)mask & a) | (~(Words)mask & b); }

/* True if a mask is set in any lane, in use or not. */
INLINE bool any_lane(Ints mask)
{
#if defined(__AVX512F__) && W == 16
    return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#elif defined(__AVX__) && W == 8
    return !_mm256_testz_si256((__m256i)mask, (__m256i)mask);
#elif W == 1
    return mask != 0;
#else
    uint64_t pairs[W / 2], any = 0;
    memcpy(pairs, &mask, sizeof pairs);
    for (int k = 0; k < W / 2; ++k)
        any |= pairs[k];
    return any != 0;
#endif
}

/* Whether any gate opens within a slice; `open` is left as it is. */
INLINE bool any_opens(Ints open, const Lanes *gate, uint32_t frames)
{
    Ints opens = {0};
    for (uint32_t i = 0; i < frames; ++i)
        opens |= gate_opens(&open, gate[i]);
    return any_lane(opens);
}

/* A trigger that a kernel sends lasts a millisecond, and a frame at least: frames of it. */
INLINE int32_t trigger_frames(float sample_rate_hz)
{
    int32_t frames = (int32_t)(0.001f * sample_rate_hz + 0.5f);
    return frames > 1 ? frames : 1;
}

/* One frame of triggers; `left` counts what is left of them, `starts` begins them anew. */
INLINE Lanes trigger_of(Ints *left, Ints starts, int32_t frames)
{
    Ints on = MASK(*left > 0);
    *left = ints_where(starts, (Ints){0} + (frames - 1), *left + on);
    on |= starts;
    return gate_of(on);
}

#endif
