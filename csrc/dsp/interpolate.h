/* Reading a recording between its frames. Any thread. */
#ifndef GD_DSP_INTERPOLATE_H
#define GD_DSP_INTERPOLATE_H

/* Value a fraction of the way from x[2] to x[3]: the quintic through both ends with the slopes and curvatures there that
 * five points give. Exact at 0, and for any polynomial up to the fourth degree. */
static inline float interpolate6(const float *x, float t)
{
    float slope0 = (x[0] - 8.0f * x[1] + 8.0f * x[3] - x[4]) * (1.0f / 12.0f);
    float slope1 = (x[1] - 8.0f * x[2] + 8.0f * x[4] - x[5]) * (1.0f / 12.0f);
    float bend0 = (16.0f * (x[1] + x[3]) - 30.0f * x[2] - x[0] - x[4]) * (1.0f / 24.0f); /* halves of the curvature */
    float bend1 = (16.0f * (x[2] + x[4]) - 30.0f * x[3] - x[1] - x[5]) * (1.0f / 24.0f);
    float rise = x[3] - x[2] - slope0 - bend0; /* what the cubic and higher terms have to make up, at t = 1 */
    float turn = slope1 - slope0 - 2.0f * bend0, bow = bend1 - bend0;
    float c3 = 10.0f * rise - 4.0f * turn + bow;
    float c4 = -15.0f * rise + 7.0f * turn - 2.0f * bow;
    float c5 = 6.0f * rise - 3.0f * turn + bow;
    return x[2] + t * (slope0 + t * (bend0 + t * (c3 + t * (c4 + t * c5))));
}

#endif
