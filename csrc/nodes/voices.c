/* voices: hands notes to the voices of its group. It says which voice begins, glides, stops or fades; `voice` makes signals
 * of that, and `voice_level` lets a voice fade whose place another note takes. */
#define NODE voices
#define INS P(EVENTS, "events")
#define OUTS P(VOICED, "voiced")
#define PARAMS P(UNISON, "unison") P(DETUNE_CENTS, "detune_cents") P(WIDTH, "width") P(TAIL_S, "tail_s")
#include "kernel.h"
#include "box.h"
#include "dsp/hash.h"
#include "events.h"
#include "voices.h"

enum { SUSTAIN = 64, SOUND_OFF = 120, NOTES_OFF = 123 };

typedef struct { Lanes unused; } State;

typedef struct {
    GdVoices *v;
    const GdVoicing *voicing;
    const GdBlock *b;
    GdEvents *out;
} Hand;

#define AT(parameter, i) LANE(b->param[parameter][(i) * b->stride[parameter]], 0)

/* --- telling voices --- */

GD_RT static void tell(Hand *h, uint16_t frame, uint8_t kind, uint32_t voice, float value)
{
    gd_events_put(h->out, (GdEvent){.frame = frame, .kind = kind, .voice = (uint16_t)voice, .value = value});
}

GD_RT static void turn(Hand *h, uint32_t voice, uint8_t state, uint16_t frame)
{
    h->v->voice[voice].state = state;
    h->v->voice[voice].changed = h->b->time + frame;
}

/* Its gate stays open meanwhile, so that no envelope turns a corner; where nothing fades it, closing the gate is all there is. */
GD_RT static void steal(Hand *h, uint32_t voice, uint16_t frame)
{
    turn(h, voice, GD_VOICE_STOLEN, frame);
    if (!h->voicing->spares)
        tell(h, frame, GD_VOICE_STOP, voice, 0.5f);
    tell(h, frame, GD_VOICE_KILL, voice, 0.0f);
}

GD_RT static void release(Hand *h, uint32_t voice, uint16_t frame, float how)
{
    turn(h, voice, GD_VOICE_RELEASED, frame);
    tell(h, frame, GD_VOICE_STOP, voice, how);
}

/* --- choosing voices --- */

GD_RT static uint32_t total(const Hand *h) { return h->voicing->voices + h->voicing->spares; }

GD_RT static bool sounds(const GdVoiceState *voice) { return voice->state == GD_VOICE_HELD || voice->state == GD_VOICE_RELEASED; }

/* The better one to lose: of those that ring out the one that does so longest, else by the rule chosen. */
GD_RT static bool rather(const Hand *h, const GdVoiceState *a, const GdVoiceState *than)
{
    const uint32_t rule = h->voicing->steal;
    const bool rings = a->state == GD_VOICE_RELEASED, other = than->state == GD_VOICE_RELEASED;
    if (rule != GD_STEAL_OLDEST && rings != other)
        return rings;
    if (rule == GD_STEAL_QUIETEST && rings)
        return a->changed < than->changed;
    if (rule == GD_STEAL_LOWEST && a->key != than->key)
        return a->key < than->key;
    if (rule == GD_STEAL_HIGHEST && a->key != than->key)
        return a->key > than->key;
    return a->started < than->started;
}

/* Whoever gives way to one more note; -1: nobody has to, -2: nobody does. */
GD_RT static int32_t victim(const Hand *h)
{
    int32_t worst = -1;
    uint32_t count = 0;
    for (uint32_t k = 0; k < total(h); ++k) {
        const GdVoiceState *voice = &h->v->voice[k];
        if (!sounds(voice))
            continue;
        ++count;
        if (h->voicing->steal == GD_STEAL_NOBODY && voice->state == GD_VOICE_HELD)
            continue;
        if (worst < 0 || rather(h, voice, &h->v->voice[worst]))
            worst = (int32_t)k;
    }
    return count < h->voicing->voices ? -1 : worst < 0 ? -2 : worst;
}

GD_RT static int32_t free_voice(const Hand *h)
{
    for (uint32_t k = 0; k < total(h); ++k)
        if (h->v->voice[k].state == GD_VOICE_FREE)
            return (int32_t)k;
    return -1;
}

/* --- notes --- */

