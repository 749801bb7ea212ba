/* gate_to_notes: makes notes of signals: when a gate opens or a trigger comes, what the pitch is then, until the gate shuts.
 * All of it happens `wait_s` later, so that a pitch has time to be found; that is its latency, which is made up for. */
#define NODE gate_to_notes
#define INS P(GATE, "gate") P(TRIGGER, "trigger") P(FREQUENCY_HZ, "frequency_hz")
#define OUTS P(OUT, "out")
#define PARAMS P(KEY, "key") P(VELOCITY, "velocity") P(WAIT_S, "wait_s")
#include "kernel.h"
#include "dsp/math.h"
#include "dsp/planned.h"
#include "dsp/settings.h"

enum { AT_GATE, AT_TRIGGER };
enum { WHOLE, EXACT };
enum { OFF, ON };
enum { WAITING = 64 };

typedef struct { uint32_t begins, keys, on_change; } Settings; /* choices, in the declaration's order */

typedef struct { uint64_t begins, ends; } Waiting; /* absolute frames; ends: NOT_YET while the gate is open */

typedef struct {
    bool gate_open, trigger_open;
    uint32_t issued;            /* notes, for their names */
    uint32_t note;              /* that sounds; 0: none */
    uint64_t ends;
    float key;
    uint32_t count;
    Waiting waiting[WAITING];   /* oldest first */
} Work;

typedef struct { Lanes unused; } State;

#define AT(parameter, i) LANE(b->param[parameter][(i) * b->stride[parameter]], 0)

/* The key that the signals say; `nearest` brings it to a whole one, with some pull of the one that sounds. */
GD_RT static float key_at(const GdBlock *b, uint32_t i, bool nearest, float sounding)
{
    const float hz = LANE(b->in[FREQUENCY_HZ][i], 0);
    const bool is_pitch = hz >= 1.0f && hz < 1e6f;
    Lanes octaves = log2_lanes(lanes(is_pitch ? hz * (1.0f / 440.0f) : 1.0f));
    const float key = is_pitch ? 69.0f + 12.0f * LANE(octaves, 0) : AT(KEY, i);
    if (!nearest || __builtin_fabsf(key - sounding) < 0.6f)
        return nearest ? sounding : key;
    return __builtin_floorf(key + 0.5f);
}

GD_RT static void end_note(Work *w, uint32_t i, GdEvents *out)
{
    if (w->note)
        gd_events_put(out, (GdEvent){.frame = (uint16_t)i, .kind = GD_NOTE_OFF, .note = w->note, .key = w->key, .value = 0.5f});
    w->note = 0;
}

GD_RT static void begin_note(Work *w, const GdBlock *b, uint32_t i, float key, uint64_t ends, GdEvents *out)
{
    end_note(w, i, out);
    const float asked = AT(VELOCITY, i), value = asked < 0.0f ? 0.0f : asked > 1.0f ? 1.0f : asked;
    const uint32_t note = planned_name(b->seed[0], ++w->issued);
    if (!gd_events_put(out, (GdEvent){.frame = (uint16_t)i, .kind = GD_NOTE_ON, .note = note, .key = key, .value = value}))
        return;
    w->note = note, w->key = key, w->ends = ends;
}

/* The gate has shut: what began under it ends as much later as it began. */
GD_RT static void shut(Work *w, uint64_t ends)
{
    for (uint32_t k = 0; k < w->count; ++k)
        if (w->waiting[k].ends == NOT_YET)
            w->waiting[k].ends = ends;
    if (w->note && w->ends == NOT_YET)
        w->ends = ends;
}

GD_RT static void listen(Work *w, const GdBlock *b, const Settings *s, uint32_t i)
{
    const uint64_t now = b->time + i, late = (uint64_t)(AT(WAIT_S, i) * b->sample_rate_hz + 0.5f);
    const bool gate = LANE(b->in[GATE][i], 0) > 0.5f, trigger = LANE(b->in[TRIGGER][i], 0) > 0.5f;
    const bool opens = gate && !w->gate_open, comes = trigger && !w->trigger_open;
    if (w->gate_open && !gate)
        shut(w, now + late);
    if ((s->begins == AT_GATE ? opens : comes) && w->count < WAITING)
        w->waiting[w->count++] = (Waiting){.begins = now + late, .ends = NOT_YET};
    w->gate_open = gate, w->trigger_open = trigger;
}

/* A trigger under a gate that has stayed shut is for nothing. */
GD_RT static void play(Work *w, const GdBlock *b, const Settings *s, uint32_t i, GdEvents *out)
{
    const uint64_t now = b->time + i;
    if (w->note && w->ends <= now)
        end_note(w, i, out);
    while (w->count && w->waiting[0].begins <= now) {
        const Waiting first = w->waiting[0];
        memmove(w->waiting, w->waiting + 1, --w->count * sizeof *w->waiting);
        if (first.ends > now && (w->gate_open || first.ends != NOT_YET))
            begin_note(w, b, i, key_at(b, i, s->keys == WHOLE, -1000.0f), first.ends, out);
    }
    if (w->note && s->on_change == ON) {
        const float key = key_at(b, i, true, w->key);
        if (key != w->key)
            begin_note(w, b, i, s->keys == WHOLE ? key : key_at(b, i, false, 0.0f), w->ends, out);
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    GdEvents *out = events_out(b, OUT);
    const Settings *settings = settings_of(b);
    if (!settings)
        return;
    Work *w = (Work *)b->memory[0]->data;
    for (uint32_t i = 0; i < b->frames; ++i) {
        listen(w, b, settings, i);
        if (w->note || w->count)
            play(w, b, settings, i, out);
    }
}

KERNEL(.flags = GD_ALONE, .work_floats = sizeof(Work) / 4 + 1, .event_outs = 1u << OUT)
