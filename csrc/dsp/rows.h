/* Rows of 16 floats at every width: sixteen frames of one signal, or sixteen delay lines at one frame. For kernels whose
 * work inside one lane fills vectors by itself. Any thread; IEEE basic operations only, so the same bits everywhere. */
#ifndef GD_DSP_ROWS_H
#define GD_DSP_ROWS_H

#include <stdbool.h>
#include <string.h>

#include "transpose.h"

enum { ROW = 16 };
typedef float Row __attribute__((vector_size(4 * ROW)));
typedef int32_t RowInts __attribute__((vector_size(4 * ROW)));
typedef uint32_t RowWords __attribute__((vector_size(4 * ROW)));

static const Row row_counting = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

INLINE Row row(float x) { return x - (Row){0}; }
INLINE Row row_load(const float *from)
{
    Row x;
    memcpy(&x, from, sizeof x);
    return x;
}
INLINE void row_store(float *to, Row x) { memcpy(to, &x, sizeof x); }
/* Compilers take comparisons of vectors wider than the registers apart into single numbers. */
#if defined(__AVX512F__)
enum { ROW_PART = 16 };
#elif defined(__AVX__)
enum { ROW_PART = 8 };
#else
enum { ROW_PART = 4 };
#endif
typedef float RowPart __attribute__((vector_size(4 * ROW_PART)));
typedef int32_t RowPartInts __attribute__((vector_size(4 * ROW_PART)));

INLINE RowInts row_at_least(Row a, Row b)
{
    RowInts mask;
    for (uint32_t k = 0; k < ROW; k += ROW_PART) {
        RowPart x, y;
        memcpy(&x, (const float *)&a + k, sizeof x);
        memcpy(&y, (const float *)&b + k, sizeof y);
        const RowPartInts part = x >= y;
        memcpy((int32_t *)&mask + k, &part, sizeof part);
    }
    return mask;
}
INLINE Row row_where(RowInts mask, Row a, Row b) { return (Row)((mask & (RowInts)a) | (~mask & (RowInts)b)); }
INLINE Row row_abs(Row x) { return (Row)((RowInts)x & 0x7fffffff); }
INLINE Row row_clamp(Row x, Row lo, Row hi)
{
    x = row_where(row_at_least(x, lo), x, lo);
    return row_where(row_at_least(hi, x), x, hi);
}
INLINE bool row_any(RowInts mask)
{
    int32_t any = 0;
    for (uint32_t k = 0; k < ROW; ++k)
        any |= mask[k];
    return any != 0;
}
INLINE Row row_floor(Row x)
{
    Row whole = __builtin_convertvector(__builtin_convertvector(x, RowInts), Row);
    return whole - row_where(row_at_least(x, whole), row(0.0f), row(1.0f));
}

/* 2^x, as exp2_lanes. */
INLINE Row row_exp2(Row x)
{
    x = row_clamp(x, row(-126.0f), row(126.0f));
    Row whole = row_floor(x + 0.5f), f = x - whole;
    Row y = 1.0f + f * (0.693147203f + f * (0.240226479f + f * (0.0555033247f + f * (0.00961843736f
          + f * (0.00133988748f + f * 0.000153533622f)))));
    return y * (Row)((__builtin_convertvector(whole, RowInts) + 127) << 23);
}

/* Sixteen rows of sixteen turned over: element k of row i becomes element i of row k; rows lie `step` floats apart. */
INLINE void rows_transpose(float *restrict to, uint32_t to_step, const float *restrict from, uint32_t from_step)
{
    for (uint32_t i = 0; i < ROW; i += 4)
        for (uint32_t k = 0; k < ROW; k += 4) {
            Quad q[4];
            for (uint32_t j = 0; j < 4; ++j)
                memcpy(&q[j], from + (i + j) * from_step + k, sizeof q[j]);
            transpose_quads(q);
            for (uint32_t j = 0; j < 4; ++j)
                memcpy(to + (k + j) * to_step + i, &q[j], sizeof q[j]);
        }
}

#endif
