/* A zone that sounds: its way through the recording, its envelope, its filter. Audio thread.
 * Pitch, cutoff and what moves them are worked out at multiples of LAYER_GRID frames of absolute time, and where a layer
 * starts: so the sound does not depend on how time is cut into slices. Layers lie in memory that holds floats alone, so
 * every word of them is a number as a float too: fractions have 30 bits. */
#ifndef GD_DSP_ZONE_LAYER_H
#define GD_DSP_ZONE_LAYER_H

#include "math.h"
#include "polar.h"
#include "svf.h"
#include "zones.h"

enum { LAYER_GRID = 16, LAYER_FRACTION = 30, LAYER_LONGEST = 1 << 28 };
enum { LAYER_FREE, LAYER_DELAY, LAYER_ATTACK, LAYER_HOLD, LAYER_DECAY, LAYER_SUSTAIN, LAYER_RELEASE };
enum { WAY_ENDS, WAY_LOOPS, WAY_LEAVES /* the loop, with its present round */ };

#define LAYER_SILENT 1e-5f     /* -100 dB, at which a layer is over */
#define LAYER_SHORTEST_S 0.005f /* of a release: nothing clicks */
#define FALL_OCTAVES 16.6096405f /* 100 dB */

typedef struct { float band, low; } LayerCharge;

typedef struct {
    uint32_t stage, zone;
    uint32_t frame, fraction, step, step_fraction; /* place in the recording, and what it goes on in a frame */
    uint32_t way, turn_at;                         /* the frame at which it turns or ends */
    uint32_t copy;
    float far;
    uint32_t left;             /* frames of a delay or a hold */
    float level, rise, fall, drop; /* of the envelope: what an attack adds, and the part that decay and release take */
    float volume, swell, swelling; /* of the note; of LFOs, and its change a frame */
    float key, cutoff;         /* what the note adds to the cutoff, in octaves */
    uint32_t age, released_at, released; /* frames since the start */
    uint32_t frozen, moved;    /* of an earlier note: its key stands; moved: has been through `layer_move` */
    float sweep[ZONE_SWEEPS];  /* where they were when the note ended */
    float loss, band, low, damping; /* of the filter */
    LayerCharge charge[2];
} Layer;

typedef struct { /* what moves all layers of a voice, in one frame */
    float key, tune_octaves, cutoff_octaves, seconds_per_frame;
} LayerMoves;

INLINE float exp2_of(float x)
{
    Lanes y = exp2_lanes(lanes(x));
    return LANE(y, 0);
}
INLINE float log2_of(float x)
{
    Lanes y = log2_lanes(lanes(x));
    return LANE(y, 0);
}
INLINE float layer_clamp(float x, float lo, float hi) { return x > lo ? x < hi ? x : hi : lo; }
INLINE uint32_t layer_frames(float seconds, float seconds_per_frame)
{
    float frames = seconds / seconds_per_frame + 0.5f;
    return frames < (float)LAYER_LONGEST ? (uint32_t)frames : (uint32_t)LAYER_LONGEST;
}

/* The part that a level loses in a frame when it falls by 100 dB in a time; all of it in none. */
INLINE float layer_loss(float seconds, float seconds_per_frame)
{
    if (seconds <= seconds_per_frame)
        return 1.0f;
    const float x = FALL_OCTAVES * 0.693147181f * seconds_per_frame / seconds;
    return x < 0.05f ? x * (1.0f - x * (0.5f - x * 0.166666667f)) : 1.0f - exp2_of(-1.44269504f * x);
}

/* Times that keys make shorter or longer. */
INLINE float layer_hold_s(const ZoneEnvelope *e, float key)
{
    return e->hold_s * exp2_of(e->hold_octaves * (60.0f - key));
}
INLINE float layer_decay_s(const ZoneEnvelope *e, float key)
{
    return e->decay_s * exp2_of(e->decay_octaves * (60.0f - key));
}

