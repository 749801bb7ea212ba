/* envelope: up to eight segments of any time, level and curve, with a place to wait or to loop. */
#define NODE envelope
#define INS P(GATE, "gate") P(TRIGGER, "trigger")
#define OUTS P(OUT, "out") P(END, "end")
#define PARAMS                                                                                                    \
    P(TIME1_S, "time1_s") P(TIME2_S, "time2_s") P(TIME3_S, "time3_s") P(TIME4_S, "time4_s") P(TIME5_S, "time5_s") \
    P(TIME6_S, "time6_s") P(TIME7_S, "time7_s") P(TIME8_S, "time8_s")                                             \
    P(LEVEL1, "level1") P(LEVEL2, "level2") P(LEVEL3, "level3") P(LEVEL4, "level4") P(LEVEL5, "level5")           \
    P(LEVEL6, "level6") P(LEVEL7, "level7") P(LEVEL8, "level8")                                                   \
    P(CURVE1, "curve1") P(CURVE2, "curve2") P(CURVE3, "curve3") P(CURVE4, "curve4") P(CURVE5, "curve5")           \
    P(CURVE6, "curve6") P(CURVE7, "curve7") P(CURVE8, "curve8") P(STRETCH, "stretch")
#define CHOICES P(MODE, "mode") P(POINTS, "points") P(SUSTAIN, "sustain") P(LOOP_FROM, "loop_from")
#include "kernel.h"
#include "dsp/fine_phase.h"
#include "dsp/gate.h"

enum { SEGMENTS = 8 };
enum { HOLD, ONE_SHOT, LOOP };

#define BEND 10.0f      /* octaves by which the distance shrinks at a curve of 1: from all to a thousandth */
#define STRAIGHT 0.004f /* curves below this are drawn as straight */

