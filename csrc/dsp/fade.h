/* Shapes of fades, from 0 to 1 as `t` goes from 0 to 1. Any thread. */
#ifndef GD_DSP_FADE_H
#define GD_DSP_FADE_H

#include "math.h"

/* The raised cosine: no jump in level or slope. */
INLINE Lanes fade_rise(Lanes t) { return 0.5f - 0.5f * cosine_of_turns(0.5f * t); }

#endif
