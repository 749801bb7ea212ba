/* limit_convolver: how fast this processor can go on W5 with the transforms of FFTW: partitions that grow by fours or
 * eights, each as soon as its block of input is complete and all at once, which is cheaper than ours but uneven. A program
 * of its own, as limit.c is. */
#include <fftw3.h>

#include "limit.h"

#ifndef SIZES
#define SIZES 128, 1024, 8192
#endif
enum { CHANNELS = 2, LOOP_FRAMES = 4 * RATE_HZ, TAPS = 2 * RATE_HZ, PARTS_MOST = 16, GROUP = 4 };
static const int sizes[] = {SIZES};
enum { LEVELS = sizeof sizes / sizeof *sizes };

/* Partitions of `size` taps from tap `size` on, or from the first one. Of spectra the imaginary parts lie `apart` numbers
 * behind the real ones, as FFTW wants it of all that one plan transforms. */
typedef struct Level {
    int size, count, apart;
    float *taps[CHANNELS], *past[CHANNELS], *sum, *out;
    fftwf_plan forward, back;
} Level;

static Level levels[LEVELS];
static float loop_data[CHANNELS][LOOP_FRAMES];
static float *heard[CHANNELS], *come[CHANNELS]; /* what will be heard, and what has come in, as rings of two blocks */
static int ring_frames, loop_at;
static long now;

static float *zeros(int count)
{
    float *x = aligned_alloc(64, ((size_t)count * sizeof *x + 63) / 64 * 64);
    if (!x)
        exit(1);
    memset(x, 0, (size_t)count * sizeof *x);
    return x;
}

static void plan_level(Level *level, int size, int taps)
{
    fftwf_iodim along = {2 * size, 1, 1};
    level->size = size;
    level->count = (taps + size - 1) / size;
    level->apart = size + 2 * LANES; /* one bin more than `size`; places would else differ by powers of two only */
    for (int c = 0; c < CHANNELS; ++c) {
        level->taps[c] = zeros(2 * level->count * level->apart);
        level->past[c] = zeros(2 * level->count * level->apart);
    }
    float *sum = level->sum = zeros(2 * level->apart), *out = level->out = zeros(2 * size);
    level->forward = fftwf_plan_guru_split_dft_r2c(1, &along, 0, NULL, out, sum, sum + level->apart, FFTW_MEASURE);
    level->back = fftwf_plan_guru_split_dft_c2r(1, &along, 0, NULL, sum, sum + level->apart, out, FFTW_MEASURE);
}

static void transform(const Level *level, float *to)
{
    fftwf_execute_split_dft_r2c(level->forward, level->out, to, to + level->apart);
}

/* Noise that falls by 60 dB in 2 s, from `first` on. */
static void set_taps(Level *level, const float *taps, int first, int channel)
{
    for (int p = 0; p < level->count; ++p) {
        memset(level->out, 0, 2 * (size_t)level->size * sizeof *level->out);
        for (int i = 0; i < level->size && first + p * level->size + i < TAPS; ++i)
            level->out[i] = taps[first + p * level->size + i] / (2.0f * (float)level->size);
        transform(level, level->taps[channel] + 2 * p * level->apart);
    }
}

static void start_convolver(int count)
{
    static float taps[CHANNELS][TAPS];
    (void)count;
    start_noise();
    for (int c = 0; c < CHANNELS; ++c) {
        for (int i = 0; i < LOOP_FRAMES; ++i)
            loop_data[c][i] = 0.5f * noise()[0];
        for (int i = 0; i < TAPS; ++i)
            taps[c][i] = 0.01f * noise()[0] * powf(0.001f, (float)i / TAPS);
    }
    now = loop_at = 0;
    ring_frames = 2 * sizes[LEVELS - 1];
    for (int c = 0; c < CHANNELS; ++c) {
        heard[c] = heard[c] ? heard[c] : zeros(ring_frames);
        come[c] = come[c] ? come[c] : zeros(ring_frames);
    }
    for (int k = 0, first = 0; k < LEVELS; ++k) {
        int end = k + 1 < LEVELS ? sizes[k + 1] : TAPS;
        if (!levels[k].size)
            plan_level(&levels[k], sizes[k], end - first);
        for (int c = 0; c < CHANNELS; ++c)
            set_taps(&levels[k], taps[c], first, c);
        first = end;
    }
}

/* Products of all partitions with the blocks that have come, a few vectors of bins at a time. */
static void multiply(const Level *level, int channel, int newest)
{
    for (int bin = 0; bin <= level->size; bin += GROUP * LANES) {
        V re[GROUP] = {0}, im[GROUP] = {0};
        for (int p = 0; p < level->count; ++p) {
            int block = (newest + level->count - p) % level->count;
            const float *a = level->taps[channel] + 2 * p * level->apart + bin, *b = level->past[channel] + 2 * block * level->apart + bin;
            const V *a_re = (const V *)a, *a_im = (const V *)(a + level->apart);
            const V *b_re = (const V *)b, *b_im = (const V *)(b + level->apart);
            for (int k = 0; k < GROUP && bin + k * LANES <= level->size; ++k) {
                re[k] += a_re[k] * b_re[k] - a_im[k] * b_im[k];
                im[k] += a_re[k] * b_im[k] + a_im[k] * b_re[k];
            }
        }
        for (int k = 0; k < GROUP && bin + k * LANES <= level->size; ++k) {
            memcpy(level->sum + bin + k * LANES, &re[k], sizeof re[k]);
            memcpy(level->sum + level->apart + bin + k * LANES, &im[k], sizeof im[k]);
        }
    }
}

/* The block of input that ends at frame `end`: its spectrum, all products, and what is heard of them from `at` on. */
static void run_level(Level *level, int channel, long end, long at)
{
    int size = level->size, mask = ring_frames - 1, newest = (int)(end / size % level->count);
    memcpy(level->out, come[channel] + ((end - 2 * size) & mask), (size_t)size * sizeof(float));
    memcpy(level->out + size, come[channel] + ((end - size) & mask), (size_t)size * sizeof(float));
    transform(level, level->past[channel] + 2 * newest * level->apart);
    multiply(level, channel, newest);
    fftwf_execute_split_dft_c2r(level->back, level->sum, level->sum + level->apart, level->out);
    float *to = heard[channel] + (at & mask);
    for (int i = 0; i < size; ++i)
        to[i] += level->out[size + i];
}

static void run_convolver(int count)
{
    float *to[CHANNELS] = {left, right};
    int at = (int)(now & (ring_frames - 1));
    (void)count;
    for (int c = 0; c < CHANNELS; ++c)
        memcpy(come[c] + at, loop_data[c] + loop_at, sizeof left);
    for (int k = 0; k < LEVELS; ++k)
        if ((now + BLOCK) % sizes[k] == 0)
            for (int c = 0; c < CHANNELS; ++c)
                run_level(&levels[k], c, now + BLOCK, k ? now + BLOCK : now);
    for (int c = 0; c < CHANNELS; ++c) {
        for (int i = 0; i < BLOCK; ++i)
            to[c][i] = 0.7f * come[c][at + i] + 0.3f * heard[c][at + i];
        memset(heard[c] + at, 0, sizeof left);
    }
    loop_at = (loop_at + BLOCK) % LOOP_FRAMES;
    now += BLOCK;
}

static const Workload workloads[] = {{"W5", start_convolver, run_convolver, 1}};

int main(int argc, char **argv) { return measure_all(workloads, sizeof workloads / sizeof *workloads, argc, argv); }
