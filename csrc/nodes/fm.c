/* fm: four sines that modulate each other's phase, at twice the rate. */
#define NODE fm
#define INS P(TRIGGER, "trigger") P(PM, "pm")
#define OUTS P(OUT, "out")
#define PARAMS                                                                                                         \
    P(FREQUENCY_HZ, "frequency_hz") P(RATIO1, "ratio1") P(RATIO2, "ratio2") P(RATIO3, "ratio3") P(RATIO4, "ratio4")    \
    P(DETUNE1, "detune1_cents") P(DETUNE2, "detune2_cents") P(DETUNE3, "detune3_cents") P(DETUNE4, "detune4_cents")    \
    P(LEVEL1, "level1") P(LEVEL2, "level2") P(LEVEL3, "level3") P(LEVEL4, "level4") P(FEEDBACK, "feedback")
#define CHOICES P(ALGORITHM, "algorithm")
#include <string.h>

#include "kernel.h"
#include "dsp/halve.h"
#include "dsp/phase.h"

enum { OPERATORS = 4 };

typedef struct {
    Words phase[OPERATORS], step[OPERATORS];
    Lanes fed[2]; /* the last two values of operator 4 */
    Ints open;    /* mask: the trigger was up */
    Lanes even[HALVE_PAST], odd[HALVE_PAST];
} State;

/* For each operator the ones that modulate it, and the ones that are heard: bit k is operator k + 1. */
typedef struct { uint8_t by[OPERATORS], heard; } Algorithm;

/* The eight of the four-operator synthesisers of the DX family. */
static const Algorithm algorithms[] = {
    {{2, 4, 8, 0}, 1}, {{2, 12, 0, 0}, 1}, {{10, 4, 0, 0}, 1}, {{6, 0, 8, 0}, 1},
    {{2, 0, 8, 0}, 5}, {{8, 8, 8, 0}, 7},  {{0, 0, 8, 0}, 7},  {{0, 0, 0, 0}, 15},
};

#define DEPTH 2.0f          /* turns by which a modulator at level 1 shifts a phase, an index of 4 pi */
#define FEEDBACK_DEPTH 0.5f /* and operator 4 itself at feedback 1 */

INLINE Lanes value_of(const GdBlock *b, uint32_t parameter, uint32_t frame)
{
    return b->param[parameter][frame * b->stride[parameter]];
}

INLINE Words step_of(const GdBlock *b, uint32_t k, uint32_t frame)
{
    const Lanes detune = exp2_lanes(value_of(b, DETUNE1 + k, frame) * (1.0f / 1200.0f));
    const Lanes ratio = value_of(b, RATIO1 + k, frame) * detune;
    return phase_step(value_of(b, FREQUENCY_HZ, frame) * ratio, 0.5f * b->seconds_per_frame);
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    for (uint32_t k = 0; k < OPERATORS; ++k)
        ((State *)state)->step[k] = step_of(b, k, 0);
}

INLINE Lanes operate(State *s, uint32_t k, Words at)
{
    const Lanes sine = sine_of_phase(s->phase[k] + at);
    s->phase[k] += s->step[k];
    return sine;
}

/* One half of a frame. Operators are worked out from the fourth down, because each is modulated by higher ones only. */
INLINE Lanes sound(State *s, Algorithm a, const Lanes level[OPERATORS], Lanes feedback, Words shift, bool feeds)
{
    const Lanes none = lanes(0.0f);
    const Words own = feeds ? phase_of_turns((s->fed[0] + s->fed[1]) * (0.5f * FEEDBACK_DEPTH * feedback)) : (Words){0};
    s->fed[1] = s->fed[0];
    s->fed[0] = operate(s, 3, shift + own);
    const Lanes four = s->fed[0] * level[3];
    const Lanes to_three = a.by[2] & 8 ? four : none;
    const Lanes three = operate(s, 2, shift + phase_of_turns(DEPTH * to_three)) * level[2];
    const Lanes to_two = (a.by[1] & 4 ? three : none) + (a.by[1] & 8 ? four : none);
    const Lanes two = operate(s, 1, shift + phase_of_turns(DEPTH * to_two)) * level[1];
    const Lanes to_one = (a.by[0] & 2 ? two : none) + (a.by[0] & 4 ? three : none) + (a.by[0] & 8 ? four : none);
    const Lanes one = operate(s, 0, shift + phase_of_turns(DEPTH * to_one)) * level[0];
    return one + (a.heard & 2 ? two : none) + (a.heard & 4 ? three : none) + (a.heard & 8 ? four : none);
}

INLINE void play(State *state, const GdBlock *b, Algorithm a, bool feeds)
{
    Lanes even[HALVE_PAST + GD_SLICE], odd[HALVE_PAST + GD_SLICE];
    State s = *state;
    bool pitch_moves = false;
    for (uint32_t p = FREQUENCY_HZ; p < LEVEL1; ++p)
        pitch_moves |= MOVES(b, p);
    memcpy(even, s.even, sizeof s.even);
    memcpy(odd, s.odd, sizeof s.odd);
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Ints up = lanes_at_least(b->in[TRIGGER][i], lanes(0.5f)), starts = up & ~s.open;
        s.open = up;
        for (uint32_t k = 0; k < OPERATORS; ++k) {
            s.phase[k] &= ~(Words)starts;
            if (pitch_moves)
                s.step[k] = step_of(b, k, i);
        }
        Lanes level[OPERATORS];
        for (uint32_t k = 0; k < OPERATORS; ++k)
            level[k] = value_of(b, LEVEL1 + k, i);
        const Lanes feedback = value_of(b, FEEDBACK, i);
        const Words shift = phase_of_turns(b->in[PM][i]);
        even[HALVE_PAST + i] = sound(&s, a, level, feedback, shift, feeds);
        odd[HALVE_PAST + i] = sound(&s, a, level, feedback, shift, feeds);
    }
    for (uint32_t i = 0; i < b->frames; ++i)
        b->out[OUT][i] = halve(even + HALVE_PAST + i, odd + HALVE_PAST + i);
    memcpy(s.even, even + b->frames, sizeof s.even);
    memcpy(s.odd, odd + b->frames, sizeof s.odd);
    *state = s;
}

/* Without feedback no sine has to wait for the one before it. */
INLINE void play_as(State *s, const GdBlock *b, Algorithm a)
{
    bool feeds = MOVES(b, FEEDBACK);
    for (uint32_t l = 0; l < b->lanes && !feeds; ++l)
        feeds = LANE(b->param[FEEDBACK][0], l) != 0.0f;
    if (feeds)
        play(s, b, a, true);
    else
        play(s, b, a, false);
}

GD_RT static void run(void *state, const GdBlock *b)
{
    switch (b->choice[ALGORITHM]) {
    case 0: play_as(state, b, algorithms[0]); break;
    case 1: play_as(state, b, algorithms[1]); break;
    case 2: play_as(state, b, algorithms[2]); break;
    case 3: play_as(state, b, algorithms[3]); break;
    case 4: play_as(state, b, algorithms[4]); break;
    case 5: play_as(state, b, algorithms[5]); break;
    case 6: play_as(state, b, algorithms[6]); break;
    default: play_as(state, b, algorithms[7]); break;
    }
}

KERNEL(.effort = 300, .prepare = prepare)
