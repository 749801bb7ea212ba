/* sequencer: up to 16 values, one after another, a step a trigger. A locate puts it before its first step; a trigger that is
 * high there is its first. */
#define NODE sequencer
#define INS P(TRIGGER, "trigger") P(RESET, "reset")
#define OUTS P(VALUE, "value") P(GATE, "gate") P(STEP, "step")
#define PARAMS                                                                               \
    P(VALUE1, "value1") P(VALUE2, "value2") P(VALUE3, "value3") P(VALUE4, "value4")          \
    P(VALUE5, "value5") P(VALUE6, "value6") P(VALUE7, "value7") P(VALUE8, "value8")          \
    P(VALUE9, "value9") P(VALUE10, "value10") P(VALUE11, "value11") P(VALUE12, "value12")    \
    P(VALUE13, "value13") P(VALUE14, "value14") P(VALUE15, "value15") P(VALUE16, "value16")  \
    P(GATE1, "gate1") P(GATE2, "gate2") P(GATE3, "gate3") P(GATE4, "gate4")                  \
    P(GATE5, "gate5") P(GATE6, "gate6") P(GATE7, "gate7") P(GATE8, "gate8")                  \
    P(GATE9, "gate9") P(GATE10, "gate10") P(GATE11, "gate11") P(GATE12, "gate12")            \
    P(GATE13, "gate13") P(GATE14, "gate14") P(GATE15, "gate15") P(GATE16, "gate16")          \
    P(LENGTH, "length") P(GLIDE_S, "glide_s")
#define CHOICES P(DIRECTION, "direction")
#include "kernel.h"
#include "dsp/gate.h"
#include "dsp/hash.h"
#include "dsp/onepole.h"

enum { STEPS = 16 };
enum { FORWARD, BACKWARD, PENDULUM, RANDOM };

typedef struct {
    Ints step;              /* from 1; 0 before the first trigger */
    Ints falling;           /* mask: the pendulum swings back */
    Ints open, reset_open;  /* masks */
    Ints since, period;     /* frames since the last trigger, and between the last two; 0 where not known */
    Words count;            /* of triggers: the place in the random sequence */
    Lanes goal, share;      /* the step's value, and the part of its time for which its gate is open */
    Lanes value, part;      /* as glided so far, and part of the way a frame */
    Ints started;
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

/* The present step's value and gate; the first step's before any trigger. */
GD_RT INLINE void look_up(State *s, const GdBlock *b, uint32_t i)
{
    s->goal = AT(VALUE1, i);
    s->share = AT(GATE1, i);
    for (uint32_t k = 1; k < STEPS; ++k) {
        const Ints here = MASK(s->step == (int32_t)k + 1);
        s->goal = lanes_where(here, AT(VALUE1 + k, i), s->goal);
        s->share = lanes_where(here, AT(GATE1 + k, i), s->share);
    }
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    look_up(state, b, 0);
    ((State *)state)->part = onepole_part(b->param[GLIDE_S][0], b->seconds_per_frame);
}

GD_RT INLINE Ints random_step(const State *s, const GdBlock *b, Ints length)
{
    Words key = {0};
    for (uint32_t l = 0; l < b->lanes; ++l)
        LANE(key, l) = hash_word(b->seed[l]);
    Words number = hash_words(hash_words(s->count ^ key) + key) >> 8;
    return (Ints)((number * (Words)length) >> 24) + 1;
}

/* Where the sequence goes from here. */
GD_RT INLINE Ints next_step(State *s, const GdBlock *b, Ints length)
{
    const Ints one = (Ints){0} + 1, up = s->step + 1, down = s->step - 1;
    Ints turns;
    switch (b->choice[DIRECTION]) {
    case BACKWARD:
        return ints_where(MASK(down < 1) | MASK(down > length), length, down);
    case PENDULUM:
        s->falling = ints_where(MASK(up > length), (Ints){0} - 1, s->falling & ~MASK(down < 1));
        turns = ints_where(s->falling, ints_where(MASK(down > length), length, down), up);
        return ints_where(MASK(turns < 1) | MASK(length == 1), one, turns);
    case RANDOM:
        return random_step(s, b, length);
    default:
        return ints_where(MASK(up > length), one, up);
    }
}

GD_RT INLINE void go_on(State *s, const GdBlock *b, uint32_t i, Ints opens)
{
    const Ints length = lanes_truncate(AT(LENGTH, i) + 0.5f);
    s->period = ints_where(opens & MASK(s->step > 0), s->since, s->period);
    s->since &= ~opens;
    s->count += (Words)opens & 1u;
    Ints falling = s->falling, step = next_step(s, b, length);
    s->falling = ints_where(opens, s->falling, falling);
    s->step = ints_where(opens, step, s->step);
    look_up(s, b, i);
}

GD_RT INLINE Lanes gate_now(const State *s)
{
    const Lanes time = s->share * lanes_from_ints(s->period);
    const Ints tied = lanes_at_least(s->share, lanes(1.0f)), known = MASK(s->period > 0);
    const Ints early = lanes_less(lanes_from_ints(s->since), time) | MASK(s->since == 0);
    return gate_of(MASK(s->step > 0) & lanes_less(lanes(0.0f), s->share) & (tied | ints_where(known, early, s->open)));
}

GD_RT INLINE bool any_moves(const GdBlock *b)
{
    bool moves = false;
    for (uint32_t p = 0; p < LENGTH; ++p)
        moves |= MOVES(b, p);
    return moves;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State s = *(State *)state;
    const bool moves = any_moves(b);
    Ints moved = (Ints){0};
    if (b->transport->jumped) {
        moved -= 1;
        s.open = s.period = s.falling = (Ints){0};
        s.count = (Words){0};
    }
    for (uint32_t i = 0; i < b->frames; ++i, moved = (Ints){0}) {
        const Ints resets = gate_opens(&s.reset_open, b->in[RESET][i]) | moved;
        s.step &= ~resets;
        s.falling &= ~resets;
        const Ints opens = gate_opens(&s.open, b->in[TRIGGER][i]);
        if (any_lane(opens | resets))
            go_on(&s, b, i, opens);
        else if (moves)
            look_up(&s, b, i);
        if (MOVES(b, GLIDE_S))
            s.part = onepole_part(AT(GLIDE_S, i), b->seconds_per_frame);
        s.value = lanes_where(s.started, onepole_go(s.value, s.goal, s.part), s.goal);
        s.started = (Ints){0} - 1;
        b->out[VALUE][i] = s.value;
        b->out[GATE][i] = gate_now(&s);
        b->out[STEP][i] = lanes_from_ints(s.step);
        s.since -= MASK(s.since < 0xffffff);
    }
    *(State *)state = s;
}

KERNEL(.prepare = prepare)
