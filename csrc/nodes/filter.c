/* filter: one or two state-variable sections of second order, stable while their cutoff moves at audio rate. */
#define NODE filter
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(CUTOFF_HZ, "cutoff_hz") P(Q, "q") P(GAIN_DB, "gain_db")
#define CHOICES P(MODE, "mode") P(SLOPE, "slope")
#include "kernel.h"
#include "dsp/math.h"
#include "dsp/svf.h"

enum { LOWPASS, HIGHPASS, BANDPASS, NOTCH, PEAK, ALLPASS, LOW_SHELF, HIGH_SHELF, BELL };
enum { DB_12, DB_24 };

/* Shares of the source, of damping times the band, and of the low signal; the last two come as sums of two charges,
 * which is twice the signal. */
typedef struct { Lanes in, band, low; } Mix;

static const float mixes[][3] = {
    {0.0f, 0.0f, 0.5f},   /* lowpass */
    {1.0f, -0.5f, -0.5f}, /* highpass */
    {0.0f, 0.5f, 0.0f},   /* bandpass, 0 dB at the cutoff */
    {1.0f, -0.5f, 0.0f},  /* notch */
    {-1.0f, 0.5f, 1.0f},  /* peak: lowpass minus highpass */
    {1.0f, -1.0f, 0.0f},  /* allpass */
};

/* What a value of gain makes of a section. */
typedef struct { Lanes corner, damping; Mix mix; } Gain;

typedef struct {
    SvfState charge[2];
    SvfCoefs coefs[2];
    Lanes damping[2];
    Gain gain;
} State;

/* Shelves and bells after Andrew Simper's "Solving the continuous SVF equations using trapezoidal integration and
 * equivalent currents" (2013): A is the root of the gain, by which a shelf's corner and a bell's damping move. */
INLINE Gain gain_of(uint32_t mode, bool steep, Lanes gain_db)
{
    const Lanes one = lanes(1.0f), zero = lanes(0.0f), half = lanes(0.5f);
    if (mode < LOW_SHELF)
        return (Gain){one, one, {lanes(mixes[mode][0]), lanes(mixes[mode][1]), lanes(mixes[mode][2])}};
    const Lanes db = steep ? 0.5f * gain_db : gain_db;
    const Lanes octaves = db * 0.0415241012f, a = exp2_lanes(octaves * 2.0f); /* log2(10) / 80 and / 40 */
    if (mode == LOW_SHELF)
        return (Gain){exp2_lanes(-octaves), one, {one, half * (a - 1.0f), half * (a * a - 1.0f)}};
    if (mode == HIGH_SHELF)
        return (Gain){exp2_lanes(octaves), one, {a * a, half * (1.0f - a) * a, half * (1.0f - a * a)}};
    return (Gain){one, 1.0f / a, {one, half * (a * a - 1.0f), zero}};
}

/* Of steep low and high-passes the first section is Butterworth's blunt one of fourth order, and the second one's
 * damping is to `q` what the sharp one's is to Butterworth's of second order. */
INLINE bool is_butterworth(uint32_t mode, bool steep) { return steep && mode <= HIGHPASS; }

INLINE void set_section(SvfCoefs *coefs, Lanes *damping, uint32_t place, bool butterworth, Lanes angle, Lanes corner,
                        Lanes full)
{
    *damping = !butterworth ? full : place ? full * 0.541196100f : lanes(1.84775907f);
    *coefs = svf_coefs_bent(angle, corner, *damping);
}

INLINE float angle_of_hz(const GdBlock *b) { return 3.14159265f * b->seconds_per_frame; }

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    const uint32_t mode = b->choice[MODE];
    const bool steep = b->choice[SLOPE] == DB_24;
    s->gain = gain_of(mode, steep, b->param[GAIN_DB][0]);
    const Lanes angle = b->param[CUTOFF_HZ][0] * angle_of_hz(b), full = 1.0f / b->param[Q][0] * s->gain.damping;
    for (uint32_t k = 0; k < 2; ++k)
        set_section(&s->coefs[k], &s->damping[k], k, is_butterworth(mode, steep), angle, s->gain.corner,
                    full);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    float sum = 0.0f;
    for (uint32_t k = 0; k < 2; ++k)
        for (uint32_t l = 0; l < b->lanes; ++l)
            sum += (LANE(s->charge[k].band, l) != 0.0f) + (LANE(s->charge[k].low, l) != 0.0f);
    return sum == 0.0f;
}

