/* zones: one voice of an instrument of many recordings: each note plays the zones that answer to its key and velocity. */
#define NODE zones
#define INS P(GATE, "gate") P(CHOKE, "choke")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS                                                                                                     \
    P(KEY, "key") P(VELOCITY, "velocity") P(GAIN_DB, "gain_db") P(TUNE_CENTS, "tune_cents")                        \
    P(CUTOFF_SEMITONES, "cutoff_semitones") P(ATTACK_SCALE, "attack_scale") P(RELEASE_SCALE, "release_scale")
#include "kernel.h"
#include "dsp/hash.h"
#include "dsp/lane.h"
#include "dsp/work.h"
#include "dsp/zone_layer.h"

enum { LAYERS = 16, AT_ONCE = 8 /* layers of one note */ };
#define USUAL_VELOCITY (100.0f / 127.0f) /* of a note that names none */

typedef struct {
    Ints open, choking; /* the inlets */
    Words sounding; /* layers */
    Lanes gain;    /* of a standing level */
} State;

typedef struct { /* a voice, in the memory that its lane writes; after it lies a count for each zone that takes turns */
    uint32_t notes;
    float velocity;
    uint32_t held; /* frames that the note lasts so far */
    Layer layers[LAYERS];
} Voice;

_Static_assert(sizeof(Voice) == 4 * (3 + LAYERS * 35), "as prepare/zones.py makes room for it");

typedef struct { /* a lane at work */
    const GdBlock *b;
    uint32_t l;
    Zones zones;
    Voice *voice;
    float *counts;
} Player;

GD_RT static void prepare(void *state, const GdBlock *b)
{
    ((State *)state)->gain = db_to_level(b->param[GAIN_DB][0]);
}

GD_RT INLINE float param_at(const Player *p, uint32_t parameter, uint32_t i)
{
    return lane_of(p->b->param[parameter], i * p->b->stride[parameter], p->l);
}

/* False where the lane has no instrument, or nowhere to remember what it plays. */
GD_RT INLINE bool player_of(Player *p, const GdBlock *b, uint32_t l)
{
    const GdMemory *work = work_of(b, l);
    *p = (Player){.b = b, .l = l, .zones = zones_of(b->memory[l])};
    if (!p->zones.plane || !work || work->frames < sizeof(Voice) / 4 + p->zones.head.counters)
        return false;
    p->voice = (Voice *)(void *)work->data;
    p->counts = work->data + sizeof(Voice) / 4;
    return true;
}

GD_RT INLINE LayerMoves moves_at(const Player *p, uint32_t i)
{
    return (LayerMoves){param_at(p, KEY, i), param_at(p, TUNE_CENTS, i) * (1.0f / 1200.0f),
                        param_at(p, CUTOFF_SEMITONES, i) * (1.0f / 12.0f), p->b->seconds_per_frame};
}

/* Whose turn it is among zones that take turns; lanes begin with different ones, as voices that are used in turn should. */
GD_RT INLINE bool has_turn(const Player *p, const Zone *zone)
{
    if (zone->turns < 2)
        return true;
    float *count = &p->counts[zone->counter];
    const uint32_t now = ((uint32_t)*count + p->b->channel[p->l]) % zone->turns;
    *count = (float)(((uint32_t)*count + 1) % zone->turns);
    return now == zone->turn;
}

/* The zones that answer to a note, at most AT_ONCE. */
GD_RT static uint32_t choose(const Player *p, float key, float velocity, bool releasing, uint32_t *chosen)
{
    const uint32_t whole = (uint32_t)(key + 0.5f), struck = (uint32_t)(velocity * 127.0f + 0.5f);
    const uint32_t row = p->zones.head.key_place + (whole < ZONES_KEYS ? whole : ZONES_KEYS - 1);
    const uint32_t drawn = hash_word(hash_word(p->voice->notes) ^ p->b->seed[p->l]);
    const float chance = (float)(int32_t)(drawn >> 8) * 0x1p-24f;
    const uint32_t end = zones_word(&p->zones, row + 1);
    uint32_t count = 0;
    for (uint32_t k = zones_word(&p->zones, row); k < end && count < AT_ONCE; ++k) {
        const uint32_t index = zones_word(&p->zones, p->zones.head.list_place + k);
        const Zone *zone = zone_at(&p->zones, index);
        if (struck < zone->softest || struck > zone->loudest || releasing != !!(zone->flags & ZONE_ON_RELEASE))
            continue;
        if (has_turn(p, zone) && chance >= zone->chance_from && chance < zone->chance_to)
            chosen[count++] = index;
    }
    return count;
}

