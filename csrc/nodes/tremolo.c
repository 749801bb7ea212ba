/* tremolo: a level that comes and goes; of everything, or of lows and highs in turn. */
#define NODE tremolo
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS                                                                                                   \
    P(RATE_HZ, "rate_hz") P(DEPTH, "depth") P(SPREAD, "spread") P(SMOOTH_S, "smooth_s")                          \
    P(CROSSOVER_HZ, "crossover_hz") P(TEMPO_BPM, "tempo_bpm")
#define CHOICES P(SHAPE, "shape") P(MODE, "mode") P(SYNC, "sync")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/dynamics.h"
#include "dsp/swing.h"
#include "dsp/song.h"

enum { SINE, TRIANGLE, SQUARE, RISING, FALLING };
enum { LEVEL, HARMONIC };
enum { LEFT, RIGHT, CHANNELS };

typedef struct { Lanes smooth, split; } Coefs; /* shares a frame of the way to a new value */
typedef struct {
    Swing turn;
    Coefs coefs;
    Lanes swing[CHANNELS], low[CHANNELS];
    Words sounded; /* other than 0 if anything came in within this cell */
    Ints rests;    /* all ones from a cell of silence on until something comes in */
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

INLINE Lanes rate_at(const GdBlock *b, uint32_t i)
{
    return b->choice[SYNC] ? sync_hz(AT(TEMPO_BPM, i), b->choice[SYNC]) : AT(RATE_HZ, i);
}

/* Lanes that go by the tempo of the piece. */
INLINE Ints following(const GdBlock *b, uint32_t i) { return b->choice[SYNC] ? follows_song(AT(TEMPO_BPM, i)) : (Ints){0}; }

/* Their phase is a function of the place in the piece, or of the time where it stands, so it does not matter whether the kernel
 * was skipped in silence. */
INLINE Words song_turn(const GdBlock *b, uint32_t i)
{
    Words whole;
    if (b->transport->rolling)
        return song_phase(b, i, (double)beats_of_sync(b->choice[SYNC]), &whole).turns;
    const Lanes hz = sync_hz(lanes((float)song_bpm(b, i)), b->choice[SYNC]);
    return phase_step(hz, b->seconds_per_frame) * ((uint32_t)b->time + i);
}

INLINE Coefs coefs_at(const GdBlock *b, uint32_t i)
{
    const float spf = b->seconds_per_frame;
    return (Coefs){share_for(AT(SMOOTH_S, i), spf), share_for(0.159154943f / AT(CROSSOVER_HZ, i), spf)};
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    if (!MOVES(b, RATE_HZ) && !MOVES(b, TEMPO_BPM))
        swing_set(&s->turn, rate_at(b, 0), b);
    s->coefs = coefs_at(b, 0);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    int32_t rests = -1;
    for (uint32_t l = 0; l < b->lanes; ++l)
        rests &= LANE(s->rests, l);
    return rests != 0;
}

/* A lane in which nothing has sounded for a whole cell rests: its smoothing then begins anew with what comes next, from
 * the wave as it is, so that nothing depends on whether the kernel ran in between. */
INLINE void begin_cell(State *s)
{
    Words rings = {0};
    for (uint32_t k = 0; k < CHANNELS; ++k) {
        s->low[k] = settle_at_zero(line_safe(s->low[k]), 1e-15f);
        rings |= ints_as_words(lanes_to_bits(s->low[k]));
    }
    s->rests |= MASK((s->sounded | rings) == 0u);
    s->sounded = (Words){0};
}

INLINE Lanes wave_of(Words phase, uint32_t shape)
{
    switch (shape) {
    case TRIANGLE:
        return 1.0f - 4.0f * lanes_abs(phase_turns(phase - 0x40000000u));
    case SQUARE:
        return lanes_where(lanes_less(phase_turns(phase), lanes(0.0f)), lanes(-1.0f), lanes(1.0f));
    case RISING:
        return 2.0f * phase_turns(phase);
    case FALLING:
        return -2.0f * phase_turns(phase);
    default:
        return sine_of_phase(phase);
    }
}

INLINE void swell(State *state, const GdBlock *b, bool moves, bool follows, bool some_rest)
{
    State s = *state;
    Coefs c = s.coefs;
    Words at = swing_at(&s.turn, b);
    const bool harmonic = b->choice[MODE] == HARMONIC;
    for (uint32_t i = 0; i < b->frames; ++i, at += s.turn.step) {
        const Lanes depth = AT(DEPTH, i);
        if (moves) {
            s.turn.step = phase_step(rate_at(b, i), b->seconds_per_frame);
            c = coefs_at(b, i);
        }
        Words turn = at;
        if (follows)
            turn = words_where(following(b, i), song_turn(b, i), at);
        for (uint32_t k = 0; k < CHANNELS; ++k) {
            const Words phase = k == LEFT ? turn : turn + phase_of_turns(AT(SPREAD, i));
            const Lanes in = b->in[LEFT_IN + k][i], wave = wave_of(phase, b->choice[SHAPE]);
            s.sounded |= ints_as_words(lanes_to_bits(in)) << 1; /* but for the sign */
            s.swing[k] += c.smooth * (wave - s.swing[k]);
            if (some_rest)
                s.swing[k] = lanes_where(s.rests, wave, s.swing[k]);
            Lanes up = 1.0f - depth * (0.5f - 0.5f * s.swing[k]), down = 1.0f - depth * (0.5f + 0.5f * s.swing[k]);
            if (harmonic) {
                s.low[k] += c.split * (in - s.low[k]);
                b->out[k][i] = s.low[k] * up + (in - s.low[k]) * down;
            } else
                b->out[k][i] = in * up;
        }
        if (some_rest)
            s.rests &= MASK(s.sounded == 0u);
    }
    swing_close(&s.turn, at, b);
    *state = s;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    if (b->offset == 0)
        begin_cell(s);
    const bool moves = MOVES(b, RATE_HZ) || MOVES(b, SMOOTH_S) || MOVES(b, CROSSOVER_HZ) || MOVES(b, TEMPO_BPM);
    const bool follows = b->choice[SYNC] && (MOVES(b, TEMPO_BPM) || any_lane(following(b, 0)));
    int32_t rests = 0;
    for (uint32_t l = 0; l < b->lanes; ++l)
        rests |= LANE(s->rests, l);
    if (moves || rests || follows)
        swell(s, b, moves, follows, rests != 0);
    else
        swell(s, b, false, false, false);
}

KERNEL(.prepare = prepare, .idle = idle, .flags = GD_RINGS)
