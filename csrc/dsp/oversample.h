/* Two, four and eight times the sample rate and back, by half-band filters of linear phase in polyphase form: one half of
 * the taps is zero, the other symmetric. Audio thread. Equiripple (Parks-McClellan): the way up and the way down each
 * pass 0.442 of the sample rate (19.5 kHz at 44.1 kHz) within 0.001 dB and stop what would fold into it by 90 dB. The
 * latency is a whole number of frames. */
#ifndef GD_DSP_OVERSAMPLE_H
#define GD_DSP_OVERSAMPLE_H

#include <string.h>

#include "../block.h"

enum {
    HALF1 = 24, HALF2 = 5, HALF3 = 4, /* pairs of taps of the three stages */
    OVERSAMPLE_CHUNK = W == 16 ? 16 : 32, /* frames worked on at once, so that eight times as many stay in the cache */
    OVERSAMPLE_LATENCY1 = 47, OVERSAMPLE_LATENCY2 = 52, OVERSAMPLE_LATENCY3 = 54, /* frames */
};

/* Taps beside the middle one, which is 1; every second is 0 and left out. */
static const float half1_taps[HALF1] = {
    0.635537826f, -0.208980296f, 0.122011251f, -0.0836408482f, 0.0615658586f, -0.0469959171f, 0.0365624354f,
    -0.028699933f, 0.0225815708f, -0.0177270418f, 0.0138347624f, -0.0107019902f, 0.0081837116f, -0.00617027015f,
    0.00457472191f, -0.00332550395f, 0.00236213917f, -0.00163270165f, 0.00109231484f, -0.000702259227f,
    0.000429379039f, -0.000245647872f, 0.000127801847f, -6.6350366e-05f,
};
static const float half2_taps[HALF2] = {0.613831345f, -0.152034617f, 0.0487699178f, -0.0122790193f, 0.00172487352f};
static const float half3_taps[HALF3] = {0.600829704f, -0.124564561f, 0.0267874299f, -0.00305287324f};

/* Sum of taps[j] (a[i - j step] + b[i + j step]) for `n` values of i: one value a frame out of rows `step` apart. At
 * W = 1 tap by tap, which compilers turn into vectors along time; the order of the terms is the same. */
INLINE void halfband_sum(Lanes *restrict sum, const Lanes *a, const Lanes *b, uint32_t apart, const float *taps,
                         uint32_t pairs, uint32_t n)
{
#if W == 1
    for (uint32_t i = 0; i < n; ++i)
        sum[i] = taps[0] * (a[i * apart] + b[i * apart]);
    for (uint32_t j = 1; j < pairs; ++j)
        for (uint32_t i = 0; i < n; ++i)
            sum[i] += taps[j] * ((a - j * apart)[i * apart] + (b + j * apart)[i * apart]);
#else
    for (uint32_t i = 0; i < n; ++i, a += apart, b += apart) {
        Lanes total = taps[0] * (*a + *b);
        for (uint32_t j = 1; j < pairs; ++j)
            total += taps[j] * (*(a - j * apart) + *(b + j * apart));
        sum[i] = total;
    }
#endif
}

/* `n` frames to twice as many, `pairs` frames late. `in` holds 2 pairs - 1 older frames before the first. */
INLINE void halfband_up(Lanes *restrict out, const Lanes *in, uint32_t n, const float *taps, uint32_t pairs)
{
    Lanes between[4 * OVERSAMPLE_CHUNK];
    const Lanes *middle = in - pairs;
    halfband_sum(between, middle, middle + 1, 1, taps, pairs, n);
    for (uint32_t i = 0; i < n; ++i) {
        out[2 * i] = middle[i];
        out[2 * i + 1] = between[i];
    }
}

/* Twice `n` frames to `n`, `late` of them late, which is pairs - 1 or pairs. `in` holds 4 pairs older frames. */
INLINE void halfband_down(Lanes *restrict out, const Lanes *in, uint32_t n, const float *taps, uint32_t pairs,
                          uint32_t late)
{
    Lanes between[4 * OVERSAMPLE_CHUNK];
    const Lanes *middle = in - 2 * late;
    halfband_sum(between, middle - 1, middle + 1, 2, taps, pairs, n);
    for (uint32_t i = 0; i < n; ++i)
        out[i] = 0.5f * (middle[2 * i] + between[i]);
}