/* A free place, or that of the softest layer. */
GD_RT INLINE Layer *place_for(Voice *voice)
{
    Layer *found = &voice->layers[0];
    for (uint32_t k = 0; k < LAYERS && found->stage != LAYER_FREE; ++k) {
        Layer *layer = &voice->layers[k];
        if (layer->stage == LAYER_FREE || layer->level * layer->volume < found->level * found->volume)
            found = layer;
    }
    return found;
}

GD_RT INLINE float volume_of(const Zone *zone, float velocity)
{
    const float track = zone->velocity_track, size = track < 0.0f ? -track : track;
    const float curve = velocity > 0.0f ? exp2_of(zone->velocity_power * log2_of(velocity)) : 0.0f;
    return 1.0f - size + size * (track < 0.0f ? 1.0f - curve : curve);
}

GD_RT INLINE void cut_off(Layer *layer, const Zone *zone, float seconds_per_frame)
{
    layer_release(layer, zone, zone->off_s > 0.0f ? zone->off_s : zone->amplitude.release_s, seconds_per_frame);
}

/* Another voice has begun a note of the group: whatever can be cut off is. */
GD_RT static void choke(const Player *p)
{
    for (uint32_t k = 0; k < LAYERS; ++k) {
        Layer *layer = &p->voice->layers[k];
        const Zone *zone = layer->stage != LAYER_FREE ? zone_at(&p->zones, layer->zone) : 0;
        if (zone && zone->off_by)
            cut_off(layer, zone, p->b->seconds_per_frame);
    }
}

GD_RT static void start(const Player *p, uint32_t i, bool releasing)
{
    Voice *voice = p->voice;
    uint32_t chosen[AT_ONCE];
    const LayerMoves moves = moves_at(p, i);
    const uint32_t count = choose(p, moves.key, voice->velocity, releasing, chosen);
    for (uint32_t k = 0; k < LAYERS; ++k) {
        Layer *layer = &voice->layers[k];
        const Zone *zone = layer->stage != LAYER_FREE ? zone_at(&p->zones, layer->zone) : 0;
        if (!zone || releasing)
            continue;
        layer->frozen = 1;
        for (uint32_t c = 0; c < count; ++c)
            if (zone->off_by && zone_at(&p->zones, chosen[c])->group == zone->off_by)
                cut_off(layer, zone, moves.seconds_per_frame);
    }
    for (uint32_t c = 0; c < count; ++c) {
        const Zone *zone = zone_at(&p->zones, chosen[c]);
        float volume = volume_of(zone, voice->velocity);
        if (releasing)
            volume *= exp2_of(-zone->fall_octaves_s * (float)voice->held * moves.seconds_per_frame);
        layer_start(place_for(voice), zone, chosen[c], moves.key, voice->velocity, volume, param_at(p, ATTACK_SCALE, i),
                    moves.seconds_per_frame);
    }
}

GD_RT static void begin_note(const Player *p, uint32_t i)
{
    const float velocity = param_at(p, VELOCITY, i);
    p->voice->velocity = velocity > 0.0f ? velocity : USUAL_VELOCITY;
    p->voice->held = 0;
    start(p, i, false);
    p->voice->notes = (p->voice->notes + 1) & 0xffffff;
}

