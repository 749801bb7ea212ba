/* What a detector listens to: a source without its low notes. Any thread. */
#ifndef GD_DSP_KEY_H
#define GD_DSP_KEY_H

#include "svf.h"

typedef struct { SvfCoefs coefs; Lanes hz; } KeyFilter;

/* A Butterworth high-pass of second order; 0 Hz is none. */
INLINE KeyFilter key_filter(Lanes hz, float seconds_per_frame)
{
    return (KeyFilter){svf_coefs(hz * (3.14159265f * seconds_per_frame), lanes(1.41421356f)), hz};
}

INLINE Lanes key_above(const KeyFilter *k, SvfState *charge, Lanes heard)
{
    const Ints on = lanes_less(lanes(0.0f), k->hz);
    const Lanes zero = lanes(0.0f);
    SvfState now = *charge, next = svf_step(now, k->coefs, heard);
    *charge = (SvfState){lanes_where(on, next.band, zero), lanes_where(on, next.low, zero)};
    return lanes_where(on, heard - (now.band + next.band) * 0.707106781f - (now.low + next.low) * 0.5f, heard);
}

#endif
