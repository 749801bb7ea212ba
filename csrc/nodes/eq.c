/* eq: eight bands in series; bands that do nothing cost nothing, and neither do parameters that stand. */
#define NODE eq
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define BAND_PARAMS(n, name) \
    P(TYPE_##n, "type" name) P(FREQUENCY_##n, "frequency" name "_hz") P(GAIN_##n, "gain" name "_db") P(Q_##n, "q" name)
#define PARAMS \
    BAND_PARAMS(1, "1") BAND_PARAMS(2, "2") BAND_PARAMS(3, "3") BAND_PARAMS(4, "4") BAND_PARAMS(5, "5") \
    BAND_PARAMS(6, "6") BAND_PARAMS(7, "7") BAND_PARAMS(8, "8") P(GAIN_DB, "gain_db")
#include "kernel.h"
#include "dsp/band.h"

enum { BANDS = 8, PER_BAND = 4, SPAN = 8 /* frames a band that moves takes to its next values */ };

typedef struct {
    Band band[BANDS];
    Ints started;
    Ints unseen; /* a standing value may have changed */
    Lanes level;
} State;

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    s->unseen = (Ints){0} - 1;
    s->level = db_to_level(b->param[GAIN_DB][0]);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    Ints rings = {0};
    for (uint32_t k = 0; k < BANDS; ++k) {
        rings |= s->band[k].gliding;
        for (uint32_t j = 0; j < 2; ++j)
            rings |= MASK(s->band[k].charge[j].band != 0.0f) | MASK(s->band[k].charge[j].low != 0.0f);
    }
    return !any_of(rings, b->lanes);
}

INLINE BandValues values_at(const GdBlock *b, uint32_t k, uint32_t frame)
{
    const uint32_t p = PER_BAND * k;
    return (BandValues){b->param[p][frame * b->stride[p]], b->param[p + 1][frame * b->stride[p + 1]],
                        b->param[p + 2][frame * b->stride[p + 2]], b->param[p + 3][frame * b->stride[p + 3]]};
}

INLINE bool band_moves(const GdBlock *b, uint32_t k)
{
    const uint32_t p = PER_BAND * k;
    return MOVES(b, p) || MOVES(b, p + 1) || MOVES(b, p + 2) || MOVES(b, p + 3);
}

/* A band on its way; one that moves looks where to go at each multiple of a span in absolute time. */
GD_RT static __attribute__((noinline)) void glide(Band *band, const GdBlock *b, uint32_t k, const Lanes *in, Lanes *out)
{
    const bool moves = band_moves(b, k);
    for (uint32_t from = 0, n; from < b->frames; from += n) {
        const uint32_t place = (b->offset + from) % SPAN, left = b->frames - from;
        n = SPAN - place < left ? SPAN - place : left;
        if (moves && place == 0) {
            const BandValues values = values_at(b, k, from);
            band_follow(band, &values, (Ints){0} - 1, SPAN, SPAN, b);
        }
        Section first = band->now[0], second = band->now[1];
        SvfState one = band->charge[0], two = band->charge[1];
        for (uint32_t i = from; i < from + n; ++i) {
            const Lanes between = section_step(&first, &one, in[i]);
            out[i] = section_step(&second, &two, between);
            section_glide(&first, &band->rise[0]);
            section_glide(&second, &band->rise[1]);
        }
        band->now[0] = first;
        band->now[1] = second;
        band->charge[0] = one;
        band->charge[1] = two;
        band_pass(band, n);
    }
}

INLINE void run_one(const Section *coefs, SvfState *charge, const GdBlock *b, const Lanes *in, Lanes *out)
{
    const Section c = *coefs;
    SvfState s = *charge;
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = section_step(&c, &s, in[i]);
    *charge = s;
}

/* Two sections at once, because each waits for its own last frame most of the time. */
INLINE void run_two(const Section *coefs_a, SvfState *charge_a, const Section *coefs_b, SvfState *charge_b,
                    const GdBlock *b, const Lanes *in, Lanes *out)
{
    const Section ca = *coefs_a, cb = *coefs_b;
    SvfState sa = *charge_a, sb = *charge_b;
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes between = section_step(&ca, &sa, in[i]);
        out[i] = section_step(&cb, &sb, between);
    }
    *charge_a = sa;
    *charge_b = sb;
}

/* All bands over one slice; returns where the result is. */
GD_RT static const Lanes *bands(State *s, const GdBlock *b, const Lanes *in, Lanes *out)
{
    const Section *waiting = 0;
    SvfState *charge = 0;
    for (uint32_t k = 0; k < BANDS; ++k) {
        Band *band = &s->band[k];
        if (band_moves(b, k) || any_of(band->gliding, b->lanes)) {
            if (waiting)
                run_one(waiting, charge, b, in, out), in = out, waiting = 0;
            glide(band, b, k, in, out);
            in = out;
            continue;
        }
        for (uint32_t j = 0; j < 2; ++j) {
            if (!any_of(band->active[j], b->lanes))
                continue;
            if (waiting)
                run_two(waiting, charge, &band->now[j], &band->charge[j], b, in, out), in = out, waiting = 0;
            else
                waiting = &band->now[j], charge = &band->charge[j];
        }
    }
    if (waiting)
        run_one(waiting, charge, b, in, out), in = out;
    return in;
}

/* Once a cell, and when the node begins. */
GD_RT static void look(State *s, const GdBlock *b)
{
    Ints look_at = s->unseen | ~s->started;
    for (uint32_t k = 0; k < BANDS; ++k)
        look_at |= s->band[k].gliding;
    if (any_of(look_at, b->lanes))
        for (uint32_t k = 0; k < BANDS; ++k)
            if (!band_moves(b, k) || any_of(~s->started, b->lanes)) {
                const BandValues values = values_at(b, k, 0);
                band_follow(&s->band[k], &values, s->started, GD_SLICE, BAND_GLIDE, b);
            }
    for (uint32_t k = 0; k < BANDS; ++k)
        for (uint32_t j = 0; j < 2; ++j)
            s->band[k].charge[j] = svf_settle(s->band[k].charge[j]);
    s->unseen = (Ints){0};
    s->started = (Ints){0} - 1;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict gain_db = b->param[GAIN_DB];
    Lanes *restrict out = b->out[OUT];
    if (b->offset == 0 || any_of(~s->started, b->lanes))
        look(s, b);
    const Lanes *done = bands(s, b, b->in[IN], out);
    if (MOVES(b, GAIN_DB))
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = done[i] * db_to_level(gain_db[i]);
    else if (done != out || any_of(MASK(s->level != 1.0f), b->lanes))
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = done[i] * s->level;
}

KERNEL(.effort = 60, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