/* What a frame gives, from both ends of its step. The low-pass, by far the most filters, is spared what is not in it. */
INLINE Lanes heard(Mix m, bool lowpass, Lanes in, SvfState now, SvfState next, Lanes damping)
{
    Lanes low = (now.low + next.low) * m.low;
    return lowpass ? low : in * m.in + (now.band + next.band) * (damping * m.band) + low;
}

/* One section over a slice whose parameters move; a q that stands costs no division a frame. */
INLINE void sweep(State *s, const GdBlock *b, uint32_t place, uint32_t mode, bool q_moves, const Lanes *in, Lanes *out)
{
    const Lanes *restrict cutoff_hz = b->param[CUTOFF_HZ], *restrict q = b->param[Q];
    const Lanes *restrict gain_db = b->param[GAIN_DB];
    const float angle_of_one_hz = angle_of_hz(b);
    const bool steep = b->choice[SLOPE] == DB_24, butterworth = is_butterworth(mode, steep);
    const bool gain_moves = MOVES(b, GAIN_DB);
    Gain gain = s->gain;
    Lanes full = 1.0f / q[0] * gain.damping, damping;
    SvfState now = s->charge[place], next;
    for (uint32_t i = 0; i < b->frames; ++i, now = next) {
        if (mode >= LOW_SHELF && gain_moves)
            gain = gain_of(mode, steep, gain_db[i]);
        if (q_moves || (mode == BELL && gain_moves))
            full = 1.0f / q[i * b->stride[Q]] * gain.damping;
        SvfCoefs coefs;
        const Lanes angle = cutoff_hz[i * b->stride[CUTOFF_HZ]] * angle_of_one_hz;
        set_section(&coefs, &damping, place, butterworth, angle, mode < LOW_SHELF ? lanes(1.0f) : gain.corner, full);
        next = svf_step(now, coefs, in[i]);
        out[i] = heard(gain.mix, mode == LOWPASS, in[i], now, next, damping);
    }
    s->charge[place] = now;
}

INLINE void stand(State *s, const GdBlock *b, uint32_t place, uint32_t mode, const Lanes *in, Lanes *out)
{
    const Mix m = s->gain.mix;
    const SvfCoefs coefs = s->coefs[place];
    const Lanes damping = s->damping[place];
    SvfState now = s->charge[place], next;
    for (uint32_t i = 0; i < b->frames; ++i, now = next) {
        next = svf_step(now, coefs, in[i]);
        out[i] = heard(m, mode == LOWPASS, in[i], now, next, damping);
    }
    s->charge[place] = now;
}

INLINE void section(State *s, const GdBlock *b, uint32_t place, uint32_t mode, const Lanes *in, Lanes *out)
{
    if (MOVES(b, Q) || (mode >= LOW_SHELF && MOVES(b, GAIN_DB)))
        sweep(s, b, place, mode, true, in, out);
    else if (MOVES(b, CUTOFF_HZ))
        sweep(s, b, place, mode, false, in, out);
    else
        stand(s, b, place, mode, in, out);
}

INLINE void filter(State *s, const GdBlock *b, uint32_t mode)
{
    const Lanes *restrict in = b->in[IN];
    section(s, b, 0, mode, in, b->out[OUT]);
    if (b->choice[SLOPE] == DB_24)
        section(s, b, 1, mode, b->out[OUT], b->out[OUT]);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    if (b->offset == 0)
        for (uint32_t k = 0; k < 2; ++k)
            s->charge[k] = svf_settle(s->charge[k]);
    if (b->choice[MODE] == LOWPASS)
        filter(s, b, LOWPASS);
    else if (b->choice[MODE] < LOW_SHELF)
        filter(s, b, b->choice[MODE]);
    else
        filter(s, b, b->choice[MODE]);
}

KERNEL(.prepare = prepare, .idle = idle, .flags = GD_RINGS)
