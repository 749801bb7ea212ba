/* The tank of a reverb: a feedback delay network of sixteen lines with allpasses before it, all rings of one lane.
 * Audio thread. After Jean-Marc Jot and Antoine Chaigne, "Digital delay networks for designing artificial reverberators"
 * (1991): a lossless matrix, here Hadamard's, and in each line a filter whose decibels are in proportion to its length,
 * so that all lines lose the same in a second. Everything that can be done along time is; only the filters, which feed
 * themselves from frame to frame, run across the lines. */
#ifndef GD_DSP_TANK_H
#define GD_DSP_TANK_H

#include "rings.h"

enum {
    TANK_LINES = 16, TANK_ROWS = TANK_LINES / ROW, TANK_SIDES = 2, TANK_DIFFUSERS = 4, TANK_TAPS = 8,
    TANK_SHARES = 28, /* parts of the memory: 16 lines, 2 x 4 for what comes before, 2 early, 8 diffusers of a quarter */
    TANK_WIDE = GD_SLICE + ROW_MOST,
};

typedef struct { Ring line[TANK_LINES], before[TANK_SIDES], early[TANK_SIDES], diffuser[TANK_SIDES][TANK_DIFFUSERS]; } Tank;

/* Where the rings are read, in frames. */
typedef struct {
    int32_t line[TANK_LINES];
    uint32_t tap[TANK_SIDES][TANK_TAPS], before;
    uint32_t least; /* the shortest line */
} TankShape;

/* Of a line's filter, for a row of lines: a shelf below and one above, each with one integrator. */
typedef struct { Row low_step, low, high_step, direct, high; } TankLoss;
typedef struct { Row low, high; } TankCharge;

/* What goes on in a slice. */
typedef struct {
    const TankShape *now, *was; /* `was` where a cross-fade is under way, else null */
    const float *fade;          /* its share of `now`, by frame of the slice */
    Sway sway[TANK_LINES];
    TankLoss loss[TANK_ROWS], slope[TANK_ROWS]; /* at the cell's first frame, and its change a frame */
    bool ramps;                 /* whether any slope is not zero */
    float diffusion, diffusion_slope, gain, gain_slope;
    uint32_t diffuser_delay[TANK_SIDES][TANK_DIFFUSERS];
    uint32_t time, offset;      /* the cell's first frame, and the slice's first in it */
    bool sounding;              /* out: whether anything but zeros was written */
} TankSlice;

INLINE Tank tank_of(const GdMemory *memory)
{
    uint32_t ring = 4 * GD_SLICE;
    while (TANK_SHARES * (2 * ring + RING_GUARD) <= memory->frames)
        ring *= 2;
    Tank t;
    float *at = memory->data;
    for (uint32_t k = 0; k < TANK_LINES; ++k, at += ring + RING_GUARD)
        t.line[k] = (Ring){at, ring - 1};
    for (uint32_t c = 0; c < TANK_SIDES; ++c, at += 4 * ring + RING_GUARD)
        t.before[c] = (Ring){at, 4 * ring - 1};
    for (uint32_t c = 0; c < TANK_SIDES; ++c, at += ring + RING_GUARD)
        t.early[c] = (Ring){at, ring - 1};
    for (uint32_t k = 0; k < TANK_SIDES * TANK_DIFFUSERS; ++k, at += ring / 4 + RING_GUARD)
        t.diffuser[k % 2][k / 2] = (Ring){at, ring / 4 - 1};
    return t;
}

/* --- what comes before the network --- */

/* Fade from the old to what `to` holds. */
INLINE void tank_mix_into(float *to, const float *from, const float *share, uint32_t frames)
{
    for (uint32_t k = 0; k < frames; k += ROW) {
        const Row old = row_load(from + k);
        row_store(to + k, old + row_load(share + k) * (row_load(to + k) - old));
    }
}

INLINE void tank_late(float *to, Ring ring, const TankSlice *s, uint32_t j, uint32_t frames)
{
    float old[TANK_WIDE];
    const size_t bytes = (frames + ROW_MOST - 1) / ROW_MOST * ROW_MOST * sizeof *to;
    memcpy(to, ring_at(ring, s->time + j - s->now->before), bytes);
    if (!s->was)
        return;
    memcpy(old, ring_at(ring, s->time + j - s->was->before), bytes);
    tank_mix_into(to, old, s->fade + (j - s->offset), frames);
}

