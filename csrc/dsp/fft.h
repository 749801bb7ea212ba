/* Fourier transforms of real signals of 128 to 16,384 frames, 2^6 to 2^13 complex numbers. Any thread.
 *
 * * A real signal of 2 B frames is a polynomial; taken modulo z^B - i its second half becomes the imaginary part of B
 * complex numbers. Splitting z^L - c into factors z^(L/4) - r, with r the fourth roots of c, again and again ends in
 * the values at the B roots exp(2 pi i (m + 1/4) / B): the spectrum at the odd multiples of half a bin, (k + 1/2) / 2B
 * cycles a frame, where no bin is real and nothing is packed or unpacked. A product of two such spectra is a
 * convolution that comes back with its sign turned round past frame 2 B, which overlap-save throws away. (Nussbaumer,
 * Fast Fourier Transform and Convolution Algorithms, 1982, on polynomial products; Bernstein, Multidigit
 * Multiplication for Mathematicians, 2001, on the form of the splitting.)
 *
 * * Work is done in place and in sweeps over the numbers: radix 4 down to blocks of 64, then one sweep that does the
 * rest of each 64 in registers. A sweep is B / 64 units, each as good as independent, so that a large transform can be
 * spread over time. The order of a spectrum is that of `fft_place`; it is the same at every level, as are all bits. */
#ifndef GD_DSP_FFT_H
#define GD_DSP_FFT_H

#include "../fft_tables.h"
#include "../lanes.h"
#include <stdbool.h>
#include <string.h>

#if defined(__AVX512F__)
#define FFT_V 16
#elif defined(__AVX__)
#define FFT_V 8
#else
#define FFT_V 4
#endif
typedef float Row __attribute__((vector_size(4 * FFT_V)));
typedef float RowAnywhere __attribute__((vector_size(4 * FFT_V), aligned(4), may_alias));
typedef int32_t RowInts __attribute__((vector_size(4 * FFT_V)));
enum { FFT_UNIT = 64, FFT_QUADS = FFT_V / 4 };

INLINE Row row_of(float x) { return x - (Row){0}; }
INLINE Row row_at(const float *p) { return *(const RowAnywhere *)p; }
INLINE void row_put(float *p, Row x) { *(RowAnywhere *)p = x; }

/* Columns of four numbers to rows, in each quad of the rows. */
INLINE void rows_turn(Row q[4])
{
#if FFT_V == 16
    const RowInts low = {0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29};
    const RowInts high = {2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31};
    const RowInts first = {0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29};
    const RowInts last = {2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31};
#elif FFT_V == 8
    const RowInts low = {0, 8, 1, 9, 4, 12, 5, 13}, high = {2, 10, 3, 11, 6, 14, 7, 15};
    const RowInts first = {0, 1, 8, 9, 4, 5, 12, 13}, last = {2, 3, 10, 11, 6, 7, 14, 15};
#else
    const RowInts low = {0, 4, 1, 5}, high = {2, 6, 3, 7}, first = {0, 1, 4, 5}, last = {2, 3, 6, 7};
#endif
    Row ab = __builtin_shuffle(q[0], q[1], low), AB = __builtin_shuffle(q[0], q[1], high);
    Row cd = __builtin_shuffle(q[2], q[3], low), CD = __builtin_shuffle(q[2], q[3], high);
    q[0] = __builtin_shuffle(ab, cd, first);
    q[1] = __builtin_shuffle(ab, cd, last);
    q[2] = __builtin_shuffle(AB, CD, first);
    q[3] = __builtin_shuffle(AB, CD, last);
}

