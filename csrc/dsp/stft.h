/* Overlapping spectra of a running signal and the way back, over windows of sin^2. Audio thread.
 *
 * * Signals lie in rings addressed by absolute time. A frame of `size` samples is taken every `hop`; what it makes is
 * heard from the end of that hop on, so that its work can lie anywhere within the hop: the way through is size + hop
 * frames long. The plane is made by graphdaw/nodes/prepare/spectra.py. Bin k lies at (k + 1/2) / size cycles a frame
 * (see fft.h). */
#ifndef GD_DSP_STFT_H
#define GD_DSP_STFT_H

#include "../block.h"
#include "fft.h"
#include "work.h"

enum { STFT_PLANE_HEAD = 64, STFT_PAD = 32 /* numbers between arrays, which would else lie at powers of two */ };

/* The first words of a plane; the window follows. */
typedef struct StftPlan {
    uint32_t size, hop, mask; /* frames; of the rings, which hold at least a window and two hops */
    float scale;              /* makes overlapping windows, laid on twice, add to 1 over a transform and back */
} StftPlan;

INLINE const StftPlan *stft_plan(const GdBlock *b, uint32_t l)
{
    return (const StftPlan *)(const void *)b->memory[l]->data;
}
INLINE uint32_t stft_bins(const StftPlan *plan) { return plan->size / 2; }
INLINE uint32_t stft_ring(const StftPlan *plan) { return plan->mask + 1 + STFT_PAD; }
INLINE uint32_t stft_row(const StftPlan *plan) { return plan->size / 2 + STFT_PAD; }

/* Whether part `part` of `parts` of a hop's work is due at the beginning of this slice. */
INLINE bool stft_due(const StftPlan *plan, const GdBlock *b, uint32_t part, uint32_t parts)
{
    return (b->time & (plan->hop - 1)) == (plan->hop / parts * part & ~(GD_SLICE - 1u));
}

/* Lane l of an input into a ring; true if it is more than silence. What is broken or beyond 120 dB is left out. */
INLINE bool stft_take(float *ring, const StftPlan *plan, const GdBlock *b, uint32_t port, uint32_t l)
{
    const Lanes *restrict in = b->in[port];
    float *restrict to = ring + ((uint32_t)b->time & plan->mask);
    uint32_t sounding = 0;
    for (uint32_t i = 0; i < b->frames; ++i) {
        float x = LANE(in[i], l), size = __builtin_fabsf(x);
        to[i] = size >= 1e-20f && size < 1e6f ? x : 0.0f;
        sounding |= to[i] != 0.0f;
    }
    return sounding != 0;
}

/* What a ring holds for this slice, which is then made ready for the next time round. */
INLINE void stft_hear(float *ring, const StftPlan *plan, const GdBlock *b, float *restrict heard)
{
    float *from = ring + ((uint32_t)b->time & plan->mask);
    memcpy(heard, from, b->frames * sizeof *heard);
    memset(from, 0, b->frames * sizeof *heard);
}

/* Spectrum of the window that ends at `end`, in order of frequency. `scratch` has room for two rows. */
GD_FFT_BODY void stft_analyse(const StftPlan *plan, const float *ring, uint64_t end, float *re, float *im,
                              float *scratch)
{
    const uint32_t bins = stft_bins(plan);
    const float *window = (const float *)(const void *)plan + STFT_PLANE_HEAD;
    float *half[2] = {scratch, scratch + stft_row(plan)};
    for (uint32_t h = 0; h < 2; ++h) {
        const float *w = window + h * bins;
        for (uint32_t i = 0; i < bins; i += plan->hop) { /* a hop of a ring does not wrap */
            const float *restrict from = ring + ((uint32_t)(end - plan->size + h * bins + i) & plan->mask);
            for (uint32_t k = 0; k < plan->hop; ++k)
                half[h][i + k] = from[k] * w[i + k];
        }
    }
    fft_forward(half[0], half[1], half[0], half[1], bins);
    fft_to_bins(half[0], half[1], re, im, bins);
}

/* Adds the sound of a spectrum to a ring, from `begin` on. */
GD_FFT_BODY void stft_add(const StftPlan *plan, float *ring, uint64_t begin, const float *re, const float *im,
                          float *scratch)
{
    const uint32_t bins = stft_bins(plan);
    const float *window = (const float *)(const void *)plan + STFT_PLANE_HEAD, scale = plan->scale;
    float *half[2] = {scratch, scratch + stft_row(plan)};
    fft_from_bins(re, im, half[0], half[1], bins);
    fft_backward(half[0], half[1], bins);
    for (uint32_t h = 0; h < 2; ++h) {
        const float *w = window + h * bins;
        for (uint32_t i = 0; i < bins; i += plan->hop) {
            float *restrict to = ring + ((uint32_t)(begin + h * bins + i) & plan->mask);
            for (uint32_t k = 0; k < plan->hop; ++k)
                to[k] += half[h][i + k] * (w[i + k] * scale);
        }
    }
}

/* Adds what a frame of all ones would be heard as, times `level`: how much of the sound at a time comes from such
 * frames. */
GD_FFT_BODY void stft_add_window(const StftPlan *plan, float *ring, uint64_t begin, float level)
{
    const float *window = (const float *)(const void *)plan + STFT_PLANE_HEAD;
    const float scale = level * plan->scale * (float)stft_bins(plan);
    for (uint32_t i = 0; level > 0.0f && i < plan->size; i += plan->hop) {
        float *restrict to = ring + ((uint32_t)(begin + i) & plan->mask);
        for (uint32_t k = 0; k < plan->hop; ++k)
            to[k] += window[i + k] * window[i + k] * scale;
    }
}

/* Frames until everything in rings and spectra is zero: renewed by the last frame that sounds, wherever time is cut. */
INLINE int32_t stft_ringing(int32_t ringing, const float *ring, const StftPlan *plan, const GdBlock *b, int32_t longest)
{
    const float *x = ring + ((uint32_t)b->time & plan->mask);
    for (uint32_t i = b->frames; i-- > 0;)
        if (x[i] != 0.0f) {
            int32_t left = longest - (int32_t)(b->frames - 1 - i);
            return left > ringing - (int32_t)b->frames ? left : ringing - (int32_t)b->frames;
        }
    return ringing > (int32_t)b->frames ? ringing - (int32_t)b->frames : 0;
}

#endif