/* Six reflections from a side's own wall and two from across, signs in turn. */
INLINE void tank_taps(float *to, const Ring early[TANK_SIDES], const TankShape *shape, uint32_t side, uint32_t place,
                      uint32_t frames)
{
    static const float gains[TANK_TAPS] = {0.52f, -0.46f, 0.41f, 0.36f, -0.32f, 0.27f, -0.23f, 0.19f};
    memset(to, 0, TANK_WIDE * sizeof *to);
    for (uint32_t t = 0; t < TANK_TAPS; ++t) {
        const float *from = ring_at(early[t % 4 == 2 ? 1 - side : side], place - shape->tap[side][t]);
        for (uint32_t k = 0; k < frames; k += ROW)
            row_store(to + k, row_load(to + k) + gains[t] * row_load(from + k));
    }
}

/* From what came in to the early reflections and to what enters the network. */
INLINE void tank_enter(const Tank *t, TankSlice *s, const float *const in[TANK_SIDES], float *const early[TANK_SIDES],
                       float entering[TANK_SIDES][TANK_WIDE], uint32_t j, uint32_t frames)
{
    const uint32_t at = j - s->offset;
    for (uint32_t c = 0; c < TANK_SIDES; ++c) {
        float *x = entering[c];
        ring_write(t->before[c], s->time + j, in[c] + at, frames);
        tank_late(x, t->before[c], s, j, frames);
        for (uint32_t d = 0; d < TANK_DIFFUSERS; ++d) {
            s->sounding |= ring_allpass(x, t->diffuser[c][d], s->time, s->diffuser_delay[c][d], s->diffusion,
                                        s->diffusion_slope, j, frames);
            if (d == 1)
                ring_write(t->early[c], s->time + j, x, frames);
        }
        for (uint32_t k = 0; k < frames; k += ROW)
            row_store(x + k, row_load(x + k) * (s->gain + s->gain_slope * row_counting((float)(j + k))));
    }
    for (uint32_t c = 0; c < TANK_SIDES; ++c) {
        float now[TANK_WIDE], was[TANK_WIDE];
        tank_taps(now, t->early, s->now, c, s->time + j, frames);
        if (s->was) {
            tank_taps(was, t->early, s->was, c, s->time + j, frames);
            tank_mix_into(now, was, s->fade + at, frames);
        }
        memcpy(early[c] + at, now, frames * sizeof *now);
    }
}

/* --- the network --- */

INLINE Row tank_absorb(TankCharge *charge, TankLoss c, Row x)
{
    const Row low = (charge->low - c.low_step * charge->low) + c.low_step * x;
    x = x + c.low * (charge->low + low);
    const Row high = (charge->high - c.high_step * charge->high) + c.high_step * x;
    x = c.direct * x + c.high * (charge->high + high);
    *charge = (TankCharge){low, high};
    return x;
}

INLINE TankLoss tank_loss_at(const TankLoss *c, const TankLoss *slope, float j)
{
    return (TankLoss){c->low_step + j * slope->low_step, c->low + j * slope->low, c->high_step + j * slope->high_step,
                      c->direct + j * slope->direct, c->high + j * slope->high};
}

/* A row of lines through their filters, along `frames` frames from frame `j` of the cell. */
INLINE void tank_filter_row(float *x, TankCharge *charge, const TankLoss *loss, const TankLoss *slope, bool ramps,
                            uint32_t j, uint32_t frames)
{
    TankCharge held = *charge;
    const TankLoss still = *loss;
    if (ramps)
        for (uint32_t i = 0; i < frames; ++i, x += TANK_LINES)
            row_store(x, tank_absorb(&held, tank_loss_at(&still, slope, (float)(j + i)), row_load(x)));
    else
        for (uint32_t i = 0; i < frames; ++i, x += TANK_LINES)
            row_store(x, tank_absorb(&held, still, row_load(x)));
    *charge = held;
}