/* Of a unit's four runs of 16 numbers, those from run `b` on that fill a row: number 4 j + q of each run in row j. */
INLINE void rows_gather(Row q[4], const float *unit, uint32_t b)
{
#if FFT_V == 16
    (void)b;
    const RowInts low = {0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23};
    const RowInts high = {8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31};
    const RowInts first = {0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23};
    const RowInts last = {8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31};
    Row r0 = row_at(unit), r1 = row_at(unit + 16), r2 = row_at(unit + 32), r3 = row_at(unit + 48);
    Row ab = __builtin_shuffle(r0, r1, low), AB = __builtin_shuffle(r0, r1, high);
    Row cd = __builtin_shuffle(r2, r3, low), CD = __builtin_shuffle(r2, r3, high);
    q[0] = __builtin_shuffle(ab, cd, first);
    q[1] = __builtin_shuffle(ab, cd, last);
    q[2] = __builtin_shuffle(AB, CD, first);
    q[3] = __builtin_shuffle(AB, CD, last);
#elif FFT_V == 8
    const RowInts first = {0, 1, 2, 3, 8, 9, 10, 11}, last = {4, 5, 6, 7, 12, 13, 14, 15};
    Row r0 = row_at(unit + 16 * b), r1 = row_at(unit + 16 * b + 16);
    Row R0 = row_at(unit + 16 * b + 8), R1 = row_at(unit + 16 * b + 24);
    q[0] = __builtin_shuffle(r0, r1, first);
    q[1] = __builtin_shuffle(r0, r1, last);
    q[2] = __builtin_shuffle(R0, R1, first);
    q[3] = __builtin_shuffle(R0, R1, last);
#else
    for (uint32_t j = 0; j < 4; ++j)
        q[j] = row_at(unit + 16 * b + 4 * j);
#endif
}

INLINE void rows_scatter(float *unit, const Row q[4], uint32_t b)
{
#if FFT_V == 16
    (void)b;
    const RowInts low = {0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27};
    const RowInts high = {4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31};
    const RowInts first = {0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23};
    const RowInts last = {8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31};
    Row ab = __builtin_shuffle(q[0], q[1], low), AB = __builtin_shuffle(q[0], q[1], high);
    Row cd = __builtin_shuffle(q[2], q[3], low), CD = __builtin_shuffle(q[2], q[3], high);
    row_put(unit, __builtin_shuffle(ab, cd, first));
    row_put(unit + 16, __builtin_shuffle(AB, CD, first));
    row_put(unit + 32, __builtin_shuffle(ab, cd, last));
    row_put(unit + 48, __builtin_shuffle(AB, CD, last));
#elif FFT_V == 8
    const RowInts first = {0, 1, 2, 3, 8, 9, 10, 11}, last = {4, 5, 6, 7, 12, 13, 14, 15};
    row_put(unit + 16 * b, __builtin_shuffle(q[0], q[1], first));
    row_put(unit + 16 * b + 16, __builtin_shuffle(q[0], q[1], last));
    row_put(unit + 16 * b + 8, __builtin_shuffle(q[2], q[3], first));
    row_put(unit + 16 * b + 24, __builtin_shuffle(q[2], q[3], last));
#else
    for (uint32_t j = 0; j < 4; ++j)
        row_put(unit + 16 * b + 4 * j, q[j]);
#endif
}

typedef struct { Row re, im; } RowPair; /* complex numbers */

INLINE RowPair pair_times(RowPair a, Row re, Row im) { return (RowPair){a.re * re - a.im * im, a.re * im + a.im * re}; }
INLINE RowPair pair_times_conjugate(RowPair a, Row re, Row im)
{
    return (RowPair){a.re * re + a.im * im, a.im * re - a.re * im};
}
INLINE RowPair pair_sum(RowPair a, RowPair b) { return (RowPair){a.re + b.re, a.im + b.im}; }
INLINE RowPair pair_difference(RowPair a, RowPair b) { return (RowPair){a.re - b.re, a.im - b.im}; }

/* Remainders of a0 + a1 z + a2 z^2 + a3 z^3 at r, -r, i r, -i r; `roots` are re and im of r, r^2, r^3. */
INLINE void split4(RowPair a[4], const Row roots[6])
{
    RowPair b1 = pair_times(a[1], roots[0], roots[1]), b2 = pair_times(a[2], roots[2], roots[3]);
    RowPair b3 = pair_times(a[3], roots[4], roots[5]);
    RowPair even = pair_sum(a[0], b2), odd = pair_sum(b1, b3);
    RowPair EVEN = pair_difference(a[0], b2), ODD = pair_difference(b1, b3);
    a[0] = pair_sum(even, odd);
    a[1] = pair_difference(even, odd);
    a[2] = (RowPair){EVEN.re - ODD.im, EVEN.im + ODD.re};
    a[3] = (RowPair){EVEN.re + ODD.im, EVEN.im - ODD.re};
}

