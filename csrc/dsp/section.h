/* A filter section of second order with any poles and zeros, on the two integrators of the state-variable filter: exact
 * at low frequencies, and stable whatever its coefficients do between one frame and the next, because every step of
 * the trapezoidal integrators is a contraction and so is any mixture of two of them. Any thread. */
#ifndef GD_DSP_SECTION_H
#define GD_DSP_SECTION_H

#include "svf.h"

/* H = (top s^2 + middle g s + bottom g^2) / (s^2 + k g s + g^2), where s = (z - 1) / (z + 1): the response is `bottom`
 * at 0 Hz and `top` at half the rate. */
typedef struct { Lanes g, k, bottom, middle, top; } SectionShape;

/* What a frame does: out = direct in - (band * charge of the band + low * charge of the low). All zeros but a direct
 * share of 1 leave the source as it is, to the bit. */
typedef struct { SvfCoefs step; Lanes direct, band, low; } Section;

INLINE Section section_of(SectionShape s)
{
    const Lanes scale = 2.0f / (1.0f + s.g * (s.g + s.k)), band = s.g * scale, low = s.g * band;
    const Lanes loss = band * (s.g + s.k), middle = 0.5f * (s.middle - s.k * s.top), bottom = 0.5f * (s.bottom - s.top);
    return (Section){{loss, band, low}, s.top + (middle * band + bottom * low),
                     -(middle * (2.0f - loss) + bottom * band), middle * band - bottom * (2.0f - low)};
}

INLINE Lanes section_step(const Section *c, SvfState *charge, Lanes in)
{
    const Lanes out = c->direct * in - (c->band * charge->band + c->low * charge->low);
    *charge = svf_step(*charge, c->step, in);
    return out;
}

#endif
