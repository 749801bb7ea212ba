/* The slow oscillator inside an effect. Audio thread. While its rate stands, its phase is `begin` + `step` times the
 * absolute frame, so an effect that was skipped in silence goes on as if it had run. */
#ifndef GD_DSP_SWING_H
#define GD_DSP_SWING_H

#include "../block.h"
#include "phase.h"

enum { SWING_SINE, SWING_TRIANGLE }; /* the order of the choice `shape` */

typedef struct { Words begin, step; } Swing; /* 2^-32 turns */

/* Another rate from this frame on, without a jump of phase. The first one begins at phase 0. */
INLINE void swing_set(Swing *s, Lanes rate_hz, const GdBlock *b)
{
    const Words step = phase_step(rate_hz, b->seconds_per_frame);
    s->begin += (s->step - step) * (uint32_t)b->time;
    s->step = step;
}

/* Phase of a slice's first frame; and a state that has come to phase `at` after its last. */
INLINE Words swing_at(const Swing *s, const GdBlock *b) { return s->begin + s->step * (uint32_t)b->time; }
INLINE void swing_close(Swing *s, Words at, const GdBlock *b)
{
    s->begin = at - s->step * ((uint32_t)b->time + b->frames);
}

/* Phases of a slice, of a rate that stands and has been set, or of one that moves. */
INLINE void swing_run(Swing *s, const GdBlock *b, uint32_t rate_hz, Words phase[GD_SLICE])
{
    Words at = swing_at(s, b);
    if (!MOVES(b, rate_hz)) {
        for (uint32_t i = 0; i < b->frames; ++i)
            phase[i] = at + s->step * i;
        return;
    }
    for (uint32_t i = 0; i < b->frames; ++i) {
        phase[i] = at;
        s->step = phase_step(b->param[rate_hz][i], b->seconds_per_frame);
        at += s->step;
    }
    swing_close(s, at, b);
}

/* A parameter with a value for every frame, also where it stands: loops over it have no stride, and so a pack of one lane
 * is worked on along time. */
INLINE const Lanes *every_frame(const GdBlock *b, uint32_t parameter, Lanes room[GD_SLICE])
{
    if (MOVES(b, parameter))
        return b->param[parameter];
    const Lanes x = b->param[parameter][0];
    for (uint32_t i = 0; i < b->frames; ++i)
        room[i] = x;
    return room;
}

/* From -1 to 1, rising through 0 at phase 0. */
INLINE Lanes swing_wave(Words phase, uint32_t shape)
{
    return shape == SWING_SINE ? sine_of_phase(phase) : 1.0f - 4.0f * lanes_abs(phase_turns(phase - 0x40000000u));
}

/* 2^x for |x| <= 4; relative error below 3e-6, which is 0.005 cents. The series of e^u for a sixteenth of x, squared four
 * times: nothing in it keeps a compiler from working along time. */
INLINE Lanes swing_octaves(Lanes x)
{
    const Lanes u = x * (0.693147181f / 16.0f);
    Lanes y = 1.0f + u * (1.0f + u * (0.5f + u * (0.166666667f + u * (0.0416666667f + u * 0.00833333333f))));
    y *= y;
    y *= y;
    y *= y;
    return y * y;
}

#endif
