/* chord: makes each note a chord, all at once or strummed. */
#define NODE chord
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS                                                                                                            \
    P(ADD1, "add1") P(ADD2, "add2") P(ADD3, "add3") P(ADD4, "add4") P(ADD5, "add5") P(ADD6, "add6")                      \
    P(INVERSION, "inversion") P(STRUM_MS, "strum_ms") P(LEVEL, "level")
#include "kernel.h"
#include "dsp/planned.h"
#include "dsp/settings.h"

enum { ADDED = 6, MOST = ADDED + 1 };

/* As graphdaw/nodes/prepare/chords.py lays it out. */
typedef struct {
    uint32_t count;      /* 0: the parameters say what is added */
    float added[ADDED];  /* semitones */
} Settings;

/* One note of the chord; the first one is what was played. */
typedef struct { float semitones; uint32_t place; } Member;

typedef struct { Lanes unused; } State;

#define AT(parameter, i) LANE(b->param[parameter][(i) * b->stride[parameter]], 0)

GD_RT static void sort(Member *member, uint32_t count)
{
    for (uint32_t k = 1; k < count; ++k)
        for (uint32_t j = k; j && member[j].semitones < member[j - 1].semitones; --j) {
            const Member other = member[j];
            member[j] = member[j - 1];
            member[j - 1] = other;
        }
}

/* From the lowest to the highest; an inversion puts the lowest an octave up, or the highest one down. */
GD_RT static uint32_t members_at(const GdBlock *b, const Settings *s, uint32_t i, Member *member)
{
    uint32_t count = 1;
    member[0] = (Member){0};
    for (uint32_t k = 0; k < ADDED && (!s->count || k < s->count); ++k) {
        const float added = s->count ? s->added[k] : AT(ADD1 + k, i);
        if (added != 0.0f)
            member[count++] = (Member){.semitones = added, .place = k + 1};
    }
    sort(member, count);
    for (int32_t turns = (int32_t)__builtin_floorf(AT(INVERSION, i) + 0.5f); turns; turns += turns > 0 ? -1 : 1) {
        if (turns > 0)
            member[0].semitones += 12.0f;
        else
            member[count - 1].semitones -= 12.0f;
        sort(member, count);
    }
    return count;
}

/* A strum above 0 goes up, below 0 down; the first string sounds at once. */
GD_RT static void begin(Planned *planned, const GdBlock *b, const Settings *s, const GdEvent *on, GdEvents *out)
{
    Member member[MOST];
    const uint32_t i = on->frame, count = members_at(b, s, i, member);
    const uint64_t now = b->time + i;
    const float strum = AT(STRUM_MS, i) * 0.001f * b->sample_rate_hz, size = strum < 0.0f ? -strum : strum;
    for (uint32_t k = 0; k < count; ++k) {
        const Member *m = &member[strum < 0.0f ? count - 1 - k : k];
        const PlannedNote note = {
            .begins = now + (uint64_t)(size * (float)k + 0.5f), .ends = NOT_YET, .source = on->note,
            .note = m->place ? planned_name(on->note, m->place) : on->note, .key = on->key + m->semitones,
            .value = m->place ? on->value * AT(LEVEL, i) : on->value, .channel = on->channel};
        planned_add(planned, note, now, on->frame, out);
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
            begin(planned, b, settings, event, out);
        else
            planned_follow(planned, b, event, out);
    }
    planned_close(planned, b, out);
}

KERNEL(.flags = GD_ALONE, .work_floats = sizeof(Planned) / 4, .event_ins = 1u << IN, .event_outs = 1u << OUT)
