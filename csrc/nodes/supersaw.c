/* supersaw: seven saws around one pitch, spread between two channels. */
#define NODE supersaw
#define OUTS P(LEFT, "out") P(RIGHT, "out")
#define PARAMS P(FREQUENCY_HZ, "frequency_hz") P(DETUNE, "detune") P(MIX, "mix") P(SPREAD, "spread")
#include <string.h>

#include "kernel.h"
#include "dsp/edges.h"
#include "dsp/hash.h"
#include "dsp/phase.h"

enum { VOICES = 7, CENTRE = 3, SIDES = 2, RUN = 32 /* frames worked on at a time */ };

typedef struct { Lanes level[SIDES][VOICES]; } Levels;

typedef struct {
    Words phase[VOICES], step[VOICES];
    Levels levels;
    Ints started;
    Lanes plain[SIDES][EDGE_LEAD], rest[SIDES][EDGE_TAPS - 1];
} State;

typedef struct {
    uint32_t first, frames; /* within the slice */
    Words phase[RUN][VOICES], step[RUN][VOICES];
    uint32_t crossed[RUN][VOICES];
    Lanes plain[SIDES][EDGE_LEAD + RUN], rest[SIDES][RUN + EDGE_TAPS];
} Run;

/* Adam Szabo, "How to Emulate the Super Saw", 2010: the pitch of each saw at full detune, how far the knob goes (his
 * polynomial, here in powers of 2 x - 1, which do not cancel), and the levels of the middle and of the others. */
static const float offsets[VOICES] = {-0.11002313f, -0.06288439f, -0.01952356f, 0.0f, 0.01991221f, 0.06216538f,
                                      0.10745242f};
static const float detune_curve[] = {0.0979551523f, 0.130538008f, 0.301817963f, 0.593829944f, -1.16272172f, -2.5363995f,
                                     4.38893776f, 6.85856336f, -7.36196442f, -9.4449022f, 4.2374579f, 4.89684145f};
static const float places[VOICES] = {-1.0f, 0.6666667f, -0.3333333f, 0.0f, 0.3333333f, -0.6666667f, 1.0f};
#define LOUDNESS 0.35f

INLINE Lanes value_of(const GdBlock *b, uint32_t parameter, uint32_t frame)
{
    return b->param[parameter][frame * b->stride[parameter]];
}

INLINE Lanes detuning(Lanes knob)
{
    const Lanes u = knob + knob - 1.0f;
    Lanes y = lanes(detune_curve[11]);
    for (int k = 10; k >= 0; --k)
        y = y * u + detune_curve[k];
    return y;
}

INLINE void set_steps(Words step[VOICES], const GdBlock *b, uint32_t frame)
{
    const Lanes frequency = value_of(b, FREQUENCY_HZ, frame), detune = detuning(value_of(b, DETUNE, frame));
    for (int v = 0; v < VOICES; ++v)
        step[v] = phase_step(frequency * (1.0f + detune * offsets[v]), b->seconds_per_frame);
}

/* Constant power between the channels. */
INLINE void set_levels(Levels *levels, const GdBlock *b, uint32_t frame)
{
    const Lanes mix = value_of(b, MIX, frame), spread = 0.125f * value_of(b, SPREAD, frame);
    const Lanes centre = LOUDNESS * (0.99785f - 0.55366f * mix);
    const Lanes side = LOUDNESS * (0.044372f + mix * (1.2841f - 0.73764f * mix));
    for (int v = 0; v < VOICES; ++v) {
        const Lanes level = v == CENTRE ? centre : side, place = spread * places[v];
        levels->level[0][v] = level * sine_quarter(0.125f - place);
        levels->level[1][v] = level * sine_quarter(0.125f + place);
    }
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    set_steps(((State *)state)->step, b, 0);
    set_levels(&((State *)state)->levels, b, 0);
}

INLINE void add_plain(Lanes plain[SIDES], const Levels *levels, const Words phase[VOICES])
{
    plain[0] = plain[1] = lanes(0.0f);
    for (int v = 0; v < VOICES; ++v) {
        const Lanes saw = lanes_from_ints(words_as_ints(phase[v])) * 0x1p-31f;
        plain[0] += saw * levels->level[0][v];
        plain[1] += saw * levels->level[1][v];
    }
}

/* A lane begins with phases of its own, EDGE_LEAD frames ahead. */
INLINE void begin(State *s, const GdBlock *b)
{
    Words step[VOICES], phase[VOICES];
    Levels levels;
    set_steps(step, b, 0);
    set_levels(&levels, b, 0);
    for (uint32_t l = 0; l < W; ++l)
        for (uint32_t v = 0; v < VOICES; ++v)
            LANE(phase[v], l) = hash_word((l < b->lanes ? b->seed[l] : 0) * VOICES + v);
    for (uint32_t i = 0; i < EDGE_LEAD; ++i) {
        Lanes plain[SIDES];
        for (uint32_t v = 0; v < VOICES; ++v)
            phase[v] += step[v];
        add_plain(plain, &levels, phase);
        for (uint32_t c = 0; c < SIDES; ++c)
            s->plain[c][i] = lanes_where(s->started, s->plain[c][i], plain[c]);
    }
    for (uint32_t v = 0; v < VOICES; ++v)
        s->phase[v] = (s->phase[v] & (Words)s->started) | (phase[v] & ~(Words)s->started);
    s->started |= -1;
}

