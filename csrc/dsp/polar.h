/* Angles and lengths of complex numbers, one at a time. Any thread. */
#ifndef GD_DSP_POLAR_H
#define GD_DSP_POLAR_H

#include "math.h"

/* Angle of x + i y in turns from -1/2 to 1/2; error below 3e-7 turns; 0 of zero. A minimax polynomial of atan on 0 to
 * 1. */
INLINE float turns_of(float x, float y)
{
    const float across = __builtin_fabsf(x), up = __builtin_fabsf(y);
    const float large = across > up ? across : up, small = across > up ? up : across;
    const float z = large > 0.0f ? small / large : 0.0f, zz = z * z;
    float turns = z * (0.159154847f + zz * (-0.0530415885f + zz * (0.0316516347f + zz * (-0.0215052199f
                + zz * (0.0134252235f + zz * (-0.00595910475f + zz * 0.00127429410f))))));
    turns = up > across ? 0.25f - turns : turns;
    turns = x < 0.0f ? 0.5f - turns : turns;
    return y < 0.0f ? -turns : turns;
}

/* Single numbers through functions of lanes, whose bits they share. */
INLINE float floor_of(float x)
{
    Lanes whole = lanes_floor(lanes(x));
    return LANE(whole, 0);
}
INLINE float cosine_of(float turns)
{
    Lanes cosine = cosine_of_turns(lanes(turns));
    return LANE(cosine, 0);
}
INLINE float sine_of(float turns)
{
    Lanes sine = sine_of_turns(lanes(turns));
    return LANE(sine, 0);
}

/* The same angle from -1/2 to 1/2 turns. */
INLINE float turns_wrapped(float turns) { return turns - floor_of(turns + 0.5f); }

#endif
