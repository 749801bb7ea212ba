/* Trapezoidal state-variable filter: its coefficients and one step of its two integrators. Any thread. */
#ifndef GD_DSP_SVF_H
#define GD_DSP_SVF_H

#include "../lanes.h"

/* What one step adds to the integrators. With g = tan(pi cutoff / rate) and D = 1 + g (g + k):
 * loss = 2 g (g + k) / D, band = 2 g / D, low = 2 g^2 / D. */
typedef struct { Lanes loss, band, low; } SvfCoefs;
typedef struct { Lanes band, low; } SvfState; /* the charges of the two integrators */

/* Coefficients for a cutoff as an angle, pi cutoff / rate (held to 0.49 pi), and damping k = 1 / Q. The tangent is a
 * quotient n / d of polynomials, fitted so that the angle is right to 2e-7 of itself; it is never divided out:
 * D d^2 is d^2 + n (n + k d), so one division serves all, and nothing overflows near half the rate. The tangent can be
 * multiplied by a `ratio`, as the corner of a shelf asks. */
INLINE SvfCoefs svf_coefs_bent(Lanes angle, Lanes ratio, Lanes damping)
{
    Lanes x = lanes_min(angle, lanes(1.53938040f)), z = x * x;
    Lanes n = ratio * x * (890.53947f + z * (-99.7648562f + z)), d = 890.539457f + z * (-396.61106f + z * 14.4642264f);
    Lanes loss = n * (n + damping * d), scale = 2.0f / (d * d + loss), step = n * scale;
    return (SvfCoefs){loss * scale, step * d, step * n};
}

INLINE SvfCoefs svf_coefs(Lanes angle, Lanes damping) { return svf_coefs_bent(angle, lanes(1.0f), damping); }

/* Andrew Simper's "Linear trapezoidal integrated SVF", written as increments of the charges: the shortest chain of
 * dependent operations, and exact where a low cutoff makes them small. */
INLINE SvfState svf_step(SvfState s, SvfCoefs c, Lanes in)
{
    Lanes across = in - s.low;
    return (SvfState){(s.band - c.loss * s.band) + c.band * across, (s.low + c.band * s.band) + c.low * across};
}

/* Charges below -300 dB become zero, so that a filter falls silent exactly; so do those of a filter that has been fed
 * something infinite or not a number, so that it recovers. */
INLINE SvfState svf_settle(SvfState s)
{
    Lanes size = lanes_abs(s.band) + lanes_abs(s.low), zero = lanes(0.0f);
    Ints keep = lanes_at_least(size, lanes(1e-15f)) & lanes_less(size, lanes(1e15f));
    return (SvfState){lanes_where(keep, s.band, zero), lanes_where(keep, s.low, zero)};
}

#endif
