/* events_to_control: a signal from one kind of what comes through an event wire. */
#define NODE events_to_control
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(NUMBER, "number") P(LO, "lo") P(HI, "hi") P(SMOOTH_S, "smooth_s")
#include "kernel.h"
#include "dsp/held.h"
#include "dsp/onepole.h"
#include "dsp/settings.h"

enum { CONTROLLER, PRESSURE, BEND, TIMBRE, VELOCITY, KEY, GATE, PROGRAM };

typedef struct { uint32_t what, channel; } Settings; /* choices, in the declaration's order; channel 0: any */

typedef struct {
    Held held;
    float velocity[GD_HELD]; /* of the notes that are held */
    float value, smooth;     /* what came last, and what of it is heard */
    uint32_t what;           /* whose value that is, and 1 more */
} Work;

typedef struct { Lanes unused; } State;

#define AT(parameter, i) LANE(b->param[parameter][(i) * b->stride[parameter]], 0)

GD_RT static void drop(Work *w, uint32_t k)
{
    memmove(&w->velocity[k], &w->velocity[k + 1], (w->held.count - 1 - k) * sizeof w->velocity[0]);
    held_drop(&w->held, k);
}

/* The notes that are on; of those, the newest one is what is heard. */
GD_RT static void take_note(Work *w, const Settings *s, const GdEvent *event)
{
    Held *held = &w->held;
    if (event->kind == GD_NOTE_ON && held->count < GD_HELD) {
        w->velocity[held->count] = event->value;
        held->item[held->count++] = (GdHeldNote){.note = event->note, .key = event->key, .channel = event->channel};
    } else if (event->kind == GD_NOTE_OFF) {
        const int32_t k = held_find(held, event->note);
        if (k >= 0)
            drop(w, (uint32_t)k);
    } else {
        for (uint32_t k = held->count; k-- > 0;)
            if (event->channel == GD_ANY_CHANNEL || event->channel == held->item[k].channel)
                drop(w, k);
    }
    if (s->what == GATE)
        w->value = held->count ? 1.0f : 0.0f;
    else if (held->count && s->what == KEY)
        w->value = held->item[held->count - 1].key;
    else if (held->count && s->what == VELOCITY)
        w->value = w->velocity[held->count - 1];
}

/* What is for one note counts only for the newest. */
GD_RT static void take(Work *w, const GdBlock *b, const Settings *s, const GdEvent *event)
{
    const Held *held = &w->held;
    if (s->channel && event->channel != GD_ANY_CHANNEL && event->channel + 1u != s->channel)
        return;
    if (event->kind == GD_NOTE_ON || event->kind == GD_NOTE_OFF || event->kind == GD_ALL_OFF) {
        take_note(w, s, event);
        return;
    }
    if (event->note && (!held->count || held->item[held->count - 1].note != event->note))
        return;
    if ((event->kind == GD_CC && s->what == CONTROLLER && event->number == (uint32_t)(AT(NUMBER, event->frame) + 0.5f))
        || (event->kind == GD_PRESSURE && s->what == PRESSURE) || (event->kind == GD_BEND && s->what == BEND)
        || (event->kind == GD_TIMBRE && s->what == TIMBRE))
        w->value = event->value;
    else if (event->kind == GD_PROGRAM && s->what == PROGRAM)
        w->value = (float)event->number;
}

GD_RT static void go(Work *w, const GdBlock *b, uint32_t i, uint32_t until)
{
    Lanes part = onepole_part(lanes(AT(SMOOTH_S, i < b->frames ? i : 0)), b->seconds_per_frame), now = lanes(w->smooth);
    for (; i < until; ++i) {
        if (MOVES(b, SMOOTH_S))
            part = onepole_part(lanes(AT(SMOOTH_S, i)), b->seconds_per_frame);
        now = onepole_go(now, lanes(w->value), part);
        b->out[OUT][i] = lanes(AT(LO, i)) + (AT(HI, i) - AT(LO, i)) * now;
    }
    w->smooth = LANE(now, 0);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    const GdEvents *in = events_in(b, IN);
    const Settings *settings = settings_of(b);
    if (!settings) {
        for (uint32_t i = 0; i < b->frames; ++i)
            b->out[OUT][i] = lanes(0.0f);
        return;
    }
    Work *w = (Work *)b->memory[0]->data;
    if (w->what != settings->what + 1) /* another kind begins at nothing */
        w->value = settings->what == GATE && w->held.count ? 1.0f : 0.0f, w->what = settings->what + 1;
    uint32_t i = 0;
    for (uint32_t k = 0; k < in->count; ++k) {
        if (in->item[k].frame > i) {
            go(w, b, i, in->item[k].frame);
            i = in->item[k].frame;
        }
        take(w, b, settings, &in->item[k]);
    }
    go(w, b, i, b->frames);
}

KERNEL(.flags = GD_ALONE, .work_floats = sizeof(Work) / 4, .event_ins = 1u << IN)
