/* compressor: lowers what is above a threshold. The level is taken before the gain or behind it, the curve and the two
 * speeds act on octaves; see dsp/dynamics.h for the source of the formulas. */
#define NODE compressor
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in") P(LEFT_KEY, "sidechain") P(RIGHT_KEY, "sidechain")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out") P(REDUCTION, "reduction")
#define PARAMS                                                                                                   \
    P(THRESHOLD_DB, "threshold_db") P(RATIO, "ratio") P(KNEE_DB, "knee_db") P(ATTACK_S, "attack_s")              \
    P(RELEASE_S, "release_s") P(RMS_S, "rms_s") P(HIGHPASS_HZ, "highpass_hz") P(LINK, "link")                    \
    P(MAKEUP_DB, "makeup_db") P(AUTO_MAKEUP, "auto_makeup") P(MIX, "mix")
#define CHOICES P(DETECTOR, "detector") P(TOPOLOGY, "topology") P(KEY, "key")
#include "kernel.h"
#include "dsp/ahead.h"
#include "dsp/dynamics.h"
#include "dsp/key.h"
#include "dsp/publish.h"
#include "dsp/ringing.h"

enum { PEAK, RMS };
enum { FORWARD, FEEDBACK };
enum { SELF, SIDECHAIN };
enum { LEFT, RIGHT, CHANNELS };

typedef struct {
    Knee knee;
    Lanes slope;       /* octaves less for each above the threshold */
    Speeds speeds;
    Lanes mean;        /* share of the way of the mean energy */
    KeyFilter highpass;
    Lanes makeup;      /* octaves */
} Coefs;

typedef struct {
    Coefs coefs;
    SvfState charge[CHANNELS];
    Lanes energy[CHANNELS], reduction[CHANNELS]; /* the latter in octaves */
    Lanes last[CHANNELS];                        /* what feedback hears: the last sample, compressed */
    Ints ringing;
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

INLINE void set_curve(Coefs *c, const GdBlock *b, uint32_t i)
{
    c->knee = knee_of_db(AT(THRESHOLD_DB, i), AT(KNEE_DB, i));
    c->slope = 1.0f - 1.0f / AT(RATIO, i);
    c->makeup = AT(MAKEUP_DB, i) * OCTAVES_OF_DB + AT(AUTO_MAKEUP, i) * (c->slope * knee_above(c->knee, lanes(0.0f)));
}

INLINE void set_speeds(Coefs *c, const GdBlock *b, uint32_t i)
{
    const float spf = b->seconds_per_frame;
    c->speeds = (Speeds){share_for(AT(ATTACK_S, i), spf), share_for(AT(RELEASE_S, i), spf)};
    c->mean = share_for(AT(RMS_S, i), spf);
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    Coefs *c = &((State *)state)->coefs;
    set_curve(c, b, 0);
    set_speeds(c, b, 0);
    c->highpass = key_filter(AT(HIGHPASS_HZ, 0), b->seconds_per_frame);
}

GD_RT static void reset(void *state, const GdBlock *b) { ((State *)state)->ringing = ringing_unknown(b); }

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = ringing_over(s->ringing, b->lanes);
    for (uint32_t c = 0; c < CHANNELS; ++c)
        rest = rest && all_zero(s->reduction[c], b->lanes) && all_zero(s->energy[c], b->lanes)
               && all_zero(s->last[c], b->lanes) && all_zero(s->charge[c].band, b->lanes)
               && all_zero(s->charge[c].low, b->lanes);
    return rest;
}

/* Which of the many ways through a frame a slice takes. What stands still is decided once and costs nothing a frame. */
typedef struct {
    bool rms, feedback, filter, apart; /* `apart`: the channels are not fully linked */
    bool curve_moves, speeds_move, highpass_moves, levels_move;
} Way;

INLINE bool any_differs(Lanes x, Lanes y, uint32_t in_use)
{
    return !all_zero(lanes_where(MASK(x != y), lanes(1.0f), lanes(0.0f)), in_use);
}

INLINE Way way_of(const State *s, const GdBlock *b)
{
    const Lanes one = lanes(1.0f);
    return (Way){
        .rms = b->choice[DETECTOR] == RMS,
        .feedback = b->choice[TOPOLOGY] == FEEDBACK && b->choice[KEY] == SELF,
        .filter = MOVES(b, HIGHPASS_HZ) || !all_zero(b->param[HIGHPASS_HZ][0], b->lanes),
        .apart = MOVES(b, LINK) || any_differs(b->param[LINK][0], one, b->lanes)
                 || any_differs(s->reduction[LEFT], s->reduction[RIGHT], b->lanes),
        .curve_moves = MOVES(b, THRESHOLD_DB) || MOVES(b, RATIO) || MOVES(b, KNEE_DB) || MOVES(b, MAKEUP_DB)
                       || MOVES(b, AUTO_MAKEUP),
        .speeds_move = MOVES(b, ATTACK_S) || MOVES(b, RELEASE_S) || MOVES(b, RMS_S),
        .highpass_moves = MOVES(b, HIGHPASS_HZ),
    };
}

/* The size of what a channel's detector hears: an amplitude, or an energy where it is RMS. */
INLINE Lanes detect(State *s, const Coefs *c, const Way *way, uint32_t channel, Lanes heard)
{
    if (way->filter)
        heard = key_above(&c->highpass, &s->charge[channel], heard);
    if (!way->rms)
        return lanes_abs(heard);
    Lanes size = size_of(heard);
    return s->energy[channel] += c->mean * (size * size - s->energy[channel]);
}

