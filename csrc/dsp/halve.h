/* From two frames to one: the low-pass that a kernel needs which works at twice the rate. Any thread.
 * A half-band filter of 47 taps, equiripple: within 0.0002 dB to 0.38 of the rate that is left, -95 dB from 0.62 on.
 * Every second tap of a half-band filter is 0, so the odd frames only pass its middle. */
#ifndef GD_DSP_HALVE_H
#define GD_DSP_HALVE_H

#include "../lanes.h"

enum {
    HALVE_PAIRS = 12,
    HALVE_PAST = 2 * HALVE_PAIRS - 1, /* frames of each half that have to be kept; the result is late by 11 1/2 */
};

static const float halve_taps[HALVE_PAIRS] = {
    0.31605372f,     -0.0995039546f,  0.0532020098f,   -0.0318783348f,  0.0195080138f,   -0.0117136752f,
    0.00672969918f,  -0.00361918573f, 0.00177672464f,  -0.000767728796f, 0.000273389511f, -6.91006123e-05f,
};

/* `even` and `odd` point to the newest frame of each half, with HALVE_PAST frames before it. */
INLINE Lanes halve(const Lanes *even, const Lanes *odd)
{
    Lanes sum = 0.5f * odd[-HALVE_PAIRS];
    for (int k = 0; k < HALVE_PAIRS; ++k)
        sum += halve_taps[k] * (even[k - HALVE_PAIRS + 1] + even[-HALVE_PAIRS - k]);
    return sum;
}

#endif
