/* Pitch shifting of spectra by moving their peaks (Laroche and Dolson, New Phase-Vocoder Techniques for
 * Pitch-Shifting, Harmonizing and Other Exotic Effects, 1999), for two channels that keep their phases to each other.
 * Audio thread.
 *
 * * Each peak is moved by a whole number of bins with all that surrounds it, and turned so far that its phase advances
 * as the new frequency wants; around a peak, phases stay locked. Frequencies come from what phases advanced over a
 * hop. */
#ifndef GD_DSP_PEAK_SHIFT_H
#define GD_DSP_PEAK_SHIFT_H

#include "polar.h"
#include "stft.h"

enum { SHIFT_NOW_RE, SHIFT_NOW_IM, SHIFT_OLD_RE, SHIFT_OLD_IM, SHIFT_NEW_RE, SHIFT_NEW_IM, SHIFT_OF_CHANNEL };

/* Rows of bins in a lane's work: those above for either channel, then these. */
enum {
    SHIFT_TURNS = 2 * SHIFT_OF_CHANNEL, /* how far each bin's region is turned */
    SHIFT_POWER, SHIFT_ENVELOPE, SHIFT_SCRATCH, SHIFT_ROWS = SHIFT_SCRATCH + 2,
};

typedef struct PeakShift { float *rows; uint32_t row, bins, overlap; } PeakShift; /* overlap: size / hop */

INLINE float *shift_row(const PeakShift *s, uint32_t channel, uint32_t which)
{
    return s->rows + (channel * SHIFT_OF_CHANNEL + which) * s->row;
}

INLINE void shift_powers(const PeakShift *s)
{
    float *restrict power = shift_row(s, 0, SHIFT_POWER);
    const float *a = shift_row(s, 0, SHIFT_NOW_RE), *b = shift_row(s, 0, SHIFT_NOW_IM);
    const float *c = shift_row(s, 1, SHIFT_NOW_RE), *d = shift_row(s, 1, SHIFT_NOW_IM);
    for (uint32_t k = 0; k < s->bins; ++k)
        power[k] = (a[k] * a[k] + b[k] * b[k]) + (c[k] * c[k] + d[k] * d[k]);
}

/* The mean power of the 2 `reach` + 1 bins around each: the colour of a voice without its harmonics. */
INLINE void shift_envelope(const PeakShift *s, uint32_t reach)
{
    const float *power = shift_row(s, 0, SHIFT_POWER);
    float *restrict envelope = shift_row(s, 0, SHIFT_ENVELOPE);
    for (uint32_t k = 0; k < s->bins; ++k)
        envelope[k] = 1e-20f;
    for (uint32_t j = 0; j <= 2 * reach; ++j) {
        const uint32_t from = j < reach ? reach - j : 0, to = j > reach ? s->bins - (j - reach) : s->bins;
        for (uint32_t k = from; k < to; ++k)
            envelope[k] += power[k + j - reach];
    }
}

/* The next bin from `k` on that is stronger than its neighbours; `bins` if there is none. A side lobe counts too: it
 * turns with its partial and so moves as far. */
INLINE uint32_t shift_next_peak(const PeakShift *s, uint32_t k)
{
    const float *p = shift_row(s, 0, SHIFT_POWER);
    for (; k < s->bins; ++k)
        if (p[k] > 1e-24f && (k == 0 || p[k] > p[k - 1]) && (k + 1 == s->bins || p[k] >= p[k + 1]))
            return k;
    return k;
}

/* The weakest bin between two peaks, where their regions meet. */
INLINE uint32_t shift_valley(const PeakShift *s, uint32_t peak, uint32_t next)
{
    const float *p = shift_row(s, 0, SHIFT_POWER);
    uint32_t least = peak + 1;
    for (uint32_t k = peak + 1; k < next; ++k)
        least = p[k] < p[least] ? k : least;
    return next >= s->bins ? s->bins : least;
}

