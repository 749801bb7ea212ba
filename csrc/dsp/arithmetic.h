/* Arithmetic that always has a result, for calculating with signals that may be anything. Any thread. */
#ifndef GD_DSP_ARITHMETIC_H
#define GD_DSP_ARITHMETIC_H

#include "math.h"

INLINE Lanes zero_or(Ints where, Lanes x) { return lanes_where(where, x, lanes(0.0f)); }

/* a / b, and 0 where b is 0. */
INLINE Lanes quotient(Lanes a, Lanes b)
{
    const Ints none = MASK(b == 0.0f);
    return zero_or(~none, a / lanes_where(none, lanes(1.0f), b));
}

/* Largest whole number not above x, held within what there are whole numbers for. */
INLINE Lanes whole(Lanes x) { return lanes_floor(lanes_clamp(x, lanes(-2e9f), lanes(2e9f))); }

/* What is left of a after whole b's, of the sign of b; a where b is 0. */
INLINE Lanes remainder_of(Lanes a, Lanes b) { return a - b * whole(quotient(a, b)); }

/* Sine of an angle in turns, however far away. */
INLINE Lanes sine_anywhere(Lanes turns) { return sine_of_turns(lanes_clamp(turns, lanes(-4e6f), lanes(4e6f))); }

/* Natural logarithm, 0 where there is none. */
INLINE Lanes logarithm(Lanes x)
{
    return zero_or(lanes_less(lanes(0.0f), x), 0.693147181f * log2_lanes(lanes_max(x, lanes(1e-30f))));
}

#endif
