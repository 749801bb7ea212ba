/* feedback_write: keeps its source for feedback_read; it runs last. */
#define NODE feedback_write
#define INS P(IN, "in")
#include "kernel.h"
#include "dsp/delay.h"

typedef struct { Lanes unused; } State;

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    const Lanes *restrict in = b->in[IN];
    const Lines lines = lines_of(b);
    Lanes fed[GD_SLICE];
    for (uint32_t i = 0; i < b->frames; ++i)
        fed[i] = line_safe(in[i]);
    lines_write(&lines, fed, (uint32_t)b->time, b->frames, b->lanes);
    (void)state;
}

KERNEL(.flags = GD_SINK)
