/* chorus: one to four voices a side, each at a delay that swings; linked. */
#define NODE chorus
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS                                                                                               \
    P(RATE_HZ, "rate_hz") P(DEPTH_S, "depth_s") P(DELAY_S, "delay_s") P(FEEDBACK, "feedback") P(SPREAD, "spread") \
    P(MIX, "mix")
#define CHOICES P(VOICES, "voices") P(SHAPE, "shape")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/swung_line.h"

enum { SHORTEST = 3, SIDES = 2, MOST = 4 };

typedef SwungLine State;

/* Voices lie evenly over a turn; the right side's lie up to half-way between the left side's. */
INLINE void place_voice(Places *places, const Lines *lines, const GdBlock *b, const Words phase[GD_SLICE], uint32_t side,
                        uint32_t voice, uint32_t voices)
{
    Lanes room[3][GD_SLICE];
    const Lanes *restrict depth_s = every_frame(b, DEPTH_S, room[0]), *restrict delay_s = every_frame(b, DELAY_S, room[1]);
    const Lanes *restrict spread = every_frame(b, SPREAD, room[2]);
    const uint32_t begin = (uint32_t)(0x100000000u * voice / voices), shape = b->choice[SHAPE];
    const float apart = side ? 0.5f / (float)voices : 0.0f;
    Lanes delay[GD_SLICE];
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes wave = swing_wave(phase[i] + begin + phase_of_turns(apart * spread[i]), shape);
        delay[i] = (delay_s[i] + depth_s[i] * wave) * b->sample_rate_hz;
    }
    lines_place(places, lines, b, delay, SHORTEST);
}

/* One side; which of its frames made the line sound. */
INLINE Ints run_side(const GdBlock *b, const Words phase[GD_SLICE], uint32_t side)
{
    const Lanes *restrict in = b->in[side], *restrict feedback = b->param[FEEDBACK], *restrict mix = b->param[MIX];
    Lanes *restrict out = b->out[side];
    const uint32_t feedback_stride = b->stride[FEEDBACK], mix_stride = b->stride[MIX], voices = b->choice[VOICES] + 1u;
    static const float levels[MOST] = {1.0f, 0.70710678f, 0.57735027f, 0.5f};
    const Lines lines = lines_of_side(b, side, SIDES);
    Places places[MOST];
    Lanes wet[GD_SLICE], voice[GD_SLICE], fed[GD_SLICE];
    Ints sounding = {0};
    uint32_t chunk = GD_SLICE;
    for (uint32_t v = 0; v < voices; ++v) {
        place_voice(&places[v], &lines, b, phase, side, v, voices);
        chunk = places[v].least - 1 < chunk ? places[v].least - 1 : chunk;
    }
    for (uint32_t from = 0, n; from < b->frames; from += n) {
        n = b->frames - from < chunk ? b->frames - from : chunk;
        lines_read(wet, &lines, &places[0], from, n, true);
        for (uint32_t v = 1; v < voices; ++v) {
            lines_read(voice, &lines, &places[v], from, n, true);
            for (uint32_t i = from; i < from + n; ++i)
                wet[i] += voice[i];
        }
        for (uint32_t i = from; i < from + n; ++i) {
            const Lanes share = mix[i * mix_stride], sum = wet[i] * levels[voices - 1];
            fed[i] = line_safe(in[i] + sum * (levels[voices - 1] * feedback[i * feedback_stride]));
            out[i] = in[i] * (1.0f - share) + sum * share;
            sounding |= lanes_to_bits(fed[i]);
        }
        lines_write(&lines, fed + from, (uint32_t)b->time + from, n, b->lanes);
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

KERNEL(.effort = 560, .reset = swung_reset, .prepare = swung_prepare, .idle = swung_idle, .flags = GD_RINGS)
