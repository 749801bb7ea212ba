/* Doubles: W numbers in double precision, for coefficients that single precision cannot hold. Any thread. Only IEEE
 * basic operations, so each lane has the same bits at every width. */
#ifndef GD_DSP_DOUBLES_H
#define GD_DSP_DOUBLES_H

#include "../lanes.h"

#if W == 1
typedef double Doubles;
typedef int64_t Longs; /* also masks: 0 is false, -1 is true */
#define LONG_MASK(condition) (-(int64_t)(condition))
#else
typedef double Doubles __attribute__((vector_size(8 * W)));
typedef int64_t Longs __attribute__((vector_size(8 * W)));
#define LONG_MASK(condition) (condition)
#endif

INLINE Doubles doubles(double x)
{
#if W == 1
    return x;
#else
    return x - (Doubles){0};
#endif
}
INLINE Doubles doubles_of(Lanes x)
{
#if W == 1
    return x;
#else
    return __builtin_convertvector(x, Doubles);
#endif
}
INLINE Lanes lanes_of(Doubles x)
{
#if W == 1
    return (float)x;
#else
    return __builtin_convertvector(x, Lanes);
#endif
}
INLINE Longs longs_of(Ints mask)
{
#if W == 1
    return mask;
#else
    return __builtin_convertvector(mask, Longs);
#endif
}

/* where mask ? a : b, lane by lane */
INLINE Doubles doubles_where(Longs mask, Doubles a, Doubles b)
{
#if W == 1
    return mask ? a : b;
#else
    return (Doubles)((mask & (Longs)a) | (~mask & (Longs)b));
#endif
}
INLINE Doubles doubles_min(Doubles a, Doubles b) { return doubles_where(LONG_MASK(a < b), a, b); }
INLINE Doubles doubles_max(Doubles a, Doubles b) { return doubles_where(LONG_MASK(a < b), b, a); }

/* The root of what is not below 0. */
INLINE Doubles doubles_sqrt(Doubles x)
{
#if W == 1
    return __builtin_sqrt(x);
#else
    Doubles y;
    for (int l = 0; l < W; ++l)
        y[l] = __builtin_sqrt(x[l]);
    return y;
#endif
}

#endif
