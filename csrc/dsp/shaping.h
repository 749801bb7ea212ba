/* What nodes that bend a wave share: oversampling, the source as late as what has been bent, and no constant left over.
 * Audio thread. The order of the choice `oversampling` is 1x, 2x, 4x, 8x. */
#ifndef GD_DSP_SHAPING_H
#define GD_DSP_SHAPING_H

#include "delay.h"
#include "dynamics.h"
#include "oversample.h"

enum { SHAPING_RINGS = 256 /* frames after which nothing is left in any filter of the oversampler */ };

typedef struct {
    Oversampler over;
    Lanes dry[OVERSAMPLE_LATENCY3]; /* the newest frames of the source */
    Lanes before, blocked;          /* of the filter against constants */
    Ints ringing;                   /* frames that the filters still sound */
} Shaping;

/* The source, made safe, into `wet`, and as late as the shaped one will be into `dry`. */
INLINE void shaping_take(Shaping *s, const GdBlock *b, const Lanes *in, uint32_t stages, Lanes *wet, Lanes *dry)
{
    static const uint32_t latency[] = {0, OVERSAMPLE_LATENCY1, OVERSAMPLE_LATENCY2, OVERSAMPLE_LATENCY3};
    Lanes line[OVERSAMPLE_LATENCY3 + GD_SLICE];
    Ints sounding = {0};
    memcpy(line, s->dry, sizeof s->dry);
    for (uint32_t i = 0; i < b->frames; ++i) {
        wet[i] = line[OVERSAMPLE_LATENCY3 + i] = line_safe(in[i]);
        sounding |= lanes_to_bits(wet[i]);
    }
    memcpy(s->dry, line + b->frames, sizeof s->dry);
    memcpy(dry, line + OVERSAMPLE_LATENCY3 - latency[stages], b->frames * sizeof *dry);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        int32_t left = LANE(s->ringing, l) - (int32_t)b->frames;
        LANE(s->ringing, l) = LANE(sounding, l) ? SHAPING_RINGS : left > 0 ? left : 0;
    }
}

/* A high-pass of first order at 5 Hz takes out the constant that an asymmetric curve makes. */
INLINE void shaping_block(Shaping *s, const GdBlock *b, Lanes *wet)
{
    const Lanes keep = 1.0f - share_for(lanes(0.0318309886f), b->seconds_per_frame);
    Lanes before = s->before, blocked = s->blocked;
    if (b->offset == 0)
        blocked = settle_at_zero(blocked, 1e-9f);
    for (uint32_t i = 0; i < b->frames; ++i) {
        blocked = wet[i] - before + keep * blocked;
        before = wet[i];
        wet[i] = blocked;
    }
    s->before = before;
    s->blocked = blocked;
}

/* The mean of a curve on the way from `last` to `x`, from its antiderivative at both: what corners alias is weaker by the
 * rate of the samples once more (J. Parker et al., "Reducing the Aliasing of Nonlinear Waveshaping Using Continuous-Time
 * Convolution", DAFx-16, 2016). Where both are close, `middle`, the curve half-way, keeps more digits. */
INLINE Lanes shaping_mean(Lanes x, Lanes last, Lanes area, Lanes last_area, Lanes middle)
{
    const Lanes way = x - last;
    const Ints close = lanes_less(lanes_abs(way), lanes(0.004f));
    return lanes_where(close, middle, (area - last_area) / lanes_where(close, lanes(1.0f), way));
}

INLINE bool shaping_idle(const Shaping *s, const GdBlock *b)
{
    return all_zero(lanes_from_ints(s->ringing), b->lanes) && all_zero(s->before, b->lanes)
           && all_zero(s->blocked, b->lanes);
}

#endif