/* An envelope in straight lines, so many seconds after its start, while the note lasts. */
GD_RT static float layer_held(const ZoneSweep *sweep, float seconds, float key)
{
    const ZoneEnvelope *e = &sweep->times;
    seconds -= e->delay_s;
    if (seconds < 0.0f)
        return 0.0f;
    if (seconds < e->attack_s) {
        const float part = seconds / e->attack_s;
        if (!sweep->convex)
            return part;
        return part > 0.004f ? layer_clamp(1.0f + 0.125428583f * log2_of(part), 0.0f, 1.0f) : 0.0f; /* 40 dB over 96 */
    }
    seconds -= e->attack_s + layer_hold_s(e, key);
    if (seconds < 0.0f)
        return 1.0f;
    const float decay_s = layer_decay_s(e, key), level = seconds < decay_s ? 1.0f - seconds / decay_s : 0.0f;
    return level > e->sustain ? level : e->sustain;
}

INLINE float layer_sweep(const Layer *layer, const Zone *zone, uint32_t which, float seconds_per_frame)
{
    const ZoneSweep *sweep = &zone->sweeps[which];
    if (!layer->released)
        return layer_held(sweep, (float)layer->age * seconds_per_frame, layer->key);
    const float seconds = (float)(layer->age - layer->released_at) * seconds_per_frame;
    const float gone = seconds < sweep->times.release_s ? seconds / sweep->times.release_s : 1.0f;
    return layer_clamp(layer->sweep[which] - gone, 0.0f, 1.0f);
}

/* From -1 to 1, beginning at 0 and rising. */
INLINE float layer_lfo(const ZoneLfo *lfo, float seconds)
{
    seconds -= lfo->delay_s;
    if (seconds <= 0.0f)
        return 0.0f;
    const float faded = seconds < lfo->fade_s ? seconds / lfo->fade_s : 1.0f, turns = turns_wrapped(seconds * lfo->hz);
    if (lfo->sine)
        return faded * sine_of(turns);
    const float size = turns < 0.0f ? -turns : turns, wave = 4.0f * (size > 0.25f ? 0.5f - size : size);
    return faded * (turns < 0.0f ? -wave : wave);
}

INLINE void layer_pitch(Layer *layer, const Zone *zone, float octaves, float seconds_per_frame)
{
    octaves += (layer->key - zone->root_key) * zone->octaves_a_key + zone->tune_octaves;
    const float speed = layer_clamp(zone->rate_hz * seconds_per_frame * exp2_of(octaves), 0.0f, 4096.0f);
    layer->step = (uint32_t)speed;
    layer->step_fraction = (uint32_t)((speed - (float)layer->step) * (float)(1 << LAYER_FRACTION));
    MediaPick pick = media_pick(speed);
    const bool last = pick.copy + 1 >= zone->copies;
    layer->copy = last ? zone->copies - 1 : pick.copy;
    layer->far = last ? 0.0f : pick.far;
}

INLINE void layer_cutoff(Layer *layer, const Zone *zone, float octaves, float seconds_per_frame)
{
    const float hz = exp2_of(zone->cutoff + layer->cutoff + octaves);
    const float angle = 3.14159265f * seconds_per_frame * layer_clamp(hz, 1.0f, 96e3f);
    const SvfCoefs c = svf_coefs(lanes(angle), lanes(zone->damping));
    layer->loss = LANE(c.loss, 0), layer->band = LANE(c.band, 0), layer->low = LANE(c.low, 0);
    layer->damping = zone->damping;
    for (uint32_t k = 0; k < 2; ++k) { /* as svf_settle does */
        LayerCharge *q = &layer->charge[k];
        const float size = __builtin_fabsf(q->band) + __builtin_fabsf(q->low);
        if (!(size >= 1e-15f && size < 1e15f))
            *q = (LayerCharge){0};
    }
}