/* Frequency of a peak in bins, from its advance since the hop before in both channels together. */
INLINE float shift_frequency(const PeakShift *s, uint32_t k)
{
    float x = 0.0f, y = 0.0f;
    for (uint32_t c = 0; c < 2; ++c) {
        const float re = shift_row(s, c, SHIFT_NOW_RE)[k], im = shift_row(s, c, SHIFT_NOW_IM)[k];
        const float old_re = shift_row(s, c, SHIFT_OLD_RE)[k], old_im = shift_row(s, c, SHIFT_OLD_IM)[k];
        x += re * old_re + im * old_im;
        y += im * old_re - re * old_im;
    }
    const float middle = (float)k + 0.5f;
    if (x == 0.0f && y == 0.0f)
        return middle;
    return middle + turns_wrapped(turns_of(x, y) - middle / (float)s->overlap) * (float)s->overlap;
}

/* Bins `from` to `to` of a region, moved by `by` bins and turned; `keep` weighs them by the envelope where they go. */
INLINE void shift_region(const PeakShift *s, uint32_t from, uint32_t to, int32_t by, float turns, bool keep)
{
    const float cosine = cosine_of(turns), sine = sine_of(turns), *envelope = shift_row(s, 0, SHIFT_ENVELOPE);
    const int32_t last = (int32_t)s->bins - by;
    const uint32_t first = (int32_t)from + by < 0 ? (uint32_t)-by : from;
    const uint32_t end = (int32_t)to > last ? (uint32_t)(last > 0 ? last : 0) : to;
    for (uint32_t c = 0; c < 2; ++c) {
        const float *restrict re = shift_row(s, c, SHIFT_NOW_RE), *restrict im = shift_row(s, c, SHIFT_NOW_IM);
        float *restrict new_re = shift_row(s, c, SHIFT_NEW_RE), *restrict new_im = shift_row(s, c, SHIFT_NEW_IM);
        for (uint32_t k = first; k < end; ++k) {
            const uint32_t target = (uint32_t)((int32_t)k + by);
            float gain = keep ? __builtin_sqrtf(envelope[target] / envelope[k]) : 1.0f;
            gain = gain < 16.0f ? gain : 16.0f;
            new_re[target] += gain * (re[k] * cosine - im[k] * sine);
            new_im[target] += gain * (re[k] * sine + im[k] * cosine);
        }
    }
    float *restrict turned = shift_row(s, 0, SHIFT_TURNS);
    for (uint32_t k = from; k < to; ++k)
        turned[k] = turns;
}

/* New spectra of both channels from those now and a hop ago, all frequencies times `ratio`. */
GD_FFT_BODY void shift_peaks(const PeakShift *s, float ratio, bool keep, uint32_t reach)
{
    shift_powers(s);
    if (keep)
        shift_envelope(s, reach);
    for (uint32_t c = 0; c < 2; ++c) {
        memset(shift_row(s, c, SHIFT_NEW_RE), 0, s->bins * sizeof(float));
        memset(shift_row(s, c, SHIFT_NEW_IM), 0, s->bins * sizeof(float));
    }
    uint32_t from = 0, peak = shift_next_peak(s, 0);
    if (peak == s->bins)
        memset(shift_row(s, 0, SHIFT_TURNS), 0, s->bins * sizeof(float));
    while (peak < s->bins) {
        const uint32_t next = shift_next_peak(s, peak + 1), to = shift_valley(s, peak, next);
        const float way = shift_frequency(s, peak) * (ratio - 1.0f);
        const float turns = turns_wrapped(shift_row(s, 0, SHIFT_TURNS)[peak] + way / (float)s->overlap);
        shift_region(s, from, to, (int32_t)floor_of(way + 0.5f), turns, keep);
        from = to;
        peak = next;
    }
    for (uint32_t c = 0; c < 2; ++c) {
        memcpy(shift_row(s, c, SHIFT_OLD_RE), shift_row(s, c, SHIFT_NOW_RE), s->bins * sizeof(float));
        memcpy(shift_row(s, c, SHIFT_OLD_IM), shift_row(s, c, SHIFT_NOW_IM), s->bins * sizeof(float));
    }
}

#endif
