/* One band of an equaliser: what its four parameters ask for, as one or two sections that glide there. Any thread. */
#ifndef GD_DSP_BAND_H
#define GD_DSP_BAND_H

#include "../block.h"
#include "eq_design.h"
#include "math.h"

/* Four values of a band at one frame; `type` is one of BAND_..., as a number. */
typedef struct { Lanes type, frequency_hz, gain_db, q; } BandValues;

/* What a band is to be: two sections, and masks of the lanes in which they do anything. */
typedef struct { Section section[2]; Ints active[2]; } BandTarget;

INLINE Section section_where(Ints mask, Section a, Section b)
{
    return (Section){{lanes_where(mask, a.step.loss, b.step.loss), lanes_where(mask, a.step.band, b.step.band),
                      lanes_where(mask, a.step.low, b.step.low)},
                     lanes_where(mask, a.direct, b.direct), lanes_where(mask, a.band, b.band),
                     lanes_where(mask, a.low, b.low)};
}

INLINE Section section_nothing(void)
{
    const Lanes zero = lanes(0.0f);
    return (Section){{zero, zero, zero}, lanes(1.0f), zero, zero};
}

/* The sections of Butterworth's filter of fourth order; `q` bends the sharper one. */
#define BUTTERWORTH_4_BLUNT 0.541196100f
#define BUTTERWORTH_4_SHARP 1.30656296f

/* What a band's values ask of its first section; `steep` ones have a second. */
INLINE Prototype band_prototype(BandValues v, Ints type, Ints steep, float seconds_per_frame)
{
    Prototype p = {.bell = MASK(type == BAND_BELL),
                   .shelf = MASK(type == BAND_LOW_SHELF) | MASK(type == BAND_HIGH_SHELF),
                   .low_cut = MASK(type == BAND_LOW_CUT) | MASK(type == BAND_LOW_CUT_24),
                   .high_cut = MASK(type == BAND_HIGH_CUT) | MASK(type == BAND_HIGH_CUT_24),
                   .notch = MASK(type == BAND_NOTCH)};
    const Lanes blunt = lanes_max(v.q, lanes(0.3f));
    p.frequency = lanes_min(v.frequency_hz * seconds_per_frame, lanes(0.45f));
    p.root = lanes_max(exp2_lanes(lanes_abs(v.gain_db) * 0.0830482024f), lanes(1.0001f)); /* 10^(dB / 40) */
    p.q = lanes_where(p.shelf, lanes_min(blunt, lanes(1.4f)), lanes_where(p.bell | p.notch, v.q, blunt));
    p.q = lanes_where(steep, lanes(BUTTERWORTH_4_BLUNT), p.q);
    return p;
}

/* The section of a prototype, turned into its inverse where the gain asks for that; a high shelf is a low shelf's
 * inverse times its gain. */
INLINE Section band_section(const Prototype *p, Lanes gain_db, Ints high_shelf)
{
    const Ints inverse = (p->bell | p->shelf) & (lanes_less(gain_db, lanes(0.0f)) ^ high_shelf);
    const SectionShape shape = prototype_section(p), other = section_inverse(shape);
    const Lanes level = lanes_where(high_shelf, db_to_level(gain_db), lanes(1.0f));
    return section_of((SectionShape){lanes_where(inverse, other.g, shape.g), lanes_where(inverse, other.k, shape.k),
                                     level * lanes_where(inverse, other.bottom, shape.bottom),
                                     level * lanes_where(inverse, other.middle, shape.middle),
                                     level * lanes_where(inverse, other.top, shape.top)});
}

INLINE bool any_of(Ints mask, uint32_t in_use)
{
    int32_t any = 0;
    for (uint32_t l = 0; l < in_use; ++l)
        any |= LANE(mask, l);
    return any != 0;
}

