/* dynamic_eq: four bells whose gain follows the level inside each. */
#define NODE dynamic_eq
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in") P(LEFT_KEY, "sidechain") P(RIGHT_KEY, "sidechain")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define BAND_PARAMS(n, name) \
    P(FREQUENCY_##n, "frequency" name "_hz") P(Q_##n, "q" name) P(GAIN_##n, "gain" name "_db") \
    P(THRESHOLD_##n, "threshold" name "_db") P(RATIO_##n, "ratio" name) P(RANGE_##n, "range" name "_db") \
    P(ATTACK_##n, "attack" name "_s") P(RELEASE_##n, "release" name "_s")
#define PARAMS BAND_PARAMS(1, "1") BAND_PARAMS(2, "2") BAND_PARAMS(3, "3") BAND_PARAMS(4, "4")
#define CHOICES P(KEY, "key")
#include "kernel.h"
#include "dsp/detector.h"
#include "dsp/svf.h"

enum { SELF, SIDECHAIN };
enum { BANDS = 4, CHANNELS = 2 };
enum { FREQUENCY, SHARPNESS, GAIN, THRESHOLD, RATIO, RANGE, ATTACK, RELEASE, PER_BAND };

/* Decibels around the threshold in which a band begins to act. */
static const float knee_db = 6.0f;

typedef struct {
    SvfCoefs coefs;
    Lanes damping, gain, range; /* the last two in octaves */
    Detector detector;
} BandCoefs;

typedef struct {
    BandCoefs coefs;
    SvfState charge[CHANNELS], key[CHANNELS];
    Lanes over;
} Band;

typedef struct { Band band[BANDS]; } State;

INLINE Lanes at(const GdBlock *b, uint32_t band, uint32_t parameter, uint32_t i)
{
    const uint32_t p = band * PER_BAND + parameter;
    return b->param[p][i * b->stride[p]];
}

INLINE void set_band(BandCoefs *c, const GdBlock *b, uint32_t k, uint32_t i)
{
    c->damping = 1.0f / at(b, k, SHARPNESS, i);
    c->coefs = svf_coefs(at(b, k, FREQUENCY, i) * (3.14159265f * b->seconds_per_frame), c->damping);
    c->gain = at(b, k, GAIN, i) * OCTAVES_OF_DB;
    c->range = at(b, k, RANGE, i) * OCTAVES_OF_DB;
    c->detector = detector_of(at(b, k, THRESHOLD, i), lanes(knee_db), at(b, k, RATIO, i), at(b, k, ATTACK, i),
                              at(b, k, RELEASE, i), b->seconds_per_frame);
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    for (uint32_t k = 0; k < BANDS; ++k)
        set_band(&((State *)state)->band[k].coefs, b, k, 0);
}

INLINE bool charge_is_zero(SvfState s, uint32_t in_use) { return all_zero(s.band, in_use) && all_zero(s.low, in_use); }

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = true;
    for (uint32_t k = 0; k < BANDS; ++k) {
        rest = rest && all_zero(s->band[k].over, b->lanes);
        for (uint32_t c = 0; c < CHANNELS; ++c)
            rest = rest && charge_is_zero(s->band[k].charge[c], b->lanes)
                   && charge_is_zero(s->band[k].key[c], b->lanes);
    }
    return rest;
}

/* The band-pass of a band, 0 dB at its middle. */
INLINE Lanes inside(SvfState *charge, const BandCoefs *c, Lanes in)
{
    const SvfState now = *charge, next = svf_step(now, c->coefs, in);
    *charge = next;
    return (now.band + next.band) * (0.5f * c->damping);
}

/* One band over a slice, in place: what is inside it is added again, times the gain less one. */
INLINE void run_band(Band *band, const GdBlock *b, uint32_t k, bool moves, bool keyed)
{
    const Lanes *restrict left_key = b->in[LEFT_KEY], *restrict right_key = b->in[RIGHT_KEY];
    Lanes *restrict left = b->out[LEFT_OUT], *restrict right = b->out[RIGHT_OUT];
    Band s = *band;
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (moves)
            set_band(&s.coefs, b, k, i);
        const Lanes of_left = inside(&s.charge[0], &s.coefs, left[i]);
        const Lanes of_right = inside(&s.charge[1], &s.coefs, right[i]);
        Lanes heard = lanes_max(size_of(of_left), size_of(of_right));
        if (keyed)
            heard = lanes_max(size_of(inside(&s.key[0], &s.coefs, left_key[i])),
                              size_of(inside(&s.key[1], &s.coefs, right_key[i])));
        s.over = detector_step(&s.coefs.detector, s.over, heard);
        const Lanes less = lanes_clamp(s.coefs.detector.slope * s.over, -s.coefs.range, s.coefs.range);
        const Lanes more = size_of_octaves(lanes_min(s.coefs.gain - less, lanes(MOST_LIFT))) - 1.0f;
        left[i] += more * of_left;
        right[i] += more * of_right;
    }
    for (uint32_t c = 0; c < CHANNELS; ++c) {
        band->charge[c] = s.charge[c];
        band->key[c] = s.key[c];
    }
    band->over = s.over;
}

INLINE bool band_moves(const GdBlock *b, uint32_t k)
{
    uint32_t moves = 0;
    for (uint32_t p = 0; p < PER_BAND; ++p)
        moves |= b->stride[k * PER_BAND + p];
    return moves != 0;
}

/* Lanes in which a band that stands does nothing: neither a gain nor a ratio. */
INLINE Ints resting(const GdBlock *b, uint32_t k)
{
    return MASK(at(b, k, GAIN, 0) == 0.0f) & MASK(at(b, k, RATIO, 0) == 1.0f);
}

INLINE bool all_of(Ints mask, uint32_t in_use)
{
    int32_t all = -1;
    for (uint32_t l = 0; l < in_use; ++l)
        all &= LANE(mask, l);
    return all != 0;
}

INLINE SvfState emptied(SvfState s, Ints where)
{
    return (SvfState){lanes_where(where, lanes(0.0f), s.band), lanes_where(where, lanes(0.0f), s.low)};
}

/* A resting lane begins anew when it wakes, whether its band was run for its neighbours or not at all. */
INLINE void empty(Band *s, Ints where)
{
    for (uint32_t c = 0; c < CHANNELS; ++c) {
        s->charge[c] = emptied(s->charge[c], where);
        s->key[c] = emptied(s->key[c], where);
    }
    s->over = lanes_where(where, lanes(0.0f), s->over);
}

INLINE void settle(Band *s)
{
    for (uint32_t c = 0; c < CHANNELS; ++c) {
        s->charge[c] = svf_settle(s->charge[c]);
        s->key[c] = svf_settle(s->key[c]);
    }
    s->over = settle_at_zero(s->over, 1e-6f);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    for (uint32_t i = 0; i < b->frames; ++i) {
        b->out[LEFT_OUT][i] = b->in[LEFT_IN][i];
        b->out[RIGHT_OUT][i] = b->in[RIGHT_IN][i];
    }
    for (uint32_t k = 0; k < BANDS; ++k) {
        const bool moves = band_moves(b, k);
        const Ints rests = moves ? (Ints){0} : resting(b, k);
        if (b->offset == 0) {
            settle(&s->band[k]);
            empty(&s->band[k], rests);
        }
        if (all_of(rests, b->lanes))
            continue;
        if (b->choice[KEY] == SIDECHAIN)
            run_band(&s->band[k], b, k, moves, true);
        else
            run_band(&s->band[k], b, k, moves, false);
    }
}

KERNEL(.effort = 580, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
