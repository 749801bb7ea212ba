/* A delay that grows or shrinks, and jumps back by a stretch of sound that looks like the one it is in, cross-fading:
 * the pitch shifter of tape and of Roucos and Wilgus, High Quality Time-Scale Modification for Speech, 1985
 * (synchronised overlap-add), turned round. Audio thread. */
#ifndef GD_DSP_SPLICE_H
#define GD_DSP_SPLICE_H

#include <string.h>

#include "../block.h"
#include "interpolate.h"

enum {
    SPLICE_NEAREST = 4 << 16,  /* shortest delay in 2^-16 frames: interpolation looks three frames ahead */
    SPLICE_POINTS = 1024,      /* most points of a window that are compared */
};

/* Two rings of the same length, the second `apart` numbers after the first, which share one delay. */
typedef struct Splice {
    const float *ring;
    uint32_t mask, apart, window; /* window: frames between the shortest and the longest delay */
    int32_t delay, old_delay;     /* in 2^-16 frames */
    int32_t fade, fade_length;    /* frames left of a cross-fade from the old delay, and its length */
} Splice;

INLINE float splice_read(const float *ring, uint32_t mask, uint32_t time, int32_t delay)
{
    const uint32_t whole = (uint32_t)(delay + 0xffff) >> 16, at = time - whole;
    const float part = (float)((int32_t)(whole << 16) - delay) * 0x1p-16f;
    return interpolate6(ring[(at - 2) & mask], ring[(at - 1) & mask], ring[at & mask], ring[(at + 1) & mask],
                        ring[(at + 2) & mask], ring[(at + 3) & mask], part);
}

/* Both channels together, `before` frames before `time`, over `frames` frames. */
INLINE float splice_mono(const Splice *s, uint32_t time, uint32_t before, uint32_t frames)
{
    float sum = 0.0f;
    for (uint32_t i = 0; i < frames; ++i) {
        const uint32_t at = (time - before - i) & s->mask;
        sum += s->ring[at] + s->ring[s->apart + at];
    }
    return sum;
}

/* How alike two stretches of `frames` frames are that end so many frames before `time`. */
INLINE float splice_likeness(const Splice *s, uint32_t time, uint32_t a, uint32_t b, uint32_t frames)
{
    float product = 0.0f, energy = 1e-20f;
    for (uint32_t i = 0; i < frames; i += 3) {
        const float x = splice_mono(s, time, a + i, 1), y = splice_mono(s, time, b + i, 1);
        product += x * y;
        energy += y * y;
    }
    return product * __builtin_fabsf(product) / energy;
}

/* The jump between a quarter and three quarters of a window after which the sound is most like where it is now;
 * `nearer` if the new delay will be the shorter one. Coarsely first, a few frames summed to a point. */
GD_RT static __attribute__((noinline, unused)) uint32_t splice_jump(const Splice *s, uint32_t time, bool nearer)
{
    const uint32_t step = s->window / SPLICE_POINTS + 4, shortest = s->window / 4, here = (uint32_t)(s->delay >> 16);
    const uint32_t length = s->window / 4 / step, places = s->window / 2 / step;
    const uint32_t farthest = nearer ? here - (shortest + places * step) : here + shortest;
    float points[SPLICE_POINTS], now[SPLICE_POINTS], product[SPLICE_POINTS], energy[SPLICE_POINTS];
    for (uint32_t k = 0; k < length + places; ++k)
        points[k] = splice_mono(s, time, farthest + k * step, step);
    for (uint32_t k = 0; k < length; ++k)
        now[k] = splice_mono(s, time, here + k * step, step);
    for (uint32_t p = 0; p < places; ++p) {
        product[p] = 0.0f;
        energy[p] = 1e-20f;
    }
    for (uint32_t k = 0; k < length; ++k)
        for (uint32_t p = 0; p < places; ++p) {
            product[p] += now[k] * points[p + k];
            energy[p] += points[p + k] * points[p + k];
        }
    uint32_t best = places / 2;
    float most = -1.0f;
    for (uint32_t p = 0; p < places; ++p) {
        const float likeness = product[p] * __builtin_fabsf(product[p]) / energy[p];
        best = likeness > most ? p : best;
        most = likeness > most ? likeness : most;
    }
    const uint32_t middle = farthest + best * step;
    uint32_t chosen = middle;
    most = -1.0f;
    for (uint32_t at = middle - step; at <= middle + step; ++at) {
        const float likeness = splice_likeness(s, time, here, at, length * step);
        chosen = likeness > most ? at : chosen;
        most = likeness > most ? likeness : most;
    }
    return nearer ? here - chosen : chosen - here;
}

/* One frame: the delay changes by `change`, and both channels are read. */
INLINE void splice_step(Splice *s, uint32_t time, int32_t change, float heard[2])
{
    const int32_t window = (int32_t)(s->window << 16), speed = change < 0 ? -change : change;
    s->delay += change;
    s->old_delay += change;
    if (s->fade == 0) {
        const int32_t quarter = (int32_t)s->window / 4;
        const int64_t frames = speed ? ((int64_t)quarter << 16) / speed : quarter; /* in which a quarter is passed */
        const int32_t length = (int32_t)(frames < quarter ? frames : quarter);
        const int64_t least = SPLICE_NEAREST + (change < 0 ? (int64_t)length * speed : 0);
        const bool nearer = s->delay > SPLICE_NEAREST + window;
        if (nearer || (change < 0 && s->delay < least)) {
            const int32_t jump = (int32_t)(splice_jump(s, time, nearer) << 16);
            s->old_delay = s->delay;
            s->delay += nearer ? -jump : jump;
            s->fade = s->fade_length = length > 8 ? length : 8;
        }
    }
    s->delay = s->delay < SPLICE_NEAREST ? SPLICE_NEAREST : s->delay;
    s->old_delay = s->old_delay < SPLICE_NEAREST ? SPLICE_NEAREST : s->old_delay;
    for (uint32_t c = 0; c < 2; ++c)
        heard[c] = splice_read(s->ring + c * s->apart, s->mask, time, s->delay);
    if (s->fade > 0) {
        const float t = (float)s->fade / (float)s->fade_length, part = t * t * (3.0f - 2.0f * t);
        for (uint32_t c = 0; c < 2; ++c)
            heard[c] += part * (splice_read(s->ring + c * s->apart, s->mask, time, s->old_delay) - heard[c]);
        --s->fade;
    }
}

#endif
