/* Convolution without latency by partitions of growing size (Gardner, Efficient Convolution without Input-Output
 * Delay, 1995). Audio thread.
 *
 * * The first CONV_HEAD taps are summed directly. The taps after them lie in partitions of CONV_HEAD taps, whose
 * spectra are multiplied as soon as a cell of input is complete. Every further level has larger partitions of B taps,
 * the first of them 2 B taps in: its sum is needed a whole block of B frames after its input is complete, and the work
 * for it (transforms, products, the transform back) is cut into jobs of a few hundred numbers that fill the cells of
 * that block evenly.
 *
 * * What is read (the plane) is made by graphdaw/nodes/prepare/impulse.py: a head of 32-bit words, the first taps,
 * spectra in the order of dsp/fft.h. What is written (the work) is addressed by absolute time, all zeros at birth and
 * after silence. */
#ifndef GD_DSP_CONVOLVE_H
#define GD_DSP_CONVOLVE_H

#include "fft.h"

enum {
    CONV_HEAD = 128,   /* taps summed directly; frames in a cell of this file, wherever slices are cut */
    CONV_LEVELS = 3,
    CONV_GROUP = 8,    /* products of one job */
    CONV_PAD = 32,     /* numbers between spectra: their places would else differ by powers of two only */
    CONV_PLANE_HEAD = 64,
};

/* Partitions, and places in plane and work. */
typedef struct ConvLevel { uint32_t size, count, spectra, history, sums; } ConvLevel;

/* The first words of a plane. */
typedef struct ConvPlan {
    uint32_t taps, paths, levels, work_frames;  /* paths: 1 for both channels, 2 for one each, 4 for LL LR RL RR */
    uint32_t in_mask, out_mask, in_ring, out_ring; /* places in the work of two rings each */
    ConvLevel level[CONV_LEVELS];
} ConvPlan;

/* The first words of the work. */
typedef struct ConvState {
    uint32_t last_cell; /* number of the cell that was begun last */
    struct { uint32_t todo, spent; } level[CONV_LEVELS]; /* jobs left of the block in work, and the effort so far */
} ConvState;

typedef struct Conv { const ConvPlan *plan; const float *plane; float *work; ConvState *state; } Conv;

INLINE uint32_t conv_stride(uint32_t size) { return 2 * size + CONV_PAD; }
INLINE uint32_t conv_second(uint32_t size) { return size + CONV_PAD / 2; } /* of the imaginary parts */

/* Spectrum that leads from an input channel to an output channel; -1 where there is none. */
INLINE int32_t conv_path(const ConvPlan *plan, uint32_t in, uint32_t out)
{
    if (plan->paths == 4)
        return (int32_t)(2 * in + out);
    return in != out ? -1 : plan->paths == 2 ? (int32_t)in : 0;
}

INLINE float *conv_history(const Conv *c, const ConvLevel *level, uint32_t in, uint64_t block)
{
    return c->work + level->history + (in * level->count + block % level->count) * conv_stride(level->size);
}
INLINE float *conv_sum(const Conv *c, const ConvLevel *level, uint32_t out)
{
    return c->work + level->sums + out * conv_stride(level->size);
}

/* Transform of input block number `block` and the one before it: units `from` to `to` of a sweep. */
INLINE void conv_transform(const Conv *c, const ConvLevel *level, uint32_t in, uint64_t block, uint32_t sweep,
                           uint32_t from, uint32_t to)
{
    const ConvPlan *plan = c->plan;
    const float *ring = c->work + plan->in_ring + in * (plan->in_mask + 1);
    float *spectrum = conv_history(c, level, in, block);
    const float *before = ring + ((block - 1) * level->size & plan->in_mask);
    const float *now = ring + (block * level->size & plan->in_mask);
    fft_sweep(before, now, spectrum, spectrum + conv_second(level->size), level->size, sweep, from, to);
}

/* sum += a b for 4 rows of numbers each; `first` begins the sum. */
INLINE void conv_multiply(float *sum, const float *const a[], const float *const b[], uint32_t terms, uint32_t second,
                          bool first)
{
    Row re[4], im[4];
    for (uint32_t k = 0; k < 4; ++k) {
        re[k] = first ? row_of(0.0f) : row_at(sum + k * FFT_V);
        im[k] = first ? row_of(0.0f) : row_at(sum + second + k * FFT_V);
    }
    for (uint32_t t = 0; t < terms; ++t)
        for (uint32_t k = 0; k < 4; ++k) {
            Row a_re = row_at(a[t] + k * FFT_V), a_im = row_at(a[t] + second + k * FFT_V);
            Row b_re = row_at(b[t] + k * FFT_V), b_im = row_at(b[t] + second + k * FFT_V);
            re[k] += a_re * b_re - a_im * b_im;
            im[k] += a_re * b_im + a_im * b_re;
        }
    for (uint32_t k = 0; k < 4; ++k) {
        row_put(sum + k * FFT_V, re[k]);
        row_put(sum + second + k * FFT_V, im[k]);
    }
}