/* Everything that moves, brought up to this frame. */
GD_RT static void layer_move(Layer *layer, const Zone *zone, const LayerMoves *m)
{
    float pitch = m->tune_octaves, cutoff = m->cutoff_octaves, gain = 0.0f;
    const float seconds = (float)layer->age * m->seconds_per_frame;
    if (!layer->frozen)
        layer->key = m->key;
    for (uint32_t k = 0; k < ZONE_SWEEPS; ++k)
        if (zone->sweeps[k].pitch != 0.0f || zone->sweeps[k].cutoff != 0.0f) {
            const float level = layer_sweep(layer, zone, k, m->seconds_per_frame);
            pitch += level * zone->sweeps[k].pitch, cutoff += level * zone->sweeps[k].cutoff;
        }
    for (uint32_t k = 0; k < ZONE_LFOS; ++k)
        if (zone->lfos[k].hz > 0.0f) {
            const float wave = layer_lfo(&zone->lfos[k], seconds);
            pitch += wave * zone->lfos[k].pitch, cutoff += wave * zone->lfos[k].cutoff;
            gain += wave * zone->lfos[k].gain_octaves;
        }
    layer_pitch(layer, zone, pitch, m->seconds_per_frame);
    if (zone->filter != FILTER_NONE)
        layer_cutoff(layer, zone, cutoff, m->seconds_per_frame);
    const float swell = gain != 0.0f ? exp2_of(gain) : 1.0f;
    layer->swell = layer->moved ? layer->swell : swell;
    layer->swelling = (swell - layer->swell) * (1.0f / LAYER_GRID);
    layer->moved = 1;
}

/* A note begins; attacks and releases take `attack_scale` times as long as the zone says. */
GD_RT static void layer_start(Layer *layer, const Zone *zone, uint32_t index, float key, float velocity, float volume,
                              float attack_scale, float seconds_per_frame)
{
    const ZoneEnvelope *e = &zone->amplitude;
    *layer = (Layer){.stage = LAYER_DELAY, .zone = index, .frame = zone->begin, .key = key, .volume = volume};
    layer->way = zone->flags & ZONE_LOOPS ? WAY_LOOPS : WAY_ENDS;
    layer->turn_at = layer->way == WAY_LOOPS ? zone->loop_end : zone->end;
    layer->left = layer_frames(e->delay_s, seconds_per_frame);
    const float attack = e->attack_s * attack_scale;
    layer->rise = attack > seconds_per_frame ? seconds_per_frame / attack : 1.0f;
    layer->level = attack > seconds_per_frame ? 0.0f : 1.0f;
    layer->fall = layer_loss(layer_decay_s(e, key), seconds_per_frame);
    layer->cutoff = (velocity - 1.0f) * zone->cutoff_by_velocity + (key - zone->cutoff_center) * zone->cutoff_a_key;
}

/* The note has ended, or another one cuts it off: from here it falls by 100 dB in that time. */
GD_RT static void layer_release(Layer *layer, const Zone *zone, float seconds, float seconds_per_frame)
{
    if (!layer->released) {
        for (uint32_t k = 0; k < ZONE_SWEEPS; ++k)
            layer->sweep[k] = layer_sweep(layer, zone, k, seconds_per_frame);
        layer->released = 1, layer->released_at = layer->age;
    }
    if (layer->way == WAY_LOOPS && zone->flags & ZONE_LOOP_ENDS)
        layer->way = WAY_LEAVES, layer->turn_at = zone->leave_at;
    layer->level = layer->stage == LAYER_DELAY ? 0.0f : layer->level;
    const float drop = layer_loss(seconds > LAYER_SHORTEST_S ? seconds : LAYER_SHORTEST_S, seconds_per_frame);
    layer->drop = layer->stage == LAYER_RELEASE && layer->drop > drop ? layer->drop : drop;
    layer->stage = LAYER_RELEASE;
}

/* At the end, where a loop closes, or where it is left: then the last of its rounds is gone on with, and to the end. */
GD_RT static bool layer_turn(Layer *layer, const Zone *zone)
{
    if (layer->way == WAY_ENDS)
        return false;
    if (layer->way == WAY_LOOPS) {
        layer->frame -= (layer->frame - zone->loop_end) / zone->period * zone->period + zone->period;
        return true;
    }
    if (layer->frame < zone->body_end)
        layer->frame += (zone->body_end - 1 - layer->frame) / zone->period * zone->period;
    layer->way = WAY_ENDS, layer->turn_at = zone->end;
    return layer->frame < layer->turn_at;
}

