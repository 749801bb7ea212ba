/* event_filter: lets some events pass, or all others. */
#define NODE event_filter
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(LOW_KEY, "low_key") P(HIGH_KEY, "high_key") P(LOW_VELOCITY, "low_velocity") P(HIGH_VELOCITY, "high_velocity")
#include "kernel.h"
#include "dsp/held.h"
#include "dsp/settings.h"

/* As graphdaw/nodes/prepare/filters.py lays it out. */
typedef struct {
    uint32_t kinds, channels; /* bit k: events of that kind, or channel, pass */
    uint32_t inverted;
    uint32_t numbers[4];      /* of controllers */
} Settings;

typedef struct { Lanes unused; } State;

#define AT(parameter, i) LANE(b->param[parameter][(i) * b->stride[parameter]], 0)

GD_RT static bool is_meant(const GdBlock *b, const Settings *s, const GdEvent *event)
{
    const uint32_t i = event->frame, number = event->number & 127u;
    if (!(s->kinds >> (event->kind & 31u) & 1u) || !(event->channel > 15 || s->channels >> event->channel & 1u))
        return false;
    if (event->kind == GD_CC)
        return s->numbers[number / 32] >> number % 32 & 1u;
    if (event->kind != GD_NOTE_ON)
        return true;
    return event->key >= AT(LOW_KEY, i) && event->key <= AT(HIGH_KEY, i) && event->value >= AT(LOW_VELOCITY, i)
           && event->value <= AT(HIGH_VELOCITY, i);
}

/* Ends pass wherever their beginning did. */
GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    const GdEvents *in = events_in(b, IN);
    GdEvents *out = events_out(b, OUT);
    const Settings *settings = settings_of(b);
    if (!settings)
        return;
    Held *held = (Held *)b->memory[0]->data;
    for (uint32_t k = 0; k < in->count; ++k) {
        const GdEvent *event = &in->item[k];
        if (!gd_event_ends(event) && is_meant(b, settings, event) == (settings->inverted != 0))
            continue;
        if (event->kind == GD_NOTE_ON)
            held_begin(held, event, out);
        else
            held_pass(held, event, out);
    }
}

KERNEL(.flags = GD_ALONE, .work_floats = sizeof(Held) / 4, .event_ins = 1u << IN, .event_outs = 1u << OUT)
