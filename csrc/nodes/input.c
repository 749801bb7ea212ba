/* input: a channel of the device, counted from the first; silence where the device has no such channel. */
#define NODE input
#define OUTS P(OUT, "out")
#define PARAMS P(GAIN_DB, "gain_db")
#define CHOICES P(FIRST, "first")
#include "kernel.h"
#include "dsp/math.h"

typedef struct { Lanes level; } State;

GD_RT static void prepare(void *state, const GdBlock *b)
{
    ((State *)state)->level = db_to_level(b->param[GAIN_DB][0]);
}

INLINE void fetch(Lanes *restrict out, const GdBlock *b)
{
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = lanes(0.0f);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const uint32_t channel = b->choice[FIRST] + (uint32_t)b->channel[l];
        if (!b->device || channel >= b->device->in_channels)
            continue;
        const float *restrict in = b->device->in[channel];
        for (uint32_t i = 0; i < b->frames; ++i)
            LANE(out[i], l) = in[i];
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    const State *s = state;
    const Lanes *restrict gain_db = b->param[GAIN_DB];
    Lanes *restrict out = b->out[OUT];
    fetch(out, b);
    if (MOVES(b, GAIN_DB))
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] *= db_to_level(gain_db[i]);
    else
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] *= s->level;
}

KERNEL(.prepare = prepare)
