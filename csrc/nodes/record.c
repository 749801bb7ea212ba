/* record: passes its source on and keeps the last seconds of it in rings that a tape empties. Audio thread; the rings' other
 * end is a disk thread.
 *
 * A lane's memory is a ring of samples, addressed by absolute time, and for channel 0 another one of the gate. Channel 0
 * alone tells the tape what may be written over: `written` is released at the start of a slice. How far all channels have
 * come the tape knows from the engine's clock, and whether it has taken what is written over: here nobody waits. */
#define NODE record
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(RECORDING, "recording")
#include "kernel.h"
#include "dsp/lane.h"

typedef struct { Ints started; } State;

GD_RT INLINE void keep_lane(const GdMemory *memory, const GdBlock *b, uint32_t l)
{
    const bool gated = b->channel[l] == 0;
    const uint32_t ring = gated ? memory->frames / 2 : memory->frames, first = (uint32_t)b->time & (ring - 1);
    float *restrict samples = memory->data + first;
    for (uint32_t i = 0; i < b->frames; ++i) /* a slice never crosses the end of a ring */
        samples[i] = lane_of(b->in[IN], i, l);
    for (uint32_t i = 0; gated && i < b->frames; ++i)
        samples[ring + i] = lane_of(b->param[RECORDING], i * b->stride[RECORDING], l);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict in = b->in[IN];
    Lanes *restrict out = b->out[OUT];
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = in[i];
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const GdMemory *memory = b->memory[l];
        if (!memory || !memory->stream)
            continue;
        if (b->channel[l] == 0) {
            if (!LANE(s->started, l)) /* nothing before this is there to be taken */
                atomic_store_explicit(&memory->stream->consumed, b->time, memory_order_release);
            atomic_store_explicit(&memory->stream->written, b->time, memory_order_release);
            LANE(s->started, l) = 1;
        }
        keep_lane(memory, b, l);
    }
}

KERNEL(.flags = GD_SINK)
