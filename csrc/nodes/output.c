/* output: what goes to the device or into a file, at a level; the engine takes it from here. */
#define NODE output
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(GAIN_DB, "gain_db")
#include "kernel.h"
#include "dsp/math.h"

typedef struct { Lanes level; } State;

GD_RT static void prepare(void *state, const GdBlock *b)
{
    ((State *)state)->level = db_to_level(b->param[GAIN_DB][0]);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    const State *s = state;
    const Lanes *restrict in = b->in[IN], *restrict gain_db = b->param[GAIN_DB];
    Lanes *restrict out = b->out[OUT];
    if (MOVES(b, GAIN_DB))
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = in[i] * db_to_level(gain_db[i]);
    else
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = in[i] * s->level;
}

KERNEL(.prepare = prepare, .flags = GD_SINK)
