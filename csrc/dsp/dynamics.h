/* From a level to a gain: detectors, the curve with a soft knee and the two speeds of what compressors, gates and their
 * like have in common, after Giannoulis, Massberg and Reiss, "Digital Dynamic Range Compressor Design - A Tutorial and
 * Analysis", JAES 60 (2012). Levels are in octaves: the binary logarithm of an amplitude, 6.02 dB each. Any thread. */
#ifndef GD_DSP_DYNAMICS_H
#define GD_DSP_DYNAMICS_H

#include "math.h"

#define OCTAVES_OF_DB 0.166096404744f /* log2(10) / 20 */
#define DB_OF_OCTAVES 6.02059991328f

/* Size of a sample that may be anything: what is not a number counts as 0, the infinite as 1e6. */
INLINE Lanes size_of(Lanes x)
{
    return lanes_min(lanes_max(lanes(0.0f), lanes_abs(x)), lanes(1e6f));
}

/* Binary logarithm, to 3e-6 (2e-5 dB), of an amplitude or an energy; anything below 1e-20, and what is not a number,
 * counts as 1e-20, and the infinite gives 128. A third of the work of log2_lanes, which divides. Minimax of absolute
 * error. */
INLINE Lanes octaves_of(Lanes size)
{
    Ints bits = lanes_to_bits(lanes_max(lanes(1e-20f), size)), exponent = (bits - 0x3f3504f3) >> 23;
    Lanes t = lanes_from_bits(bits - (exponent * (1 << 23))) - 1.0f, tt = t * t;
    Lanes low = 1.44271348f + t * -0.721131856f, middle = 0.479348008f + t * -0.367490014f;
    return lanes_from_ints(exponent) + t * ((low + tt * middle) + (tt * tt) * (0.322154927f + t * -0.206591743f));
}

/* 2^x to 3e-6 of itself (2.5e-5 dB), for |x| <= 126 (clamped); minimax of relative error. Adding 1.5 * 2^23 rounds to a
 * whole number and leaves it in the lowest bits, from where it goes straight into the exponent. */
INLINE Lanes size_of_octaves(Lanes x)
{
    Lanes held = lanes_clamp(x, lanes(-126.0f), lanes(126.0f)), whole = held + 12582912.0f;
    Lanes f = held - (whole - 12582912.0f);
    Lanes y = (1.0f + f * 0.693124193f) + (f * f) * ((0.240240986f + f * 0.0559064267f) + (f * f) * 0.00958285314f);
    return lanes_from_bits((Ints)((Words)lanes_to_bits(y) + ((Words)lanes_to_bits(whole) << 23)));
}

/* The part of its way that a one-pole smoother goes each frame if it shall be 63 % there after `seconds`: 1 - e^-x, by
 * its series where x is small, for there the difference would lose its digits. */
INLINE Lanes share_for(Lanes seconds, float seconds_per_frame)
{
    Lanes x = seconds_per_frame / seconds;
    Lanes series = x * (1.0f - x * (0.5f - x * (0.166666667f - x * 0.0416666667f)));
    return lanes_where(lanes_less(x, lanes(0.05f)), series, 1.0f - exp_lanes(-x));
}

/* How far a level lies above a threshold, with a soft knee: 0 below it, the distance above, and half a parabola in
 * between, over `width` octaves around the threshold. */
typedef struct { Lanes threshold, half_width, per_width; } Knee; /* the last is 1 / (2 width) */

INLINE Knee knee_of_db(Lanes threshold_db, Lanes width_db)
{
    Lanes width = lanes_max(width_db * OCTAVES_OF_DB, lanes(1e-6f));
    return (Knee){threshold_db * OCTAVES_OF_DB, 0.5f * width, 0.5f / width};
}

INLINE Lanes knee_above(Knee k, Lanes octaves)
{
    Lanes over = octaves - k.threshold, in_knee = lanes_clamp(over + k.half_width, lanes(0.0f), k.half_width * 2.0f);
    return in_knee * in_knee * k.per_width + lanes_max(over - k.half_width, lanes(0.0f));
}

/* One frame of a smoother that rises and falls at different speeds (the tutorial's "smooth branching"). */
typedef struct { Lanes rise, fall; } Speeds; /* shares of the way */

INLINE Lanes follow(Lanes now, Lanes target, Speeds share)
{
    return now + lanes_where(lanes_less(now, target), share.rise, share.fall) * (target - now);
}

/* What is left of a smoothed value below `least` becomes exactly 0, so that a node falls silent. */
INLINE Lanes settle_at_zero(Lanes x, float least)
{
    return lanes_where(lanes_less(lanes_abs(x), lanes(least)), lanes(0.0f), x);
}

INLINE bool all_zero(Lanes x, uint32_t in_use)
{
    bool zero = true;
    for (uint32_t l = 0; l < in_use; ++l)
        zero &= LANE(x, l) == 0.0f;
    return zero;
}

#endif
