/* The angle whose tangent is a number. Any thread. */
#ifndef GD_DSP_ARCTANGENT_H
#define GD_DSP_ARCTANGENT_H

#include "../lanes.h"

/* atan(n / d) for n >= 0 and d > 0; error below 1e-6. The polynomial is a minimax fit on 0 to 1; a steeper angle is a
 * quarter turn less its complement. */
INLINE Lanes arctangent_of(Lanes n, Lanes d)
{
    const Ints steep = lanes_less(d, n);
    const Lanes x = lanes_where(steep, d, n) / lanes_where(steep, n, d), z = x * x;
    const Lanes angle = x * (0.999995689f + z * (-0.333158077f + z * (0.197954669f + z * (-0.131927867f
                        + z * (0.0789763393f + z * (-0.0331054835f + z * 0.00666311304f))))));
    return lanes_where(steep, 1.57079633f - angle, angle);
}

#endif
