/* dsp/fft.h as plain functions for tests/nodes/test_fft.py. */
#define W 1
#include "dsp/fft.h"

void forward(const float *first_half, const float *second_half, float *re, float *im, uint32_t size)
{
    fft_forward(first_half, second_half, re, im, size);
}

/* The same by `step` units of a sweep at a time. */
void forward_in_steps(const float *first_half, const float *second_half, float *re, float *im, uint32_t size,
                      uint32_t step)
{
    const uint32_t units = size / FFT_UNIT;
    for (uint32_t sweep = 0; sweep < fft_sweeps(size); ++sweep)
        for (uint32_t from = 0; from < units; from += step)
            fft_sweep(first_half, second_half, re, im, size, sweep, from, from + step < units ? from + step : units);
}

void backward(float *re, float *im, uint32_t size) { fft_backward(re, im, size); }

void to_bins(const float *re, const float *im, float *bin_re, float *bin_im, uint32_t size)
{
    fft_to_bins(re, im, bin_re, bin_im, size);
}

void from_bins(const float *bin_re, const float *bin_im, float *re, float *im, uint32_t size)
{
    fft_from_bins(bin_re, bin_im, re, im, size);
}