INLINE void advance(Run *r, State *s, const GdBlock *b, bool pitch_moves, bool level_moves)
{
    Words phase[VOICES], step[VOICES];
    memcpy(phase, s->phase, sizeof phase);
    memcpy(step, s->step, sizeof step);
    Levels levels = s->levels;
    for (uint32_t i = 0; i < r->frames; ++i) {
        Lanes plain[SIDES];
        if (pitch_moves)
            set_steps(step, b, r->first + i);
        if (level_moves)
            set_levels(&levels, b, r->first + i);
        for (uint32_t v = 0; v < VOICES; ++v) {
            r->phase[i][v] = phase[v] += step[v];
            if (pitch_moves)
                r->step[i][v] = step[v];
            r->crossed[i][v] = mask_bits(MASK(phase[v] - 0x80000000u < step[v]));
        }
        add_plain(plain, &levels, phase);
        r->plain[0][EDGE_LEAD + i] = plain[0];
        r->plain[1][EDGE_LEAD + i] = plain[1];
    }
    memcpy(s->phase, phase, sizeof phase);
}

/* The drop of each saw that wraps, in the order of time, at the levels of its frame. */
INLINE void drop(Run *r, const State *s, const GdBlock *b, bool pitch_moves, bool level_moves)
{
    const uint32_t in_use = (1u << b->lanes) - 1;
    for (uint32_t i = 0; i < r->frames; ++i) {
        Levels own;
        uint32_t any = 0;
        for (uint32_t v = 0; v < VOICES; ++v)
            any |= r->crossed[i][v] & in_use;
        if (!any)
            continue;
        if (level_moves)
            set_levels(&own, b, r->first + i);
        const Levels *levels = level_moves ? &own : &s->levels;
        for (uint32_t v = 0; v < VOICES; ++v)
            for (uint32_t left = r->crossed[i][v] & in_use; left; left &= left - 1) {
                const uint32_t l = (uint32_t)__builtin_ctz(left);
                const float step = (float)(pitch_moves ? LANE(r->step[i][v], l) : LANE(s->step[v], l));
                float taps[EDGE_TAPS];
                edge_taps(taps, jump_terms, -2.0f, (float)(LANE(r->phase[i][v], l) - 0x80000000u) / step);
                const float to_left = LANE(levels->level[0][v], l), to_right = LANE(levels->level[1][v], l);
                float *left_rest = (float *)(r->rest[0] + i) + l, *right_rest = (float *)(r->rest[1] + i) + l;
                for (uint32_t k = 0; k < EDGE_TAPS; ++k) {
                    left_rest[k * W] += taps[k] * to_left;
                    right_rest[k * W] += taps[k] * to_right;
                }
            }
    }
}

INLINE void play(State *s, const GdBlock *b, bool pitch_moves, bool level_moves)
{
    Run r;
    for (r.first = 0; r.first < b->frames; r.first += r.frames) {
        r.frames = b->frames - r.first < RUN ? b->frames - r.first : RUN;
        for (uint32_t c = 0; c < SIDES; ++c) {
            memcpy(r.plain[c], s->plain[c], sizeof s->plain[c]);
            memcpy(r.rest[c], s->rest[c], sizeof s->rest[c]);
            memset(r.rest[c] + EDGE_TAPS - 1, 0, (r.frames + 1) * sizeof(Lanes));
        }
        advance(&r, s, b, pitch_moves, level_moves);
        drop(&r, s, b, pitch_moves, level_moves);
        for (uint32_t c = 0; c < SIDES; ++c) {
            for (uint32_t i = 0; i < r.frames; ++i)
                b->out[c][r.first + i] = r.plain[c][i] + r.rest[c][i];
            memcpy(s->plain[c], r.plain[c] + r.frames, sizeof s->plain[c]);
            memcpy(s->rest[c], r.rest[c] + r.frames, sizeof s->rest[c]);
        }
    }
}

GD_RT static void run(void *state, const GdBlock *b)
{
    State *s = state;
    if ((mask_bits(~s->started) & ((1u << b->lanes) - 1)) != 0)
        begin(s, b);
    const bool pitch_moves = MOVES(b, FREQUENCY_HZ) || MOVES(b, DETUNE);
    const bool level_moves = MOVES(b, MIX) || MOVES(b, SPREAD);
    if (pitch_moves && level_moves)
        play(s, b, true, true);
    else if (pitch_moves)
        play(s, b, true, false);
    else if (level_moves)
        play(s, b, false, true);
    else
        play(s, b, false, false);
}

KERNEL(.effort = 160, .prepare = prepare)
