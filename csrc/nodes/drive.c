/* drive: overdrives a source on one of several curves, all of which leave a soft source as it is and end near 1. */
#define NODE drive
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS                                                                                                   \
    P(DRIVE_DB, "drive_db") P(BIAS, "bias") P(LOW_CUT_HZ, "low_cut_hz") P(TONE_HZ, "tone_hz")                    \
    P(COMPENSATION, "compensation") P(GAIN_DB, "gain_db") P(MIX, "mix")
#define CHOICES P(CURVE, "curve") P(OVERSAMPLING, "oversampling")
#include "kernel.h"
#include "dsp/key.h"
#include "dsp/shaping.h"

enum { TAPE, TUBE, DIODE, SOFT, HARD, FOLD };

/* Peak level of a source that comes out as loud as it came: -12 dBFS. From this tone up the low-pass is off. */
static const float reference = 0.25f, open_hz = 20000.0f;

typedef struct {
    Lanes drive, level;
    KeyFilter low_cut, tone;
} Coefs;

typedef struct {
    Coefs coefs;
    SvfState low_cut, tone;
    Shaping shaping;
    Lanes last; /* at the high rate, before the curve */
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

INLINE void set_coefs(Coefs *c, const GdBlock *b, uint32_t i)
{
    c->drive = db_to_level(AT(DRIVE_DB, i));
    Lanes louder = octaves_of(tanh_lanes(c->drive * reference) * (1.0f / reference));
    c->level = size_of_octaves(AT(GAIN_DB, i) * OCTAVES_OF_DB - AT(COMPENSATION, i) * louder);
    c->low_cut = key_filter(AT(LOW_CUT_HZ, i), b->seconds_per_frame);
    c->tone = key_filter(AT(TONE_HZ, i), b->seconds_per_frame);
}

GD_RT static void prepare(void *state, const GdBlock *b) { set_coefs(&((State *)state)->coefs, b, 0); }

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    return shaping_idle(&s->shaping, b) && all_zero(s->low_cut.band, b->lanes) && all_zero(s->low_cut.low, b->lanes)
           && all_zero(s->tone.band, b->lanes) && all_zero(s->tone.low, b->lanes);
}

/* Slope 1 at 0 each. The tube is a tanh pushed to one side, the diode ends at 0.5 above and at 1 below. */
INLINE Lanes bend(Lanes x, uint32_t curve)
{
    const Lanes one = lanes(1.0f);
    Lanes held = lanes_clamp(x, lanes(-1.5f), lanes(1.5f));
    switch (curve) {
    case TAPE:
        return tanh_lanes(x);
    case TUBE:
        return (tanh_lanes(x + 0.5f) - 0.462117157f) * 1.27154035f;
    case DIODE:
        return x / lanes_sqrt(1.0f + x * x * lanes_where(lanes_less(lanes(0.0f), x), lanes(4.0f), one));
    case SOFT:
        return held - 0.148148148f * held * held * held;
    case HARD:
        return lanes_clamp(x, -one, one);
    default:
        return sine_of_turns(lanes_clamp(x, lanes(-1e5f), lanes(1e5f)) * 0.159154943f);
    }
}

typedef struct {
    const Lanes *bias, *rest; /* of each frame: what is added before the curve, and what that alone gives */
    uint32_t curve;
    Lanes *last;
} Bent;

/* The antiderivative of the hard curve. */
INLINE Lanes hard_area(Lanes x)
{
    Lanes size = lanes_abs(x);
    return lanes_where(lanes_less(size, lanes(1.0f)), 0.5f * x * x, size - 0.5f);
}

/* The hard curve's corners, softened by its mean between two samples; half a sample late at the high rate. */
static void cut(const Bent *c, Lanes *x, uint32_t n, uint32_t first, uint32_t times)
{
    Lanes last = *c->last;
    for (uint32_t k = 0; k < n; ++k) {
        uint32_t i = first + k / times;
        Lanes now = x[k], a = now + c->bias[i], b = last + c->bias[i];
        x[k] = shaping_mean(a, b, hard_area(a), hard_area(b), bend(0.5f * (a + b), HARD)) - c->rest[i];
        last = now;
    }
    *c->last = last;
}

