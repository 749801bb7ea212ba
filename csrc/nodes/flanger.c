/* flanger: a source beside itself, a few milliseconds late, by a delay that swings, passes zero or falls without end; linked. */
#define NODE flanger
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS                                                                                            \
    P(RATE_HZ, "rate_hz") P(DEPTH, "depth") P(DELAY_S, "delay_s") P(FEEDBACK, "feedback") P(SPREAD, "spread") \
    P(MIX, "mix")
#define CHOICES P(MODE, "mode") P(SHAPE, "shape")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/swung_line.h"

enum { CLASSIC, THROUGH_ZERO, RISING, FALLING };
enum { SHORTEST = 3, SIDES = 2, STAIRS = 3 /* voices of an endless flanger */ };

typedef SwungLine State;

/* One voice in a slice: where it is read and how loud. */
typedef struct {
    Places places;
    Lanes level[GD_SLICE];
} Voice;

/* An endless voice passes through four octaves of delay in a turn, loud in their middle and silent at their ends; three,
 * a third of a turn apart, are together as loud at any time. */
INLINE void place_voice(Voice *voice, const Lines *lines, const GdBlock *b, const Words phase[GD_SLICE], uint32_t side,
                        uint32_t stair)
{
    Lanes room[3][GD_SLICE];
    const Lanes *restrict depth = every_frame(b, DEPTH, room[0]), *restrict delay_s = every_frame(b, DELAY_S, room[1]);
    const Lanes *restrict spread = every_frame(b, SPREAD, room[2]);
    const uint32_t mode = b->choice[MODE], shape = b->choice[SHAPE], begin = 0x55555555u * stair;
    const float octaves = mode == RISING ? -4.0f : 4.0f, right = side ? 1.0f : 0.0f;
    Lanes delay[GD_SLICE];
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Words at = phase[i] + begin + phase_of_turns(right * spread[i]);
        const Lanes size = depth[i];
        Lanes bend, level = lanes(1.0f);
        if (mode <= THROUGH_ZERO) {
            bend = 1.0f + size * swing_wave(at, shape);
        } else {
            bend = swing_octaves(octaves * size * phase_turns(at));
            level = (1.0f + sine_of_phase(at + 0x40000000u)) * (1.0f / STAIRS);
        }
        delay[i] = delay_s[i] * bend * b->sample_rate_hz;
        voice->level[i] = level;
    }
    lines_place(&voice->places, lines, b, delay, SHORTEST);
}

/* What is heard of the source itself: late by the middle of the swing where the swing is to pass it. */
INLINE void read_dry(Lanes *dry, const Lines *lines, const GdBlock *b)
{
    Lanes delay[GD_SLICE];
    Places places;
    for (uint32_t i = 0; i < b->frames; ++i)
        delay[i] = b->param[DELAY_S][i * b->stride[DELAY_S]] * b->sample_rate_hz;
    lines_place(&places, lines, b, delay, SHORTEST);
    lines_read(dry, lines, &places, 0, b->frames, true);
}

INLINE Ints run_side(const GdBlock *b, const Words phase[GD_SLICE], uint32_t side)
{
    const Lanes *restrict in = b->in[side], *restrict feedback = b->param[FEEDBACK], *restrict mix = b->param[MIX];
    Lanes *restrict out = b->out[side];
    const uint32_t feedback_stride = b->stride[FEEDBACK], mix_stride = b->stride[MIX];
    const uint32_t voices = b->choice[MODE] <= THROUGH_ZERO ? 1 : STAIRS;
    const Lines lines = lines_of_side(b, side, SIDES);
    Voice voice[STAIRS];
    Lanes wet[GD_SLICE], one[GD_SLICE], fed[GD_SLICE], dry[GD_SLICE];
    Ints sounding = {0};
    uint32_t chunk = GD_SLICE;
    for (uint32_t v = 0; v < voices; ++v) {
        place_voice(&voice[v], &lines, b, phase, side, v);
        chunk = voice[v].places.least - 1 < chunk ? voice[v].places.least - 1 : chunk;
    }
    for (uint32_t from = 0, n; from < b->frames; from += n) {
        n = b->frames - from < chunk ? b->frames - from : chunk;
        for (uint32_t i = from; i < from + n; ++i)
            wet[i] = lanes(0.0f);
        for (uint32_t v = 0; v < voices; ++v) {
            lines_read(one, &lines, &voice[v].places, from, n, true);
            for (uint32_t i = from; i < from + n; ++i)
                wet[i] += one[i] * voice[v].level[i];
        }
        for (uint32_t i = from; i < from + n; ++i) {
            fed[i] = line_safe(in[i] + wet[i] * feedback[i * feedback_stride]);
            sounding |= lanes_to_bits(fed[i]);
        }
        lines_write(&lines, fed + from, (uint32_t)b->time + from, n, b->lanes);
    }
    if (b->choice[MODE] == THROUGH_ZERO)
        read_dry(dry, &lines, b);
    const Lanes *restrict beside = b->choice[MODE] == THROUGH_ZERO ? dry : in;
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes share = mix[i * mix_stride];
        out[i] = beside[i] * (1.0f - lanes_abs(share)) + wet[i] * share;
    }
    return sounding;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Words phase[GD_SLICE];
    swing_run(&s->swing, b, RATE_HZ, phase);
    Ints sounding = run_side(b, phase, LEFT_IN);
    sounding |= run_side(b, phase, RIGHT_IN);
    ringing_count(&s->ringing, sounding, b);
}

KERNEL(.effort = 340, .reset = swung_reset, .prepare = swung_prepare, .idle = swung_idle, .flags = GD_RINGS)
