/* stereo_width: more or less of the difference between left and right, and none of it below a frequency. */
#define NODE stereo_width
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS P(WIDTH, "width") P(MONO_BELOW_HZ, "mono_below_hz")
#include "kernel.h"
#include "dsp/svf.h"

#define BUTTERWORTH 1.41421356f /* damping of the flattest high-pass */

typedef struct {
    SvfState charge;
    SvfCoefs coefs;
} State;

INLINE SvfCoefs coefs_of(Lanes hz, float seconds_per_frame)
{
    return svf_coefs(hz * (3.14159265f * seconds_per_frame), lanes(BUTTERWORTH));
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    ((State *)state)->coefs = coefs_of(b->param[MONO_BELOW_HZ][0], b->seconds_per_frame);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = true;
    for (uint32_t l = 0; l < b->lanes; ++l)
        rest &= LANE(s->charge.band, l) == 0.0f && LANE(s->charge.low, l) == 0.0f;
    return rest;
}

/* What is added to left and taken from right; at a width of 1 and a frequency of 0 it is exactly nothing. */
INLINE void sweep(State *s, const GdBlock *b, bool hz_moves)
{
    const Lanes *restrict left = b->in[LEFT_IN], *restrict right = b->in[RIGHT_IN];
    const Lanes *restrict width = b->param[WIDTH], *restrict hz = b->param[MONO_BELOW_HZ];
    Lanes *restrict left_out = b->out[LEFT_OUT], *restrict right_out = b->out[RIGHT_OUT];
    SvfCoefs coefs = s->coefs;
    SvfState now = s->charge, next;
    for (uint32_t i = 0; i < b->frames; ++i, now = next) {
        const Lanes side = 0.5f * (left[i] - right[i]);
        if (hz_moves)
            coefs = coefs_of(hz[i], b->seconds_per_frame);
        next = svf_step(now, coefs, side);
        const Lanes kept = side - (now.band + next.band) * (0.5f * BUTTERWORTH) - (now.low + next.low) * 0.5f;
        const Lanes more = width[i * b->stride[WIDTH]] * kept - side;
        left_out[i] = left[i] + more;
        right_out[i] = right[i] - more;
    }
    s->charge = now;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    if (b->offset == 0)
        s->charge = svf_settle(s->charge);
    if (MOVES(b, MONO_BELOW_HZ))
        sweep(s, b, true);
    else
        sweep(s, b, false);
}

KERNEL(.prepare = prepare, .idle = idle, .flags = GD_RINGS)
