/* voice: the signals of a group's voices, made of what `voices` says; a lane is a voice. */
#define NODE voice
#define INS P(VOICED, "voiced")
#define OUTS                                                                                                             \
    P(FREQUENCY_HZ, "frequency_hz") P(KEY, "key") P(GATE, "gate") P(VELOCITY, "velocity") P(PRESSURE, "pressure")       \
    P(TIMBRE, "timbre") P(BEND, "bend") P(RELEASE, "release") P(SPREAD, "spread") P(RANDOM, "random") P(LEVEL, "level")
#define PARAMS P(VOICE, "voice") P(GLIDE_S, "glide_s")
#include "kernel.h"
#include "dsp/gate.h"
#include "dsp/hash.h"
#include "dsp/math.h"
#include "events.h"
#include "voices.h"

#define PITCH_OF_KEY_0 3.03135971f /* octaves above 1 Hz: log2(440) - 69 / 12 */

typedef struct {
    Lanes pitch, target, glide;    /* octaves above 1 Hz, and what of the glide is made each frame */
    Ints glide_left;               /* frames */
    Lanes bend, pressure, timbre;  /* as they are, smoothed */
    Lanes bend_to, note_bend, pressure_to, timbre_to;
    Lanes gate, velocity, release, spread, random;
    Lanes level;                   /* while it plays */
    Ints fade_left;                /* frames of fading out; -1: it does not fade */
    Ints plays;                    /* mask: it has begun, and has not faded out */
} State;

GD_RT static void reset(void *state, const GdBlock *b)
{
    (void)b;
    State *s = state;
    s->fade_left = (Ints){0} - 1;
}

GD_RT INLINE void fill(const GdBlock *b, uint32_t port, uint32_t i, uint32_t until, Lanes value)
{
    Lanes *restrict out = b->out[port];
    if (out)
        for (; i < until; ++i)
            out[i] = value;
}

GD_RT INLINE void put(const GdBlock *b, uint32_t port, uint32_t i, Lanes value)
{
    if (b->out[port])
        b->out[port][i] = value;
}

GD_RT INLINE Lanes frequency_of(const State *s, Lanes octaves)
{
    return lanes_from_bits(lanes_to_bits(exp2_lanes(octaves)) & s->plays);
}

GD_RT INLINE Lanes key_of(Lanes octaves) { return (octaves - PITCH_OF_KEY_0) * 12.0f; }

/* The path of least jerk from its level to silence, while it fades. */
GD_RT INLINE Lanes level_of(const State *s, Lanes fade_step)
{
    const Lanes u = lanes_from_ints(s->fade_left) * fade_step;
    const Lanes fading = s->level * (u * u * u * (10.0f + u * (6.0f * u - 15.0f)));
    return lanes_where(MASK(s->fade_left >= 0), fading, s->level);
}

/* Whether something is on its way in any lane. */
GD_RT INLINE bool moves(const State *s)
{
    return any_lane(MASK(s->glide_left > 0) | MASK(s->fade_left > 0) | MASK(s->bend != s->bend_to + s->note_bend)
                    | MASK(s->pressure != s->pressure_to) | MASK(s->timbre != s->timbre_to));
}

/* One step towards a value, which is reached in the end. */
GD_RT INLINE Lanes approach(Lanes now, Lanes to, float smooth)
{
    const Lanes way = to - now;
    return lanes_where(lanes_less(lanes_abs(way), lanes(1e-5f)), to, now + way * smooth);
}

/* Frames of nothing but what moves by itself, from `i` up to `until`. */
GD_RT INLINE void go(State *s, const GdBlock *b, uint32_t i, uint32_t until)
{
    const float smooth = 1.0f - 1.0f / (1.0f + 1000.0f * b->seconds_per_frame); /* a millisecond */
    const Lanes fade_step = lanes(1.0f / (GD_STEAL_S * b->sample_rate_hz));
    fill(b, GATE, i, until, s->gate);
    fill(b, VELOCITY, i, until, s->velocity);
    fill(b, RELEASE, i, until, s->release);
    fill(b, SPREAD, i, until, s->spread);
    fill(b, RANDOM, i, until, s->random);
    for (; i < until && moves(s); ++i) {
        const Ints glides = MASK(s->glide_left > 0), lands = MASK(s->glide_left == 1);
        s->pitch = lanes_where(lands, s->target, s->pitch + lanes_where(glides, s->glide, lanes(0.0f)));
        s->glide_left += glides;
        s->bend = approach(s->bend, s->bend_to + s->note_bend, smooth);
        s->pressure = approach(s->pressure, s->pressure_to, smooth);
        s->timbre = approach(s->timbre, s->timbre_to, smooth);
        s->fade_left += MASK(s->fade_left > 0);
        const Lanes octaves = s->pitch + s->bend * (1.0f / 12.0f);
        put(b, FREQUENCY_HZ, i, frequency_of(s, octaves));
        put(b, KEY, i, key_of(octaves));
        put(b, PRESSURE, i, s->pressure);
        put(b, TIMBRE, i, s->timbre);
        put(b, BEND, i, s->bend);
        put(b, LEVEL, i, level_of(s, fade_step));
    }
    const Lanes octaves = s->pitch + s->bend * (1.0f / 12.0f);
    fill(b, FREQUENCY_HZ, i, until, frequency_of(s, octaves));
    fill(b, KEY, i, until, key_of(octaves));
    fill(b, PRESSURE, i, until, s->pressure);
    fill(b, TIMBRE, i, until, s->timbre);
    fill(b, BEND, i, until, s->bend);
    fill(b, LEVEL, i, until, level_of(s, fade_step));
}

