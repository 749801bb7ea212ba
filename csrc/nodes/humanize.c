/* humanize: notes a little late and uneven, by chance. */
#define NODE humanize
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(LATE_MS, "late_ms") P(VELOCITY, "velocity") P(CENTS, "detune_cents") P(SEED, "seed")
#include "kernel.h"
#include "dsp/planned.h"

typedef struct { Lanes unused; } State;

#define AT(parameter, i) LANE(b->param[parameter][(i) * b->stride[parameter]], 0)

/* Of the note's own id, so that the same piece is played in the same way every time; from 0 to 1. */
GD_RT static float chance(const GdBlock *b, const GdEvent *on, uint32_t of_what)
{
    const uint32_t seed = (uint32_t)(AT(SEED, on->frame) + 0.5f);
    const uint32_t key = hash_word(seed ? seed * 0x9e3779b1u : b->seed[0]) + of_what;
    return (float)(hash_word(on->note ^ hash_word(key)) >> 8) * 0x1p-24f;
}

GD_RT static void begin(Planned *planned, const GdBlock *b, const GdEvent *on, GdEvents *out)
{
    const uint32_t i = on->frame;
    const uint64_t now = b->time + i;
    const uint64_t late = (uint64_t)(AT(LATE_MS, i) * chance(b, on, 0) * 0.001f * b->sample_rate_hz + 0.5f);
    const float value = on->value + AT(VELOCITY, i) * (2.0f * chance(b, on, 1) - 1.0f);
    const float key = on->key + AT(CENTS, i) * 0.01f * (2.0f * chance(b, on, 2) - 1.0f);
    const PlannedNote note = {.begins = now + late, .ends = NOT_YET, .late = late, .source = on->note, .note = on->note, .key = key,
                              .value = value < 0.01f ? 0.01f : value > 1.0f ? 1.0f : value, .channel = on->channel};
    planned_add(planned, note, now, on->frame, out);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    const GdEvents *in = events_in(b, IN);
    GdEvents *out = events_out(b, OUT);
    if (!b->memory[0])
        return;
    Planned *planned = (Planned *)b->memory[0]->data;
    for (uint32_t k = 0; k < in->count; ++k) {
        const GdEvent *event = &in->item[k];
        planned_until(planned, b, b->time + event->frame, out);
        if (event->kind == GD_NOTE_ON)
            begin(planned, b, event, out);
        else
            planned_follow(planned, b, event, out);
    }
    planned_close(planned, b, out);
}

KERNEL(.flags = GD_ALONE, .work_floats = sizeof(Planned) / 4, .event_ins = 1u << IN, .event_outs = 1u << OUT)
