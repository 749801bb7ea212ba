/* Vector forms of sine, exponentials and the like: polynomials with a stated error, the same bits at every width.
 * Any thread. Coefficients are minimax fits of relative error; tests/nodes/test_math.py measures every stated bound. */
#ifndef GD_DSP_MATH_H
#define GD_DSP_MATH_H

#include "../lanes.h"

INLINE Ints words_as_ints(Words x) { return (Ints)x; }
INLINE Words ints_as_words(Ints x) { return (Words)x; }

/* x with the sign bit of `sign`. */
INLINE Lanes lanes_copysign(Lanes x, Lanes sign)
{
    return lanes_from_bits((lanes_to_bits(x) & 0x7fffffff) | (lanes_to_bits(sign) & (int32_t)0x80000000u));
}

/* sin(2 pi t) for |t| <= 1/4; absolute error below 2e-7. In pairs, because a long chain of operations costs more here
 * than one more multiplication. */
INLINE Lanes sine_quarter(Lanes t)
{
    Lanes z = t * t, zz = z * z;
    Lanes upper = (81.6022311f + z * -76.5749892f) + zz * 39.7108963f;
    return t * ((6.28318527f + z * -41.3416775f) + zz * upper);
}

/* Sine of a phase in units of 2^-32 turns; absolute error below 4e-7. With t the phase from -1/2 to 1/2, the parabola
 * t (1/2 - |t|) already has the sine's zeros and symmetry; what is left is a smooth function of its size w. Phase is
 * scaled so that the highest coefficient is 1, which saves a multiplication. */
INLINE Lanes sine_of_phase(Words phase)
{
    Lanes t = lanes_from_ints(words_as_ints(phase)) * (1.65448868f * 0x1p-32f);
    Lanes parabola = t * (0.827244341f - lanes_abs(t)), w = lanes_abs(parabola);
    return parabola * (4.59072573f + w * (6.70888074f + w * (3.47101455f + w)));
}

/* sin(2 pi x) for |x| < 2^22; absolute error below 2e-7 of the sine of the float given. */
INLINE Lanes sine_of_turns(Lanes x)
{
    Lanes t = x - lanes_floor(x + 0.5f);
    Lanes mirrored = lanes_copysign(lanes(0.5f), t) - t;
    return sine_quarter(lanes_where(lanes_less(lanes(0.25f), lanes_abs(t)), mirrored, t));
}

/* cos(2 pi x) for |x| < 2^22; absolute error below 2e-7: the sine of a quarter turn minus the distance to a whole turn. */
INLINE Lanes cosine_of_turns(Lanes x) { return sine_quarter(0.25f - lanes_abs(x - lanes_floor(x + 0.5f))); }

/* 2^x for -126 <= x <= 126 (clamped); relative error below 2e-7; exact at whole numbers. */
INLINE Lanes exp2_lanes(Lanes x)
{
    x = lanes_clamp(x, lanes(-126.0f), lanes(126.0f));
    Lanes whole = lanes_floor(x + 0.5f), f = x - whole;
    Lanes y = 1.0f + f * (0.693147203f + f * (0.240226479f + f * (0.0555033247f + f * (0.00961843736f
            + f * (0.00133988748f + f * 0.000153533622f)))));
    return y * lanes_from_bits((lanes_truncate(whole) + 127) << 23);
}

/* e^x for |x| <= 87; relative error below 1.5e-7 + 1e-7 |x|, from rounding the exponent. */
INLINE Lanes exp_lanes(Lanes x) { return exp2_lanes(x * 1.44269504f); }

/* log2(x) for normal positive x; error below 2e-7 + 1e-7 |log2(x)|. The series of atanh on a mantissa near 1. */
INLINE Lanes log2_lanes(Lanes x)
{
    Ints bits = lanes_to_bits(x), exponent = (bits - 0x3f3504f3) >> 23; /* 0x3f3504f3: sqrt(1/2) */
    Lanes mantissa = lanes_from_bits(bits - (exponent * (1 << 23)));
    Lanes s = (mantissa - 1.0f) / (mantissa + 1.0f), z = s * s;
    return lanes_from_ints(exponent)
           + s * (2.88539008f + z * (0.961796694f + z * (0.577078016f + z * (0.412198583f + z * 0.320598898f))));
}

/* Amplitude of a level in decibels: 10^(dB / 20). */
INLINE Lanes db_to_level(Lanes db) { return exp2_lanes(db * 0.166096404744f); }

/* Decibels of an amplitude; anything below 1e-10 (and zero) is -200 dB. */
INLINE Lanes level_to_db(Lanes level) { return 6.02059991f * log2_lanes(lanes_max(level, lanes(1e-10f))); }

/* tanh(x) for any finite x; relative error below 4e-7. An odd polynomial near zero, exponentials elsewhere. */
INLINE Lanes tanh_lanes(Lanes x)
{
    Lanes size = lanes_abs(x), z = x * x;
    Lanes near = size + size * z * (-0.333329466f + z * (0.13320725f + z * (-0.0526718073f + z * 0.0164375693f)));
    Lanes far = 1.0f - 2.0f / (exp2_lanes(lanes_min(size, lanes(10.0f)) * 2.88539008f) + 1.0f);
    return lanes_copysign(lanes_where(lanes_less(size, lanes(0.55f)), near, far), x);
}

#endif
