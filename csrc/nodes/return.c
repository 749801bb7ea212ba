/* return: what all sends of a bus give, at a level. */
#define NODE return
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(LEVEL_DB, "level_db")
#include "kernel.h"
#include "dsp/math.h"

typedef struct { Lanes level; } State;

GD_RT static void prepare(void *state, const GdBlock *b)
{
    ((State *)state)->level = db_to_level(b->param[LEVEL_DB][0]);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    const Lanes *restrict in = b->in[IN], *restrict level_db = b->param[LEVEL_DB];
    Lanes *restrict out = b->out[OUT];
    const Lanes level = ((const State *)state)->level;
    if (MOVES(b, LEVEL_DB))
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = in[i] * db_to_level(level_db[i]);
    else
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = in[i] * level;
}

KERNEL(.prepare = prepare, .flags = GD_STATELESS)
