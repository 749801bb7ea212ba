/* sine: a sine oscillator with phase modulation. */
#define NODE sine
#define INS P(PM, "pm")
#define OUTS P(OUT, "out")
#define PARAMS P(FREQUENCY_HZ, "frequency_hz")
#include "kernel.h"
#include "dsp/phase.h"

typedef struct {
    Words phase, step;
} State;

GD_RT static void prepare(void *state, const GdBlock *b)
{
    ((State *)state)->step = phase_step(b->param[FREQUENCY_HZ][0], b->seconds_per_frame);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict pm = b->in[PM], *restrict frequency_hz = b->param[FREQUENCY_HZ];
    Lanes *restrict out = b->out[OUT];
    const float seconds_per_frame = b->seconds_per_frame;
    const Words step = s->step;
    Words phase = s->phase;
    if (MOVES(b, FREQUENCY_HZ))
        for (uint32_t i = 0; i < b->frames; ++i) {
            out[i] = sine_of_phase(phase + phase_of_turns(pm[i]));
            phase += phase_step(frequency_hz[i], seconds_per_frame);
        }
    else if (SILENT(b, PM))
        for (uint32_t i = 0; i < b->frames; ++i, phase += step)
            out[i] = sine_of_phase(phase);
    else
        for (uint32_t i = 0; i < b->frames; ++i, phase += step)
            out[i] = sine_of_phase(phase + phase_of_turns(pm[i]));
    s->phase = phase;
}

KERNEL(.prepare = prepare)