/* Back again, four times as large. */
INLINE void join4(RowPair y[4], const Row roots[6])
{
    RowPair even = pair_sum(y[0], y[1]), odd = pair_difference(y[0], y[1]);
    RowPair EVEN = pair_sum(y[2], y[3]), ODD = pair_difference(y[2], y[3]); /* ODD stands for -i times itself */
    y[0] = pair_sum(even, EVEN);
    y[1] = pair_times_conjugate((RowPair){odd.re + ODD.im, odd.im - ODD.re}, roots[0], roots[1]);
    y[2] = pair_times_conjugate(pair_difference(even, EVEN), roots[2], roots[3]);
    y[3] = pair_times_conjugate((RowPair){odd.re - ODD.im, odd.im + ODD.re}, roots[4], roots[5]);
}

INLINE bool fft_begins_with_two(uint32_t size) { return (__builtin_ctz(size) & 1) != 0; }

/* Sweeps of a transform of `size` complex numbers, in either direction. */
INLINE uint32_t fft_sweeps(uint32_t size) { return ((uint32_t)__builtin_ctz(size) - 6 + 1) / 2 + 1; }

/* Blocks that a sweep of the forward transform finds; the backward one takes the sweeps in reverse. */
INLINE uint32_t fft_blocks(uint32_t size, uint32_t sweep)
{
    if (!fft_begins_with_two(size))
        return 1u << (2 * sweep);
    return sweep ? 1u << (2 * sweep - 1) : 1;
}

/* One block into two; the only block there is, because this sweep is the first. */
INLINE void fft_two(const float *re, const float *im, float *to_re, float *to_im, uint32_t size, uint32_t from,
                    uint32_t to)
{
    const uint32_t half = size / 2;
    const Row root_re = row_of(gd_fft_tables.blocks[1][2]), root_im = row_of(gd_fft_tables.blocks[1][3]);
    for (uint32_t i = from * FFT_UNIT / 2; i < to * FFT_UNIT / 2; i += FFT_V) {
        RowPair a = {row_at(re + i), row_at(im + i)}, b = {row_at(re + half + i), row_at(im + half + i)};
        b = pair_times(b, root_re, root_im);
        row_put(to_re + i, a.re + b.re);
        row_put(to_im + i, a.im + b.im);
        row_put(to_re + half + i, a.re - b.re);
        row_put(to_im + half + i, a.im - b.im);
    }
}

INLINE void fft_two_back(float *re, float *im, uint32_t size, uint32_t from, uint32_t to)
{
    const uint32_t half = size / 2;
    const Row root_re = row_of(gd_fft_tables.blocks[1][2]), root_im = row_of(gd_fft_tables.blocks[1][3]);
    for (uint32_t i = from * FFT_UNIT / 2; i < to * FFT_UNIT / 2; i += FFT_V) {
        RowPair a = {row_at(re + i), row_at(im + i)}, b = {row_at(re + half + i), row_at(im + half + i)};
        RowPair rest = pair_times_conjugate(pair_difference(a, b), root_re, root_im);
        row_put(re + i, a.re + b.re);
        row_put(im + i, a.im + b.im);
        row_put(re + half + i, rest.re);
        row_put(im + half + i, rest.im);
    }
}

/* Units `from` to `to` of a sweep of radix 4, read at one place and written at another or the same. */
INLINE void fft_four(const float *re, const float *im, float *to_re, float *to_im, uint32_t size, uint32_t blocks,
                     uint32_t from, uint32_t to, bool back)
{
    const uint32_t quarter = size / blocks / 4, first = from * FFT_UNIT / 4, last = to * FFT_UNIT / 4;
    for (uint32_t u = first; u < last;) {
        const uint32_t block = u / quarter, end = (block + 1) * quarter < last ? (block + 1) * quarter : last;
        Row roots[6];
        for (uint32_t k = 0; k < 6; ++k)
            roots[k] = row_of(gd_fft_tables.blocks[blocks + block][k]);
        for (; u < end; u += FFT_V) {
            const uint32_t at = block * 4 * quarter + u % quarter;
            RowPair a[4];
            for (uint32_t j = 0; j < 4; ++j)
                a[j] = (RowPair){row_at(re + at + j * quarter), row_at(im + at + j * quarter)};
            if (back)
                join4(a, roots);
            else
                split4(a, roots);
            for (uint32_t j = 0; j < 4; ++j) {
                row_put(to_re + at + j * quarter, a[j].re);
                row_put(to_im + at + j * quarter, a[j].im);
            }
        }
    }
}

