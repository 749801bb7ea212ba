/* transpose: moves keys; a note stays where it began. */
#define NODE transpose
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(SEMITONES, "semitones") P(OCTAVES, "octaves")
#include "kernel.h"
#include "dsp/held.h"

typedef struct { Lanes unused; } State;

#define AT(parameter, i) LANE(b->param[parameter][(i) * b->stride[parameter]], 0)

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    const GdEvents *in = events_in(b, IN);
    GdEvents *out = events_out(b, OUT);
    if (!b->memory[0])
        return;
    Held *held = (Held *)b->memory[0]->data;
    for (uint32_t k = 0; k < in->count; ++k) {
        GdEvent event = in->item[k];
        if (event.kind == GD_NOTE_ON) {
            event.key += AT(SEMITONES, event.frame) + 12.0f * __builtin_floorf(AT(OCTAVES, event.frame) + 0.5f);
            held_begin(held, &event, out);
        } else {
            held_pass(held, &event, out);
        }
    }
}

KERNEL(.flags = GD_ALONE, .work_floats = sizeof(Held) / 4, .event_ins = 1u << IN, .event_outs = 1u << OUT)