GD_RT static uint32_t nearest(float key) { return key < 0.0f ? 0 : key > GD_KEYS - 1 ? GD_KEYS - 1 : (uint32_t)(key + 0.5f); }

/* Octaves above 1 Hz of a key, between keys in a straight line, in semitones beyond the table and beside keys of no pitch. */
GD_RT static float pitch_of(const Hand *h, float key)
{
    const float *pitch = h->voicing->pitch, held = key < 0.0f ? 0.0f : key > GD_KEYS - 1 ? GD_KEYS - 1 : key;
    uint32_t k = (uint32_t)held;
    k -= k == GD_KEYS - 1;
    if (pitch[k] <= GD_UNTUNED || pitch[k + 1] <= GD_UNTUNED)
        return pitch[nearest(key)] + (key - (float)nearest(key)) * (1.0f / 12.0f);
    return pitch[k] + (pitch[k + 1] - pitch[k]) * (held - (float)k) + (key - held) * (1.0f / 12.0f);
}

/* Member `u` of `count` in unison: from -1 to 1. */
GD_RT static float place_in_unison(uint32_t u, uint32_t count) { return count < 2 ? 0.0f : 2.0f * (float)u / (float)(count - 1) - 1.0f; }

GD_RT static void start(Hand *h, uint32_t voice, const GdEvent *on, uint16_t frame, uint32_t u, uint32_t count)
{
    const GdBlock *b = h->b;
    const float place = place_in_unison(u, count), pitch = pitch_of(h, on->key) + place * AT(DETUNE_CENTS, frame) * (1.0f / 1200.0f);
    const float from = h->v->last_pitch != 0.0f ? h->v->last_pitch : pitch;
    h->v->voice[voice] = (GdVoiceState){.state = GD_VOICE_HELD, .channel = on->channel, .note = on->note, .key = on->key,
                                        .started = b->time + frame, .changed = b->time + frame};
    ++h->v->sounding;
    tell(h, frame, GD_VOICE_BEND, voice, h->v->bend[on->channel & 15]);
    tell(h, frame, GD_VOICE_PRESSURE, voice, h->v->pressure[on->channel & 15]);
    tell(h, frame, GD_VOICE_TIMBRE, voice, h->v->timbre[on->channel & 15]);
    gd_events_put(h->out, (GdEvent){.frame = frame, .kind = GD_VOICE_START, .channel = (uint8_t)count, .voice = (uint16_t)voice,
                                    .number = (uint16_t)(32768.0f + 32767.0f * place * AT(WIDTH, frame)), .note = on->note,
                                    .key = pitch, .value = on->value, .more = from});
}

GD_RT static void wait_for_voice(Hand *h, const GdEvent *on, uint16_t frame)
{
    if (h->v->late_count == GD_LATE_NOTES)
        return;
    h->v->late[h->v->late_count] = *on;
    h->v->late[h->v->late_count++].frame = frame;
}

/* A key's group is silent before it sounds. */
GD_RT static void choke(Hand *h, float key, uint16_t frame)
{
    const uint8_t group = h->voicing->choke[nearest(key)];
    for (uint32_t v = 0; group && v < total(h); ++v) {
        const GdVoiceState *voice = &h->v->voice[v];
        if (sounds(voice) && h->voicing->choke[nearest(voice->key)] == group)
            steal(h, v, frame);
    }
}

/* A note gets voices of its own, and the oldest or whoever is chosen gives way. */
GD_RT static void begin(Hand *h, const GdEvent *on, uint16_t frame)
{
    const GdBlock *b = h->b;
    const uint32_t wanted = (uint32_t)(AT(UNISON, frame) + 0.5f);
    const uint32_t count = wanted < 1 ? 1 : wanted > h->voicing->voices ? h->voicing->voices : wanted;
    choke(h, on->key, frame);
    for (uint32_t u = 0; u < count; ++u) {
        const int32_t gives_way = victim(h);
        if (gives_way == -2)
            return;
        if (gives_way >= 0)
            steal(h, (uint32_t)gives_way, frame);
        const int32_t voice = free_voice(h);
        if (voice >= 0) {
            start(h, (uint32_t)voice, on, frame, u, count);
        } else {
            GdEvent late = *on;
            late.number = (uint16_t)u;
            late.voice = (uint16_t)count;
            wait_for_voice(h, &late, frame);
        }
    }
    h->v->last_pitch = pitch_of(h, on->key);
}

