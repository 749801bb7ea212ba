/* filter: a state-variable filter of second order, stable while its cutoff moves at audio rate. */
#define NODE filter
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(CUTOFF_HZ, "cutoff_hz") P(Q, "q")
#define CHOICES P(MODE, "mode")
#include "kernel.h"
#include "dsp/svf.h"

typedef struct {
    SvfState charge;
    SvfCoefs coefs;
    Lanes damping;
} State;

/* Shares of the source, of damping times the band, and of the low signal; the last two come as sums of two charges,
 * which is twice the signal. */
static const struct Mix { float in, band, low; } mixes[] = {
    {0.0f, 0.0f, 0.5f},   /* lowpass */
    {1.0f, -0.5f, -0.5f}, /* highpass */
    {0.0f, 0.5f, 0.0f},   /* bandpass, 0 dB at the cutoff */
    {1.0f, -0.5f, 0.0f},  /* notch */
    {-1.0f, 0.5f, 1.0f},  /* peak: lowpass minus highpass */
    {1.0f, -1.0f, 0.0f},  /* allpass */
};

enum { LOWPASS };

/* What a frame gives, from both ends of its step. The low-pass, by far the most filters, is spared what is not in it. */
INLINE Lanes heard(struct Mix m, bool lowpass, Lanes in, SvfState now, SvfState next, Lanes damping)
{
    Lanes low = (now.low + next.low) * m.low;
    return lowpass ? low : in * m.in + (now.band + next.band) * (damping * m.band) + low;
}

INLINE float angle_of_hz(const GdBlock *b) { return 3.14159265f * b->seconds_per_frame; }

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    s->damping = 1.0f / b->param[Q][0];
    s->coefs = svf_coefs(b->param[CUTOFF_HZ][0] * angle_of_hz(b), s->damping);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    float sum = 0.0f;
    for (uint32_t l = 0; l < b->lanes; ++l)
        sum += (LANE(s->charge.band, l) != 0.0f) + (LANE(s->charge.low, l) != 0.0f);
    return sum == 0.0f;
}

/* The integrators over one slice; a q that stands costs no division a frame. */
INLINE void sweep(State *s, const GdBlock *b, bool lowpass, bool q_moves)
{
    const Lanes *restrict in = b->in[IN], *restrict cutoff_hz = b->param[CUTOFF_HZ], *restrict q = b->param[Q];
    Lanes *restrict out = b->out[OUT];
    const struct Mix m = mixes[b->choice[MODE]];
    const float angle_of_one_hz = angle_of_hz(b);
    const uint32_t stride = b->stride[CUTOFF_HZ];
    Lanes damping = s->damping;
    SvfState now = s->charge, next;
    for (uint32_t i = 0; i < b->frames; ++i, now = next) {
        if (q_moves)
            damping = 1.0f / q[i];
        next = svf_step(now, svf_coefs(cutoff_hz[i * stride] * angle_of_one_hz, damping), in[i]);
        out[i] = heard(m, lowpass, in[i], now, next, damping);
    }
    s->charge = now;
}

INLINE void stand(State *s, const GdBlock *b, bool lowpass)
{
    const Lanes *restrict in = b->in[IN];
    Lanes *restrict out = b->out[OUT];
    const struct Mix m = mixes[b->choice[MODE]];
    const SvfCoefs coefs = s->coefs;
    const Lanes damping = s->damping;
    SvfState now = s->charge, next;
    for (uint32_t i = 0; i < b->frames; ++i, now = next) {
        next = svf_step(now, coefs, in[i]);
        out[i] = heard(m, lowpass, in[i], now, next, damping);
    }
    s->charge = now;
}

INLINE void filter(State *s, const GdBlock *b, bool lowpass)
{
    if (MOVES(b, Q))
        sweep(s, b, lowpass, true);
    else if (MOVES(b, CUTOFF_HZ))
        sweep(s, b, lowpass, false);
    else
        stand(s, b, lowpass);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    if (b->offset == 0)
        s->charge = svf_settle(s->charge);
    if (b->choice[MODE] == LOWPASS)
        filter(s, b, true);
    else
        filter(s, b, false);
}

KERNEL(.prepare = prepare, .idle = idle, .flags = GD_RINGS)
