/* ladder: four poles in a row and a saturated loop around them, solved without a delay in the loop. */
#define NODE ladder
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(CUTOFF_HZ, "cutoff_hz") P(RESONANCE, "resonance") P(DRIVE_DB, "drive_db") P(BASS, "bass")
#define CHOICES P(MODE, "mode")
#include "kernel.h"
#include "dsp/math.h"

enum { LOWPASS_24, LOWPASS_12, BANDPASS, HIGHPASS };
enum { POLES = 4 };

/* Loop gain at a resonance of 1: Moog's 4, at which a linear loop just rings for ever, and a little more, which the
 * saturation holds at a steady level. */
#define FULL_LOOP 4.2f

/* `share` is g / (1 + g) for g = tan(pi cutoff / rate), what a pole takes of a step at once; `kept` is the rest. */
typedef struct { Lanes share, kept, loop, drive, makeup, whole, solved; } Coefs;

typedef struct {
    Lanes charge[POLES];
    Coefs coefs;
} State;

/* What the loop hears of itself at once is `whole` = share^4. */
INLINE void set_poles(Coefs *c, Lanes angle)
{
    const Lanes x = lanes_min(angle, lanes(1.53938040f)), z = x * x; /* the tangent of dsp/svf.h: n / d */
    const Lanes n = x * (890.53947f + z * (-99.7648562f + z)), d = 890.539457f + z * (-396.61106f + z * 14.4642264f);
    const Lanes scale = 1.0f / (n + d);
    c->share = n * scale;
    c->kept = d * scale;
    c->whole = (c->share * c->share) * (c->share * c->share);
}

INLINE void set_levels(Coefs *c, Lanes resonance, Lanes drive_db, Lanes bass)
{
    c->loop = FULL_LOOP * resonance;
    c->drive = db_to_level(drive_db) * (1.0f + bass * c->loop);
    c->makeup = db_to_level(-0.5f * drive_db);
}

INLINE void set_loop(Coefs *c) { c->solved = 1.0f / (1.0f + c->loop * c->whole); }

INLINE float angle_of_hz(const GdBlock *b) { return 3.14159265f * b->seconds_per_frame; }

GD_RT static void prepare(void *state, const GdBlock *b)
{
    Coefs *c = &((State *)state)->coefs;
    set_poles(c, b->param[CUTOFF_HZ][0] * angle_of_hz(b));
    set_levels(c, b->param[RESONANCE][0], b->param[DRIVE_DB][0], b->param[BASS][0]);
    set_loop(c);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = true;
    for (uint32_t k = 0; k < POLES; ++k)
        for (uint32_t l = 0; l < b->lanes; ++l)
            rest &= LANE(s->charge[k], l) == 0.0f;
    return rest;
}

/* tanh(x) for |x| below SATURATED, to 2e-4, from Lambert's continued fraction. */
#define SATURATED 4.97f
INLINE Lanes tanh_short(Lanes x)
{
    const Lanes z = x * x, above = x * (135135.0f + z * (17325.0f + z * (378.0f + z)));
    return above / (135135.0f + z * (62370.0f + z * (3150.0f + z * 28.0f)));
}

/* One frame. The loop's equation is w + part * tanh(w) = v with part = loop * whole, where v is what comes in less what
 * the poles hold. Its linear solution is the first guess, and one step of Newton's method makes it good; as the step is
 * small where the tanh bends, its own slope tells what the tanh does there. */
INLINE Lanes step(Lanes charge[POLES], const Coefs *c, uint32_t mode, Lanes in)
{
    const Lanes k = c->share;
    const Lanes held = c->kept * (charge[3] + k * (charge[2] + k * (charge[1] + k * charge[0])));
    const Lanes v = in * c->drive - c->loop * held; /* what is not a number counts as large */
    const Lanes guess = lanes_clamp(v * c->solved, lanes(-SATURATED), lanes(SATURATED)), bent = tanh_short(guess);
    const Lanes part = c->loop * c->whole, slope = 1.0f - bent * bent;
    Lanes y[POLES + 1];
    y[0] = bent + (slope * part) * (guess - bent) / (1.0f + slope * part);
    for (uint32_t p = 0; p < POLES; ++p) {
        const Lanes move = (y[p] - charge[p]) * k;
        y[p + 1] = charge[p] + move;
        charge[p] = y[p + 1] + move;
    }
    if (mode == LOWPASS_24)
        return y[4] * c->makeup;
    if (mode == LOWPASS_12)
        return y[2] * c->makeup;
    if (mode == BANDPASS)
        return 4.0f * ((y[2] - y[3]) - (y[3] - y[4])) * c->makeup;
    return ((y[0] - 4.0f * (y[1] + y[3])) + (6.0f * y[2] + y[4])) * c->makeup;
}

INLINE void sweep(State *s, const GdBlock *b, uint32_t mode, bool moves)
{
    const Lanes *restrict in = b->in[IN], *restrict cutoff_hz = b->param[CUTOFF_HZ];
    const Lanes *restrict resonance = b->param[RESONANCE], *restrict drive_db = b->param[DRIVE_DB];
    const Lanes *restrict bass = b->param[BASS];
    Lanes *restrict out = b->out[OUT];
    const bool levels = MOVES(b, RESONANCE) || MOVES(b, DRIVE_DB) || MOVES(b, BASS);
    const float angle_of_one_hz = angle_of_hz(b);
    State now = *s;
    if (moves)
        set_levels(&now.coefs, resonance[0], drive_db[0], bass[0]);
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (moves) {
            set_poles(&now.coefs, cutoff_hz[i * b->stride[CUTOFF_HZ]] * angle_of_one_hz);
            if (levels)
                set_levels(&now.coefs, resonance[i * b->stride[RESONANCE]], drive_db[i * b->stride[DRIVE_DB]],
                           bass[i * b->stride[BASS]]);
            set_loop(&now.coefs);
        }
        out[i] = step(now.charge, &now.coefs, mode, in[i]);
    }
    for (uint32_t k = 0; k < POLES; ++k)
        s->charge[k] = now.charge[k];
}

INLINE void ladder(State *s, const GdBlock *b, uint32_t mode)
{
    if (MOVES(b, CUTOFF_HZ) || MOVES(b, RESONANCE) || MOVES(b, DRIVE_DB) || MOVES(b, BASS))
        sweep(s, b, mode, true);
    else
        sweep(s, b, mode, false);
}

/* Charges below -300 dB become zero all together, so that the node falls silent exactly. */
INLINE void settle(State *s)
{
    Lanes size = lanes(0.0f);
    for (uint32_t k = 0; k < POLES; ++k)
        size += lanes_abs(s->charge[k]);
    const Ints keep = lanes_at_least(size, lanes(1e-15f)) & lanes_less(size, lanes(1e15f));
    for (uint32_t k = 0; k < POLES; ++k)
        s->charge[k] = lanes_where(keep, s->charge[k], lanes(0.0f));
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    if (b->offset == 0)
        settle(s);
    if (b->choice[MODE] == LOWPASS_24)
        ladder(s, b, LOWPASS_24);
    else if (b->choice[MODE] == LOWPASS_12)
        ladder(s, b, LOWPASS_12);
    else if (b->choice[MODE] == BANDPASS)
        ladder(s, b, BANDPASS);
    else
        ladder(s, b, HIGHPASS);
}

KERNEL(.effort = 200, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