GD_RT static void end_note(const Player *p, uint32_t i)
{
    for (uint32_t k = 0; k < LAYERS; ++k) {
        Layer *layer = &p->voice->layers[k];
        if (layer->stage == LAYER_FREE || layer->frozen || layer->stage == LAYER_RELEASE)
            continue;
        const Zone *zone = zone_at(&p->zones, layer->zone);
        if (!(zone->flags & ZONE_ONE_SHOT))
            layer_release(layer, zone, zone->amplitude.release_s * param_at(p, RELEASE_SCALE, i), p->b->seconds_per_frame);
    }
    start(p, i, true);
}

/* All layers from one frame to another, in which no note begins or ends. */
GD_RT static void play(const Player *p, uint32_t from, uint32_t to, float *left, float *right)
{
    const uint32_t offset = p->b->offset;
    for (uint32_t k = 0; k < LAYERS; ++k) {
        Layer *layer = &p->voice->layers[k];
        for (uint32_t i = from; i < to && layer->stage != LAYER_FREE;) {
            const Zone *zone = zone_at(&p->zones, layer->zone);
            const uint32_t next = i + LAYER_GRID - (offset + i) % LAYER_GRID, end = next < to ? next : to;
            if ((offset + i) % LAYER_GRID == 0 || !layer->moved) {
                const LayerMoves moves = moves_at(p, i);
                layer_move(layer, zone, &moves);
            }
            layer_play(layer, &p->zones, zone, left + i, right + i, end - i, p->b->seconds_per_frame);
            i = end;
        }
    }
}

GD_RT static void run_lane(State *s, const Player *p, float *left, float *right)
{
    const GdBlock *b = p->b;
    int32_t open = LANE(s->open, p->l), choking = LANE(s->choking, p->l);
    uint32_t from = 0, sounding = 0;
    for (uint32_t i = 0; i < b->frames; ++i) {
        const int32_t now = lane_of(b->in[GATE], i, p->l) > 0.5f, chokes = lane_of(b->in[CHOKE], i, p->l) > 0.5f;
        if (now == open && chokes == choking)
            continue;
        play(p, from, i, left, right);
        p->voice->held += open && p->voice->held < LAYER_LONGEST ? i - from : 0;
        if (chokes && !choking)
            choke(p);
        if (now != open)
            (now ? begin_note : end_note)(p, i);
        open = now, choking = chokes, from = i;
    }
    play(p, from, b->frames, left, right);
    p->voice->held += open && p->voice->held < LAYER_LONGEST ? b->frames - from : 0;
    for (uint32_t k = 0; k < LAYERS; ++k)
        sounding += p->voice->layers[k].stage != LAYER_FREE;
    LANE(s->open, p->l) = open;
    LANE(s->choking, p->l) = choking;
    LANE(s->sounding, p->l) = sounding;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Lanes *restrict out[2] = {b->out[LEFT_OUT], b->out[RIGHT_OUT]};
    for (uint32_t c = 0; c < 2; ++c)
        for (uint32_t i = 0; i < b->frames; ++i)
            out[c][i] = lanes(0.0f);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        Player p;
        const bool quiet = SILENT(b, GATE) && SILENT(b, CHOKE) && !LANE(s->open, l) && !LANE(s->choking, l);
        if ((quiet && !LANE(s->sounding, l)) || !player_of(&p, b, l))
            continue;
        float sides[2][GD_SLICE] = {{0}};
        run_lane(s, &p, sides[0], sides[1]);
        for (uint32_t c = 0; c < 2; ++c)
            for (uint32_t i = 0; i < b->frames; ++i)
                lane_set(out[c], i, l, sides[c][i]);
    }
    for (uint32_t c = 0; c < 2; ++c)
        for (uint32_t i = 0; i < b->frames; ++i)
            out[c][i] *= MOVES(b, GAIN_DB) ? db_to_level(b->param[GAIN_DB][i]) : s->gain;
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = true;
    for (uint32_t l = 0; l < b->lanes; ++l)
        rest &= LANE(s->open, l) == 0 && LANE(s->choking, l) == 0 && LANE(s->sounding, l) == 0;
    return rest;
}

KERNEL(.effort = 4000, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
