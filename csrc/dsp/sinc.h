/* Reading a recording between its frames: a sinc of sixteen taps in a Kaiser window (beta 8), so that what lies below 0.35
 * of the recording's rate keeps its level within 0.01 dB and throws images below -73 dB, below 0.3 of it -81 dB.
 * Any thread. James Kaiser, "Nonrecursive Digital Filter Design Using the I0-sinh Window Function", 1974. */
#ifndef GD_DSP_SINC_H
#define GD_DSP_SINC_H

#include <stdint.h>
#include <string.h>

enum { SINC_TAPS = 16, SINC_BEFORE = 7 /* taps before the frame that the place is in */ };

/* The weights of taps k and 15 - k at s, the fraction less a half, are even(s) + s odd(s) and even(s) - s odd(s): even
 * and odd are polynomials in s^2, fitted to 3e-7; [power][k]. */
static const float sinc_even[4][8] = {
    {-0.0004074421f, 0.00231346261f, -0.00765093208f, 0.0195367804f, -0.0429130829f, 0.0875951977f, -0.1858522f, 0.627376105f},
    {0.00131119269f, -0.0097531158f, 0.0345562143f, -0.0908304006f, 0.201731964f, -0.409299613f, 0.820910118f, -0.548788883f},
    {0.00172168562f, 0.00131013727f, -0.0154487237f, 0.0520284678f, -0.125265865f, 0.245355204f, -0.32119706f, 0.162315139f},
    {-0.00179073656f, 0.00275026635f, -0.00144861994f, -0.00517773243f, 0.0197877229f, -0.0387212921f, 0.0447706471f, -0.0207109416f},
};
static const float sinc_odd[4][8] = {
    {0.000924356619f, -0.00320927298f, 0.00797732235f, -0.0165823442f, 0.0316284842f, -0.0618855383f, 0.157036813f, -1.29149006f},
    {-0.00432206021f, 0.0154258671f, -0.0387356975f, 0.0808074449f, -0.15384643f, 0.297332139f, -0.712357454f, 1.28070191f},
    {0.00257684159f, -0.0109849026f, 0.0292100146f, -0.0621339886f, 0.117225488f, -0.212237353f, 0.355822691f, -0.482176572f},
    {-0.000313079527f, 0.00251964013f, -0.00761952381f, 0.0168917887f, -0.0315914181f, 0.0523245306f, -0.0759478966f, 0.0928633898f},
};

/* Four taps at a time, which every processor level has registers for. */
typedef float TapQuad __attribute__((vector_size(16)));
typedef int32_t TapOrder __attribute__((vector_size(16)));

static inline TapQuad tap_quad(const float *from)
{
    TapQuad q;
    memcpy(&q, from, sizeof q);
    return q;
}

/* What taps k to k + 3 and their mirrors add, at s with square z. */
static inline TapQuad sinc_part(const float *x, int k, float s, float z)
{
    TapQuad low = tap_quad(x + k), high = __builtin_shuffle(tap_quad(x + 12 - k), (TapOrder){3, 2, 1, 0});
    TapQuad even = tap_quad(sinc_even[3] + k), odd = tap_quad(sinc_odd[3] + k);
    for (int m = 2; m >= 0; --m) {
        even = tap_quad(sinc_even[m] + k) + z * even;
        odd = tap_quad(sinc_odd[m] + k) + z * odd;
    }
    return even * (low + high) + (s * odd) * (low - high);
}

/* The value a fraction t of the way from x[7] to x[8]. */
static inline float sinc16(const float *x, float t)
{
    const float s = t - 0.5f, z = s * s;
    TapQuad sum = sinc_part(x, 0, s, z) + sinc_part(x, 4, s, z);
    float value = (sum[0] + sum[2]) + (sum[1] + sum[3]);
    return t == 0.0f ? x[SINC_BEFORE] : value; /* on a frame, exactly that */
}

/* The sinc itself at a distance in frames, 0 from 8 on. */
static inline float sinc_at(float distance)
{
    float u = distance < 0.0f ? -distance : distance;
    if (u >= 8.0f)
        return 0.0f;
    const int whole = (int)u, k = SINC_BEFORE - whole;
    const float s = u - (float)whole - 0.5f, z = s * s;
    float even = sinc_even[0][k] + z * (sinc_even[1][k] + z * (sinc_even[2][k] + z * sinc_even[3][k]));
    float odd = sinc_odd[0][k] + z * (sinc_odd[1][k] + z * (sinc_odd[2][k] + z * sinc_odd[3][k]));
    return even + s * odd;
}

#endif
