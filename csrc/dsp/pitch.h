/* The pitch of a sound by the McLeod method: the lag at which it is most like itself, from the normalised square difference
 * function (Philip McLeod and Geoff Wyvill, "A Smarter Way to Find Pitch", 2005), refined at multiples of that lag.
 * Audio thread. One lane at a time, along time, on material of 11 to 22 kHz; an estimate takes about 20 ms, and its work is
 * spread evenly over the cells of that time. Which cell does what follows from absolute time alone. */
#ifndef GD_DSP_PITCH_H
#define GD_DSP_PITCH_H

#include <string.h>

#include "../block.h"

enum {
    PITCH_LOWEST_HZ = 40,
    PITCH_STAGES = 6,   /* halvings of the rate, at most */
    PITCH_TAPS = 14,    /* of a stage's filter, before the newest sample */
    PITCH_LAGS = 560,   /* longest lag, and the window is twice as long */
    PITCH_SPAN = 1696,  /* samples of a window and its longest lag */
    PITCH_ROW = 16,     /* products that are summed side by side */
};

/* A lane's memory; begins with what others may read. */
typedef struct {
    float reading[8];
    float cell[GD_SLICE];
    float before[PITCH_STAGES][16];     /* the last samples that each stage was given */
    float recent[PITCH_SPAN], kept[PITCH_SPAN]; /* newest last; as the analysis began */
    float alike[PITCH_LAGS + PITCH_ROW];        /* the function, by lag */
} PitchMemory;

typedef struct { uint32_t halvings, lags, window, cells; float rate_hz; } PitchPlan;

typedef struct { float frequency_hz, confidence; bool fresh; } PitchFound;

typedef float PitchRow __attribute__((vector_size(4 * PITCH_ROW)));

GD_RT INLINE PitchPlan pitch_plan(float sample_rate_hz)
{
    PitchPlan p = {.rate_hz = sample_rate_hz};
    while (p.rate_hz >= 22000.0f && p.halvings < PITCH_STAGES) {
        p.rate_hz *= 0.5f;
        ++p.halvings;
    }
    p.lags = (uint32_t)(p.rate_hz * (1.0f / PITCH_LOWEST_HZ)) + 2;
    p.lags = p.lags < PITCH_LAGS ? p.lags : PITCH_LAGS;
    p.window = (2 * p.lags + PITCH_ROW - 1) / PITCH_ROW * PITCH_ROW;
    p.cells = (uint32_t)(0.02f * sample_rate_hz / GD_SLICE + 0.5f);
    p.cells = p.cells ? p.cells : 1;
    return p;
}

/* Half the rate, in place; a half-band filter of 15 taps, 52 dB down from 0.34 of the rate. */
GD_RT INLINE uint32_t pitch_halve(float *x, uint32_t count, float *before)
{
    static const float taps[4] = {-0.00801394666f, 0.0286103323f, -0.0808488527f, 0.309072192f};
    float all[PITCH_TAPS + GD_SLICE];
    memcpy(all, before, PITCH_TAPS * sizeof *all);
    memcpy(all + PITCH_TAPS, x, count * sizeof *all);
    memcpy(before, all + count, PITCH_TAPS * sizeof *all);
    for (uint32_t i = 0; i < count / 2; ++i) {
        const float *w = all + 2 * i + 1;
        float sum = 0.5f * w[6];
        for (int k = 0; k < 4; ++k)
            sum += taps[k] * (w[2 * k - 1] + w[13 - 2 * k]);
        x[i] = sum;
    }
    return count / 2;
}

GD_RT INLINE float pitch_dot(const float *a, const float *b, uint32_t count)
{
    PitchRow sum = {0};
    for (uint32_t i = 0; i < count; i += PITCH_ROW) {
        PitchRow x, y;
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        sum += x * y;
    }
    float total = 0.0f;
    for (uint32_t k = 0; k < PITCH_ROW; ++k)
        total += sum[k];
    return total;
}

/* What is analysed next: the recent past without its mean, which is that of sixteen sums. */
GD_RT INLINE void pitch_keep(PitchMemory *m, const PitchPlan *p)
{
    const uint32_t span = p->window + p->lags;
    const float *from = m->recent + PITCH_SPAN - span;
    PitchRow sums = {0}, x;
    for (uint32_t i = 0; i < p->window; i += PITCH_ROW) {
        memcpy(&x, from + i, sizeof x);
        sums += x;
    }
    float mean = 0.0f;
    for (uint32_t k = 0; k < PITCH_ROW; ++k)
        mean += sums[k];
    mean /= (float)p->window;
    for (uint32_t i = 0; i < span; ++i)
        m->kept[i] = from[i] - mean;
}

/* The function at some lags: twice the correlation over the energy of both windows. */
GD_RT INLINE void pitch_compare(PitchMemory *m, const PitchPlan *p, uint32_t from, uint32_t end)
{
    const float *x = m->kept;
    const float own = pitch_dot(x, x, p->window);
    double other = from < p->lags ? pitch_dot(x + from, x + from, p->window) : 0.0f;
    for (uint32_t lag = from; lag < end && lag < p->lags; ++lag) {
        const float energy = own + (float)other, *last = x + lag + p->window;
        m->alike[lag] = energy > 1e-12f ? 2.0f * pitch_dot(x, x + lag, p->window) / energy : 0.0f;
        other += (double)last[0] * last[0] - (double)x[lag] * x[lag];
    }
}

