/* Reading a recording between its frames. Any thread. */
#ifndef GD_DSP_INTERPOLATE_H
#define GD_DSP_INTERPOLATE_H

#include <stdint.h>

/* Value a fraction t of the way from c to d, with a and b before them and e and f after: the quintic through both ends
 * with the slopes and curvatures there that five points give. Exact at 0, and for any polynomial up to the fourth degree. */
static inline float interpolate6(float a, float b, float c, float d, float e, float f, float t)
{
    float slope0 = (a - 8.0f * b + 8.0f * d - e) * (1.0f / 12.0f), slope1 = (b - 8.0f * c + 8.0f * e - f) * (1.0f / 12.0f);
    float bend0 = (16.0f * (b + d) - 30.0f * c - a - e) * (1.0f / 24.0f); /* halves of the curvature */
    float bend1 = (16.0f * (c + e) - 30.0f * d - b - f) * (1.0f / 24.0f);
    float rise = d - c - slope0 - bend0; /* what the cubic and higher terms have to make up, at t = 1 */
    float turn = slope1 - slope0 - 2.0f * bend0, bow = bend1 - bend0;
    float c3 = 10.0f * rise - 4.0f * turn + bow;
    float c4 = -15.0f * rise + 7.0f * turn - 2.0f * bow;
    float c5 = 6.0f * rise - 3.0f * turn + bow;
    return c + t * (slope0 + t * (bend0 + t * (c3 + t * (c4 + t * c5))));
}

enum { INTERPOLATED = 128 /* frames at once, at most */ };

/* `frames` values, at most INTERPOLATED, from place `at` on, both in 2^-32 frames; two frames before and three after
 * must exist. In two passes, because the second one then runs on whole vectors. */
static inline void interpolate_run(const float *data, uint64_t at, uint64_t step, uint32_t frames, float *restrict out)
{
    float x[6][INTERPOLATED], t[INTERPOLATED];
    for (uint32_t i = 0; i < frames; ++i, at += step) {
        const float *from = data + (at >> 32) - 2;
        for (int k = 0; k < 6; ++k)
            x[k][i] = from[k];
        t[i] = (float)(int32_t)((uint32_t)at >> 8) * 0x1p-24f;
    }
    for (uint32_t i = 0; i < frames; ++i)
        out[i] = interpolate6(x[0][i], x[1][i], x[2][i], x[3][i], x[4][i], x[5][i], t[i]);
}

#endif