GD_RT INLINE void start(State *s, const GdBlock *b, const GdEvent *event, uint32_t l, float glide_s)
{
    const float frames = glide_s * b->sample_rate_hz + 0.5f;
    LANE(s->target, l) = event->key;
    LANE(s->glide_left, l) = frames < 1.0f || event->more == event->key ? 0 : (int32_t)frames;
    LANE(s->pitch, l) = LANE(s->glide_left, l) ? event->more : event->key;
    LANE(s->glide, l) = LANE(s->glide_left, l) ? (event->key - event->more) / (float)LANE(s->glide_left, l) : 0.0f;
    LANE(s->bend, l) = LANE(s->bend_to, l);
    LANE(s->pressure, l) = LANE(s->pressure_to, l);
    LANE(s->timbre, l) = LANE(s->timbre_to, l);
    LANE(s->note_bend, l) = 0.0f;
    LANE(s->gate, l) = 1.0f;
    LANE(s->velocity, l) = event->value;
    LANE(s->release, l) = 0.5f;
    LANE(s->spread, l) = ((float)event->number - 32768.0f) / 32767.0f;
    LANE(s->random, l) = (float)(int32_t)hash_word(event->note ^ hash_word(event->voice)) * 0x1p-31f;
    LANE(s->level, l) = 1.0f / __builtin_sqrtf((float)event->channel); /* of as many in unison */
    LANE(s->fade_left, l) = -1;
    LANE(s->plays, l) = -1;
}

/* The same note goes on at another pitch. */
GD_RT INLINE void glide(State *s, const GdBlock *b, const GdEvent *event, uint32_t l, float glide_s)
{
    const float frames = glide_s * b->sample_rate_hz + 0.5f;
    LANE(s->target, l) += event->key;
    LANE(s->glide_left, l) = frames < 1.0f ? 1 : (int32_t)frames;
    LANE(s->glide, l) = (LANE(s->target, l) - LANE(s->pitch, l)) / (float)LANE(s->glide_left, l);
}

GD_RT INLINE void take(State *s, const GdBlock *b, const GdEvent *event, uint32_t l, float glide_s)
{
    switch (event->kind) {
    case GD_VOICE_START: start(s, b, event, l, glide_s); break;
    case GD_VOICE_GLIDE: glide(s, b, event, l, glide_s); break;
    case GD_VOICE_STOP: LANE(s->gate, l) = 0.0f, LANE(s->release, l) = event->value; break;
    case GD_VOICE_KILL: LANE(s->fade_left, l) = (int32_t)(GD_STEAL_S * b->sample_rate_hz); break;
    case GD_VOICE_BEND:
        if (event->number)
            LANE(s->note_bend, l) = event->value;
        else
            LANE(s->bend_to, l) = event->value;
        break;
    case GD_ALL_OFF: LANE(s->gate, l) = 0.0f; break; /* more ends than a slice has room for */
    case GD_VOICE_PRESSURE: LANE(s->pressure_to, l) = event->value; break;
    case GD_VOICE_TIMBRE: LANE(s->timbre_to, l) = event->value; break;
    default: break;
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State s = *(State *)state;
    const GdEvents *in = events_in(b, VOICED);
    const bool stands = !in->count && !moves(&s);
    uint32_t i = 0;
    for (uint32_t k = 0; k < OUT_COUNT; ++k)
        b->steady[k] = stands;
    for (uint32_t k = 0; k < in->count; ++k) {
        const GdEvent *event = &in->item[k];
        if (event->frame > i) {
            go(&s, b, i, event->frame);
            i = event->frame;
        }
        for (uint32_t l = 0; l < b->lanes; ++l)
            if (event->kind == GD_ALL_OFF || event->voice == (uint32_t)LANE(b->param[VOICE][0], l))
                take(&s, b, event, l, LANE(b->param[GLIDE_S][i * b->stride[GLIDE_S]], l));
    }
    go(&s, b, i, b->frames);
    *(State *)state = s;
}

KERNEL(.effort = 20, .flags = GD_SPARSE, .reset = reset, .event_ins = 1u << VOICED)