/* A frame's reduction. Behind the gain, the level would come out as R - 1 octaves of reduction for each above the
 * threshold; because it was taken one frame ago, the equation is solved for the reduction of this frame, so that it
 * settles at any ratio and speed. */
INLINE Lanes reduce(const Coefs *c, const Way *way, Lanes now, Lanes octaves)
{
    Lanes over = knee_above(c->knee, octaves);
    if (!way->feedback)
        return follow(now, c->slope * over, c->speeds);
    Lanes steep = c->slope / (1.0f - c->slope), wanted = steep * over;
    Lanes share = lanes_where(lanes_less(now, wanted), c->speeds.rise, c->speeds.fall);
    Lanes bend = lanes_where(lanes_less(lanes(0.0f), over), steep, lanes(0.0f));
    return now + share * (wanted - now) / (1.0f + share * bend);
}

/* At most 120 dB, so that what was infinite is soon forgotten. */
INLINE Lanes level_of(Lanes size, float unit) { return lanes_min(octaves_of(size) * unit, lanes(20.0f)); }

/* Levels of both channels as octaves: the louder one's for both, or each its own to some degree. */
INLINE void link(const Way *way, const Lanes size[CHANNELS], Lanes amount, Lanes octaves[CHANNELS])
{
    const float unit = way->rms ? 0.5f : 1.0f;
    Lanes both = level_of(lanes_max(size[LEFT], size[RIGHT]), unit);
    octaves[LEFT] = octaves[RIGHT] = both;
    if (way->apart)
        for (uint32_t c = 0; c < CHANNELS; ++c)
            octaves[c] = amount * both + (1.0f - amount) * level_of(size[c], unit);
}

INLINE void compress(State *state, const GdBlock *b, const Way way, const Lanes *const key[CHANNELS],
                     const Lanes *const source[CHANNELS])
{
    State s = *state;
    Coefs k = s.coefs;
    Lanes *restrict reduction = b->out[REDUCTION];
    for (uint32_t i = 0; i < b->frames; ++i) {
        Lanes size[CHANNELS], octaves[CHANNELS], mix = AT(MIX, i);
        if (way.curve_moves)
            set_curve(&k, b, i);
        if (way.speeds_move)
            set_speeds(&k, b, i);
        if (way.highpass_moves)
            k.highpass = key_filter(AT(HIGHPASS_HZ, i), b->seconds_per_frame);
        for (uint32_t c = 0; c < CHANNELS; ++c)
            size[c] = detect(&s, &k, &way, c, way.feedback ? s.last[c] : key[c][i]);
        link(&way, size, AT(LINK, i), octaves);
        s.reduction[LEFT] = reduce(&k, &way, s.reduction[LEFT], octaves[LEFT]);
        s.reduction[RIGHT] = way.apart ? reduce(&k, &way, s.reduction[RIGHT], octaves[RIGHT]) : s.reduction[LEFT];
        Lanes gain = lanes(0.0f);
        for (uint32_t c = 0; c < CHANNELS; ++c) {
            if (c == LEFT || way.apart)
                gain = 1.0f - mix + mix * size_of_octaves(k.makeup - s.reduction[c]);
            b->out[c][i] = source[c][i] * gain;
            if (way.feedback)
                s.last[c] = key[c][i] * size_of_octaves(-s.reduction[c]);
        }
        Lanes most = way.apart ? lanes_max(s.reduction[LEFT], s.reduction[RIGHT]) : s.reduction[LEFT];
        reduction[i] = most * DB_OF_OCTAVES;
    }
    s.coefs = state->coefs;
    *state = s;
}

/* The ways that most compressors take, and all others. */
INLINE void choose(State *s, const GdBlock *b, const Lanes *const key[CHANNELS], const Lanes *const source[CHANNELS])
{
    const Way way = way_of(s, b);
    const bool plain = !way.feedback && !way.apart && !way.curve_moves && !way.speeds_move && !way.highpass_moves;
    if (plain && !way.rms && !way.filter)
        compress(s, b, (Way){.rms = false}, key, source);
    else if (plain && way.rms && !way.filter)
        compress(s, b, (Way){.rms = true}, key, source);
    else if (plain && !way.rms)
        compress(s, b, (Way){.filter = true}, key, source);
    else
        compress(s, b, way, key, source);
}

/* Once a cell: what is too small to be heard becomes exactly 0. */
INLINE void settle(State *s)
{
    for (uint32_t c = 0; c < CHANNELS; ++c) {
        s->reduction[c] = settle_at_zero(s->reduction[c], 1e-6f);
        s->energy[c] = settle_at_zero(s->energy[c], 1e-18f);
        s->charge[c] = svf_settle(s->charge[c]);
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Ahead ahead = ahead_of(b);
    const uint32_t key = b->choice[KEY] == SIDECHAIN ? LEFT_KEY : LEFT_IN;
    Lanes late[CHANNELS][GD_SLICE];
    const Lanes *source[CHANNELS];
    if (b->offset == 0)
        settle(s);
    for (uint32_t c = 0; c < CHANNELS; ++c)
        source[c] = ahead_delay(&ahead, b, c, b->in[LEFT_IN + c], late[c]);
    choose(s, b, (const Lanes *const[]){b->in[key], b->in[key + 1]}, source);
    ahead_ringing(&ahead, &s->ringing, b, LEFT_IN);
    if (b->offset + b->frames == GD_SLICE)
        publish_row(b, 0, b->out[REDUCTION][b->frames - 1]);
}

KERNEL(.effort = 110, .reset = reset, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
