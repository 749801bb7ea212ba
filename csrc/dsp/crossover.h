/* Crossovers of Linkwitz and Riley, 24 dB an octave: each half is a Butterworth filter of second order twice, so the
 * halves are in phase everywhere and their sum is an allpass. A band below passes the allpasses of the splits above,
 * so all bands stay in phase. After S. Linkwitz, "Active Crossover Networks for Noncoincident Drivers", JAES 24 (1976).
 * Audio thread. */
#ifndef GD_DSP_CROSSOVER_H
#define GD_DSP_CROSSOVER_H

#include "../block.h"
#include "svf.h"

enum { MOST_SPLITS = 4, ALLPASSES = 6 };

#define SPLIT_DAMPING 1.41421356f /* Butterworth's, of second order */

typedef struct {
    SvfCoefs coefs[MOST_SPLITS];
    SvfState first[MOST_SPLITS], low[MOST_SPLITS], high[MOST_SPLITS];
    SvfState allpass[ALLPASSES]; /* of the second split in the band below it, then two of the third, three of the last */
} Crossovers;

typedef struct { Lanes low, high; } Halves;

/* Both halves of one section; the charges go on. */
INLINE Halves section_halves(SvfState *charge, SvfCoefs coefs, Lanes in)
{
    const SvfState now = *charge, next = svf_step(now, coefs, in);
    const Lanes low = 0.5f * (now.low + next.low);
    *charge = next;
    return (Halves){low, in - low - (0.5f * SPLIT_DAMPING) * (now.band + next.band)};
}

INLINE Lanes section_allpass(SvfState *charge, SvfCoefs coefs, Lanes in)
{
    const SvfState now = *charge, next = svf_step(now, coefs, in);
    *charge = next;
    return in - SPLIT_DAMPING * (now.band + next.band);
}

/* Frequencies are parameters in a row, `first` the lowest; none lies below the one before it. */
INLINE void crossovers_set(Crossovers *x, const GdBlock *b, uint32_t first, uint32_t frame, uint32_t splits)
{
    Lanes hz = lanes(0.0f);
    for (uint32_t k = 0; k < splits; ++k) {
        hz = lanes_max(hz, b->param[first + k][frame * b->stride[first + k]]);
        x->coefs[k] = svf_coefs(hz * (3.14159265f * b->seconds_per_frame), lanes(SPLIT_DAMPING));
    }
}

/* One frame in `splits` + 1 bands, the lowest first. */
INLINE void crossovers_step(Crossovers *x, Lanes in, Lanes *band, uint32_t splits)
{
    uint32_t place = 0;
    for (uint32_t k = 0; k < splits; ++k) {
        const Halves half = section_halves(&x->first[k], x->coefs[k], in);
        band[k] = section_halves(&x->low[k], x->coefs[k], half.low).low;
        in = section_halves(&x->high[k], x->coefs[k], half.high).high;
        for (uint32_t below = 0; below < k; ++below)
            band[below] = section_allpass(&x->allpass[place++], x->coefs[k], band[below]);
    }
    band[splits] = in;
}

INLINE void crossovers_settle(Crossovers *x)
{
    for (uint32_t k = 0; k < MOST_SPLITS; ++k) {
        x->first[k] = svf_settle(x->first[k]);
        x->low[k] = svf_settle(x->low[k]);
        x->high[k] = svf_settle(x->high[k]);
    }
    for (uint32_t k = 0; k < ALLPASSES; ++k)
        x->allpass[k] = svf_settle(x->allpass[k]);
}

INLINE bool charge_is_zero(SvfState s, uint32_t in_use)
{
    bool zero = true;
    for (uint32_t l = 0; l < in_use; ++l)
        zero &= LANE(s.band, l) == 0.0f && LANE(s.low, l) == 0.0f;
    return zero;
}

INLINE bool crossovers_rest(const Crossovers *x, uint32_t in_use)
{
    bool rest = true;
    for (uint32_t k = 0; k < MOST_SPLITS; ++k)
        rest = rest && charge_is_zero(x->first[k], in_use) && charge_is_zero(x->low[k], in_use)
               && charge_is_zero(x->high[k], in_use);
    for (uint32_t k = 0; k < ALLPASSES; ++k)
        rest = rest && charge_is_zero(x->allpass[k], in_use);
    return rest;
}

#endif
