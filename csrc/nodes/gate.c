/* gate: shuts out what is too soft. Opens at a threshold and shuts below a lower one, after a while. */
#define NODE gate
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in") P(LEFT_KEY, "sidechain") P(RIGHT_KEY, "sidechain")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out") P(GATE, "gate")
#define PARAMS                                                                                                   \
    P(THRESHOLD_DB, "threshold_db") P(HYSTERESIS_DB, "hysteresis_db") P(ATTACK_S, "attack_s") P(HOLD_S, "hold_s") \
    P(RELEASE_S, "release_s") P(RANGE_DB, "range_db") P(HIGHPASS_HZ, "highpass_hz")
#define CHOICES P(KEY, "key") P(SENSE, "sense")
#include "kernel.h"
#include "dsp/ahead.h"
#include "dsp/dynamics.h"
#include "dsp/key.h"
#include "dsp/publish.h"
#include "dsp/ringing.h"

enum { SELF, SIDECHAIN };
enum { GATING, DUCKING };
enum { LEFT, RIGHT, CHANNELS };

typedef struct {
    Lanes opens, shuts; /* amplitudes */
    Lanes shut_gain, hold_frames;
    Speeds speeds;
    KeyFilter highpass;
} Coefs;

typedef struct {
    Coefs coefs;
    SvfState charge[CHANNELS];
    Ints open;   /* mask */
    Lanes wait;  /* frames until it may shut */
    Lanes rise;  /* 0 shut, 1 open */
    Ints ringing;
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

INLINE void set_coefs(Coefs *c, const GdBlock *b, uint32_t i)
{
    const float spf = b->seconds_per_frame;
    c->opens = db_to_level(AT(THRESHOLD_DB, i));
    c->shuts = db_to_level(AT(THRESHOLD_DB, i) - AT(HYSTERESIS_DB, i));
    c->shut_gain = db_to_level(-AT(RANGE_DB, i));
    c->hold_frames = AT(HOLD_S, i) * b->sample_rate_hz;
    c->speeds = (Speeds){share_for(AT(ATTACK_S, i), spf), share_for(AT(RELEASE_S, i), spf)};
    c->highpass = key_filter(AT(HIGHPASS_HZ, i), spf);
}

GD_RT static void prepare(void *state, const GdBlock *b) { set_coefs(&((State *)state)->coefs, b, 0); }
GD_RT static void reset(void *state, const GdBlock *b) { ((State *)state)->ringing = ringing_unknown(b); }

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = ringing_over(s->ringing, b->lanes) && all_zero(s->rise, b->lanes) && all_zero(s->wait, b->lanes);
    for (uint32_t c = 0; c < CHANNELS; ++c)
        rest = rest && all_zero(s->charge[c].band, b->lanes) && all_zero(s->charge[c].low, b->lanes);
    return rest && all_zero(lanes_from_ints(s->open), b->lanes);
}

/* Whether each lane is open after this frame: a mask. */
INLINE Ints listen(State *s, const Coefs *c, Lanes size)
{
    const Ints loud = lanes_at_least(size, c->opens), enough = lanes_at_least(size, c->shuts);
    const Ints waiting = lanes_less(lanes(0.0f), s->wait);
    s->open = loud | (s->open & (enough | waiting));
    s->wait = lanes_where(s->open & enough, c->hold_frames, lanes_max(s->wait - 1.0f, lanes(0.0f)));
    return s->open;
}

INLINE void gate(State *state, const GdBlock *b, bool moves, bool filter, const Lanes *const key[CHANNELS],
                 const Lanes *const source[CHANNELS])
{
    State s = *state;
    Coefs k = s.coefs;
    const bool ducks = b->choice[SENSE] == DUCKING;
    for (uint32_t i = 0; i < b->frames; ++i) {
        Lanes heard[CHANNELS] = {key[LEFT][i], key[RIGHT][i]};
        if (moves)
            set_coefs(&k, b, i);
        for (uint32_t c = 0; c < CHANNELS && filter; ++c)
            heard[c] = key_above(&k.highpass, &s.charge[c], heard[c]);
        Ints open = listen(&s, &k, lanes_max(size_of(heard[LEFT]), size_of(heard[RIGHT])));
        Lanes on = lanes_where(open, lanes(1.0f), lanes(0.0f));
        s.rise = follow(s.rise, on, k.speeds);
        Lanes gain = k.shut_gain + (1.0f - k.shut_gain) * (ducks ? 1.0f - s.rise : s.rise);
        b->out[LEFT_OUT][i] = source[LEFT][i] * gain;
        b->out[RIGHT_OUT][i] = source[RIGHT][i] * gain;
        b->out[GATE][i] = on;
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
    for (uint32_t c = 0; c < CHANNELS; ++c)
        source[c] = ahead_delay(&ahead, b, c, b->in[LEFT_IN + c], late[c]);
    if (b->offset == 0) {
        s->rise = settle_at_zero(s->rise, 1e-6f);
        for (uint32_t c = 0; c < CHANNELS; ++c)
            s->charge[c] = svf_settle(s->charge[c]);
    }
    const Lanes *const heard[] = {b->in[key], b->in[key + 1]};
    if (moves || filter)
        gate(s, b, moves, filter, heard, source);
    else
        gate(s, b, false, false, heard, source);
    ahead_ringing(&ahead, &s->ringing, b, LEFT_IN);
    if (b->offset + b->frames == GD_SLICE)
        publish_row(b, 0, s->rise);
}

KERNEL(.reset = reset, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
