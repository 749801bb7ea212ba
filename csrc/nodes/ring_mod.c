/* ring_mod: multiplies a source by a carrier, its own or another source. */
#define NODE ring_mod
#define INS P(IN, "in") P(OTHER, "carrier")
#define OUTS P(OUT, "out")
#define PARAMS P(FREQUENCY_HZ, "frequency_hz") P(BIAS, "bias") P(MIX, "mix")
#define CHOICES P(WAVE, "wave")
#include "kernel.h"
#include "dsp/swing.h"

enum { SINE, TRIANGLE, SQUARE, INLET };

typedef Swing State;

GD_RT static void prepare(void *state, const GdBlock *b)
{
    if (!MOVES(b, FREQUENCY_HZ))
        swing_set(state, b->param[FREQUENCY_HZ][0], b);
}

/* Nothing times a carrier is nothing, and the carrier's phase is reckoned from the time. */
GD_RT static bool idle(const void *state, const GdBlock *b)
{
    (void)state;
    (void)b;
    return true;
}

/* A step of 2 at phase 0, rounded over a frame on either side: the residue of a band-limited one in two points. */
INLINE Lanes rounding(Lanes turns, Lanes step)
{
    Lanes t = turns / lanes_max(step, lanes(1e-9f)), size = lanes_min(lanes_abs(t), lanes(1.0f));
    Lanes part = (1.0f - size) * (1.0f - size);
    return lanes_where(lanes_less(t, lanes(0.0f)), part, -part);
}

INLINE Lanes wave_of(Words phase, Words step, uint32_t carrier)
{
    if (carrier == SINE)
        return sine_of_phase(phase);
    if (carrier == TRIANGLE)
        return 1.0f - 4.0f * lanes_abs(phase_turns(phase - 0x40000000u));
    Lanes turns = phase_turns(phase), width = phase_turns(step);
    Lanes square = lanes_where(lanes_less(turns, lanes(0.0f)), lanes(-1.0f), lanes(1.0f));
    return square + rounding(turns, width) - rounding(phase_turns(phase + 0x80000000u), width);
}

INLINE void modulate(State *s, const GdBlock *b, uint32_t carrier)
{
    const Lanes *restrict in = b->in[IN], *restrict other = b->in[OTHER];
    const Lanes *restrict bias = b->param[BIAS], *restrict mix = b->param[MIX];
    Lanes *restrict out = b->out[OUT];
    const uint32_t bias_stride = b->stride[BIAS], mix_stride = b->stride[MIX];
    Words phase = swing_at(s, b), step = s->step;
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (MOVES(b, FREQUENCY_HZ))
            step = phase_step(b->param[FREQUENCY_HZ][i], b->seconds_per_frame);
        Lanes wave = carrier == INLET ? other[i] : wave_of(phase, step, carrier), still = bias[i * bias_stride];
        Lanes share = mix[i * mix_stride], level = (1.0f - 0.5f * still) * wave + 0.5f * still;
        out[i] = in[i] * (1.0f - share) + in[i] * level * share;
        phase += step;
    }
    s->step = step;
    swing_close(s, phase, b);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    if (b->choice[WAVE] == SINE)
        modulate(state, b, SINE);
    else if (b->choice[WAVE] == TRIANGLE)
        modulate(state, b, TRIANGLE);
    else if (b->choice[WAVE] == SQUARE)
        modulate(state, b, SQUARE);
    else
        modulate(state, b, INLET);
}

KERNEL(.prepare = prepare, .idle = idle, .flags = GD_RINGS)
