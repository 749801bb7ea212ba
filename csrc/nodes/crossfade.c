/* crossfade: from one source to another. */
#define NODE crossfade
#define INS P(A, "a") P(B, "b")
#define OUTS P(OUT, "out")
#define PARAMS P(POSITION, "position")
#define CHOICES P(LAW, "law")
#include "kernel.h"
#include "dsp/math.h"

enum { EQUAL_POWER, LINEAR };

typedef struct { Lanes a, b; } State; /* levels */

/* Equal power: a quarter of a turn of a circle, exactly 0 and 1 at its ends. */
INLINE State levels(Lanes position, uint32_t law)
{
    if (law == LINEAR)
        return (State){1.0f - position, position};
    const Lanes one = lanes(1.0f), zero = lanes(0.0f);
    State level = {sine_quarter(0.25f - 0.25f * position), sine_quarter(0.25f * position)};
    level.a = lanes_where(lanes_at_least(zero, position), one, level.a);
    level.b = lanes_where(lanes_at_least(position, one), one, level.b);
    return level;
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    *(State *)state = levels(b->param[POSITION][0], b->choice[LAW]);
}

INLINE void sweep(const GdBlock *b, uint32_t law)
{
    const Lanes *restrict a = b->in[A], *restrict c = b->in[B], *restrict position = b->param[POSITION];
    Lanes *restrict out = b->out[OUT];
    for (uint32_t i = 0; i < b->frames; ++i) {
        const State level = levels(position[i], law);
        out[i] = a[i] * level.a + c[i] * level.b;
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    const Lanes *restrict a = b->in[A], *restrict c = b->in[B];
    Lanes *restrict out = b->out[OUT];
    const State level = *(const State *)state;
    if (!MOVES(b, POSITION))
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = a[i] * level.a + c[i] * level.b;
    else if (b->choice[LAW] == LINEAR)
        sweep(b, LINEAR);
    else
        sweep(b, EQUAL_POWER);
}

KERNEL(.prepare = prepare, .flags = GD_STATELESS)
