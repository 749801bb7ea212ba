/* Vector forms of sine, exponentials and the like: polynomials with a stated error, the same bits at every width. */
#ifndef GD_DSP_MATH_H
#define GD_DSP_MATH_H

#include "../lanes.h"

/* 2^x for -126 <= x <= 126 (clamped); relative error below 2e-7. Minimax of 2^f on [-0.5, 0.5], scaled through the exponent. */
INLINE Lanes exp2_lanes(Lanes x)
{
    x = lanes_clamp(x, lanes(-126.0f), lanes(126.0f));
    Lanes whole = lanes_floor(x + 0.5f), f = x - whole;
    Lanes y = 1.0f + f * (0.693147180f + f * (0.240226462f + f * (0.0555041086f + f * (0.00961813962f
            + f * (0.00133335581f + f * 0.000154034998f)))));
    return y * lanes_from_bits((lanes_truncate(whole) + 127) << 23);
}

/* Amplitude of a level in decibels: 10^(dB / 20). */
INLINE Lanes db_to_level(Lanes db) { return exp2_lanes(db * 0.166096404744f); }

#endif
