/* feedback_read: what feedback_write was given exactly GD_LOOP frames ago; it runs first. */
#define NODE feedback_read
#define OUTS P(OUT, "out")
#include "kernel.h"
#include "dsp/delay.h"

typedef struct { Lanes unused; } State;

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const GdMemory *line = b->memory[l];
        const float *restrict from = line->data + (((uint32_t)b->time - GD_LOOP) & (line->frames - 1));
        float *restrict to = (float *)b->out[OUT] + l;
        for (uint32_t i = 0; i < b->frames; ++i)
            to[i * W] = from[i];
    }
    (void)state;
}

KERNEL(.flags = 0)
