/* One lane's numbers in rows, for kernels in which every lane goes its own way through memory. Compilers turn an index into
 * a vector that they do not know into a copy of all of it; a place in memory is one load or store. Any thread. */
#ifndef GD_DSP_LANE_H
#define GD_DSP_LANE_H

#include <string.h>

#include "../lanes.h"

INLINE float lane_of(const Lanes *rows, uint32_t i, uint32_t l)
{
    float x;
    memcpy(&x, (const char *)(rows + i) + l * sizeof x, sizeof x);
    return x;
}
INLINE void lane_set(Lanes *rows, uint32_t i, uint32_t l, float x) { memcpy((char *)(rows + i) + l * sizeof x, &x, sizeof x); }

#endif
