/* event_delay: echoes of notes, each softer and elsewhere. They ring out whatever the transport does, as other echoes do. */
#define NODE event_delay
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(TIME_S, "time_s") P(REPEATS, "repeats") P(DECAY, "decay") P(SEMITONES, "semitones") P(CHANCE, "chance")
#include "kernel.h"
#include "dsp/planned.h"
#include "dsp/settings.h"
#include "dsp/song.h"

typedef struct { uint32_t sync, dry; } Settings; /* choices, as graphdaw/nodes/event_delay.py has them */

typedef struct { Lanes unused; } State;

#define AT(parameter, i) LANE(b->param[parameter][(i) * b->stride[parameter]], 0)

/* How late echo `k` is. */
GD_RT static uint64_t late_of(const GdBlock *b, const Settings *s, uint32_t i, uint32_t k)
{
    const double frames = s->sync == SYNC_FREE
                              ? (double)AT(TIME_S, i) * (double)b->sample_rate_hz * k
                              : song_frames(b, i, song_ticks_of_sync(s->sync) * k);
    return (uint64_t)(frames + 0.5);
}

GD_RT static void echo(Planned *planned, const GdBlock *b, const Settings *s, const GdEvent *on, GdEvents *out)
{
    const uint32_t i = on->frame, repeats = (uint32_t)(AT(REPEATS, i) + 0.5f);
    const uint64_t now = b->time + i;
    float value = on->value;
    for (uint32_t k = 0; k <= repeats; ++k, value *= AT(DECAY, i)) {
        const uint32_t note = k ? planned_name(on->note, k) : on->note;
        const float dice = (float)(hash_word(note ^ b->seed[0]) >> 8) * 0x1p-24f;
        if (k ? dice >= AT(CHANCE, i) : !s->dry)
            continue;
        const uint64_t late = k ? late_of(b, s, i, k) : 0;
        const PlannedNote one = {.begins = now + late, .ends = NOT_YET, .late = late, .source = on->note, .note = note,
                                 .key = on->key + AT(SEMITONES, i) * (float)k, .value = value, .channel = on->channel};
        planned_add(planned, one, now, on->frame, out);
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    const GdEvents *in = events_in(b, IN);
    GdEvents *out = events_out(b, OUT);
    const Settings *settings = settings_of(b);
    if (!settings)
        return;
    Planned *planned = (Planned *)b->memory[0]->data;
    for (uint32_t k = 0; k < in->count; ++k) {
        const GdEvent *event = &in->item[k];
        planned_until(planned, b, b->time + event->frame, out);
        if (event->kind == GD_NOTE_ON)
            echo(planned, b, settings, event, out);
        else
            planned_follow(planned, b, event, out);
    }
    planned_close(planned, b, out);
}

KERNEL(.flags = GD_ALONE, .work_floats = sizeof(Planned) / 4, .event_ins = 1u << IN, .event_outs = 1u << OUT)