/* Frames that each stage keeps from chunk to chunk. */
typedef struct {
    Lanes up1[2 * HALF1 - 1], up2[2 * HALF2 - 1], up3[2 * HALF3 - 1];
    Lanes down1[4 * HALF1], down2[4 * HALF2], down3[4 * HALF3];
} Oversampler;

/* Rows in front of a stage's buffer from what was kept, and its last rows to what is kept. */
#define KEPT(kept) (sizeof(kept) / sizeof(Lanes))
#define KEPT_BEFORE(buffer, kept) memcpy(buffer, kept, sizeof(kept))
#define KEEP_AFTER(kept, buffer, n) memmove(kept, (buffer) + (n), sizeof(kept))

/* Plain functions, for each is large and called once a chunk. */
#define STAGE __attribute__((noinline, unused)) static void

/* Called for each of `n` frames at the high rate: shapes them in place. `first` is the slice's frame that the first
 * belongs to, and `times` how many belong to each. */
typedef void (*Shaper)(void *context, Lanes *x, uint32_t n, uint32_t first, uint32_t times);

STAGE oversample_third(Oversampler *s, Lanes *x, uint32_t n, uint32_t first, Shaper shape, void *context)
{
    Lanes in[2 * HALF3 - 1 + 4 * OVERSAMPLE_CHUNK], high[4 * HALF3 + 8 * OVERSAMPLE_CHUNK];
    KEPT_BEFORE(in, s->up3);
    memcpy(in + KEPT(s->up3), x, n * sizeof *x);
    KEPT_BEFORE(high, s->down3);
    halfband_up(high + KEPT(s->down3), in + KEPT(s->up3), n, half3_taps, HALF3);
    KEEP_AFTER(s->up3, in, n);
    shape(context, high + KEPT(s->down3), 2 * n, first, 8);
    halfband_down(x, high + KEPT(s->down3), n, half3_taps, HALF3, HALF3);
    KEEP_AFTER(s->down3, high, 2 * n);
}

STAGE oversample_second(Oversampler *s, Lanes *x, uint32_t n, uint32_t first, uint32_t stages, Shaper shape,
                              void *context)
{
    Lanes in[2 * HALF2 - 1 + 2 * OVERSAMPLE_CHUNK], high[4 * HALF2 + 4 * OVERSAMPLE_CHUNK];
    KEPT_BEFORE(in, s->up2);
    memcpy(in + KEPT(s->up2), x, n * sizeof *x);
    KEPT_BEFORE(high, s->down2);
    halfband_up(high + KEPT(s->down2), in + KEPT(s->up2), n, half2_taps, HALF2);
    KEEP_AFTER(s->up2, in, n);
    if (stages > 2)
        oversample_third(s, high + KEPT(s->down2), 2 * n, first, shape, context);
    else
        shape(context, high + KEPT(s->down2), 2 * n, first, 4);
    halfband_down(x, high + KEPT(s->down2), n, half2_taps, HALF2, HALF2);
    KEEP_AFTER(s->down2, high, 2 * n);
}

/* Shape `n` frames of a slice in place at 2^stages times the rate; 0 stages shape them as they are. */
STAGE oversample(Oversampler *s, Lanes *x, uint32_t n, uint32_t stages, Shaper shape, void *context)
{
    if (stages == 0) {
        shape(context, x, n, 0, 1);
        return;
    }
    for (uint32_t from = 0, m; from < n; from += m, x += m) {
        Lanes in[2 * HALF1 - 1 + OVERSAMPLE_CHUNK], high[4 * HALF1 + 2 * OVERSAMPLE_CHUNK];
        m = n - from < OVERSAMPLE_CHUNK ? n - from : OVERSAMPLE_CHUNK;
        KEPT_BEFORE(in, s->up1);
        memcpy(in + KEPT(s->up1), x, m * sizeof *x);
        KEPT_BEFORE(high, s->down1);
        halfband_up(high + KEPT(s->down1), in + KEPT(s->up1), m, half1_taps, HALF1);
        KEEP_AFTER(s->up1, in, m);
        if (stages > 1)
            oversample_second(s, high + KEPT(s->down1), 2 * m, from, stages, shape, context);
        else
            shape(context, high + KEPT(s->down1), 2 * m, from, 2);
        halfband_down(x, high + KEPT(s->down1), m, half1_taps, HALF1, HALF1 - 1);
        KEEP_AFTER(s->down1, high, 2 * m);
    }
}

#endif
