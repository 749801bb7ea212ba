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

/* True if the whole slice is silent, as an unwired input always is: found in the first row otherwise. */
GD_RT INLINE bool is_silent(const Lanes *restrict in, uint32_t frames)
{
    Ints any = lanes_to_bits(lanes(0.0f));
    for (uint32_t i = 0; i < frames; ++i) {
        any |= lanes_to_bits(in[i]);
        if (i % 16 == 0 && !ints_all_zero(any))
            return false;
    }
    return ints_all_zero(any);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict pm = b->in[PM], *restrict frequency_hz = b->param[FREQUENCY_HZ];
    Lanes *restrict out = b->out[OUT];
    const bool moves = MOVES(b, FREQUENCY_HZ), modulated = !is_silent(pm, b->frames);
    const float seconds_per_frame = b->seconds_per_frame;
    Words phase = s->phase;
    const Words step = s->step;
    if (!moves && !modulated)
        for (uint32_t i = 0; i < b->frames; ++i, phase += step)
            out[i] = sine_of_phase(phase);
    else if (!moves)
        for (uint32_t i = 0; i < b->frames; ++i, phase += step)
            out[i] = sine_of_phase(phase + phase_of_turns(pm[i]));
    else
        for (uint32_t i = 0; i < b->frames; ++i) {
            out[i] = sine_of_phase(phase + phase_of_turns(pm[i]));
            phase += phase_step(frequency_hz[i], seconds_per_frame);
        }
    s->phase = phase;
}

KERNEL(.prepare = prepare)
