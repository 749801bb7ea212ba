/* Random numbers by place: a mixing of words whose every input bit changes about half of the output bits.
 * Any thread. Multiply-and-shift rounds; nothing is remembered, so a noise does not depend on how time is cut. */
#ifndef GD_DSP_HASH_H
#define GD_DSP_HASH_H

#include "../lanes.h"

INLINE uint32_t hash_word(uint32_t x)
{
    x = (x ^ (x >> 16)) * 0x7feb352du;
    x = (x ^ (x >> 15)) * 0x846ca68bu;
    return x ^ (x >> 16);
}
INLINE Words hash_words(Words x)
{
    x = (x ^ (x >> 16)) * 0x7feb352du;
    x = (x ^ (x >> 15)) * 0x846ca68bu;
    return x ^ (x >> 16);
}

/* Every bit of a word as a number from -1 to just below 1. */
INLINE Lanes hash_to_bipolar(Words x) { return lanes_from_ints((Ints)x >> 8) * 0x1p-23f; }

#endif
