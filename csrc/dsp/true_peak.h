/* Peaks between samples, read at eight times the rate, and a low-pass that leaves nothing they could miss. Audio thread.
 * The interpolating half-bands pass 0.47 of the sample rate within 0.02 dB and stop its images by 53 dB: longer than
 * BS.1770 asks, because a limiter has to hold what it reads. */
#ifndef GD_DSP_TRUE_PEAK_H
#define GD_DSP_TRUE_PEAK_H

#include "oversample.h"

enum { PEAK1 = 24, PEAK2 = 4, PEAK3 = 2, PEAK_LATE = 26 /* frames, and half a frame that peaks are spread over */ };

static const float peak1_taps[PEAK1] = {
    0.63611216f, -0.210687661f, 0.124805398f, -0.0874466011f, 0.0662822487f, -0.0525004988f, 0.0427158365f,
    -0.0353511855f, 0.0295738913f, -0.0249035338f, 0.021043705f, -0.017801393f, 0.0150459239f, -0.0126852027f,
    0.0106518129f, -0.00889564634f, 0.00737749629f, -0.00606634785f, 0.0049373435f, -0.00396876134f, 0.00314289401f,
    -0.00244354047f, 0.0018568475f, -0.00287381065f,
};
static const float peak2_taps[PEAK2] = {0.609333593f, -0.141607997f, 0.0386688943f, -0.00653279898f};
static const float peak3_taps[PEAK3] = {0.568884699f, -0.069348184f};

typedef struct { Lanes up1[2 * PEAK1 - 1], up2[2 * PEAK2 - 1], up3[2 * PEAK3 - 1]; } TruePeak;

/* The largest of the eight values of each frame from `PEAK_LATE` and a half before it on; `n` is at most a chunk. */
STAGE true_peaks(TruePeak *s, Lanes *restrict peaks, const Lanes *x, uint32_t n)
{
    Lanes once[2 * PEAK1 - 1 + OVERSAMPLE_CHUNK], twice[2 * PEAK2 - 1 + 2 * OVERSAMPLE_CHUNK];
    Lanes four[2 * PEAK3 - 1 + 4 * OVERSAMPLE_CHUNK], eight[8 * OVERSAMPLE_CHUNK];
    KEPT_BEFORE(once, s->up1);
    memcpy(once + KEPT(s->up1), x, n * sizeof *x);
    KEPT_BEFORE(twice, s->up2);
    halfband_up(twice + KEPT(s->up2), once + KEPT(s->up1), n, peak1_taps, PEAK1);
    KEPT_BEFORE(four, s->up3);
    halfband_up(four + KEPT(s->up3), twice + KEPT(s->up2), 2 * n, peak2_taps, PEAK2);
    halfband_up(eight, four + KEPT(s->up3), 4 * n, peak3_taps, PEAK3);
    KEEP_AFTER(s->up1, once, n);
    KEEP_AFTER(s->up2, twice, 2 * n);
    KEEP_AFTER(s->up3, four, 4 * n);
    for (uint32_t i = 0; i < n; ++i) {
        Lanes most = lanes_abs(eight[8 * i]);
        for (uint32_t k = 1; k < 8; ++k)
            most = lanes_max(most, lanes_abs(eight[8 * i + k]));
        peaks[i] = most;
    }
}

/* Low-pass of 97 taps: 0.4535 of the sample rate (20 kHz at 44.1 kHz) within 0.0004 dB, -87 dB at half the rate. */
enum { BAND_TAPS = 48, BAND_LATE = 48 /* frames */ };
static const float band_middle = 0.954892958f;
static const float band_taps[BAND_TAPS] = {
    0.0449050753f, -0.0443034002f, 0.0433145629f, -0.0419590602f, 0.0402647359f, -0.0382659648f, 0.0360026584f,
    -0.033519123f, 0.0308628139f, -0.0280830281f, 0.0252295834f, -0.022351525f, 0.0194958982f, -0.0167066392f,
    0.0140236035f, -0.0114817553f, 0.00911055823f, -0.0069335594f, 0.0049681775f, -0.00322568563f, 0.00171139306f,
    -0.000424985258f, -0.000638981232f, 0.00149046193f, -0.00214322832f, 0.00261410054f, -0.0029221547f,
    0.00308794633f, -0.00313274355f, 0.00307783008f, -0.00294388091f, 0.00275041741f, -0.00251538731f, 0.0022548184f,
    -0.00198261321f, 0.0017104167f, -0.00144760585f, 0.00120134534f, -0.000976723682f, 0.000776944012f,
    -0.000603558786f, 0.000456728957f, -0.000335495663f, 0.000238049221f, -0.000161987102f, 0.000104548601f,
    -6.28215947e-05f, 4.46396834e-05f,
};
typedef struct { Lanes kept[2 * BAND_LATE]; } Band;

/* Band-limit at most a chunk in place. */
STAGE band_limit(Band *s, Lanes *x, uint32_t n)
{
    Lanes in[2 * BAND_LATE + OVERSAMPLE_CHUNK], sides[OVERSAMPLE_CHUNK];
    KEPT_BEFORE(in, s->kept);
    memcpy(in + KEPT(s->kept), x, n * sizeof *x);
    KEEP_AFTER(s->kept, in, n);
    const Lanes *middle = in + BAND_LATE;
    halfband_sum(sides, middle - 1, middle + 1, 1, band_taps, BAND_TAPS, n);
    for (uint32_t i = 0; i < n; ++i)
        x[i] = middle[i] * band_middle + sides[i];
}

#endif
