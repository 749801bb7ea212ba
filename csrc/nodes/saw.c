/* saw: a band-limited sawtooth. Each jump is drawn as the integral of a cubic B-spline four frames wide, which keeps
 * aliases far down, and a three-frame filter then lifts the top octaves that the spline dims. */
#define NODE saw
#define OUTS P(OUT, "out")
#define PARAMS P(FREQUENCY_HZ, "frequency_hz")
#include "kernel.h"
#include "dsp/phase.h"

typedef struct {
    Words phase, step; /* phase is one frame ahead of the output once running */
    Lanes per_unit;    /* distance to the jump, in frames times SCALE, of one unit of phase */
    Lanes last, before_last;
} State;

/* The filter is (-1, 8, -1) / 6, whose curvature at 0 Hz cancels the spline's. Its sixth is part of the wave, and the
 * spline's twelfth of the distance: SCALE is (6 * 12)^(-1/4). */
#define SCALE 0.34329452f

GD_RT INLINE Lanes frames_per_unit(Words step)
{
    Lanes units = lanes_from_ints(words_as_ints(step)); /* below 2^31 */
    return SCALE / lanes_max(units, lanes(1.0f));
}

/* A sixth of twice the phase in turns, less the jump at half a turn as far as the spline spreads it: for a distance d to the jump
 * it is ((2 - d)^4 - 4 (1 - d)^4) / 12, negative parts left out. */
GD_RT INLINE Lanes spline_saw(Words phase, Lanes per_unit)
{
    Lanes units = lanes_from_ints(words_as_ints(phase));
    Lanes distance = (0x1p31f - lanes_abs(units)) * per_unit;
    Lanes u = lanes_max(2.0f * SCALE - distance, lanes(0.0f)), v = lanes_max(u - SCALE, lanes(0.0f));
    Lanes uu = u * u, vv = v * (v + v);
    Lanes spread = (uu - vv) * (uu + vv);
    return units * (0x1p-31f / 6.0f) - lanes_copysign(spread, units);
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    s->step = phase_step(b->param[FREQUENCY_HZ][0], b->seconds_per_frame);
    s->per_unit = frames_per_unit(s->step);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict frequency_hz = b->param[FREQUENCY_HZ];
    Lanes *restrict out = b->out[OUT];
    const bool moves = MOVES(b, FREQUENCY_HZ);
    const float seconds_per_frame = b->seconds_per_frame;
    Words phase = s->phase, step = s->step;
    Lanes last = s->last, before_last = s->before_last, per_unit = s->per_unit;
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (moves) {
            step = phase_step(frequency_hz[i], seconds_per_frame);
            per_unit = frames_per_unit(step);
        }
        phase += step;
        Lanes next = spline_saw(phase, per_unit);
        out[i] = 8.0f * last - (next + before_last);
        before_last = last;
        last = next;
    }
    s->phase = phase;
    s->last = last;
    s->before_last = before_last;
}

KERNEL(.prepare = prepare)
