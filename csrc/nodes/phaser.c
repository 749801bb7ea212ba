/* phaser: a chain of allpasses whose corner swings, beside the source; feedback without delay; linked. */
#define NODE phaser
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS                                                                                                        \
    P(RATE_HZ, "rate_hz") P(DEPTH_OCTAVES, "depth_octaves") P(CENTER_HZ, "center_hz") P(FEEDBACK, "feedback")         \
    P(SPREAD, "spread") P(MIX, "mix")
#define CHOICES P(STAGES, "stages") P(SHAPE, "shape")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/swing.h"

enum { SIDES = 2, MOST = 12 };

typedef struct {
    Swing swing;
    Lanes charge[SIDES][MOST];
} State;

GD_RT static void prepare(void *state, const GdBlock *b)
{
    if (!MOVES(b, RATE_HZ))
        swing_set(&((State *)state)->swing, b->param[RATE_HZ][0], b);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    Lanes any = lanes(0.0f);
    float sum = 0.0f;
    for (uint32_t k = 0; k < SIDES * MOST; ++k)
        any += lanes_abs(s->charge[k / MOST][k % MOST]);
    for (uint32_t l = 0; l < b->lanes; ++l)
        sum += LANE(any, l) != 0.0f;
    return sum == 0.0f;
}

/* Twice g / (1 + g) with g the tangent of half the corner's angle (held to 0.49 pi, the fit of svf_coefs). */
INLINE void steps_of(Lanes step[GD_SLICE], const GdBlock *b, const Words phase[GD_SLICE], float right)
{
    Lanes room[3][GD_SLICE];
    const Lanes *restrict octaves = every_frame(b, DEPTH_OCTAVES, room[0]);
    const Lanes *restrict center_hz = every_frame(b, CENTER_HZ, room[1]), *restrict spread = every_frame(b, SPREAD, room[2]);
    const uint32_t shape = b->choice[SHAPE];
    const float half_turn = 3.14159265f * b->seconds_per_frame;
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes wave = swing_wave(phase[i] + phase_of_turns(right * spread[i]), shape);
        const Lanes angle = center_hz[i] * half_turn * swing_octaves(octaves[i] * wave);
        const Lanes x = lanes_min(angle, lanes(1.53938040f)), z = x * x;
        const Lanes n = x * (890.53947f + z * (-99.7648562f + z)), d = 890.539457f + z * (-396.61106f + z * 14.4642264f);
        step[i] = 2.0f * n / (d + n);
    }
}

/* The chain is y = p^stages x + rest: solved with x = in + feedback y, so that what comes back comes in the same frame,
 * as in the circuit; then each allpass takes its step (trapezoidal rule). */
INLINE Lanes chain(Lanes *restrict charge, uint32_t stages, Lanes in, Lanes step, Lanes feedback, bool feeds)
{
    Lanes x = in;
    if (feeds) {
        const Lanes p = step - 1.0f;
        Lanes direct = lanes(1.0f), rest = lanes(0.0f);
        for (uint32_t k = 0; k < stages; ++k) {
            direct *= p;
            rest = p * rest + (charge[k] - p * charge[k]);
        }
        x = line_safe(in + feedback * ((direct * in + rest) / (1.0f - feedback * direct)));
    }
    for (uint32_t k = 0; k < stages; ++k) {
        const Lanes across = x - charge[k], next = charge[k] + step * across;
        x = next - across;
        charge[k] = next;
    }
    return x;
}

INLINE void run_sides(State *s, const GdBlock *b, const Lanes left_step[GD_SLICE], const Lanes right_step[GD_SLICE],
                      bool feeds)
{
    const Lanes *restrict left = b->in[LEFT_IN], *restrict right = b->in[RIGHT_IN];
    const Lanes *restrict feedback = b->param[FEEDBACK], *restrict mix = b->param[MIX];
    Lanes *restrict left_out = b->out[LEFT_OUT], *restrict right_out = b->out[RIGHT_OUT];
    const uint32_t feedback_stride = b->stride[FEEDBACK], mix_stride = b->stride[MIX], stages = 2u * b->choice[STAGES] + 2u;
    Lanes charge[SIDES][MOST];
    memcpy(charge, s->charge, sizeof charge);
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes share = mix[i * mix_stride], dry = 1.0f - lanes_abs(share), back = feedback[i * feedback_stride];
        const Lanes l = chain(charge[0], stages, line_safe(left[i]), left_step[i], back, feeds);
        const Lanes r = chain(charge[1], stages, line_safe(right[i]), right_step[i], back, feeds);
        left_out[i] = left[i] * dry + l * share;
        right_out[i] = right[i] * dry + r * share;
    }
    memcpy(s->charge, charge, sizeof charge);
}

/* Stages that are left out of a shorter chain fall silent; so does what is below -300 dB. */
INLINE void settle(State *s, const GdBlock *b)
{
    const uint32_t stages = 2u * b->choice[STAGES] + 2u;
    for (uint32_t k = 0; k < SIDES * MOST; ++k) {
        Lanes *charge = &s->charge[k / MOST][k % MOST];
        *charge = k % MOST < stages ? lanes_where(lanes_at_least(lanes_abs(*charge), lanes(1e-15f)), *charge, lanes(0.0f))
                                    : lanes(0.0f);
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Words phase[GD_SLICE];
    Lanes left_step[GD_SLICE], right_step[GD_SLICE];
    if (b->offset == 0)
        settle(s, b);
    swing_run(&s->swing, b, RATE_HZ, phase);
    steps_of(left_step, b, phase, 0.0f);
    steps_of(right_step, b, phase, 1.0f);
    bool feeds = MOVES(b, FEEDBACK);
    for (uint32_t l = 0; l < b->lanes; ++l)
        feeds |= LANE(b->param[FEEDBACK][0], l) != 0.0f;
    if (feeds)
        run_sides(s, b, left_step, right_step, true);
    else
        run_sides(s, b, left_step, right_step, false);
}

KERNEL(.effort = 390, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
