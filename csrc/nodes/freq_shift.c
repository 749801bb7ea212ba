/* freq_shift: moves every partial by the same number of hertz, by single-sideband modulation. */
#define NODE freq_shift
#define INS P(IN, "in")
#define OUTS P(OUT, "out") P(DOWN, "down")
#define PARAMS P(SHIFT_HZ, "shift_hz") P(FEEDBACK, "feedback") P(MIX, "mix")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/phase.h"

enum {
    SECTIONS = 14,     /* allpass sections in both chains together, alternately; coefficients in memory */
    CHAIN = SECTIONS / 2 + 1,
    RING_S = 1,        /* twice as long as the slowest section takes to fall by 130 dB */
};

typedef struct {
    Lanes memory[2][CHAIN][2]; /* [chain][what went into a section, the last: out of it][one frame ago, two] */
    Lanes before, fed_back;    /* one frame ago: what entered, what came out */
    Words phase, step;         /* of the modulation */
    Ints ringing;              /* frames for which the sections may still hold something */
} State;

GD_RT static void prepare(void *state, const GdBlock *b)
{
    ((State *)state)->step = phase_step(b->param[SHIFT_HZ][0], b->seconds_per_frame);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    int32_t left = 0;
    for (uint32_t l = 0; l < b->lanes; ++l)
        left |= LANE(s->ringing, l);
    return left == 0;
}

/* One frame through a chain of sections (a + z^-2) / (1 + a z^-2), written with the signs of (a - z^-2) / (1 - a
 * z^-2). */
INLINE Lanes chain_step(Lanes memory[CHAIN][2], const float *a, Lanes in)
{
    for (uint32_t k = 0; k + 1 < CHAIN; ++k) {
        Lanes out = a[2 * k] * (in + memory[k + 1][1]) - memory[k][1];
        memory[k][1] = memory[k][0];
        memory[k][0] = in;
        in = out;
    }
    memory[CHAIN - 1][1] = memory[CHAIN - 1][0];
    memory[CHAIN - 1][0] = in;
    return in;
}

/* Lanes whose ringing is over hold nothing, and begin with the same phase whenever sound comes. */
INLINE void settle(State *s)
{
    const Ints rings = MASK(s->ringing > 0);
    const Lanes zero = lanes(0.0f);
    for (uint32_t c = 0; c < 2; ++c)
        for (uint32_t k = 0; k < CHAIN; ++k)
            for (uint32_t n = 0; n < 2; ++n)
                s->memory[c][k][n] = lanes_where(rings, s->memory[c][k][n], zero);
    s->before = lanes_where(rings, s->before, zero);
    s->fed_back = lanes_where(rings, s->fed_back, zero);
    s->phase = ints_as_words(words_as_ints(s->phase) & rings);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict in = b->in[IN], *restrict shift = b->param[SHIFT_HZ];
    const Lanes *restrict feedback = b->param[FEEDBACK], *restrict mix = b->param[MIX];
    Lanes *restrict out = b->out[OUT], *restrict down = b->out[DOWN];
    const uint32_t by_feedback = b->stride[FEEDBACK], by_mix = b->stride[MIX];
    const float *a = b->memory[0]->data;
    const int32_t longest = (int32_t)(RING_S * b->sample_rate_hz);
    if (b->offset == 0)
        settle(s);
    State now = *s;
    for (uint32_t i = 0; i < b->frames; ++i) {
        Lanes source = line_safe(in[i]), fed = line_safe(source + feedback[i * by_feedback] * now.fed_back);
        Lanes even = chain_step(now.memory[0], a, fed), odd = chain_step(now.memory[1], a + 1, now.before);
        Words step = MOVES(b, SHIFT_HZ) ? phase_step(shift[i], b->seconds_per_frame) : now.step;
        Ints sounds = ~MASK(lanes_abs(fed) == lanes(0.0f)), left = now.ringing - (MASK(now.ringing > 0) & 1);
        now.ringing = (sounds & longest) | (~sounds & left);
        Lanes cosine = sine_of_phase(now.phase + 0x40000000u), sine = sine_of_phase(now.phase);
        Lanes wet = even * cosine - odd * sine, other = even * cosine + odd * sine, share = mix[i * by_mix];
        now.phase += ints_as_words(words_as_ints(step) & MASK(now.ringing > 0));
        now.before = fed;
        now.fed_back = wet;
        out[i] = source + share * (wet - source);
        down[i] = other;
    }
    *s = now;
}

KERNEL(.effort = 170, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
