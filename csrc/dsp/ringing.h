/* How long a line still holds sound: what lets a kernel with memory be skipped without a trace. Audio thread. */
#ifndef GD_DSP_RINGING_H
#define GD_DSP_RINGING_H

#include "../block.h"

/* Of a line that another kernel may have filled: frames until it has been overwritten. */
INLINE Ints ringing_unknown(const GdBlock *b)
{
    Ints ringing = {0};
    for (uint32_t l = 0; l < b->lanes; ++l)
        LANE(ringing, l) = (int32_t)b->memory[l]->frames;
    return ringing;
}

/* After a slice: lanes that wrote something (bits of `sounding`) begin anew, the others are a slice nearer to zeros. */
INLINE void ringing_count(Ints *ringing, Ints sounding, const GdBlock *b)
{
    for (uint32_t l = 0; l < b->lanes; ++l) {
        int32_t left = LANE(*ringing, l) - (int32_t)b->frames;
        LANE(*ringing, l) = LANE(sounding, l) ? (int32_t)b->memory[l]->frames : left > 0 ? left : 0;
    }
}

INLINE bool ringing_over(Ints ringing, uint32_t in_use)
{
    int32_t left = 0;
    for (uint32_t l = 0; l < in_use; ++l)
        left |= LANE(ringing, l);
    return left == 0;
}

#endif
