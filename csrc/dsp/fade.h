/* Shapes of fades, from 0 to 1 as `t` goes from 0 to 1. Any thread. */
#ifndef GD_DSP_FADE_H
#define GD_DSP_FADE_H

#include "math.h"

/* The raised cosine: no jump in level or slope. */
INLINE Lanes fade_rise(Lanes t) { return 0.5f - 0.5f * cosine_of_turns(0.5f * t); }

/* A glide from anywhere to rest in a new place: the polynomial of fifth degree that keeps level, slope and curvature
 * where it begins and ends without slope or curvature (the minimum-jerk path). Even if it takes the place of another
 * one half-way, nothing jumps below the third derivative. */
typedef struct { Lanes c[6]; } Glide; /* value at t: c0 + c1 t + ... + c5 t^5 */

INLINE Lanes glide_at(const Glide *g, Lanes t)
{
    return g->c[0] + t * (g->c[1] + t * (g->c[2] + t * (g->c[3] + t * (g->c[4] + t * g->c[5]))));
}

/* The glide that leaves `g` at `t` for `target`. */
INLINE Glide glide_turn(const Glide *g, Lanes t, Lanes target)
{
    const Lanes *c = g->c;
    Lanes from = glide_at(g, t), way = target - from;
    Lanes slope = c[1] + t * (2.0f * c[2] + t * (3.0f * c[3] + t * (4.0f * c[4] + t * (5.0f * c[5]))));
    Lanes bend = c[2] + t * (3.0f * c[3] + t * (6.0f * c[4] + t * (10.0f * c[5]))); /* half the second derivative */
    return (Glide){{from, slope, bend, 10.0f * way - 6.0f * slope - 3.0f * bend,
                    -15.0f * way + 8.0f * slope + 3.0f * bend, 6.0f * way - 3.0f * slope - bend}};
}

#endif
