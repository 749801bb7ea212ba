/* macro: a knob as a signal. */
#define NODE macro
#define OUTS P(OUT, "out")
#define PARAMS P(VALUE, "value")
#include "kernel.h"

typedef struct { Lanes unused; } State;

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    const Lanes *restrict value = b->param[VALUE];
    Lanes *restrict out = b->out[OUT];
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = value[i * b->stride[VALUE]];
}

KERNEL(.effort = 3)