INLINE void shape_as(const Bent *c, Lanes *x, uint32_t n, uint32_t first, uint32_t times, uint32_t curve)
{
    for (uint32_t k = 0; k < n; ++k) {
        uint32_t i = first + k / times;
        x[k] = bend(x[k] + c->bias[i], curve) - c->rest[i];
    }
}

static void shape(void *context, Lanes *x, uint32_t n, uint32_t first, uint32_t times)
{
    const Bent *c = context;
    switch (c->curve) {
    case TAPE:
        shape_as(c, x, n, first, times, TAPE);
        break;
    case TUBE:
        shape_as(c, x, n, first, times, TUBE);
        break;
    case DIODE:
        shape_as(c, x, n, first, times, DIODE);
        break;
    case SOFT:
        shape_as(c, x, n, first, times, SOFT);
        break;
    case HARD:
        if (times > 1)
            cut(c, x, n, first, times);
        else
            shape_as(c, x, n, first, times, HARD);
        break;
    default:
        shape_as(c, x, n, first, times, FOLD);
    }
}

INLINE bool any_moves(const GdBlock *b)
{
    bool moves = false;
    for (uint32_t p = 0; p < PARAM_COUNT; ++p)
        moves = moves || MOVES(b, p);
    return moves;
}

/* What is below `tone_hz` of a source; all of it where that is open, which is faded into over the last kilohertz. */
INLINE Lanes below(const KeyFilter *k, SvfState *charge, Lanes in)
{
    const Ints on = lanes_less(k->hz, lanes(open_hz));
    const Lanes zero = lanes(0.0f);
    SvfState now = *charge, next = svf_step(now, k->coefs, in);
    *charge = (SvfState){lanes_where(on, next.band, zero), lanes_where(on, next.low, zero)};
    Lanes share = lanes_clamp((open_hz - k->hz) * 0.001f, zero, lanes(1.0f));
    return in + ((now.low + next.low) * 0.5f - in) * share;
}

GD_RT static void run(void *state, const GdBlock *b)
{
    State *s = state;
    const bool moves = any_moves(b);
    const uint32_t stages = b->choice[OVERSAMPLING], curve = b->choice[CURVE];
    Lanes wet[GD_SLICE], dry[GD_SLICE], bias[GD_SLICE], rest[GD_SLICE], level[GD_SLICE];
    Coefs c = s->coefs;
    if (b->offset == 0) {
        s->low_cut = svf_settle(s->low_cut);
        s->tone = svf_settle(s->tone);
    }
    shaping_take(&s->shaping, b, b->in[IN], stages, wet, dry);
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (moves)
            set_coefs(&c, b, i);
        wet[i] = key_above(&c.low_cut, &s->low_cut, wet[i]) * c.drive;
        bias[i] = AT(BIAS, i);
        rest[i] = i > 0 && !MOVES(b, BIAS) ? rest[0] : bend(bias[i], curve);
        level[i] = c.level;
    }
    oversample(&s->shaping.over, wet, b->frames, stages, shape, &(Bent){bias, rest, curve, &s->last});
    shaping_block(&s->shaping, b, wet);
    c = s->coefs;
    for (uint32_t i = 0; i < b->frames; ++i) {
        Lanes mix = AT(MIX, i);
        if (MOVES(b, TONE_HZ))
            c.tone = key_filter(b->param[TONE_HZ][i], b->seconds_per_frame);
        Lanes heard = below(&c.tone, &s->tone, wet[i]) * level[i];
        b->out[OUT][i] = dry[i] * (1.0f - mix) + heard * mix + 0.0f;
    }
}

KERNEL(.effort = 800, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