/* The next levels of the envelope, at most `frames`; how many there are before the layer is over. */
GD_RT static uint32_t layer_levels(Layer *layer, const Zone *zone, float *level, uint32_t frames, float seconds_per_frame)
{
    for (uint32_t i = 0; i < frames; ++i) {
        float now = layer->level;
        level[i] = now;
        switch (layer->stage) {
        case LAYER_ATTACK:
            now += layer->rise;
            if (now >= 1.0f) {
                now = 1.0f;
                layer->left = layer_frames(layer_hold_s(&zone->amplitude, layer->key), seconds_per_frame);
                layer->stage = layer->left ? LAYER_HOLD : LAYER_DECAY;
            }
            break;
        case LAYER_HOLD:
            layer->stage = --layer->left ? LAYER_HOLD : LAYER_DECAY;
            break;
        case LAYER_DECAY:
            now -= now * layer->fall;
            if (now <= zone->amplitude.sustain)
                now = zone->amplitude.sustain, layer->stage = LAYER_SUSTAIN;
            break;
        case LAYER_RELEASE:
            now -= now * layer->drop;
            break;
        }
        layer->level = now;
        if (now < LAYER_SILENT && layer->stage >= LAYER_DECAY) {
            layer->stage = LAYER_FREE;
            return i + 1;
        }
    }
    return frames;
}

GD_RT INLINE float layer_filtered(const Layer *layer, LayerCharge *q, uint32_t kind, float in)
{
    if (kind >= FILTER_LOWPASS_1) { /* one pole: the coefficients of a damping of 2 hold its g / (1 + g) */
        const float step = 0.5f * (layer->band + layer->low) * (in - q->low);
        const float low = q->low + step;
        q->low = low + step;
        return kind == FILTER_LOWPASS_1 ? low : in - low;
    }
    const float across = in - q->low;
    const LayerCharge next = {(q->band - layer->loss * q->band) + layer->band * across,
                              (q->low + layer->band * q->band) + layer->low * across};
    const float band = 0.5f * (q->band + next.band), low = 0.5f * (q->low + next.low);
    *q = next;
    return kind == FILTER_LOWPASS ? low : kind == FILTER_BANDPASS ? layer->damping * band
         : kind == FILTER_HIGHPASS ? in - layer->damping * band - low : in - layer->damping * band;
}

/* A stretch of at most LAYER_GRID frames within one step of the grid, added to both channels. */
GD_RT static void layer_play(Layer *layer, const Zones *zones, const Zone *zone, float *restrict left,
                             float *restrict right, uint32_t frames, float seconds_per_frame)
{
    float level[LAYER_GRID];
    if (layer->stage == LAYER_DELAY) {
        if (layer->left > frames) {
            layer->left -= frames, layer->age += frames;
            return;
        }
        const uint32_t skip = layer->left;
        layer->stage = LAYER_ATTACK;
        layer->age += skip, left += skip, right += skip, frames -= skip;
    }
    const bool stereo = zone->left != zone->right;
    const Media media[2] = {zone_media(zones, zone, false), zone_media(zones, zone, true)};
    const MediaPick pick = {layer->copy, layer->far};
    const uint32_t sounding = layer_levels(layer, zone, level, frames, seconds_per_frame);
    for (uint32_t i = 0; i < sounding; ++i) {
        if (layer->frame >= layer->turn_at && !layer_turn(layer, zone)) {
            layer->stage = LAYER_FREE;
            break;
        }
        const int64_t at = (int64_t)((uint64_t)layer->frame << 32 | (uint64_t)layer->fraction << (32 - LAYER_FRACTION));
        const float gain = level[i] * layer->volume * layer->swell;
        float first = media_read(&media[0], at, pick), second = stereo ? media_read(&media[1], at, pick) : first;
        if (zone->filter != FILTER_NONE) {
            first = layer_filtered(layer, &layer->charge[0], zone->filter, first);
            second = stereo ? layer_filtered(layer, &layer->charge[1], zone->filter, second) : first;
        }
        left[i] += first * (gain * zone->level_left);
        right[i] += second * (gain * zone->level_right);
        layer->swell += layer->swelling;
        layer->fraction += layer->step_fraction;
        layer->frame += layer->step + (layer->fraction >> LAYER_FRACTION);
        layer->fraction &= (1u << LAYER_FRACTION) - 1u;
    }
    layer->age += layer->age < LAYER_LONGEST ? frames : 0;
    if (layer->stage == LAYER_FREE)
        *layer = (Layer){0};
}

#endif
