/* mid_side: left and right as sum and difference, or back. */
#define NODE mid_side
#define INS P(IN_A, "in") P(IN_B, "in")
#define OUTS P(OUT_A, "out") P(OUT_B, "out")
#define CHOICES P(MODE, "mode")
#include "kernel.h"

enum { ENCODE, DECODE };

typedef struct { Lanes unused; } State;

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    const Lanes *restrict a = b->in[IN_A], *restrict c = b->in[IN_B];
    Lanes *restrict out_a = b->out[OUT_A], *restrict out_b = b->out[OUT_B];
    const float scale = b->choice[MODE] == DECODE ? 1.0f : 0.5f;
    (void)state;
    for (uint32_t i = 0; i < b->frames; ++i) {
        out_a[i] = scale * (a[i] + c[i]);
        out_b[i] = scale * (a[i] - c[i]);
    }
}

KERNEL(.flags = GD_STATELESS)
