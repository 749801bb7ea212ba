/* Rings of one lane that are read and written in runs: what was written in frame t lies at t & mask, and the first
 * cells lie behind the end once more, so that a run never wraps. Audio thread. */
#ifndef GD_DSP_RINGS_H
#define GD_DSP_RINGS_H

#include "../block.h"
#include "rows.h"

enum { RING_GUARD = 2 * GD_SLICE }; /* frames behind the end */

typedef struct {
    float *data;
    uint32_t mask; /* a power of two of frames, at least a cell, less one */
} Ring;

/* A run lies within one cell. */
INLINE void ring_write(Ring ring, uint32_t time, const float *from, uint32_t frames)
{
    const uint32_t at = time & ring.mask;
    memcpy(ring.data + at, from, frames * sizeof *from);
    if (at < RING_GUARD)
        memcpy(ring.data + ring.mask + 1 + at, from, frames * sizeof *from);
}

/* At most a cell and a row from a place on. */
INLINE const float *ring_at(Ring ring, uint32_t place) { return ring.data + (place & ring.mask); }

/* How far a delay sways from its whole number of frames: `from` + j * `slope` frames in frame j of a cell. */
typedef struct { float from, slope; } Sway;

INLINE int32_t floor_of(float x)
{
    const int32_t whole = (int32_t)x;
    return whole - (x < (float)whole);
}

/* The cubic of Catmull and Rom through four frames in a row, `part` + j * `slope` of the way back from the third to the
 * second. Its gain is never above 1, so a loop with it does not grow. */
INLINE void ring_between(float *to, const float *from, float part, float slope, uint32_t j, uint32_t frames)
{
    for (uint32_t k = 0; k < frames; k += ROW) {
        const Row f = part + slope * row_counting((float)(j + k));
        const Row d = row_load(from + k), c = row_load(from + k + 1), b = row_load(from + k + 2), a = row_load(from + k + 3);
        const Row step = c - b, tangent = 0.5f * (c - a), bend = 0.5f * (d - a) - 1.5f * step;
        row_store(to + k, b + f * (tangent + f * (step - tangent - bend + f * bend)));
    }
}

/* `frames` frames from frame `j` of a cell on, which begins at `time`, read `delay` plus the sway late. `to` has room
 * for a row more. Where the sway passes a whole number, the run is cut, at the same frame however a cell is cut. */
INLINE void ring_read(float *to, Ring ring, uint32_t time, uint32_t j, uint32_t frames, int32_t delay, Sway sway)
{
    for (uint32_t done = 0; done < frames;) {
        const uint32_t first = j + done;
        const int32_t whole = floor_of(sway.from + sway.slope * (float)first);
        uint32_t n = frames - done;
        if (floor_of(sway.from + sway.slope * (float)(j + frames - 1)) != whole)
            for (n = 1; floor_of(sway.from + sway.slope * (float)(first + n)) == whole;)
                ++n;
        ring_between(to + done, ring_at(ring, time + first - (uint32_t)(delay + whole) - 2), sway.from - (float)whole,
                     sway.slope, first, n);
        done += n;
    }
}

/* Schroeder's allpass along a run no longer than its delay: in place, all frames at once. What it keeps is dropped below
 * -240 dB, so that it ends; true if it kept anything. */
INLINE bool ring_allpass(float *x, Ring ring, uint32_t time, uint32_t delay, float gain, float slope, uint32_t j,
                         uint32_t frames)
{
    const float *late = ring_at(ring, time + j - delay);
    float held[GD_SLICE + ROW_MOST];
    RowInts any = {0};
    for (uint32_t k = 0; k < frames; k += ROW) {
        const Row g = gain + slope * row_counting((float)(j + k)), old = row_load(late + k);
        const Row sum = row_load(x + k) - g * old;
        const Row kept = row_gate(sum, 1e-12f, &any);
        row_store(held + k, kept);
        row_store(x + k, old + g * kept);
    }
    ring_write(ring, time + j, held, frames);
    return row_any(any);
}

#endif
