/* voice_level: where the sound of a voice leaves its group. It fades when its place is taken, and tells for how long it has been
 * silent (csrc/choir.c). */
#define NODE voice_level
#define INS P(IN, "in") P(LEVEL, "level")
#define OUTS P(OUT, "out")
#include "kernel.h"
#include "voices.h"

typedef struct { Lanes peak; } State; /* of the cell */

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict in = b->in[IN], *restrict level = b->in[LEVEL];
    Lanes *restrict out = b->out[OUT], peak = s->peak;
    for (uint32_t i = 0; i < b->frames; ++i) {
        out[i] = in[i] * level[i];
        peak = lanes_max(peak, lanes_abs(out[i]));
    }
    s->peak = peak;
    if (b->offset + b->frames < GD_SLICE)
        return;
    for (uint32_t l = 0; l < b->lanes; ++l)
        if (b->memory[l])
            b->memory[l]->data[0] = LANE(peak, l) < GD_QUIET ? b->memory[l]->data[0] + 1.0f : 0.0f;
    s->peak = lanes(0.0f);
}

KERNEL(.work_floats = 1)