INLINE uint32_t conv_terms(const ConvPlan *plan, const ConvLevel *level)
{
    return level->count * (plan->paths == 4 ? 2 : 1);
}

/* Group `group` of the products for one unit of an output's spectrum. */
GD_FFT_BODY void conv_products(const Conv *c, const ConvLevel *level, uint32_t out, uint64_t block, uint32_t unit,
                               uint32_t group)
{
    const float *a[CONV_GROUP], *b[CONV_GROUP];
    const uint32_t all = conv_terms(c->plan, level), begin = group * CONV_GROUP;
    const uint32_t end = begin + CONV_GROUP < all ? begin + CONV_GROUP : all, stride = conv_stride(level->size);
    for (uint32_t t = begin; t < end; ++t) {
        const uint32_t in = c->plan->paths == 4 ? t / level->count : out, part = t % level->count;
        const uint32_t path = (uint32_t)conv_path(c->plan, in, out);
        a[t - begin] = c->plane + level->spectra + (path * level->count + part) * stride + unit * FFT_UNIT;
        b[t - begin] = conv_history(c, level, in, block + level->count - part) + unit * FFT_UNIT;
    }
    float *sum = conv_sum(c, level, out) + unit * FFT_UNIT;
    for (uint32_t k = 0; k < FFT_UNIT; k += 4 * FFT_V) {
        conv_multiply(sum + k, a, b, end - begin, conv_second(level->size), group == 0);
        for (uint32_t t = 0; t < end - begin; ++t) {
            a[t] += 4 * FFT_V;
            b[t] += 4 * FFT_V;
        }
    }
}

/* Adds units of a finished sum to what will be heard from `time` on. */
INLINE void conv_deliver(const Conv *c, const ConvLevel *level, uint32_t out, uint64_t time, uint32_t from, uint32_t to)
{
    const ConvPlan *plan = c->plan;
    const float *sum = conv_sum(c, level, out) + conv_second(level->size);
    float *ring = c->work + plan->out_ring + out * (plan->out_mask + 1) + (time & plan->out_mask);
    for (uint32_t i = from * FFT_UNIT; i < to * FFT_UNIT; i += FFT_V)
        row_put(ring + i, row_at(ring + i) + row_at(sum + i));
}

/* All of the first level for the cell that begins at `time`. */
GD_FFT_BODY void conv_first_level(const Conv *c, uint64_t time)
{
    const ConvLevel *level = &c->plan->level[0];
    const uint64_t block = time / CONV_HEAD - 1;
    const uint32_t units = CONV_HEAD / FFT_UNIT, sweeps = fft_sweeps(CONV_HEAD);
    const uint32_t groups = (conv_terms(c->plan, level) + CONV_GROUP - 1) / CONV_GROUP;
    for (uint32_t channel = 0; channel < 2; ++channel)
        for (uint32_t sweep = 0; sweep < sweeps; ++sweep)
            conv_transform(c, level, channel, block, sweep, 0, units);
    for (uint32_t channel = 0; channel < 2; ++channel) {
        float *sum = conv_sum(c, level, channel);
        for (uint32_t unit = 0; unit < units; ++unit)
            for (uint32_t group = 0; group < groups; ++group)
                conv_products(c, level, channel, block, unit, group);
        fft_backward(sum, sum + conv_second(CONV_HEAD), CONV_HEAD);
        conv_deliver(c, level, channel, time, 0, units);
    }
}

/* Does job number `job` of a level in block `block` + 1, and returns its effort: the number of sweeps over a unit. */
INLINE uint32_t conv_job(const Conv *c, const ConvLevel *level, uint64_t block, uint32_t job)
{
    const uint32_t units = level->size / FFT_UNIT, sweeps = fft_sweeps(level->size), unit = job % units;
    const uint32_t terms = conv_terms(c->plan, level), groups = (terms + CONV_GROUP - 1) / CONV_GROUP;
    uint32_t sweep = job / units;
    if (sweep < 2 * sweeps) {
        conv_transform(c, level, sweep / sweeps, block, sweep % sweeps, unit, unit + 1);
        return 1;
    }
    sweep -= 2 * sweeps;
    if (sweep < 2 * groups) {
        const uint32_t within = job - 2 * sweeps * units, group = within % groups, at = within / groups;
        conv_products(c, level, at / units, block, at % units, group);
        return (group + 1 < groups ? CONV_GROUP : terms - group * CONV_GROUP);
    }
    sweep -= 2 * groups;
    const uint32_t out = sweep / (sweeps + 1), back = sweep % (sweeps + 1);
    float *sum = conv_sum(c, level, out);
    if (back < sweeps)
        fft_sweep_back(sum, sum + conv_second(level->size), level->size, back, unit, unit + 1);
    else
        conv_deliver(c, level, out, (block + 2) * level->size, unit, unit + 1);
    return 1;
}

