/* tap: keeps the last second or so of what flows into it in rings that anybody may look at (csrc/tap.c). Audio thread.
 *
 * Rings are addressed by absolute time. Channel 0 alone tells readers how far all channels have come: `written` is released
 * at the start of a slice, when every channel is done with those before it. */
#define NODE tap
#define INS P(IN, "in")
#include "kernel.h"
#include "dsp/lane.h"

typedef struct { Ints started; } State;

GD_RT INLINE void tell(State *s, const GdBlock *b, GdStream *stream, uint32_t l)
{
    atomic_store_explicit(&stream->written, b->time, memory_order_release);
    if (LANE(s->started, l))
        return;
    atomic_store_explicit(&stream->consumed, b->time, memory_order_relaxed);
    atomic_fetch_add_explicit(&stream->underruns, 1, memory_order_release); /* counts its beginnings */
    LANE(s->started, l) = 1;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const GdMemory *memory = b->memory[l];
        if (!memory || !memory->stream)
            continue;
        if (b->channel[l] == 0)
            tell(state, b, memory->stream, l);
        float *ring = memory->data + ((uint32_t)b->time & (memory->frames - 1));
        for (uint32_t i = 0; i < b->frames; ++i) { /* a slice never crosses the end of a ring */
            float x = lane_of(b->in[IN], i, l);
            __atomic_store(&ring[i], &x, __ATOMIC_RELAXED);
        }
    }
}

KERNEL(.flags = GD_SINK)
