/* Phase in 64 bits, for what turns slowly: 2^-32 turns a frame would be a tenth of the slowest rates. Any thread. */
#ifndef GD_DSP_FINE_PHASE_H
#define GD_DSP_FINE_PHASE_H

#include <string.h>

#include "phase.h"

typedef struct { Words turns, fine; } FinePhase; /* 2^-32 and 2^-64 turns */

/* A phase, or the step of one a frame, from turns at or above 0. */
INLINE FinePhase fine_of_turns(Lanes turns)
{
    Lanes units = turns * 0x1p32f, whole = lanes_floor(units);
    return (FinePhase){ints_as_words(lanes_truncate(whole)), ints_as_words(lanes_truncate((units - whole) * 0x1p31f)) << 1};
}

/* The low word of a * times, for times below 2^16; the high word comes in `over`. */
INLINE Words words_times(Words a, uint32_t times, Words *over)
{
    Words low = (a & 0xffffu) * times, high = (a >> 16) * times + (low >> 16);
    *over = high >> 16;
    return (high << 16) | (low & 0xffffu);
}

/* Where a phase of that step is after so many frames, to the bit of going on frame by frame, and its whole turns. */
INLINE FinePhase fine_after(FinePhase step, uint64_t frames, Words *turns)
{
    uint32_t whole[W], part[W], fine[W];
    FinePhase at;
    for (uint32_t l = 0; l < W; ++l) {
        const uint64_t one = (uint64_t)LANE(step.turns, l) << 32 | LANE(step.fine, l);
        const unsigned __int128 all = (unsigned __int128)one * frames;
        whole[l] = (uint32_t)(all >> 64);
        part[l] = (uint32_t)(all >> 32);
        fine[l] = (uint32_t)all;
    }
    memcpy(turns, whole, sizeof *turns);
    memcpy(&at.turns, part, sizeof at.turns);
    memcpy(&at.fine, fine, sizeof at.fine);
    return at;
}

/* How far one phase is ahead of another; 1 is taken from the whole turns where it would be less than nothing. */
INLINE FinePhase fine_between(FinePhase from, FinePhase to, Words *less)
{
    const Words borrow = (Words)MASK(to.fine < from.fine) & 1u, by = to.turns - from.turns;
    *less = ((Words)MASK(to.turns < from.turns) & 1u) + ((Words)MASK(by < borrow) & 1u);
    return (FinePhase){by - borrow, to.fine - from.fine};
}

/* Go on by one frame; 1 where a turn is completed. */
INLINE Words fine_go(FinePhase *at, FinePhase step)
{
    Words fine = at->fine + step.fine, carry = (Words)MASK(fine < at->fine) & 1u;
    Words by = at->turns + step.turns, turns = by + carry;
    Words over = ((Words)MASK(by < at->turns) & 1u) + ((Words)MASK(turns < by) & 1u);
    *at = (FinePhase){turns, fine};
    return over;
}

/* Go on by some frames, at most a cell of them; the turns completed. */
INLINE Words fine_go_far(FinePhase *at, FinePhase step, uint32_t frames)
{
    Words carry, cycles, fine = at->fine + words_times(step.fine, frames, &carry);
    Words by = words_times(step.turns, frames, &cycles);
    carry += (Words)MASK(fine < at->fine) & 1u;
    Words turns = at->turns + by, carried = turns + carry;
    cycles += ((Words)MASK(turns < by) & 1u) + ((Words)MASK(carried < carry) & 1u);
    *at = (FinePhase){carried, fine};
    return cycles;
}

#endif