GD_RT static bool any_held(const Hand *h)
{
    for (uint32_t k = 0; k < total(h); ++k)
        if (h->v->voice[k].state == GD_VOICE_HELD)
            return true;
    return false;
}

/* One note at a time: the newest of the keys that are down. */
GD_RT static void glide_to(Hand *h, const GdEvent *on, uint16_t frame)
{
    for (uint32_t k = 0; k < total(h); ++k) {
        GdVoiceState *voice = &h->v->voice[k];
        if (voice->state != GD_VOICE_HELD)
            continue;
        voice->note = on->note, voice->key = on->key, voice->channel = on->channel;
        gd_events_put(h->out, (GdEvent){.frame = frame, .kind = GD_VOICE_GLIDE, .voice = (uint16_t)k, .note = on->note,
                                        .key = pitch_of(h, on->key) - h->v->last_pitch, .value = on->value});
    }
    h->v->last_pitch = pitch_of(h, on->key);
}

GD_RT static void begin_single(Hand *h, const GdEvent *on, uint16_t frame)
{
    GdVoices *v = h->v;
    if (v->stack_count == GD_STACK) {
        memmove(v->stack, v->stack + 1, (GD_STACK - 1) * sizeof *v->stack);
        --v->stack_count;
    }
    v->stack[v->stack_count++] = *on;
    if (h->voicing->mode == GD_LEGATO && any_held(h)) {
        glide_to(h, on, frame);
        return;
    }
    for (uint32_t k = 0; k < total(h); ++k)
        if (sounds(&v->voice[k]))
            steal(h, k, frame);
    begin(h, on, frame);
}

GD_RT static void end_voices(Hand *h, uint32_t note, uint16_t frame, float how)
{
    for (uint32_t k = 0; k < total(h); ++k) {
        GdVoiceState *voice = &h->v->voice[k];
        if (voice->state != GD_VOICE_HELD || voice->note != note)
            continue;
        if (h->v->pedal[voice->channel & 15])
            voice->pedal = true;
        else
            release(h, k, frame, how);
    }
}

/* A note that still waits for its voice does not begin any more. */
GD_RT static void forget_late(GdVoices *v, uint32_t note, bool all)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < v->late_count; ++k)
        if (!all && v->late[k].note != note)
            v->late[kept++] = v->late[k];
    v->late_count = kept;
}

GD_RT static void end_single(Hand *h, const GdEvent *off, uint16_t frame)
{
    GdVoices *v = h->v;
    uint32_t kept = 0;
    const bool newest = v->stack_count && v->stack[v->stack_count - 1].note == off->note;
    for (uint32_t k = 0; k < v->stack_count; ++k)
        if (v->stack[k].note != off->note)
            v->stack[kept++] = v->stack[k];
    v->stack_count = kept;
    if (newest && kept)
        glide_to(h, &v->stack[kept - 1], frame);
    else
        end_voices(h, off->note, frame, off->value);
}

GD_RT static void end(Hand *h, const GdEvent *off, uint16_t frame)
{
    forget_late(h->v, off->note, false);
    if (h->voicing->mode == GD_POLY)
        end_voices(h, off->note, frame, off->value);
    else
        end_single(h, off, frame);
}

/* Every note of a channel ends; at once where the sound itself is to end. */
GD_RT static void end_channel(Hand *h, uint8_t channel, uint16_t frame, bool sound)
{
    forget_late(h->v, 0, true);
    h->v->stack_count = 0;
    for (uint32_t k = 0; k < total(h); ++k) {
        const GdVoiceState *voice = &h->v->voice[k];
        if (channel != GD_ANY_CHANNEL && voice->channel != channel)
            continue;
        if (sound && sounds(voice))
            steal(h, k, frame);
        else if (voice->state == GD_VOICE_HELD)
            release(h, k, frame, 0.5f);
    }
}

GD_RT static void press_pedal(Hand *h, uint8_t channel, bool down, uint16_t frame)
{
    h->v->pedal[channel & 15] = down;
    for (uint32_t k = 0; !down && k < total(h); ++k)
        if (h->v->voice[k].state == GD_VOICE_HELD && h->v->voice[k].pedal && h->v->voice[k].channel == channel)
            release(h, k, frame, 0.5f);
}

