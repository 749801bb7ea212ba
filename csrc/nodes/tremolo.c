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
#include "dsp/phase.h"
#include "dsp/tempo.h"

enum { SINE, TRIANGLE, SQUARE, RISING, FALLING };
enum { LEVEL, HARMONIC };
enum { LEFT, RIGHT, CHANNELS };

typedef struct { Words step; Lanes smooth, split; } Coefs; /* shares a frame of the way to a new value */
typedef struct {
    Coefs coefs;
    Words phase;
    Lanes swing[CHANNELS], low[CHANNELS];
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

INLINE Coefs coefs_at(const GdBlock *b, uint32_t i)
{
    const float spf = b->seconds_per_frame;
    Lanes hz = b->choice[SYNC] ? sync_hz(AT(TEMPO_BPM, i), b->choice[SYNC]) : AT(RATE_HZ, i);
    return (Coefs){phase_step(hz, spf), share_for(AT(SMOOTH_S, i), spf),
                   share_for(0.159154943f / AT(CROSSOVER_HZ, i), spf)};
}

GD_RT static void prepare(void *state, const GdBlock *b) { ((State *)state)->coefs = coefs_at(b, 0); }

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

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State s = *(State *)state;
    Coefs c = s.coefs;
    const bool moves = MOVES(b, RATE_HZ) || MOVES(b, SMOOTH_S) || MOVES(b, CROSSOVER_HZ) || MOVES(b, TEMPO_BPM);
    const bool harmonic = b->choice[MODE] == HARMONIC;
    for (uint32_t k = 0; k < CHANNELS && b->offset == 0; ++k)
        s.low[k] = settle_at_zero(line_safe(s.low[k]), 1e-15f);
    for (uint32_t i = 0; i < b->frames; ++i, s.phase += c.step) {
        const Lanes depth = AT(DEPTH, i);
        if (moves)
            c = coefs_at(b, i);
        for (uint32_t k = 0; k < CHANNELS; ++k) {
            Words phase = k == LEFT ? s.phase : s.phase + phase_of_turns(AT(SPREAD, i));
            Lanes in = b->in[LEFT_IN + k][i];
            s.swing[k] += c.smooth * (wave_of(phase, b->choice[SHAPE]) - s.swing[k]);
            Lanes up = 1.0f - depth * (0.5f - 0.5f * s.swing[k]), down = 1.0f - depth * (0.5f + 0.5f * s.swing[k]);
            if (harmonic) {
                s.low[k] += c.split * (in - s.low[k]);
                b->out[k][i] = s.low[k] * up + (in - s.low[k]) * down;
            } else
                b->out[k][i] = in * up;
        }
    }
    s.coefs = ((State *)state)->coefs;
    *(State *)state = s;
}

KERNEL(.prepare = prepare)
