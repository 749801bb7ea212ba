/* adsr: an envelope of exponential segments, as a capacitor charges: attack towards 1.2 until 1, decay to the sustain
 * level, release until exactly 0. */
#define NODE adsr
#define INS P(GATE, "gate")
#define OUTS P(OUT, "out")
#define PARAMS P(ATTACK_S, "attack_s") P(DECAY_S, "decay_s") P(SUSTAIN, "sustain") P(RELEASE_S, "release_s")
#include "kernel.h"
#include "dsp/math.h"

typedef struct { /* next level = level * keep + add */
    Lanes attack_keep, attack_add, decay_keep, decay_add, release_keep, release_add;
} Segments;

typedef struct {
    Lanes level;
    Ints attacking, open; /* masks */
    Segments segments;
} State;

/* Powers of two by which what is left of a segment shrinks in its time: 6 for an attack that aims at 1.2, 1001 for a
 * release that aims at -0.001, and -60 dB for a decay. */
#define ATTACK_OCTAVES 2.5849625f
#define LONG_OCTAVES 9.9672263f

GD_RT INLINE Lanes keep_of(Lanes seconds, float octaves, float seconds_per_frame)
{
    return exp2_lanes(-octaves * (seconds_per_frame / lanes_max(seconds, lanes(seconds_per_frame))));
}

/* Only what `which` names is worked out anew; a frame's numbers do not depend on what else moves. */
GD_RT INLINE void set_segments(Segments *g, const GdBlock *b, uint32_t frame, const bool *which)
{
#define AT(parameter) b->param[parameter][frame * b->stride[parameter]]
    if (which[ATTACK_S]) {
        g->attack_keep = keep_of(AT(ATTACK_S), ATTACK_OCTAVES, b->seconds_per_frame);
        g->attack_add = 1.2001f * (1.0f - g->attack_keep); /* a hair above 1.2, so that rounding costs no frame */
    }
    if (which[DECAY_S])
        g->decay_keep = keep_of(AT(DECAY_S), LONG_OCTAVES, b->seconds_per_frame);
    if (which[DECAY_S] || which[SUSTAIN])
        g->decay_add = AT(SUSTAIN) * (1.0f - g->decay_keep);
    if (which[RELEASE_S]) {
        g->release_keep = keep_of(AT(RELEASE_S), LONG_OCTAVES, b->seconds_per_frame);
        g->release_add = -0.001f * (1.0f - g->release_keep);
    }
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    set_segments(&((State *)state)->segments, b, 0, (const bool[]){true, true, true, true});
}

/* All three segments are stepped before the choice between them, so that the choice need not be waited for. */
GD_RT INLINE Lanes step(State *s, const Segments *g, Lanes gate)
{
    Ints open = lanes_less(lanes(0.5f), gate), attacking = (s->attacking | ~s->open) & open;
    Lanes attack = s->level * g->attack_keep + g->attack_add;
    Lanes decay = s->level * g->decay_keep + g->decay_add;
    Lanes release = lanes_max(s->level * g->release_keep + g->release_add, lanes(0.0f));
    s->level = lanes_where(attacking, lanes_min(attack, lanes(1.0f)), lanes_where(open, decay, release));
    s->attacking = attacking & lanes_less(attack, lanes(1.0f));
    s->open = open;
    return s->level;
}

GD_RT INLINE bool any_lane(Ints mask)
{
    int32_t any = 0;
    for (int l = 0; l < W; ++l)
        any |= LANE(mask, l);
    return any != 0;
}

/* By far the most slices: no gate opens or closes, and nothing is in its attack. False if a gate did; then nothing
 * has happened but to `out`. The search for a change costs no time of its own, because each level waits for the last. */
GD_RT INLINE bool run_steady(State *s, const Lanes *restrict gate, Lanes *restrict out, uint32_t frames)
{
    const Lanes keep = lanes_where(s->open, s->segments.decay_keep, s->segments.release_keep);
    const Lanes add = lanes_where(s->open, s->segments.decay_add, s->segments.release_add);
    const Ints open = s->open;
    Ints change = {0};
    Lanes level = s->level;
    for (uint32_t i = 0; i < frames; ++i) {
        change |= lanes_less(lanes(0.5f), gate[i]) ^ open;
        level = level * keep + add; /* a release that has passed 0 stays below it, and a decay is never below it */
        out[i] = lanes_max(level, lanes(0.0f));
    }
    if (any_lane(change))
        return false;
    s->level = lanes_max(level, lanes(0.0f));
    return true;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State s = *(State *)state;
    const Lanes *restrict gate = b->in[GATE];
    Lanes *restrict out = b->out[OUT];
    const bool moves[] = {MOVES(b, ATTACK_S), MOVES(b, DECAY_S), MOVES(b, SUSTAIN), MOVES(b, RELEASE_S)};
    if (moves[ATTACK_S] || moves[DECAY_S] || moves[SUSTAIN] || moves[RELEASE_S])
        for (uint32_t i = 0; i < b->frames; ++i) {
            set_segments(&s.segments, b, i, moves);
            out[i] = step(&s, &s.segments, gate[i]);
        }
    else if (any_lane(s.attacking) || !run_steady(&s, gate, out, b->frames))
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = step(&s, &s.segments, gate[i]);
    *(State *)state = s;
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = true;
    for (uint32_t l = 0; l < b->lanes; ++l)
        rest &= LANE(s->level, l) == 0.0f && LANE(s->open, l) == 0;
    return rest;
}

KERNEL(.prepare = prepare, .idle = idle, .flags = GD_RINGS)
