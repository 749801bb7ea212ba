/* dc_block: a high-pass of first order at the lower edge of hearing, which takes a constant away to the last bit. */
#define NODE dc_block
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(CUTOFF_HZ, "cutoff_hz")
#include "kernel.h"
#include "dsp/svf.h"

/* The integrator's charge in two parts: at such low cutoffs a step is smaller than the rounding of the charge. */
typedef struct { Lanes charge, rest, share; } State;

/* g / (1 + g) for g = tan(pi cutoff / rate), which at these angles is x + x^3 / 3 to 1e-4 of itself. */
INLINE Lanes share_of(Lanes cutoff_hz, float seconds_per_frame)
{
    const Lanes x = lanes_min(cutoff_hz * (3.14159265f * seconds_per_frame), lanes(0.4f));
    const Lanes g = x + x * x * x * 0.333333333f;
    return g / (1.0f + g);
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    ((State *)state)->share = share_of(b->param[CUTOFF_HZ][0], b->seconds_per_frame);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = true;
    for (uint32_t l = 0; l < b->lanes; ++l)
        rest &= LANE(s->charge, l) == 0.0f && LANE(s->rest, l) == 0.0f;
    return rest;
}

/* Trapezoidal integration; what a sum rounds away is kept for the next one (Kahan's compensated summation). */
INLINE Lanes step(State *s, Lanes share, Lanes in)
{
    const Lanes across = (in - s->charge) - s->rest, move = share * across;
    const Lanes add = 2.0f * move + s->rest, charge = s->charge + add;
    s->rest = add - (charge - s->charge);
    s->charge = charge;
    return across - move;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State s = *(State *)state;
    const Lanes *restrict in = b->in[IN], *restrict cutoff_hz = b->param[CUTOFF_HZ];
    Lanes *restrict out = b->out[OUT];
    if (b->offset == 0) {
        const SvfState kept = svf_settle((SvfState){s.rest, s.charge});
        s.rest = kept.band;
        s.charge = kept.low;
    }
    if (MOVES(b, CUTOFF_HZ))
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = step(&s, share_of(cutoff_hz[i], b->seconds_per_frame), in[i]);
    else
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = step(&s, s.share, in[i]);
    *(State *)state = s;
}

KERNEL(.prepare = prepare, .idle = idle, .flags = GD_RINGS)
