/* bitcrush: fewer bits and fewer samples a second. */
#define NODE bitcrush
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS                                                                                                   \
    P(BITS, "bits") P(RATE_HZ, "rate_hz") P(JITTER, "jitter") P(DITHER, "dither") P(MIX, "mix")
#define CHOICES P(FILTER, "filter")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/dynamics.h"
#include "dsp/hash.h"
#include "dsp/svf.h"

enum { NONE, AFTER, BOTH };

typedef struct { Lanes steps, step, turn; SvfCoefs filter; } Coefs; /* levels a unit, one of them, samples a frame */
typedef struct {
    Coefs coefs;
    SvfState before, after;
    Lanes phase, held;
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

/* The filters bend at 0.45 of the new rate, where a converter's would. */
INLINE Coefs coefs_at(const GdBlock *b, uint32_t i)
{
    Lanes steps = exp2_lanes(AT(BITS, i) - 1.0f), hz = AT(RATE_HZ, i);
    return (Coefs){steps, 1.0f / steps, lanes_min(hz * b->seconds_per_frame, lanes(1.0f)),
                   svf_coefs(hz * (0.45f * 3.14159265f * b->seconds_per_frame), lanes(1.41421356f))};
}

GD_RT static void prepare(void *state, const GdBlock *b) { ((State *)state)->coefs = coefs_at(b, 0); }

/* Never: dither is heard in silence too, and a jittering clock must not stand still while nothing comes in. */
GD_RT static bool idle(const void *state, const GdBlock *b)
{
    (void)state;
    (void)b;
    return false;
}

INLINE Lanes lowpass(SvfState *charge, SvfCoefs coefs, Lanes in)
{
    SvfState now = *charge;
    *charge = svf_step(now, coefs, in);
    return (now.low + charge->low) * 0.5f;
}

/* Whole steps, with triangular noise of two steps in all at full dither, which makes the error independent of the
 * source (S. Lipshitz et al., "Quantization and Dither", JAES 40, 1992). */
INLINE Lanes quantise(const Coefs *c, Lanes x, Lanes dither, Words noise)
{
    Words other = hash_words(noise + 0x9e3779b9u);
    Lanes triangle = (hash_to_bipolar(noise) + hash_to_bipolar(other)) * 0.5f;
    return lanes_floor(x * c->steps + dither * triangle + 0.5f) * c->step;
}

INLINE void crush(State *state, const GdBlock *b, Words seed, uint32_t filter, bool moves)
{
    State s = *state;
    Coefs c = s.coefs;
    for (uint32_t i = 0; i < b->frames; ++i) {
        Words noise = hash_words(seed + (uint32_t)b->time + i);
        Lanes in = lanes_clamp(line_safe(b->in[IN][i]), lanes(-64.0f), lanes(64.0f)), mix = AT(MIX, i), heard = in;
        if (moves)
            c = coefs_at(b, i);
        if (filter == BOTH)
            heard = lowpass(&s.before, c.filter, heard);
        Lanes turn = c.turn * (1.0f + AT(JITTER, i) * hash_to_bipolar(hash_words(noise ^ 0x5bd1e995u)));
        Lanes phase = s.phase + lanes_min(turn, lanes(1.0f));
        Ints take = lanes_at_least(phase, lanes(1.0f));
        s.phase = lanes_where(take, phase - 1.0f, phase);
        s.held = lanes_where(take, quantise(&c, heard, AT(DITHER, i), noise), s.held);
        heard = filter == NONE ? s.held : lowpass(&s.after, c.filter, s.held);
        b->out[OUT][i] = in * (1.0f - mix) + heard * mix;
    }
    s.coefs = state->coefs;
    *state = s;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const bool moves = MOVES(b, BITS) || MOVES(b, RATE_HZ);
    const uint32_t filter = b->choice[FILTER];
    Words seed = {0};
    for (uint32_t l = 0; l < b->lanes; ++l)
        LANE(seed, l) = hash_word(b->seed[l]);
    if (b->offset == 0) {
        s->before = svf_settle(s->before);
        s->after = svf_settle(s->after);
    }
    if (filter == NONE && !moves)
        crush(s, b, seed, NONE, false);
    else
        crush(s, b, seed, filter, moves);
}

KERNEL(.prepare = prepare, .idle = idle)