/* Not inlined: it is long, and runs only where something changes. */
GD_RT static __attribute__((noinline)) void band_target(BandTarget *target, const BandValues *v, const GdBlock *b)
{
    const Ints type = lanes_truncate(lanes_clamp(v->type, lanes(0.0f), lanes(BAND_TYPES - 1)) + 0.5f);
    const Ints steep = MASK(type == BAND_LOW_CUT_24) | MASK(type == BAND_HIGH_CUT_24);
    Prototype p = band_prototype(*v, type, steep, b->seconds_per_frame);
    const Ints active = MASK(type != BAND_OFF) & ~((p.bell | p.shelf) & MASK(v->gain_db == 0.0f));
    const Section first = band_section(&p, v->gain_db, MASK(type == BAND_HIGH_SHELF));
    *target = (BandTarget){{section_where(active, first, section_nothing()), section_nothing()}, {active, steep}};
    if (any_of(steep, b->lanes)) {
        p.q = lanes_max(v->q, lanes(0.3f)) * (BUTTERWORTH_4_SHARP * 1.41421356f);
        target->section[1] = section_where(steep, section_of(prototype_section(&p)), section_nothing());
    }
}

/* A band at work. Coefficients that change go to their new values in straight lines. */
typedef struct {
    BandValues held;  /* what `now` has come to, or is on its way to */
    Ints gliding;     /* mask */
    Ints left;        /* frames until it has come there */
    Ints active[2];   /* masks: in which lanes a section does anything, or still did when it began to glide */
    Section now[2], rise[2]; /* and by how much a frame */
    SvfState charge[2];
} Band;

INLINE void section_glide(Section *c, const Section *rise)
{
    c->step.loss += rise->step.loss;
    c->step.band += rise->step.band;
    c->step.low += rise->step.low;
    c->direct += rise->direct;
    c->band += rise->band;
    c->low += rise->low;
}

INLINE Section section_still(void)
{
    const Lanes zero = lanes(0.0f);
    return (Section){{zero, zero, zero}, zero, zero, zero};
}

INLINE Section section_rise(Section from, Section to, Lanes part)
{
    return (Section){{(to.step.loss - from.step.loss) * part, (to.step.band - from.step.band) * part,
                      (to.step.low - from.step.low) * part},
                     (to.direct - from.direct) * part, (to.band - from.band) * part, (to.low - from.low) * part};
}

/* Frames that a new type takes to be reached. */
#define BAND_GLIDE 512

/* Once every `span` frames, a power of two: lanes with new values set out for them and take `least` frames at least, or
 * those they still had, lanes that have arrived are put exactly there, and lanes that are new (not `started`) begin
 * there. What is left must end with a span. */
GD_RT static __attribute__((noinline)) void band_follow(Band *band, const BandValues *values, Ints started, int32_t span,
                                                          int32_t least, const GdBlock *b)
{
    const BandValues v = *values, h = band->held;
    const Ints retyped = MASK(v.type != h.type);
    const Ints differs = MASK(v.frequency_hz != h.frequency_hz) | MASK(v.gain_db != h.gain_db) | MASK(v.q != h.q);
    const Ints changed = started & (retyped | differs | (band->gliding & MASK((band->left & (span - 1)) != 0)));
    const Ints arrives = ~changed & ((band->gliding & MASK(band->left == 0)) | ~started);
    if (!any_of(changed | arrives, b->lanes))
        return;
    const Ints more = MASK(band->left > least), rest = (more & band->left) | (~more & least);
    const Ints frames = ((retyped & BAND_GLIDE) | (~retyped & rest)) + (span - 1);
    band->left = (changed & (frames & ~(span - 1))) | (~changed & band->left);
    BandTarget target;
    band_target(&target, values, b);
    const Lanes part = 1.0f / lanes_from_ints(band->left | ~changed);
    for (int k = 0; k < 2; ++k) {
        const Section rise = section_rise(band->now[k], target.section[k], part);
        band->rise[k] = section_where(changed, rise, section_where(arrives, section_still(), band->rise[k]));
        band->now[k] = section_where(arrives, target.section[k], band->now[k]);
        band->active[k] = (changed & (band->active[k] | target.active[k])) | (arrives & target.active[k])
                          | (~(changed | arrives) & band->active[k]);
        band->charge[k].band = lanes_where(band->active[k], band->charge[k].band, lanes(0.0f));
        band->charge[k].low = lanes_where(band->active[k], band->charge[k].low, lanes(0.0f));
    }
    band->gliding = changed | (band->gliding & ~arrives);
    band->held = v;
}

/* `frames` of a glide have passed. */
INLINE void band_pass(Band *band, uint32_t frames) { band->left -= MASK(band->left > 0) & (int32_t)frames; }

#endif