typedef struct { float at, height; } PitchPeak;

/* The top of the parabola through a sample and its neighbours. */
GD_RT INLINE PitchPeak pitch_peak(const float *y, uint32_t k)
{
    const float left = y[k - 1], top = y[k], right = y[k + 1], bend = left - 2.0f * top + right;
    const float shift = bend < 0.0f ? 0.5f * (left - right) / bend : 0.0f;
    return (PitchPeak){(float)k + shift, top - 0.25f * (left - right) * shift};
}

/* The first peak nearly as high as the highest one: the period, and not one of its multiples. */
GD_RT INLINE PitchPeak pitch_first(const float *y, uint32_t lags, float shortest, float longest)
{
    PitchPeak first = {0.0f, 0.0f};
    float highest = 0.0f;
    for (int pass = 0; pass < 2; ++pass) {
        uint32_t lag = 1;
        while (lag + 1 < lags && y[lag] > 0.0f)
            ++lag;
        for (; lag + 1 < lags; ++lag) {
            if (y[lag] <= 0.0f || y[lag] < y[lag - 1] || y[lag] <= y[lag + 1])
                continue;
            PitchPeak peak = pitch_peak(y, lag);
            if (peak.at < shortest || peak.at > longest)
                continue;
            if (pass == 1 && peak.height >= 0.82f * highest)
                return peak;
            highest = peak.height > highest ? peak.height : highest;
        }
    }
    return first;
}

/* At multiples of the period the same error of a sample is a smaller part. */
GD_RT INLINE PitchPeak pitch_refined(const float *y, uint32_t lags, PitchPeak first)
{
    float period = first.at, height = first.height;
    for (float times = 2.0f; times * period + 2.0f < (float)lags; times *= 2.0f) {
        uint32_t k = (uint32_t)(times * period + 0.5f);
        k += y[k + 1] > y[k] ? 1 : y[k - 1] > y[k] ? (uint32_t)-1 : 0;
        PitchPeak peak = pitch_peak(y, k);
        if (k + 1 >= lags || peak.height < 0.8f * first.height || y[k] < y[k - 1] || y[k] < y[k + 1])
            break;
        period = peak.at / times;
        height = peak.height > height ? peak.height : height;
    }
    return (PitchPeak){period, height};
}

GD_RT INLINE PitchFound pitch_choose(const PitchMemory *m, const PitchPlan *p, float lowest_hz, float highest_hz)
{
    const float level = pitch_dot(m->kept, m->kept, p->window) / (float)p->window;
    const float shortest = 0.97f * p->rate_hz / highest_hz, longest = 1.03f * p->rate_hz / lowest_hz;
    const PitchPeak first = pitch_first(m->alike, p->lags, shortest, longest);
    if (level < 1e-9f || first.height <= 0.0f)
        return (PitchFound){0.0f, 0.0f, true};
    const PitchPeak best = pitch_refined(m->alike, p->lags, first);
    return (PitchFound){p->rate_hz / best.at, best.height < 1.0f ? best.height : 1.0f, true};
}

/* The end of a cell, whose input lies in `cell`: `fresh` once in a while, when there is an estimate. */
GD_RT static PitchFound pitch_end_cell(PitchMemory *m, const GdBlock *b, float lowest_hz, float highest_hz)
{
    const PitchPlan p = pitch_plan(b->sample_rate_hz);
    uint32_t count = GD_SLICE;
    for (uint32_t stage = 0; stage < p.halvings; ++stage)
        count = pitch_halve(m->cell, count, m->before[stage]);
    memmove(m->recent, m->recent + count, (PITCH_SPAN - count) * sizeof *m->recent);
    memcpy(m->recent + PITCH_SPAN - count, m->cell, count * sizeof *m->recent);
    const uint32_t turn = (uint32_t)(b->time / GD_SLICE % p.cells), share = (p.lags + p.cells - 1) / p.cells;
    if (turn == 0)
        pitch_keep(m, &p);
    pitch_compare(m, &p, turn * share, (turn + 1) * share);
    if (turn + 1 < p.cells)
        return (PitchFound){0};
    return pitch_choose(m, &p, lowest_hz, highest_hz);
}

/* A slice of input into the memories of the lanes; true at the end of a cell. */
GD_RT INLINE bool pitch_take(const GdBlock *b, const Lanes *in)
{
    for (uint32_t l = 0; l < b->lanes; ++l) {
        PitchMemory *m = (PitchMemory *)(void *)b->memory[l]->data;
        for (uint32_t i = 0; i < b->frames; ++i) {
            const float x = LANE(in[i], l);
            m->cell[b->offset + i] = x > -1e4f && x < 1e4f ? x : 0.0f;
        }
    }
    return b->offset + b->frames == GD_SLICE;
}

#endif
