/* pulse: a band-limited pulse of any width, with a square an octave below. */
#define NODE pulse
#define INS P(SYNC, "sync") P(PM, "pm")
#define OUTS P(OUT, "out")
#define PARAMS P(FREQUENCY_HZ, "frequency_hz") P(WIDTH, "width") P(SUB, "sub")
#include "kernel.h"
#include "dsp/wave.h"

typedef WaveState State;

GD_RT static void prepare(void *state, const GdBlock *b) { wave_prepare(state, b); }

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    wave_run(state, b, (Wave){.shape = WAVE_PULSE, .width = WIDTH, .sub = SUB});
}

KERNEL(.prepare = prepare)
