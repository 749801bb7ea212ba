/* pan: place a source between two channels, or balance the two channels of a stereo source. */
#define NODE pan
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS P(PAN, "pan")
#define CHOICES P(LAW, "law")
#include "kernel.h"
#include "dsp/math.h"

enum { CONSTANT_POWER, LINEAR, BALANCE };

typedef struct { Lanes left, right; } State; /* levels */

/* Constant power: an eighth of a turn either side of the middle, where both levels are the square root of a half. */
INLINE State levels(Lanes pan, uint32_t law)
{
    const Lanes one = lanes(1.0f);
    if (law == CONSTANT_POWER)
        return (State){sine_quarter(0.125f - 0.125f * pan), sine_quarter(0.125f + 0.125f * pan)};
    if (law == LINEAR)
        return (State){0.5f - 0.5f * pan, 0.5f + 0.5f * pan};
    return (State){lanes_min(one - pan, one), lanes_min(one + pan, one)};
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    *(State *)state = levels(b->param[PAN][0], b->choice[LAW]);
}

INLINE void sweep(const GdBlock *b, uint32_t law)
{
    const Lanes *restrict left = b->in[LEFT_IN], *restrict right = b->in[RIGHT_IN], *restrict pan = b->param[PAN];
    Lanes *restrict left_out = b->out[LEFT_OUT], *restrict right_out = b->out[RIGHT_OUT];
    for (uint32_t i = 0; i < b->frames; ++i) {
        State level = levels(pan[i], law);
        left_out[i] = left[i] * level.left;
        right_out[i] = right[i] * level.right;
    }
}

INLINE void stand(const GdBlock *b, State level)
{
    const Lanes *restrict left = b->in[LEFT_IN], *restrict right = b->in[RIGHT_IN];
    Lanes *restrict left_out = b->out[LEFT_OUT], *restrict right_out = b->out[RIGHT_OUT];
    for (uint32_t i = 0; i < b->frames; ++i) {
        left_out[i] = left[i] * level.left;
        right_out[i] = right[i] * level.right;
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    if (!MOVES(b, PAN))
        stand(b, *(const State *)state);
    else if (b->choice[LAW] == CONSTANT_POWER)
        sweep(b, CONSTANT_POWER);
    else if (b->choice[LAW] == LINEAR)
        sweep(b, LINEAR);
    else
        sweep(b, BALANCE);
}

KERNEL(.prepare = prepare, .flags = GD_STATELESS)