INLINE void rows_of_pairs(RowPair a[4], const Row re[4], const Row im[4])
{
    for (uint32_t j = 0; j < 4; ++j)
        a[j] = (RowPair){re[j], im[j]};
}
INLINE void pairs_to_rows(Row re[4], Row im[4], const RowPair a[4])
{
    for (uint32_t j = 0; j < 4; ++j) {
        re[j] = a[j].re;
        im[j] = a[j].im;
    }
}
INLINE void tile_roots(Row roots[6], const float table[6][16], uint32_t b)
{
    for (uint32_t k = 0; k < 6; ++k)
        roots[k] = row_at(table[k] + 4 * b);
}

/* The last sweep: each unit of 64 into single numbers, which end as [remainder of the last splitting][its block]. */
INLINE void fft_last(float *re, float *im, uint32_t size, uint32_t from, uint32_t to)
{
    for (uint32_t unit = from; unit < to; ++unit) {
        const GdFftTile *tile = &gd_fft_tables.tiles[size / FFT_UNIT + unit];
        float *at_re = re + unit * FFT_UNIT, *at_im = im + unit * FFT_UNIT;
        Row part_re[4 / FFT_QUADS][4], part_im[4 / FFT_QUADS][4], roots[6];
        fft_four(re, im, re, im, size, size / FFT_UNIT, unit, unit + 1, false);
        for (uint32_t g = 0; g < 4 / FFT_QUADS; ++g) {
            RowPair a[4];
            rows_gather(part_re[g], at_re, g * FFT_QUADS);
            rows_gather(part_im[g], at_im, g * FFT_QUADS);
            rows_of_pairs(a, part_re[g], part_im[g]);
            tile_roots(roots, tile->sixteens, g * FFT_QUADS);
            split4(a, roots);
            pairs_to_rows(part_re[g], part_im[g], a);
            rows_turn(part_re[g]);
            rows_turn(part_im[g]);
            rows_of_pairs(a, part_re[g], part_im[g]);
            tile_roots(roots, tile->fours, g * FFT_QUADS);
            split4(a, roots);
            pairs_to_rows(part_re[g], part_im[g], a);
        }
        for (uint32_t g = 0; g < 4 / FFT_QUADS; ++g)
            for (uint32_t e = 0; e < 4; ++e) {
                row_put(at_re + 16 * e + g * FFT_V, part_re[g][e]);
                row_put(at_im + 16 * e + g * FFT_V, part_im[g][e]);
            }
    }
}

INLINE void fft_last_back(float *re, float *im, uint32_t size, uint32_t from, uint32_t to)
{
    for (uint32_t unit = from; unit < to; ++unit) {
        const GdFftTile *tile = &gd_fft_tables.tiles[size / FFT_UNIT + unit];
        float *at_re = re + unit * FFT_UNIT, *at_im = im + unit * FFT_UNIT;
        Row part_re[4 / FFT_QUADS][4], part_im[4 / FFT_QUADS][4], roots[6];
        for (uint32_t g = 0; g < 4 / FFT_QUADS; ++g)
            for (uint32_t e = 0; e < 4; ++e) {
                part_re[g][e] = row_at(at_re + 16 * e + g * FFT_V);
                part_im[g][e] = row_at(at_im + 16 * e + g * FFT_V);
            }
        for (uint32_t g = 0; g < 4 / FFT_QUADS; ++g) {
            RowPair a[4];
            rows_of_pairs(a, part_re[g], part_im[g]);
            tile_roots(roots, tile->fours, g * FFT_QUADS);
            join4(a, roots);
            pairs_to_rows(part_re[g], part_im[g], a);
            rows_turn(part_re[g]);
            rows_turn(part_im[g]);
            rows_of_pairs(a, part_re[g], part_im[g]);
            tile_roots(roots, tile->sixteens, g * FFT_QUADS);
            join4(a, roots);
            pairs_to_rows(part_re[g], part_im[g], a);
            rows_scatter(at_re, part_re[g], g * FFT_QUADS);
            rows_scatter(at_im, part_im[g], g * FFT_QUADS);
        }
        fft_four(re, im, re, im, size, size / FFT_UNIT, unit, unit + 1, true);
    }
}

