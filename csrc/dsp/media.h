/* A recording in memory that is played at any speed, with its copies for higher pitches: `prepare/recording.py` makes them.
 * Audio thread. */
#ifndef GD_DSP_MEDIA_H
#define GD_DSP_MEDIA_H

#include "../block.h"
#include "sinc.h"

enum { MEDIA_COPIES = 10, MEDIA_HEADER = 4, MEDIA_GRAIN = 32, MEDIA_PARTS = 139 /* of a grain, in all copies together */ };

#define MEDIA_REACH 10.0f /* frames of a copy either side of a place that its taps touch */

typedef struct { /* one channel of a recording */
    const float *data;     /* the recording itself, and the copies after it; null: silence */
    uint32_t frames, room; /* length, and with the zeros behind it */
    float rate_hz;
} Media;

/* A copy's rate is multiplier / 2^shift of the recording's. */
static const struct { uint8_t multiplier, shift; } media_share[MEDIA_COPIES] = {
    {1, 0}, {1, 0}, {3, 2}, {1, 1}, {3, 3}, {1, 2}, {3, 4}, {1, 3}, {3, 5}, {1, 4}};
static const float media_ratio[MEDIA_COPIES] = {1.0f, 1.0f, 0.75f, 0.5f, 0.375f, 0.25f, 0.1875f, 0.125f, 0.09375f, 0.0625f};
/* Length of the copies, and where they begin, in 32nds of the recording's. */
static const uint8_t media_length[MEDIA_COPIES] = {32, 32, 24, 16, 12, 8, 6, 4, 3, 2};
static const uint8_t media_place[MEDIA_COPIES] = {0, 32, 64, 88, 104, 116, 124, 130, 134, 137};

/* Silent where the memory is no prepared recording. */
static inline Media media_of(const GdMemory *memory)
{
    Media media = {0};
    if (!memory || !memory->data || memory->frames <= MEDIA_HEADER)
        return media;
    const float *head = memory->data;
    if (!(head[0] >= 0.0f && head[0] < 65536.0f && head[1] >= 0.0f && head[1] < 8192.0f))
        return media;
    uint32_t frames = (uint32_t)head[0] + 65536u * (uint32_t)head[1];
    uint32_t room = (frames + MEDIA_GRAIN - 1) / MEDIA_GRAIN * MEDIA_GRAIN;
    if (memory->frames != MEDIA_HEADER + (uint64_t)room / MEDIA_GRAIN * MEDIA_PARTS)
        return media;
    return (Media){head + MEDIA_HEADER, frames, room, memory->rate_hz};
}

static inline const float *media_copy(const Media *media, uint32_t copy)
{
    return media->data + (size_t)(media->room / MEDIA_GRAIN) * media_place[copy];
}

/* A place in the recording, in 2^-32 frames, as a place in a copy. */
static inline int64_t media_in_copy(int64_t at, uint32_t copy)
{
    return (at * media_share[copy].multiplier) >> media_share[copy].shift;
}

/* Which copy to play at `speed` recorded frames a frame, and how much of the next one: the first whose band stays below
 * half the rate, the recording itself up to a semitone higher. Within a semitone of that it fades into the next. */
#define MEDIA_SEMITONE 1.06f
typedef struct { uint32_t copy; float far; } MediaPick;

static inline MediaPick media_pick(float speed)
{
    MediaPick pick = {0};
    float full = MEDIA_SEMITONE; /* the copy's own speed from which on it is not heard any more */
    while (pick.copy + 1 < MEDIA_COPIES && speed * media_ratio[pick.copy] >= full) {
        ++pick.copy;
        full = 1.0f / (2.0f * 0.355f); /* what is left of the next ones ends at 0.355 of their rate */
    }
    float over = (speed * media_ratio[pick.copy] * MEDIA_SEMITONE / full - 1.0f) * (1.0f / (MEDIA_SEMITONE - 1.0f));
    if (over > 0.0f && pick.copy + 1 < MEDIA_COPIES)
        pick.far = over < 1.0f ? over : 1.0f;
    return pick;
}

static inline float media_fraction(int64_t place) { return (float)(int32_t)((uint32_t)place >> 8) * 0x1p-24f; }

/* Values of a place where all taps lie inside. */
static inline float media_read(const Media *media, int64_t at, MediaPick pick)
{
    int64_t place = media_in_copy(at, pick.copy);
    float value = sinc16(media_copy(media, pick.copy) + (place >> 32) - SINC_BEFORE, media_fraction(place));
    if (pick.far == 0.0f)
        return value;
    place = media_in_copy(at, pick.copy + 1);
    float dark = sinc16(media_copy(media, pick.copy + 1) + (place >> 32) - SINC_BEFORE, media_fraction(place));
    return value + pick.far * (dark - value);
}

/* True if the taps around a place, in 2^-32 frames of the recording, all lie inside: eight frames of the darkest copy
 * that is read, and one for rounding. */
static inline bool media_inside(const Media *media, int64_t at, MediaPick pick)
{
    const int64_t reach = (int64_t)(MEDIA_REACH / media_ratio[pick.copy + (pick.far > 0.0f)]);
    return (at >> 32) >= reach && (at >> 32) + reach < media->room;
}

#endif
