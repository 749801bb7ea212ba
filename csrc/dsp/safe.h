/* Numbers that may be kept: what is infinite, huge or not a number would stay in a state for ever. Any thread. */
#ifndef GD_DSP_SAFE_H
#define GD_DSP_SAFE_H

#include "../lanes.h"

/* x, or 0 where it is not a number, infinite or beyond a billion. */
INLINE Lanes finite_or_zero(Lanes x) { return lanes_where(lanes_less(lanes_abs(x), lanes(1e9f)), x, lanes(0.0f)); }

#endif
