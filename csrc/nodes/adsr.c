/* adsr: an envelope of exponential segments, as a capacitor charges: attack towards 1.2 until 1, decay to the sustain
 * level, release until exactly 0. Other curves aim further away, and are straighter, or away from their goal. */
#define NODE adsr
#define INS P(GATE, "gate") P(TRIGGER, "trigger")
#define OUTS P(OUT, "out")
#define PARAMS                                                                                                  \
    P(ATTACK_S, "attack_s") P(DECAY_S, "decay_s") P(SUSTAIN, "sustain") P(RELEASE_S, "release_s")               \
    P(ATTACK_CURVE, "attack_curve") P(DECAY_CURVE, "decay_curve") P(RELEASE_CURVE, "release_curve")
#define CHOICES P(RETRIGGER, "retrigger")
#include "kernel.h"
#include "dsp/gate.h"
#include "dsp/math.h"

enum { FROM_PRESENT, FROM_ZERO, LEGATO };

typedef struct { /* of a bent segment: next level = level + (aim - level) * loss */
    Lanes aim, loss;
    Ints plain; /* mask: not bent, but as a capacitor */
} Bend;

typedef struct { /* of a plain segment: next level = level * keep + add */
    Lanes attack_keep, attack_add, decay_keep, decay_add, release_keep, release_add;
    Bend attack, decay, release; /* the last one aims so far from where it begins, if that is 1 */
    Lanes sustain, rise_loss;    /* of a decay that begins below the sustain level */
} Segments;

typedef struct {
    Lanes level, rest;         /* rest: what rounding has kept from the level of a bent segment */
    Lanes from;                /* where the release began */
    Ints attacking, open, triggered; /* masks */
    Segments segments;
} State;

/* Powers of two by which what is left of a segment shrinks in its time: 6 for an attack that aims at 1.2, 1001 for a
 * release that aims at -0.001, and -60 dB for a decay. */
#define ATTACK_OCTAVES 2.5849625f
#define LONG_OCTAVES 9.9672263f

/* The curve: 1 as above, 0 a line, below 0 slow at first. A way from 0 to 1 whose distance from its aim shrinks by
 * 2^octaves aims at 1 / (1 - 2^-octaves); a line and a hardly bent curve nobody can tell from each other. */
typedef struct { Lanes keep, loss, aim; } Curve; /* loss: 1 - keep */

GD_RT INLINE Curve curve_of(Lanes seconds, Lanes curve, float octaves, float seconds_per_frame)
{
    const Lanes part = seconds_per_frame / lanes_max(seconds, lanes(seconds_per_frame));
    const Lanes bend = lanes_copysign(lanes_max(lanes_abs(curve) * octaves, lanes(0.02f)), curve), x = -bend * part;
    const Lanes small = x * (0.693147181f + x * (0.240226507f + x * 0.0555041087f)); /* the series of 2^x - 1 */
    Curve c = {.keep = exp2_lanes(-octaves * part)};
    c.loss = -lanes_where(lanes_less(lanes_abs(x), lanes(0.05f)), small, exp2_lanes(x) - 1.0f);
    c.aim = 1.0f / (1.0f - exp2_lanes(-bend));
    return c;
}

#define AT(parameter) b->param[parameter][frame * b->stride[parameter]]

GD_RT INLINE void set_attack(Segments *g, const GdBlock *b, uint32_t frame)
{
    Curve c = curve_of(AT(ATTACK_S), AT(ATTACK_CURVE), ATTACK_OCTAVES, b->seconds_per_frame);
    g->attack_keep = c.keep;
    g->attack_add = 1.2001f * (1.0f - c.keep); /* a hair above 1.2, so that rounding costs no frame */
    g->attack = (Bend){1.0001f * c.aim, c.loss, MASK(AT(ATTACK_CURVE) == 1.0f)};
}

GD_RT INLINE void set_decay(Segments *g, const GdBlock *b, uint32_t frame)
{
    Curve c = curve_of(AT(DECAY_S), AT(DECAY_CURVE), LONG_OCTAVES, b->seconds_per_frame);
    g->decay_keep = c.keep;
    g->decay_add = AT(SUSTAIN) * (1.0f - c.keep);
    g->decay = (Bend){1.0f - c.aim * (1.0f - AT(SUSTAIN)), c.loss, MASK(AT(DECAY_CURVE) == 1.0f)};
    g->sustain = AT(SUSTAIN);
    g->rise_loss = 1.0f - c.keep;
}

GD_RT INLINE void set_release(Segments *g, const GdBlock *b, uint32_t frame)
{
    Curve c = curve_of(AT(RELEASE_S), AT(RELEASE_CURVE), LONG_OCTAVES, b->seconds_per_frame);
    g->release_keep = c.keep;
    g->release_add = -0.001f * (1.0f - c.keep);
    g->release = (Bend){1.0f - c.aim, c.loss, MASK(AT(RELEASE_CURVE) == 1.0f)};
}

/* Only what moves is worked out anew; a frame's numbers do not depend on what else moves. */
GD_RT INLINE void set_segments(Segments *g, const GdBlock *b, uint32_t frame, bool all)
{
    if (all || MOVES(b, ATTACK_S) || MOVES(b, ATTACK_CURVE))
        set_attack(g, b, frame);
    if (all || MOVES(b, DECAY_S) || MOVES(b, SUSTAIN) || MOVES(b, DECAY_CURVE))
        set_decay(g, b, frame);
    if (all || MOVES(b, RELEASE_S) || MOVES(b, RELEASE_CURVE))
        set_release(g, b, frame);
}

