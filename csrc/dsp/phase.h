/* Oscillator phase in units of 2^-32 turns: wraps for free, never loses precision, advances the same in any slicing.
 * Any thread. A pitch is off by at most half a unit a frame, 6e-6 Hz at 48 kHz, and by the float's own 1e-7 of itself. */
#ifndef GD_DSP_PHASE_H
#define GD_DSP_PHASE_H

#include "math.h"

/* Units a frame, rounded; held below half a turn, where a frequency above it would fold back. */
INLINE Words phase_step(Lanes frequency_hz, float seconds_per_frame)
{
    Lanes turns = lanes_min(frequency_hz * seconds_per_frame, lanes(0.49999997f));
    return ints_as_words(lanes_truncate(turns * 0x1p32f + 0.5f));
}

/* Units of a modulation in turns, to 2^-24 of a turn; held within 127 turns either way. */
INLINE Words phase_of_turns(Lanes turns)
{
    Lanes held = lanes_clamp(turns, lanes(-127.0f), lanes(127.0f));
    return ints_as_words(lanes_truncate(held * 0x1p24f)) << 8;
}

/* Phase in turns from -1/2 to 1/2. */
INLINE Lanes phase_turns(Words phase) { return lanes_from_ints(words_as_ints(phase)) * 0x1p-32f; }

#endif
