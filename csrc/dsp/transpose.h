/* Rows turned into columns, four by four. Any thread. */
#ifndef GD_DSP_TRANSPOSE_H
#define GD_DSP_TRANSPOSE_H

#include "../lanes.h"

typedef float Quad __attribute__((vector_size(16)));
typedef int32_t QuadInts __attribute__((vector_size(16)));

/* Lanes that are worked on together where each reads memory of its own: as many as fit a quad. */
#if W == 1
typedef float Group;
#else
typedef Quad Group;
#endif
enum { GROUP = sizeof(Group) / sizeof(float) };

INLINE void transpose_quads(Quad q[4])
{
    const QuadInts low = {0, 4, 1, 5}, high = {2, 6, 3, 7}, first = {0, 1, 4, 5}, last = {2, 3, 6, 7};
    Quad ab = __builtin_shuffle(q[0], q[1], low), AB = __builtin_shuffle(q[0], q[1], high);
    Quad cd = __builtin_shuffle(q[2], q[3], low), CD = __builtin_shuffle(q[2], q[3], high);
    q[0] = __builtin_shuffle(ab, cd, first);
    q[1] = __builtin_shuffle(ab, cd, last);
    q[2] = __builtin_shuffle(AB, CD, first);
    q[3] = __builtin_shuffle(AB, CD, last);
}

#endif