GD_RT static void prepare(void *state, const GdBlock *b) { set_segments(&((State *)state)->segments, b, 0, true); }

/* What a gate that opens, or a trigger while it is open, begins. */
GD_RT INLINE Ints attack_begins(State *s, Ints open, Lanes trigger, uint32_t mode)
{
    const Ints again = gate_opens(&s->triggered, trigger) & open;
    if (mode == LEGATO)
        return open & ~s->open & MASK(s->level == 0.0f);
    const Ints begins = again | (open & ~s->open);
    if (mode == FROM_ZERO) {
        s->level = lanes_where(begins, lanes(0.0f), s->level);
        s->rest = lanes_where(begins, lanes(0.0f), s->rest);
    }
    return begins;
}

/* The next level of a bent segment, with what rounding keeps from it: long slow starts would not get off the ground. */
GD_RT INLINE Lanes bent(State *s, Ints open, Ints attacking)
{
    const Segments *g = &s->segments;
    const Ints below = open & ~attacking & lanes_less(s->level, g->sustain);
    const Bend *down = &g->decay, *end = &g->release;
    Lanes aim = lanes_where(open, lanes_where(below, g->sustain, down->aim), end->aim * s->from);
    Lanes loss = lanes_where(open, lanes_where(below, g->rise_loss, down->loss), end->loss);
    aim = lanes_where(attacking, g->attack.aim, aim);
    loss = lanes_where(attacking, g->attack.loss, loss);
    Lanes step = s->rest + ((aim - s->level) - s->rest) * loss, next = s->level + step;
    s->rest = step - (next - s->level);
    Lanes floor = lanes_where(open & ~below, g->sustain, lanes(0.0f));
    return lanes_where(attacking, next, lanes_max(next, floor));
}

/* All plain segments are stepped before the choice between them, so that the choice need not be waited for. */
GD_RT INLINE Lanes step(State *s, Lanes gate, Lanes trigger, uint32_t mode, bool bends)
{
    const Segments *g = &s->segments;
    Ints open = gate_open(gate), attacking = (s->attacking | attack_begins(s, open, trigger, mode)) & open;
    Lanes attack = s->level * g->attack_keep + g->attack_add;
    Lanes decay = s->level * g->decay_keep + g->decay_add;
    Lanes release = lanes_max(s->level * g->release_keep + g->release_add, lanes(0.0f));
    Lanes next = lanes_where(attacking, attack, lanes_where(open, decay, release));
    s->from = lanes_where(s->open & ~open, s->level, s->from);
    if (bends) {
        Ints plain = ints_where(attacking, g->attack.plain, ints_where(open, g->decay.plain, g->release.plain));
        next = lanes_where(plain, next, bent(s, open, attacking));
        s->rest = lanes_where(plain, lanes(0.0f), s->rest);
    }
    s->attacking = attacking & lanes_less(next, lanes(1.0f));
    s->level = lanes_min(next, lanes(1.0f));
    s->open = open;
    return s->level;
}

/* By far the most slices: no gate opens or closes, and nothing is in its attack. False if a gate did; then nothing
 * has happened but to `out`. The search for a change costs no time of its own, because each level waits for the last. */
GD_RT INLINE bool run_steady(State *s, const GdBlock *b)
{
    const Lanes *restrict gate = b->in[GATE];
    Lanes *restrict out = b->out[OUT];
    const Lanes keep = lanes_where(s->open, s->segments.decay_keep, s->segments.release_keep);
    const Lanes add = lanes_where(s->open, s->segments.decay_add, s->segments.release_add);
    const Ints open = s->open;
    Ints change = {0};
    Lanes level = s->level;
    for (uint32_t i = 0; i < b->frames; ++i) {
        change |= gate_open(gate[i]) ^ open;
        level = level * keep + add; /* a release that has passed 0 stays below it, and a decay is never below it */
        out[i] = lanes_max(level, lanes(0.0f));
    }
    if (any_lane(change))
        return false;
    s->level = lanes_max(level, lanes(0.0f));
    return true;
}

GD_RT INLINE bool any_bends(const Segments *g, uint32_t in_use)
{
    int32_t plain = -1;
    for (uint32_t l = 0; l < in_use; ++l)
        plain &= LANE(g->attack.plain, l) & LANE(g->decay.plain, l) & LANE(g->release.plain, l);
    return plain == 0;
}

GD_RT INLINE bool any_moves(const GdBlock *b)
{
    bool moves = false;
    for (uint32_t p = 0; p < PARAM_COUNT; ++p)
        moves |= MOVES(b, p);
    return moves;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State s = *(State *)state;
    const Lanes *restrict gate = b->in[GATE], *restrict trigger = b->in[TRIGGER];
    Lanes *restrict out = b->out[OUT];
    const bool moves = any_moves(b), bends = moves || any_bends(&s.segments, b->lanes);
    if (bends)
        for (uint32_t i = 0; i < b->frames; ++i) {
            if (moves)
                set_segments(&s.segments, b, i, false);
            out[i] = step(&s, gate[i], trigger[i], b->choice[RETRIGGER], true);
        }
    else if (!SILENT(b, TRIGGER) || any_lane(s.attacking | s.triggered) || !run_steady(&s, b))
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = step(&s, gate[i], trigger[i], b->choice[RETRIGGER], false);
    *(State *)state = s;
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = true;
    for (uint32_t l = 0; l < b->lanes; ++l)
        rest &= LANE(s->level, l) == 0.0f && (LANE(s->open, l) | LANE(s->triggered, l)) == 0;
    return rest;
}

KERNEL(.prepare = prepare, .idle = idle, .flags = GD_RINGS)