/* Units `from` to `to` of a forward sweep. The first one reads the signal's halves, the others go on in place. */
GD_FFT_BODY void fft_sweep(const float *first_half, const float *second_half, float *re, float *im, uint32_t size,
                           uint32_t sweep, uint32_t from, uint32_t to)
{
    const bool two = fft_begins_with_two(size);
    if (sweep + 1 == fft_sweeps(size)) {
        if (sweep == 0)
            for (uint32_t i = from * FFT_UNIT; i < to * FFT_UNIT; ++i) {
                re[i] = first_half[i];
                im[i] = second_half[i];
            }
        fft_last(re, im, size, from, to);
    } else if (sweep == 0 && two)
        fft_two(first_half, second_half, re, im, size, from, to);
    else if (sweep == 0)
        fft_four(first_half, second_half, re, im, size, 1, from, to, false);
    else
        fft_four(re, im, re, im, size, fft_blocks(size, sweep), from, to, false);
}

/* Units `from` to `to` of a backward sweep, `sweep` counted from the first one done. */
GD_FFT_BODY void fft_sweep_back(float *re, float *im, uint32_t size, uint32_t sweep, uint32_t from, uint32_t to)
{
    const uint32_t forward = fft_sweeps(size) - 1 - sweep;
    if (sweep == 0)
        fft_last_back(re, im, size, from, to);
    else if (forward == 0 && fft_begins_with_two(size))
        fft_two_back(re, im, size, from, to);
    else
        fft_four(re, im, re, im, size, fft_blocks(size, forward), from, to, true);
}

/* All of a transform of 2 `size` frames at once. */
GD_FFT_BODY void fft_forward(const float *first_half, const float *second_half, float *re, float *im, uint32_t size)
{
    for (uint32_t sweep = 0; sweep < fft_sweeps(size); ++sweep)
        fft_sweep(first_half, second_half, re, im, size, sweep, 0, size / FFT_UNIT);
}

/* Back to the signal's first half in `re` and second in `im`, `size` times as large. */
GD_FFT_BODY void fft_backward(float *re, float *im, uint32_t size)
{
    for (uint32_t sweep = 0; sweep < fft_sweeps(size); ++sweep)
        fft_sweep_back(re, im, size, sweep, 0, size / FFT_UNIT);
}

/* Spectra in order of frequency: bin k of `size` lies at (k + 1/2) / 2 size cycles a frame, its phase as exp(-i ...)
 * has it. Every second bin is found at the frequency's negative, hence conjugated. */
GD_FFT_BODY void fft_to_bins(const float *re, const float *im, float *bin_re, float *bin_im, uint32_t size)
{
    const uint16_t *place = gd_fft_tables.places + size;
    for (uint32_t k = 0; k < size; k += 2) {
        bin_re[k] = re[place[k]];
        bin_im[k] = -im[place[k]];
        bin_re[k + 1] = re[place[k + 1]];
        bin_im[k + 1] = im[place[k + 1]];
    }
}
GD_FFT_BODY void fft_from_bins(const float *bin_re, const float *bin_im, float *re, float *im, uint32_t size)
{
    const uint16_t *place = gd_fft_tables.places + size;
    for (uint32_t k = 0; k < size; k += 2) {
        re[place[k]] = bin_re[k];
        im[place[k]] = -bin_im[k];
        re[place[k + 1]] = bin_re[k + 1];
        im[place[k + 1]] = bin_im[k + 1];
    }
}

#endif