typedef struct {
    Ints segment;             /* from 1; 0 at rest before the first start */
    Ints done, waiting;       /* masks: at the last point; at the sustain point */
    Ints jumps;               /* mask: the segment takes a frame */
    Ints open, triggered, left; /* masks, and frames left of the end's trigger */
    FinePhase at, step;       /* of the way through the segment */
    Lanes from, now;          /* where the segment began; the last value */
    Lanes level, bend, scale; /* of the segment: its goal, octaves, and 1 / (1 - 2^-octaves) */
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

/* The present segment's numbers. */
GD_RT INLINE void look_up(State *s, const GdBlock *b, uint32_t i)
{
    Lanes time = AT(TIME1_S, i), level = AT(LEVEL1, i), curve = AT(CURVE1, i);
    for (uint32_t k = 1; k < SEGMENTS; ++k) {
        const Ints here = MASK(s->segment == (int32_t)k + 1);
        time = lanes_where(here, AT(TIME1_S + k, i), time);
        level = lanes_where(here, AT(LEVEL1 + k, i), level);
        curve = lanes_where(here, AT(CURVE1 + k, i), curve);
    }
    const Lanes frames = lanes_max(time * AT(STRETCH, i) * b->sample_rate_hz, lanes(1.0f));
    s->step = fine_of_turns(lanes_min(1.0f / frames, lanes(0.49f)));
    s->jumps = lanes_less(frames, lanes(2.05f));
    s->level = level;
    s->bend = lanes_where(lanes_less(lanes_abs(curve), lanes(STRAIGHT)), lanes(0.0f), BEND * curve);
    const Ints straight = MASK(s->bend == 0.0f);
    const Lanes rest = lanes_where(straight, lanes(1.0f), 1.0f - exp2_lanes(-s->bend));
    s->scale = 1.0f / rest;
}

GD_RT static void prepare(void *state, const GdBlock *b) { look_up(state, b, 0); }

/* The segment after the present one has ended, by what the choices say. */
GD_RT INLINE void move_on(State *s, const GdBlock *b, Ints ends)
{
    const Ints points = (Ints){0} + b->choice[POINTS] + 1, sustain = (Ints){0} + b->choice[SUSTAIN] + 1;
    const Ints at_sustain = ends & MASK(s->segment == sustain) & MASK(sustain <= points) & s->open;
    Ints next = s->segment + 1;
    if (b->choice[MODE] == HOLD)
        s->waiting |= at_sustain;
    if (b->choice[MODE] == LOOP) {
        Ints from = (Ints){0} + b->choice[LOOP_FROM] + 1;
        next = ints_where(at_sustain, ints_where(MASK(from > sustain), sustain, from), next);
    }
    const Ints over = ends & MASK(next > points) & ~s->waiting;
    s->done |= over;
    s->segment = ints_where(ends & ~over & ~s->waiting, next, s->segment);
    s->from = lanes_where(ends, s->now, s->from);
}

/* Gates and triggers, and the segments they begin; where the numbers are stale. */
GD_RT INLINE Ints steer(State *s, const GdBlock *b, Lanes gate, Lanes trigger)
{
    const Ints was_open = s->open, opens = gate_opens(&s->open, gate), closes = was_open & ~s->open;
    const Ints starts = opens | gate_opens(&s->triggered, trigger);
    const Ints sustain = (Ints){0} + b->choice[SUSTAIN] + 1, points = (Ints){0} + b->choice[POINTS] + 1;
    const bool gated = b->choice[MODE] != ONE_SHOT;
    const Ints before = MASK(s->segment > 0) & MASK(s->segment <= sustain) & ~s->done;
    const Ints leaves = gated ? closes & before & ~starts : (Ints){0};
    const Ints last = leaves & MASK(sustain >= points);
    s->segment = ints_where(starts, (Ints){0} + 1, ints_where(leaves & ~last, sustain + 1, s->segment));
    s->done = (s->done | last) & ~starts;
    const Ints begins = starts | leaves;
    s->waiting &= ~begins;
    s->at.turns &= ~(Words)begins;
    s->at.fine &= ~(Words)begins;
    s->from = lanes_where(begins, s->now, s->from);
    return begins;
}

GD_RT INLINE Lanes value_of(const State *s, Lanes t)
{
    const Lanes bent = lanes_where(MASK(s->bend == 0.0f), t, (1.0f - exp2_lanes(-s->bend * t)) * s->scale);
    return s->from + (s->level - s->from) * bent;
}

/* One frame: a segment ends with its goal, which is also where the next one begins. */
GD_RT INLINE Ints go_on(State *s, const GdBlock *b)
{
    const Ints runs = MASK(s->segment > 0) & ~s->done & ~s->waiting;
    const Words over = fine_go(&s->at, (FinePhase){s->step.turns & (Words)runs, s->step.fine & (Words)runs});
    const Ints ends = runs & (s->jumps | MASK(over != 0));
    const Lanes t = lanes_from_ints((Ints)(s->at.turns >> 8)) * 0x1p-24f;
    const Lanes moving = lanes_where(ends, s->level, value_of(s, t));
    s->now = lanes_where(runs, moving, lanes_where(s->waiting, s->level, s->now));
    s->at.turns &= ~(Words)ends;
    s->at.fine &= ~(Words)ends;
    if (any_lane(ends))
        move_on(s, b, ends);
    return ends;
}

GD_RT INLINE bool any_moves(const GdBlock *b)
{
    bool moves = false;
    for (uint32_t p = 0; p < PARAM_COUNT; ++p)
        moves |= MOVES(b, p);
    return moves;
}

/* Nothing is under way, and nothing begins in this slice. */
GD_RT INLINE bool is_still(const State *s, const GdBlock *b)
{
    int32_t busy = 0;
    for (uint32_t l = 0; l < b->lanes; ++l)
        busy |= (LANE(s->segment, l) > 0 && !(LANE(s->done, l) | LANE(s->waiting, l))) || LANE(s->left, l) > 0;
    Ints change = {0};
    for (uint32_t i = 0; i < b->frames && !busy; ++i)
        change |= (gate_open(b->in[GATE][i]) ^ s->open) | (gate_open(b->in[TRIGGER][i]) ^ s->triggered);
    return !busy && !any_lane(change);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State s = *(State *)state;
    const bool moves = any_moves(b);
    if (!moves && is_still(&s, b)) {
        s.now = lanes_where(s.waiting, s.level, s.now);
        for (uint32_t i = 0; i < b->frames; ++i) {
            b->out[OUT][i] = s.now;
            b->out[END][i] = lanes(0.0f);
        }
        *(State *)state = s;
        return;
    }
    const int32_t frames = trigger_frames(b->sample_rate_hz);
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Ints begins = steer(&s, b, b->in[GATE][i], b->in[TRIGGER][i]);
        if (moves || any_lane(begins))
            look_up(&s, b, i);
        const Ints was_done = s.done, ends = go_on(&s, b);
        b->out[OUT][i] = s.now;
        b->out[END][i] = trigger_of(&s.left, s.done & ~was_done, frames);
        if (any_lane(ends))
            look_up(&s, b, i);
    }
    *(State *)state = s;
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = true;
    for (uint32_t l = 0; l < b->lanes; ++l)
        rest &= LANE(s->now, l) == 0.0f && (LANE(s->segment, l) == 0 || LANE(s->done, l) != 0)
                && (LANE(s->open, l) | LANE(s->triggered, l)) == 0 && LANE(s->left, l) <= 0;
    return rest;
}

KERNEL(.prepare = prepare, .idle = idle, .flags = GD_RINGS)