/* A cell's share of the work of a larger level. */
GD_FFT_BODY void conv_share(const Conv *c, uint32_t index, uint64_t time)
{
    const ConvLevel *level = &c->plan->level[index];
    const uint32_t units = level->size / FFT_UNIT, transforms = 4 * fft_sweeps(level->size) + 2;
    const uint32_t terms = conv_terms(c->plan, level), groups = (terms + CONV_GROUP - 1) / CONV_GROUP;
    const uint32_t cell = time / CONV_HEAD % (level->size / CONV_HEAD), jobs = (transforms + 2 * groups) * units;
    const uint32_t due = (transforms + 2 * terms) * (CONV_HEAD / FFT_UNIT * (cell + 1)); /* all in the last cell */
    uint32_t todo = c->state->level[index].todo, spent = c->state->level[index].spent;
    if (cell == 0) {
        todo = jobs;
        spent = 0;
    }
    for (; todo && spent < due; --todo)
        spent += conv_job(c, level, time / level->size - 1, jobs - todo);
    c->state->level[index].todo = todo;
    c->state->level[index].spent = spent;
}

/* Before the first frame of a cell. After a pause, in which everything here was zeros, no block is in work. */
INLINE void conv_begin_cell(const Conv *c, uint64_t time)
{
    const uint32_t cell = (uint32_t)(time / CONV_HEAD);
    if (c->plan->levels)
        conv_first_level(c, time);
    for (uint32_t k = 1; k < c->plan->levels; ++k) {
        if (c->state->last_cell + 1 != cell)
            c->state->level[k].todo = 0;
        conv_share(c, k, time);
    }
    c->state->last_cell = cell;
}

/* `out`[i] += the first taps on `x`[i], x[i - 1], ... for J rows of frames. Taps are summed in the order 0, 16, 32,
 * ..., 1, 17, ..., in which 16 shifted views of the signal serve them all; the order is the same for every J. */
INLINE void conv_head_rows(float *out, const float *x, const float *taps, const uint32_t J)
{
    enum { AHEAD = 16 / FFT_V };
    Row sum[8] = {0};
    for (uint32_t shift = 0; shift < 16; ++shift)
        for (uint32_t tap = shift; tap < CONV_HEAD; tap += 16)
            for (uint32_t j = 0; j < J; ++j)
                sum[j] += taps[tap] * row_at(x + j * FFT_V - tap);
    for (uint32_t j = 0; j < J; ++j)
        row_put(out + j * FFT_V, row_at(out + j * FFT_V) + sum[j]);
}

/* The same for any number of frames up to a cell; both arrays have room for CONV_HEAD frames. */
GD_FFT_BODY void conv_head(float *out, const float *x, const float *taps, uint32_t frames)
{
    uint32_t i = 0;
    for (; i + 8 * FFT_V <= frames; i += 8 * FFT_V)
        conv_head_rows(out + i, x + i, taps, 8);
    for (; i < frames; i += FFT_V)
        conv_head_rows(out + i, x + i, taps, 1);
}

/* What is heard of `frames` frames from `time` on, which have been written to the input rings. */
INLINE void conv_hear(const Conv *c, uint32_t out, uint64_t time, uint32_t frames, float *restrict heard)
{
    const ConvPlan *plan = c->plan;
    const uint64_t within = time % CONV_HEAD, cell = time - within;
    float x[2 * CONV_HEAD + 16], y[CONV_HEAD + 16] = {0};
    float *ring = c->work + plan->out_ring + out * (plan->out_mask + 1) + (time & plan->out_mask);
    memcpy(y, ring, frames * sizeof *y);
    memset(ring, 0, frames * sizeof *ring);
    for (uint32_t in = 0; in < 2; ++in) {
        const int32_t path = conv_path(plan, in, out);
        if (path < 0)
            continue;
        const float *from = c->work + plan->in_ring + in * (plan->in_mask + 1);
        memcpy(x, from + ((cell - CONV_HEAD) & plan->in_mask), CONV_HEAD * sizeof *x);
        memcpy(x + CONV_HEAD, from + (cell & plan->in_mask), (within + frames) * sizeof *x);
        memset(x + CONV_HEAD + within + frames, 0, 16 * sizeof *x);
        conv_head(y, x + CONV_HEAD + within, c->plane + CONV_PLANE_HEAD + (uint32_t)path * CONV_HEAD, frames);
    }
    memcpy(heard, y, frames * sizeof *heard);
}

#endif
