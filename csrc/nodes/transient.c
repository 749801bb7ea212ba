/* transient: more or less of how a sound begins and of how it lasts, whatever its level. Three followers of the level in
 * octaves: a quick one, which holds each peak for half a turn of a bass note, so that a steady tone is steady, and which
 * the others follow; one slow to rise, which the first is above while a sound begins; one slow to fall, which is above
 * the first while a sound dies. The two distances, weighed, are the gain. */
#define NODE transient
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS                                                                                                   \
    P(ATTACK_DB, "attack_db") P(SUSTAIN_DB, "sustain_db") P(ATTACK_S, "attack_s") P(SUSTAIN_S, "sustain_s")      \
    P(GAIN_DB, "gain_db")
#include "kernel.h"
#include "dsp/dynamics.h"

/* The quick follower's speeds and hold, and the speed at which the gain itself moves; in octaves, the level below which all
 * is as if silent, and the distance at which all of the gain set is given, 12 dB. */
static const float quick_rise_s = 0.0005f, quick_fall_s = 0.02f, hold_s = 0.0125f, smooth_s = 0.0007f;
static const float silence = -11.6f, full = 2.0f;

typedef struct {
    Speeds quick, slow_rise, slow_fall;
    Lanes attack, sustain, gain; /* octaves */
    Lanes smooth;
} Coefs;

/* Levels are octaves above `silence`, so that zeros are silence. */
typedef struct {
    Coefs coefs;
    Lanes quick, slow_rise, slow_fall, change;
    Lanes wait; /* frames that the quick one is still held */
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

INLINE void set_coefs(Coefs *c, const GdBlock *b, uint32_t i)
{
    const float spf = b->seconds_per_frame;
    c->quick = (Speeds){share_for(lanes(quick_rise_s), spf), share_for(lanes(quick_fall_s), spf)};
    c->slow_rise = (Speeds){share_for(AT(ATTACK_S, i), spf), c->quick.fall};
    c->slow_fall = (Speeds){c->quick.rise, share_for(AT(SUSTAIN_S, i), spf)};
    c->attack = AT(ATTACK_DB, i) * OCTAVES_OF_DB;
    c->sustain = AT(SUSTAIN_DB, i) * OCTAVES_OF_DB;
    c->gain = AT(GAIN_DB, i) * OCTAVES_OF_DB;
    c->smooth = share_for(lanes(smooth_s), spf);
}

GD_RT static void prepare(void *state, const GdBlock *b) { set_coefs(&((State *)state)->coefs, b, 0); }

INLINE Lanes part(Lanes distance) { return lanes_clamp(distance * (1.0f / full), lanes(0.0f), lanes(1.0f)); }

INLINE void shape(State *state, const GdBlock *b, bool moves)
{
    const Lanes *restrict left = b->in[LEFT_IN], *restrict right = b->in[RIGHT_IN];
    Lanes *restrict left_out = b->out[LEFT_OUT], *restrict right_out = b->out[RIGHT_OUT];
    const Lanes hold = lanes(hold_s * b->sample_rate_hz);
    State s = *state;
    Coefs k = s.coefs;
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (moves)
            set_coefs(&k, b, i);
        Lanes octaves = octaves_of(lanes_max(size_of(left[i]), size_of(right[i])));
        Lanes level = lanes_max(octaves - silence, lanes(0.0f));
        Ints holds = lanes_less(level, s.quick) & lanes_less(lanes(0.0f), s.wait);
        Ints peak = lanes_at_least(level, s.quick) & lanes_less(lanes(0.0f), level);
        s.wait = lanes_where(peak, hold, lanes_max(s.wait - 1.0f, lanes(0.0f)));
        s.quick = follow(s.quick, lanes_where(holds, s.quick, level), k.quick);
        s.slow_rise = follow(s.slow_rise, s.quick, k.slow_rise);
        s.slow_fall = follow(s.slow_fall, s.quick, k.slow_fall);
        Lanes change = k.attack * part(s.quick - s.slow_rise) + k.sustain * part(s.slow_fall - s.quick);
        s.change += k.smooth * (change - s.change);
        Lanes gain = size_of_octaves(s.change + k.gain);
        left_out[i] = left[i] * gain;
        right_out[i] = right[i] * gain;
    }
    s.coefs = state->coefs;
    *state = s;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    bool moves = false;
    for (uint32_t p = 0; p < PARAM_COUNT; ++p)
        moves = moves || MOVES(b, p);
    if (b->offset == 0) {
        s->quick = settle_at_zero(s->quick, 1e-5f);
        s->slow_rise = settle_at_zero(s->slow_rise, 1e-5f);
        s->slow_fall = settle_at_zero(s->slow_fall, 1e-5f);
        s->change = settle_at_zero(s->change, 1e-6f);
    }
    if (moves)
        shape(s, b, true);
    else
        shape(s, b, false);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    return all_zero(s->quick, b->lanes) && all_zero(s->slow_rise, b->lanes) && all_zero(s->slow_fall, b->lanes)
           && all_zero(s->change, b->lanes) && all_zero(s->wait, b->lanes);
}

KERNEL(.effort = 150, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
