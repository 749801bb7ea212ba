/* waveshaper: a curve of one's own. Chebyshev polynomials make of a full-scale sine exactly the harmonics they are
 * weighed by (D. Arfib, "Digital Synthesis of Complex Spectra by Means of Multiplication of Nonlinear Distorted Sine
 * Waves", JAES 27, 1979); the other shapes fold or push. */
#define NODE waveshaper
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS                                                                                                   \
    P(DRIVE_DB, "drive_db") P(SYMMETRY, "symmetry") P(H1, "h1") P(H2, "h2") P(H3, "h3") P(H4, "h4") P(H5, "h5")    \
    P(H6, "h6") P(H7, "h7") P(H8, "h8") P(GAIN_DB, "gain_db") P(MIX, "mix")
#define CHOICES P(SHAPE, "shape") P(OVERSAMPLING, "oversampling")
#include "kernel.h"
#include "dsp/math.h"
#include "dsp/shaping.h"

enum { CHEBYSHEV, FOLD, SINE, ASYM };
enum { HARMONICS = 8 };

typedef struct { Lanes drive, level; } Coefs;
typedef struct {
    Coefs coefs;
    Shaping shaping;
    Lanes last; /* at the high rate, before the curve */
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

INLINE Coefs coefs_at(const GdBlock *b, uint32_t i)
{
    return (Coefs){db_to_level(AT(DRIVE_DB, i)), db_to_level(AT(GAIN_DB, i))};
}

GD_RT static void prepare(void *state, const GdBlock *b) { ((State *)state)->coefs = coefs_at(b, 0); }
GD_RT static bool idle(const void *state, const GdBlock *b) { return shaping_idle(&((const State *)state)->shaping, b); }

/* The sum of h[n - 1] T_n(x), by Clenshaw's recurrence. */
INLINE Lanes chebyshev(Lanes x, const Lanes h[HARMONICS])
{
    Lanes held = lanes_clamp(x, lanes(-1.0f), lanes(1.0f)), twice = held * 2.0f;
    Lanes last = lanes(0.0f), now = h[HARMONICS - 1];
    for (int n = HARMONICS - 2; n >= 0; --n) {
        Lanes next = h[n] + twice * now - last;
        last = now;
        now = next;
    }
    return held * now - last;
}

/* A triangle of period 4 and slope 1 at 0: what goes beyond 1 comes back. First where in its period a value lies, from
 * -1/2 to 1/2; the triangle there, and its antiderivative, which is as periodic. */
INLINE Lanes fold_place(Lanes x)
{
    Lanes turns = (lanes_clamp(x, lanes(-1e5f), lanes(1e5f)) - 1.0f) * 0.25f;
    return turns - lanes_floor(turns) - 0.5f;
}
INLINE Lanes fold(Lanes x) { return 4.0f * lanes_abs(fold_place(x)) - 1.0f; }
INLINE Lanes fold_area(Lanes x)
{
    Lanes place = fold_place(x);
    return place * (8.0f * lanes_abs(place) - 4.0f);
}

INLINE Lanes bend(Lanes x, const Lanes h[HARMONICS], uint32_t shape)
{
    switch (shape) {
    case CHEBYSHEV:
        return chebyshev(x, h);
    case FOLD:
        return fold(x);
    case SINE:
        return sine_of_turns(lanes_clamp(x, lanes(-1e5f), lanes(1e5f)) * 0.25f);
    default:
        return lanes_where(lanes_less(x, lanes(0.0f)), tanh_lanes(x), x / lanes_sqrt(1.0f + 8.0f * x * x));
    }
}

typedef struct {
    const GdBlock *b;
    const Lanes *rest; /* of each frame: what silence gives */
    Lanes *last;
} Bent;

/* The triangle's corners, softened by its mean between two samples; half a sample late at the high rate. */
static void fold_softly(const Bent *c, Lanes *x, uint32_t n, uint32_t first, uint32_t times)
{
    const GdBlock *b = c->b;
    Lanes last = *c->last;
    for (uint32_t k = 0; k < n; ++k) {
        uint32_t i = first + k / times;
        Lanes now = x[k], to = now + AT(SYMMETRY, i), from = last + AT(SYMMETRY, i);
        x[k] = shaping_mean(to, from, fold_area(to), fold_area(from), fold(0.5f * (to + from))) - c->rest[i];
        last = now;
    }
    *c->last = last;
}

INLINE void harmonics_at(const GdBlock *b, uint32_t i, Lanes h[HARMONICS])
{
    for (uint32_t n = 0; n < HARMONICS; ++n)
        h[n] = AT(H1 + n, i);
}

INLINE void shape_as(const Bent *c, Lanes *x, uint32_t n, uint32_t first, uint32_t times, uint32_t shape)
{
    const GdBlock *b = c->b;
    Lanes h[HARMONICS];
    for (uint32_t k = 0; k < n; k += times) {
        uint32_t i = first + k / times;
        harmonics_at(b, i, h);
        for (uint32_t t = 0; t < times; ++t)
            x[k + t] = bend(x[k + t] + AT(SYMMETRY, i), h, shape) - c->rest[i];
    }
}

static void shape(void *context, Lanes *x, uint32_t n, uint32_t first, uint32_t times)
{
    const Bent *c = context;
    switch (c->b->choice[SHAPE]) {
    case CHEBYSHEV:
        shape_as(c, x, n, first, times, CHEBYSHEV);
        break;
    case FOLD:
        if (times > 1)
            fold_softly(c, x, n, first, times);
        else
            shape_as(c, x, n, first, times, FOLD);
        break;
    case SINE:
        shape_as(c, x, n, first, times, SINE);
        break;
    default:
        shape_as(c, x, n, first, times, ASYM);
    }
}

GD_RT static void run(void *state, const GdBlock *b)
{
    State *s = state;
    const uint32_t stages = b->choice[OVERSAMPLING];
    bool bends = MOVES(b, SYMMETRY);
    Lanes wet[GD_SLICE], dry[GD_SLICE], rest[GD_SLICE], h[HARMONICS];
    Coefs c = s->coefs;
    for (uint32_t n = 0; n < HARMONICS; ++n)
        bends = bends || MOVES(b, H1 + n);
    shaping_take(&s->shaping, b, b->in[IN], stages, wet, dry);
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (MOVES(b, DRIVE_DB))
            c = coefs_at(b, i);
        wet[i] = wet[i] * c.drive;
        harmonics_at(b, i, h);
        rest[i] = i > 0 && !bends ? rest[0] : bend(AT(SYMMETRY, i), h, b->choice[SHAPE]);
    }
    oversample(&s->shaping.over, wet, b->frames, stages, shape, &(Bent){b, rest, &s->last});
    shaping_block(&s->shaping, b, wet);
    for (uint32_t i = 0; i < b->frames; ++i) {
        Lanes mix = AT(MIX, i);
        if (MOVES(b, GAIN_DB))
            c.level = db_to_level(b->param[GAIN_DB][i]);
        b->out[OUT][i] = dry[i] * (1.0f - mix) + wet[i] * (c.level * mix) + 0.0f;
    }
}

KERNEL(.effort = 660, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