/* All lines through their filters, sixteen frames at a time. */
INLINE void tank_filter(float lines[TANK_LINES][TANK_WIDE], const TankSlice *s, TankCharge charge[TANK_ROWS], uint32_t j,
                        uint32_t frames)
{
    enum { BLOCK = 16 };
    for (uint32_t k = 0; k < frames; k += BLOCK) {
        float across[BLOCK][TANK_LINES];
        const uint32_t n = frames - k < BLOCK ? frames - k : BLOCK;
        rows_transpose(across[0], TANK_LINES, &lines[0][k], TANK_WIDE, TANK_LINES, BLOCK);
        for (uint32_t r = 0; r < TANK_ROWS; ++r)
            tank_filter_row(across[0] + r * ROW, &charge[r], &s->loss[r], &s->slope[r], s->ramps, j + k, n);
        rows_transpose(&lines[0][k], TANK_WIDE, across[0], TANK_LINES, BLOCK, TANK_LINES);
    }
}

INLINE void tank_butterflies(Row x[TANK_LINES], const uint32_t apart)
{
    for (uint32_t k = 0; k < TANK_LINES / 2; ++k) {
        const uint32_t l = k / apart * 2 * apart + k % apart;
        const Row a = x[l], b = x[l + apart];
        x[l] = a + b;
        x[l + apart] = a - b;
    }
}

/* A row of frames of all lines: what is heard of them on each side, then Hadamard's matrix, then what enters: the left
 * side into the even lines, the right one into the odd ones. Below -200 dB lines are silent, so that they end. */
INLINE void tank_spread(float lines[TANK_LINES][TANK_WIDE], uint32_t k, const float entering[TANK_SIDES][TANK_WIDE],
                        Row heard[TANK_SIDES], RowInts *any)
{
    static const float signs[TANK_LINES] = {1, 1, -1, 1, 1, -1, -1, -1, 1, -1, 1, 1, -1, 1, -1, -1};
    Row x[TANK_LINES];
    heard[0] = heard[1] = row(0.0f);
    for (uint32_t l = 0; l < TANK_LINES; ++l) {
        x[l] = row_load(&lines[l][k]);
        heard[l % 2] += signs[l] * x[l];
    }
    tank_butterflies(x, 1);
    tank_butterflies(x, 2);
    tank_butterflies(x, 4);
    tank_butterflies(x, 8);
    const Row in[TANK_SIDES] = {row_load(entering[0] + k), row_load(entering[1] + k)};
    for (uint32_t l = 0; l < TANK_LINES; ++l)
        row_store(&lines[l][k], row_gate(0.25f * x[l] + in[l % 2], 1e-10f, any));
}

/* One run, shorter than every line. */
INLINE void tank_turn(const Tank *t, TankSlice *s, TankCharge charge[TANK_ROWS], float entering[TANK_SIDES][TANK_WIDE],
                      float *const late[TANK_SIDES], uint32_t j, uint32_t frames)
{
    float lines[TANK_LINES][TANK_WIDE], old[TANK_WIDE];
    for (uint32_t l = 0; l < TANK_LINES; ++l) {
        ring_read(lines[l], t->line[l], s->time, j, frames, s->now->line[l], s->sway[l]);
        if (s->was) {
            ring_read(old, t->line[l], s->time, j, frames, s->was->line[l], s->sway[l]);
            tank_mix_into(lines[l], old, s->fade + (j - s->offset), frames);
        }
    }
    tank_filter(lines, s, charge, j, frames);
    RowInts any = {0};
    for (uint32_t k = 0; k < frames; k += ROW) {
        Row heard[TANK_SIDES];
        tank_spread(lines, k, (const float(*)[TANK_WIDE])entering, heard, &any);
        for (uint32_t c = 0; c < TANK_SIDES; ++c)
            row_store(late[c] + (j - s->offset) + k, heard[c]);
    }
    for (uint32_t l = 0; l < TANK_LINES; ++l)
        ring_write(t->line[l], s->time + j, lines[l], frames);
    s->sounding |= row_any(any);
}

#endif
