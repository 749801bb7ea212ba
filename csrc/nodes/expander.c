/* expander: makes soft passages softer, or loud ones louder. */
#define NODE expander
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in") P(LEFT_KEY, "sidechain") P(RIGHT_KEY, "sidechain")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out") P(CHANGE, "change")
#define PARAMS                                                                                                   \
    P(THRESHOLD_DB, "threshold_db") P(RATIO, "ratio") P(KNEE_DB, "knee_db") P(ATTACK_S, "attack_s")              \
    P(RELEASE_S, "release_s") P(RMS_S, "rms_s") P(RANGE_DB, "range_db") P(HIGHPASS_HZ, "highpass_hz")
#define CHOICES P(DIRECTION, "direction") P(DETECTOR, "detector") P(KEY, "key")
#include "kernel.h"
#include "dsp/ahead.h"
#include "dsp/dynamics.h"
#include "dsp/key.h"
#include "dsp/publish.h"

enum { DOWN, UP };
enum { PEAK, RMS };
enum { SELF, SIDECHAIN };
enum { LEFT, RIGHT, CHANNELS };

typedef struct {
    Knee knee;
    Lanes steep, range; /* octaves of change for each beyond the threshold, and at most */
    Speeds speeds;
    Lanes mean;         /* share of the way of the mean energy */
    KeyFilter highpass;
} Coefs;

typedef struct {
    Coefs coefs;
    SvfState charge[CHANNELS];
    Lanes energy[CHANNELS], change; /* the latter in octaves, 0 or more: how much softer, or louder */
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

/* Downwards, the distance below the threshold is that of the negative level above the negative threshold; and the change
 * falls, not rises, when a sound begins. */
INLINE void set_coefs(Coefs *c, const GdBlock *b, uint32_t i)
{
    const float spf = b->seconds_per_frame, sign = b->choice[DIRECTION] == DOWN ? -1.0f : 1.0f;
    const Lanes attack = share_for(AT(ATTACK_S, i), spf), release = share_for(AT(RELEASE_S, i), spf);
    c->knee = knee_of_db(sign * AT(THRESHOLD_DB, i), AT(KNEE_DB, i));
    c->steep = AT(RATIO, i) - 1.0f;
    c->range = AT(RANGE_DB, i) * OCTAVES_OF_DB;
    c->speeds = b->choice[DIRECTION] == DOWN ? (Speeds){release, attack} : (Speeds){attack, release};
    c->mean = share_for(AT(RMS_S, i), spf);
    c->highpass = key_filter(AT(HIGHPASS_HZ, i), spf);
}

GD_RT static void prepare(void *state, const GdBlock *b) { set_coefs(&((State *)state)->coefs, b, 0); }

INLINE Lanes detect(State *s, const Coefs *c, const GdBlock *b, uint32_t channel, Lanes heard, bool filter)
{
    if (filter)
        heard = key_above(&c->highpass, &s->charge[channel], heard);
    Lanes size = size_of(heard);
    if (b->choice[DETECTOR] == PEAK)
        return size;
    return s->energy[channel] += c->mean * (size * size - s->energy[channel]);
}

INLINE void expand(State *state, const GdBlock *b, bool moves, bool filter, const Lanes *const key[CHANNELS],
                   const Lanes *const source[CHANNELS])
{
    State s = *state;
    Coefs k = s.coefs;
    const float sign = b->choice[DIRECTION] == DOWN ? -1.0f : 1.0f;
    const float unit = b->choice[DETECTOR] == RMS ? 0.5f * sign : sign;
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (moves)
            set_coefs(&k, b, i);
        Lanes left = detect(&s, &k, b, LEFT, key[LEFT][i], filter), right = detect(&s, &k, b, RIGHT, key[RIGHT][i], filter);
        Lanes beyond = knee_above(k.knee, octaves_of(lanes_max(left, right)) * unit);
        s.change = follow(s.change, lanes_min(k.steep * beyond, k.range), k.speeds);
        Lanes gain = size_of_octaves(s.change * sign);
        b->out[LEFT_OUT][i] = source[LEFT][i] * gain;
        b->out[RIGHT_OUT][i] = source[RIGHT][i] * gain;
        b->out[CHANGE][i] = s.change * (sign * DB_OF_OCTAVES) + 0.0f;
    }
    s.coefs = state->coefs;
    *state = s;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Ahead ahead = ahead_of(b);
    const uint32_t key = b->choice[KEY] == SIDECHAIN ? LEFT_KEY : LEFT_IN;
    Lanes late[CHANNELS][GD_SLICE];
    const Lanes *source[CHANNELS];
    bool moves = false, filter = MOVES(b, HIGHPASS_HZ) || !all_zero(b->param[HIGHPASS_HZ][0], b->lanes);
    for (uint32_t p = 0; p < PARAM_COUNT; ++p)
        moves = moves || MOVES(b, p);
    for (uint32_t c = 0; c < CHANNELS; ++c) {
        source[c] = ahead_delay(&ahead, b, c, b->in[LEFT_IN + c], late[c]);
        if (b->offset == 0) {
            s->charge[c] = svf_settle(s->charge[c]);
            s->energy[c] = settle_at_zero(s->energy[c], 1e-18f);
        }
    }
    const Lanes *const heard[] = {b->in[key], b->in[key + 1]};
    if (moves || filter)
        expand(s, b, moves, filter, heard, source);
    else
        expand(s, b, false, false, heard, source);
    if (b->offset + b->frames == GD_SLICE)
        publish_row(b, 0, b->out[CHANGE][b->frames - 1]);
}

/* Never skipped: downwards, silence is what is made softest, and `change` says so. */
KERNEL(.effort = 110, .prepare = prepare)
