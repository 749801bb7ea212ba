/* split_bands: a source in two to five bands whose sum has the source's level at every frequency. */
#define NODE split_bands
#define INS P(IN, "in")
#define OUTS P(BAND1, "band1") P(BAND2, "band2") P(BAND3, "band3") P(BAND4, "band4") P(BAND5, "band5")
#define PARAMS P(HZ1, "split1_hz") P(HZ2, "split2_hz") P(HZ3, "split3_hz") P(HZ4, "split4_hz")
#define CHOICES P(BANDS, "bands")
#include "kernel.h"
#include "dsp/crossover.h"

typedef struct { Crossovers crossovers; } State;

GD_RT static void prepare(void *state, const GdBlock *b)
{
    Crossovers *x = &((State *)state)->crossovers;
    crossovers_set(x, b, HZ1, 0, b->choice[BANDS] + 1);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    return crossovers_rest(&((const State *)state)->crossovers, b->lanes);
}

INLINE void split(State *s, const GdBlock *b, uint32_t splits, bool moves)
{
    const Lanes *restrict in = b->in[IN];
    Crossovers x = s->crossovers;
    for (uint32_t i = 0; i < b->frames; ++i) {
        Lanes band[OUT_COUNT];
        if (moves)
            crossovers_set(&x, b, HZ1, i, splits);
        crossovers_step(&x, in[i], band, splits);
        for (uint32_t k = 0; k <= splits; ++k)
            b->out[k][i] = band[k];
    }
    s->crossovers = x;
    for (uint32_t k = splits + 1; k < OUT_COUNT; ++k)
        for (uint32_t i = 0; i < b->frames; ++i)
            b->out[k][i] = lanes(0.0f);
}

INLINE void divide(State *s, const GdBlock *b, uint32_t splits)
{
    bool moves = false;
    for (uint32_t k = 0; k < splits; ++k)
        moves |= MOVES(b, HZ1 + k);
    if (moves)
        split(s, b, splits, true);
    else
        split(s, b, splits, false);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    if (b->offset == 0)
        crossovers_settle(&s->crossovers);
    switch (b->choice[BANDS]) {
    case 0:
        divide(s, b, 1);
        break;
    case 1:
        divide(s, b, 2);
        break;
    case 2:
        divide(s, b, 3);
        break;
    default:
        divide(s, b, 4);
    }
}

KERNEL(.effort = 120, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
