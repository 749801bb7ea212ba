/* triangle: a band-limited triangle wave. */
#define NODE triangle
#define INS P(SYNC, "sync") P(PM, "pm")
#define OUTS P(OUT, "out")
#define PARAMS P(FREQUENCY_HZ, "frequency_hz")
#include "kernel.h"
#include "dsp/wave.h"

typedef WaveState State;

GD_RT static void prepare(void *state, const GdBlock *b) { wave_prepare(state, b); }

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    wave_run(state, b, (Wave){.shape = WAVE_TRIANGLE, .width = -1, .sub = -1});
}

KERNEL(.prepare = prepare)
