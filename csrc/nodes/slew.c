/* slew: limits how fast its source rises and falls. */
#define NODE slew
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(RISE_S, "rise_s") P(FALL_S, "fall_s") P(SPAN, "span")
#define CHOICES P(SHAPE, "shape")
#include "kernel.h"
#include "dsp/onepole.h"
#include "dsp/safe.h"

enum { LINEAR, EXPONENTIAL };

typedef struct {
    Lanes level, rise, fall; /* largest step a frame, or part of the way */
    Ints started;
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

GD_RT INLINE Lanes pace_of(const GdBlock *b, Lanes seconds, Lanes span)
{
    if (b->choice[SHAPE] == EXPONENTIAL)
        return onepole_part(seconds, b->seconds_per_frame);
    Lanes step = span * (b->seconds_per_frame / lanes_max(seconds, lanes(1e-9f)));
    return lanes_where(lanes_less(lanes(0.0f), seconds), step, lanes(1e10f));
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    s->rise = pace_of(b, b->param[RISE_S][0], b->param[SPAN][0]);
    s->fall = pace_of(b, b->param[FALL_S][0], b->param[SPAN][0]);
}

GD_RT INLINE Lanes next_of(Lanes now, Lanes goal, Lanes rise, Lanes fall, bool linear)
{
    const Lanes way = goal - now, zero = lanes(0.0f);
    if (!linear)
        return onepole_go(now, goal, lanes_where(lanes_less(zero, way), rise, fall));
    Lanes pace = lanes_where(lanes_less(zero, way), rise, fall), size = lanes_abs(way);
    return lanes_where(lanes_less(pace, size), now + lanes_copysign(pace, way), goal);
}

GD_RT INLINE void glide(State *s, const GdBlock *b, bool linear)
{
    const Lanes *restrict in = b->in[IN];
    Lanes *restrict out = b->out[OUT], now = s->level, rise = s->rise, fall = s->fall;
    const bool moves = MOVES(b, RISE_S) || MOVES(b, FALL_S) || MOVES(b, SPAN);
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (moves) {
            rise = pace_of(b, AT(RISE_S, i), AT(SPAN, i));
            fall = pace_of(b, AT(FALL_S, i), AT(SPAN, i));
        }
        now = next_of(now, finite_or_zero(in[i]), rise, fall, linear);
        out[i] = now;
    }
    s->level = now;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    s->level = lanes_where(s->started, s->level, finite_or_zero(b->in[IN][0]));
    s->started = (Ints){0} - 1;
    if (b->offset == 0) /* an exponential would take for ever to reach 0 */
        s->level = lanes_where(lanes_less(lanes_abs(s->level), lanes(1e-12f)), lanes(0.0f), s->level);
    glide(s, b, b->choice[SHAPE] == LINEAR);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = true;
    for (uint32_t l = 0; l < b->lanes; ++l)
        rest &= LANE(s->level, l) == 0.0f && LANE(s->started, l) != 0;
    return rest;
}

KERNEL(.prepare = prepare, .idle = idle, .flags = GD_RINGS)
