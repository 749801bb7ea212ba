/* An instrument in memory: its zones, which of them a key has, and their recordings, as `prepare/zones.py` lays them out.
 * Audio thread. All of it is one plane of four-byte words that every voice reads; places are counted in words from its
 * beginning. The structures here are the records there, field by field. */
#ifndef GD_DSP_ZONES_H
#define GD_DSP_ZONES_H

#include <string.h>

#include "../block.h"
#include "media.h"

enum { ZONES_MAGIC = 0x475a4f31, ZONES_KEYS = 128, ZONE_SWEEPS = 2, ZONE_LFOS = 3 };
enum { ZONE_LOOPS = 1, ZONE_LOOP_ENDS = 2 /* with the note */, ZONE_ONE_SHOT = 4, ZONE_ON_RELEASE = 8 };
enum { FILTER_NONE, FILTER_LOWPASS, FILTER_HIGHPASS, FILTER_BANDPASS, FILTER_NOTCH, FILTER_LOWPASS_1, FILTER_HIGHPASS_1 };

typedef struct {
    uint32_t magic, words;  /* words: of the whole plane */
    uint32_t zones, counters;
    uint32_t zone_place, key_place, list_place; /* key k has the zones key[k] to key[k + 1] of the list */
} ZonesHead;

typedef struct { /* times in seconds; what a key above 60 takes from hold and decay, in octaves */
    float delay_s, attack_s, hold_s, decay_s, sustain, release_s, hold_octaves, decay_octaves;
} ZoneEnvelope;

typedef struct { /* depths in octaves */
    ZoneEnvelope times;
    float pitch, cutoff;
    uint32_t convex;
} ZoneSweep;

typedef struct {
    float hz, delay_s, fade_s, pitch, cutoff, gain_octaves;
    uint32_t sine;
} ZoneLfo;

typedef struct {
    uint32_t left, right;      /* where the channels lie; the same place twice for a recording of one */
    uint32_t room, copies;     /* frames of a channel with the zeros around it; how many copies follow */
    uint32_t begin, end;       /* frames, counted with the zeros before the recording */
    uint32_t loop_begin, loop_end, period; /* a stretch that lies well inside what repeats */
    uint32_t leave_at, body_end; /* a loop that the note's end ends is left from here on; where what repeats ends */
    uint32_t flags;
    uint32_t softest, loudest; /* velocities, 0 to 127 */
    float chance_from, chance_to;
    uint32_t turns, turn, counter; /* turn: from 0 */
    uint32_t group, off_by;
    float off_s;
    float rate_hz, root_key, octaves_a_key, tune_octaves;
    float level_left, level_right;
    float velocity_track, velocity_power, fall_octaves_s; /* the last one of what starts at the end of a note */
    ZoneEnvelope amplitude;
    ZoneSweep sweeps[ZONE_SWEEPS];
    ZoneLfo lfos[ZONE_LFOS];
    uint32_t filter;
    float cutoff, damping, cutoff_by_velocity, cutoff_a_key, cutoff_center; /* cutoff: octaves above 1 Hz */
} Zone;

_Static_assert(sizeof(ZonesHead) == 4 * 7 && sizeof(Zone) == 4 * 88, "as prepare/zones.py lays them out");

typedef struct {
    const float *plane;
    ZonesHead head;
} Zones;

/* Without zones where the memory is no instrument. */
static inline Zones zones_of(const GdMemory *memory)
{
    Zones z = {0};
    if (!memory || !memory->data || memory->frames < sizeof z.head / 4)
        return z;
    memcpy(&z.head, memory->data, sizeof z.head);
    if (z.head.magic != ZONES_MAGIC || z.head.words != memory->frames)
        return (Zones){0};
    z.plane = memory->data;
    return z;
}

static inline const Zone *zone_at(const Zones *z, uint32_t index)
{
    return (const Zone *)(const void *)(z->plane + z->head.zone_place + index * (sizeof(Zone) / 4));
}

static inline uint32_t zones_word(const Zones *z, uint32_t place)
{
    uint32_t word;
    memcpy(&word, z->plane + place, sizeof word);
    return word;
}

static inline Media zone_media(const Zones *z, const Zone *zone, bool right)
{
    return (Media){z->plane + (right ? zone->right : zone->left), zone->end, zone->room, zone->rate_hz};
}

#endif
