/* delay_write: the half of a delay inside a loop that runs last: its source and what delay_read gave, into the line. */
#define NODE delay_write
#define INS P(IN, "in") P(WET, "wet")
#define PARAMS P(FEEDBACK, "feedback")
#include "kernel.h"
#include "dsp/delay.h"

typedef struct { Lanes unused; } State;

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    const Lanes *restrict in = b->in[IN], *restrict wet = b->in[WET], *restrict feedback = b->param[FEEDBACK];
    const uint32_t stride = b->stride[FEEDBACK];
    const Lines lines = lines_of(b);
    Lanes fed[GD_SLICE];
    for (uint32_t i = 0; i < b->frames; ++i)
        fed[i] = line_safe(in[i] + wet[i] * feedback[i * stride]);
    lines_write(&lines, fed, (uint32_t)b->time, b->frames, b->lanes);
    (void)state;
}

KERNEL(.flags = GD_SINK)
