/* What a detector listens to: a source without its low notes. Any thread. */
#ifndef GD_DSP_KEY_H
#define GD_DSP_KEY_H

#include "svf.h"

typedef struct { SvfCoefs coefs; Lanes hz; } KeyFilter;

/* A Butterworth high-pass of second order; 0 Hz is none: what it held when it was turned off then dies away without a
 * click. */
INLINE KeyFilter key_filter(Lanes hz, float seconds_per_frame)
{
    return (KeyFilter){svf_coefs(hz * (3.14159265f * seconds_per_frame), lanes(1.41421356f)), hz};
}

INLINE Lanes key_above(const KeyFilter *k, SvfState *charge, Lanes heard)
{
    const Ints on = lanes_less(lanes(0.0f), k->hz);
    const SvfState now = *charge, step = svf_step(now, k->coefs, heard);
    const SvfState next = {lanes_where(on, step.band, now.band * 0.995f), lanes_where(on, step.low, now.low * 0.995f)};
    *charge = next;
    return heard - (now.band + next.band) * 0.707106781f - (now.low + next.low) * 0.5f;
}

#endif
