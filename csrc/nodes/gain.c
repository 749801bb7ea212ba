/* gain: multiply by a level, given in decibels and as a factor that a signal can move. */
#define NODE gain
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(GAIN_DB, "gain_db") P(LEVEL, "level")
#include "kernel.h"
#include "dsp/math.h"

typedef struct { Lanes gain, factor; } State; /* of the decibels alone, and of both */

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    s->gain = db_to_level(b->param[GAIN_DB][0]);
    s->factor = s->gain * b->param[LEVEL][0];
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    const State *s = state;
    const Lanes *restrict in = b->in[IN], *restrict gain_db = b->param[GAIN_DB], *restrict level = b->param[LEVEL];
    Lanes *restrict out = b->out[OUT];
    const Lanes gain = s->gain, factor = s->factor;
    if (MOVES(b, GAIN_DB))
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = in[i] * (db_to_level(gain_db[i]) * level[i * b->stride[LEVEL]]);
    else if (MOVES(b, LEVEL))
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = in[i] * (gain * level[i]);
    else
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = in[i] * factor;
}

KERNEL(.prepare = prepare, .flags = GD_STATELESS)