GD_RT static void control(Hand *h, const GdEvent *event)
{
    if (event->number == SUSTAIN)
        press_pedal(h, event->channel, event->value >= 0.5f, event->frame);
    else if (event->number == SOUND_OFF)
        end_channel(h, event->channel, event->frame, true);
    else if (event->number >= NOTES_OFF && event->number < 128)
        end_channel(h, event->channel, event->frame, false);
}

/* What a whole channel or one note is told, to the voices that it is for. */
GD_RT static void express(Hand *h, const GdEvent *event)
{
    float *kept = event->kind == GD_BEND ? h->v->bend : event->kind == GD_PRESSURE ? h->v->pressure : h->v->timbre;
    for (uint32_t c = 0; !event->note && c < 16; ++c)
        if (event->channel == c || event->channel == GD_ANY_CHANNEL)
            kept[c] = event->value;
    const uint8_t kind = event->kind == GD_BEND       ? GD_VOICE_BEND
                         : event->kind == GD_PRESSURE ? GD_VOICE_PRESSURE
                                                      : GD_VOICE_TIMBRE;
    for (uint32_t k = 0; k < total(h); ++k) {
        const GdVoiceState *voice = &h->v->voice[k];
        const bool its = event->note ? voice->note == event->note : voice->channel == event->channel || event->channel == GD_ANY_CHANNEL;
        if (its && voice->state != GD_VOICE_FREE)
            gd_events_put(h->out, (GdEvent){.frame = event->frame, .kind = kind, .voice = (uint16_t)k, .value = event->value,
                                            .number = event->note != 0});
    }
}

GD_RT static void take(Hand *h, const GdEvent *event)
{
    switch (event->kind) {
    case GD_NOTE_ON:
        if (h->voicing->pitch[nearest(event->key)] <= GD_UNTUNED)
            break;
        if (h->voicing->mode == GD_POLY)
            begin(h, event, event->frame);
        else
            begin_single(h, event, event->frame);
        break;
    case GD_NOTE_OFF: end(h, event, event->frame); break;
    case GD_ALL_OFF: end_channel(h, event->channel, event->frame, false); break;
    case GD_CC: control(h, event); break;
    case GD_BEND:
    case GD_PRESSURE:
    case GD_TIMBRE: express(h, event); break;
    default: break;
    }
}

/* Notes that had to wait begin as soon as voices have faded. */
GD_RT static void begin_late(Hand *h)
{
    GdVoices *v = h->v;
    uint32_t begun = 0;
    while (begun < v->late_count) {
        const int32_t voice = free_voice(h);
        if (voice < 0)
            break;
        const GdEvent on = v->late[begun++];
        start(h, (uint32_t)voice, &on, 0, on.number, on.voice);
    }
    memmove(v->late, v->late + begun, (v->late_count - begun) * sizeof *v->late);
    v->late_count -= begun;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    const GdEvents *in = events_in(b, EVENTS);
    Hand h = {.b = b, .out = events_out(b, VOICED)};
    if (!b->memory[0])
        return;
    h.v = (GdVoices *)b->memory[0]->data;
    h.voicing = gd_box_look(b->memory[0]->box);
    if (!h.voicing)
        return;
    h.v->steal_frames = (uint32_t)(GD_STEAL_S * b->sample_rate_hz + 0.5f);
    h.v->tail_frames = (uint32_t)(AT(TAIL_S, 0) * b->sample_rate_hz);
    for (; h.v->count > total(&h); --h.v->count) /* there are fewer than before */
        if (h.v->voice[h.v->count - 1].state != GD_VOICE_FREE) {
            h.v->voice[h.v->count - 1] = (GdVoiceState){.state = GD_VOICE_FREE};
            --h.v->sounding;
        }
    h.v->count = total(&h);
    if (h.v->late_count && b->offset == 0)
        begin_late(&h);
    for (uint32_t k = 0; k < in->count; ++k)
        take(&h, &in->item[k]);
}

KERNEL(.flags = GD_ALONE, .work_floats = sizeof(GdVoices) / 4, .event_ins = 1u << EVENTS, .event_outs = 1u << VOICED)
