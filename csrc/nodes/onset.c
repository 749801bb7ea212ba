/* onset: a trigger where a sound begins, found by its short-time energy leaping above its long-time energy. */
#define NODE onset
#define INS P(IN, "in")
#define OUTS P(OUT, "out") P(RISE, "rise")
#define PARAMS P(THRESHOLD_DB, "threshold_db") P(FLOOR_DB, "floor_db") P(HOLD_S, "hold_s")
#define CHOICES P(METHOD, "method")
#include "kernel.h"
#include "dsp/gate.h"
#include "dsp/onepole.h"
#include "dsp/safe.h"

enum { ENERGY, BRIGHTNESS };

#define FAST_S 0.003f     /* time constant of the short energy */
#define RISE_S 0.12f      /* and of the background, which follows it: a hit must not become its own, nor hide the next */
#define FALL_S 0.02f
#define SLOPE_HZ 1000.0f  /* where the slope of a sine counts as much as the sine */
#define REARM 0.5f        /* part of the threshold, in decibels, below which the next onset may come */
#define QUIET 1e-12f      /* energy added to both, -120 dB, so that the ratio of nothing is 1 */

typedef struct {
    Lanes last, fast, slow;
    Lanes threshold, rearm, floor; /* ratios of energy, and an energy */
    Ints hold, left;               /* frames until the next onset may come, and left of the last one's trigger */
    Ints spent;                    /* mask: the ratio has not fallen since the last onset */
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

GD_RT INLINE void set_levels(State *s, const GdBlock *b, uint32_t i)
{
    const Lanes db = AT(THRESHOLD_DB, i);
    s->threshold = db_to_level(2.0f * db);
    s->rearm = db_to_level(2.0f * REARM * db);
    s->floor = db_to_level(2.0f * AT(FLOOR_DB, i));
}

GD_RT static void prepare(void *state, const GdBlock *b) { set_levels(state, b, 0); }

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State s = *(State *)state;
    const Lanes *restrict in = b->in[IN];
    const Lanes fast = onepole_part(lanes(FAST_S), b->seconds_per_frame);
    const Lanes rise = onepole_part(lanes(RISE_S), b->seconds_per_frame);
    const Lanes fall = onepole_part(lanes(FALL_S), b->seconds_per_frame);
    const bool bright = b->choice[METHOD] == BRIGHTNESS, moves = MOVES(b, THRESHOLD_DB) || MOVES(b, FLOOR_DB);
    const float slope = b->sample_rate_hz * (1.0f / (6.28318531f * SLOPE_HZ));
    const int32_t frames = trigger_frames(b->sample_rate_hz);
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (moves)
            set_levels(&s, b, i);
        const Lanes x = finite_or_zero(in[i]), heard = bright ? (x - s.last) * slope : x;
        s.last = x;
        s.fast += (heard * heard - s.fast) * fast;
        s.slow += (s.fast - s.slow) * lanes_where(lanes_less(s.fast, s.slow), fall, rise);
        const Lanes ratio = (s.fast + QUIET) / (s.slow + QUIET), hold = AT(HOLD_S, i) * b->sample_rate_hz;
        const Ints ready = ~s.spent & MASK(s.hold == 0);
        const Ints starts = ready & lanes_at_least(ratio, s.threshold) & lanes_at_least(s.fast, s.floor);
        s.spent = (s.spent | starts) & ~lanes_less(ratio, s.rearm);
        s.hold = ints_where(starts, lanes_truncate(hold), s.hold + MASK(s.hold > 0));
        b->out[OUT][i] = trigger_of(&s.left, starts, frames);
        b->out[RISE][i] = lanes_max(0.5f * level_to_db(ratio), lanes(0.0f));
    }
    *(State *)state = s;
}

KERNEL(.prepare = prepare)
