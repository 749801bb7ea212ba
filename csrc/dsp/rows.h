/* Rows of floats as long as the registers are, at every width: frames of one signal, or delay lines at one frame. For
 * kernels whose work inside one lane fills vectors by itself. Any thread; what is done with a row is done with each of its
 * floats by IEEE basic operations, so the bits do not depend on its length. */
#ifndef GD_DSP_ROWS_H
#define GD_DSP_ROWS_H

#include <stdbool.h>
#include <string.h>

#include "transpose.h"

#if defined(__AVX512F__)
enum { ROW = 16 };
#elif defined(__AVX__)
enum { ROW = 8 };
#else
enum { ROW = 4 };
#endif
enum { ROW_MOST = 16 }; /* floats that a run of rows may be longer than asked for */

typedef float Row __attribute__((vector_size(4 * ROW)));
typedef int32_t RowInts __attribute__((vector_size(4 * ROW)));
typedef uint32_t RowWords __attribute__((vector_size(4 * ROW)));

INLINE Row row(float x) { return x - (Row){0}; }
INLINE Row row_load(const float *from)
{
    Row x;
    memcpy(&x, from, sizeof x);
    return x;
}
INLINE void row_store(float *to, Row x) { memcpy(to, &x, sizeof x); }

/* first, first + 1, ... */
INLINE Row row_counting(float first)
{
    static const float counting[ROW_MOST] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return first + row_load(counting);
}
INLINE Row row_where(RowInts mask, Row a, Row b) { return (Row)((mask & (RowInts)a) | (~mask & (RowInts)b)); }
INLINE Row row_min(Row a, Row b) { return row_where(a < b, a, b); }
INLINE Row row_max(Row a, Row b) { return row_where(a < b, b, a); }
INLINE Row row_abs(Row x) { return (Row)((RowInts)x & 0x7fffffff); }
INLINE Row row_truncate(Row x) { return __builtin_convertvector(__builtin_convertvector(x, RowInts), Row); }

/* x where its size is at least `least`, else 0; `any` gathers the bits of what is left. */
INLINE Row row_gate(Row x, float least, RowInts *any)
{
    const RowInts kept = (RowInts)x & (row_abs(x) >= least);
    *any |= kept;
    return (Row)kept;
}
INLINE bool row_any(RowInts bits)
{
    int32_t any = 0;
    for (uint32_t k = 0; k < ROW; ++k)
        any |= bits[k];
    return any != 0;
}

/* 2^x by the polynomial of exp2_lanes. */
INLINE Row row_exp2(Row x)
{
    x = row_min(row_max(x, row(-126.0f)), row(126.0f));
    Row whole = row_truncate(x + row_where(x < 0.0f, row(-0.5f), row(0.5f))), f = x - whole;
    Row y = 1.0f + f * (0.693147203f + f * (0.240226479f + f * (0.0555033247f + f * (0.00961843736f
          + f * (0.00133988748f + f * 0.000153533622f)))));
    return y * (Row)((__builtin_convertvector(whole, RowInts) + 127) << 23);
}

/* Rows and columns of a block turned over, both multiples of four; rows lie `step` floats apart. */
INLINE void rows_transpose(float *restrict to, uint32_t to_step, const float *restrict from, uint32_t from_step,
                           uint32_t rows, uint32_t columns)
{
    for (uint32_t i = 0; i < rows; i += 4)
        for (uint32_t k = 0; k < columns; k += 4) {
            Quad q[4];
            for (uint32_t j = 0; j < 4; ++j)
                memcpy(&q[j], from + (i + j) * from_step + k, sizeof q[j]);
            transpose_quads(q);
            for (uint32_t j = 0; j < 4; ++j)
                memcpy(to + (k + j) * to_step + i, &q[j], sizeof q[j]);
        }
}

#endif
