/* vibrato: a pitch that swings, by a delay that swings. */
#define NODE vibrato
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(RATE_HZ, "rate_hz") P(DEPTH_CENTS, "depth_cents") P(SPREAD, "spread")
#define CHOICES P(SHAPE, "shape")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/swung_line.h"

enum { SHORTEST = 2 };
static const float longest_swing_s = 0.04f; /* either way */

typedef SwungLine State;

/* A delay of a - a sin(2 pi f t) plays faster by 2 pi f a where it shortens fastest, which is the ratio of the cents;
 * a triangle's slope is 4 f a everywhere. */
INLINE void place(Places *places, const Lines *lines, State *s, const GdBlock *b)
{
    Lanes room[3][GD_SLICE];
    const Lanes *restrict rate_hz = every_frame(b, RATE_HZ, room[0]), *restrict cents = every_frame(b, DEPTH_CENTS, room[1]);
    const Lanes *restrict spread = every_frame(b, SPREAD, room[2]);
    const uint32_t shape = b->choice[SHAPE];
    const float per_turn = shape == SWING_SINE ? 1.0f / 6.28318531f : 0.25f;
    Words phase[GD_SLICE];
    Lanes delay[GD_SLICE], channel;
    for (uint32_t l = 0; l < W; ++l)
        LANE(channel, l) = (float)b->channel[l < b->lanes ? l : 0];
    swing_run(&s->swing, b, RATE_HZ, phase);
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes faster = exp2_lanes(cents[i] * (1.0f / 1200.0f)) - 1.0f;
        const Lanes size = lanes_min(faster * per_turn / rate_hz[i], lanes(longest_swing_s));
        const Words at = phase[i] + phase_of_turns(channel * spread[i]);
        delay[i] = (float)SHORTEST + size * (1.0f - swing_wave(at, shape)) * b->sample_rate_hz;
    }
    lines_place(places, lines, b, delay, SHORTEST);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict in = b->in[IN];
    const Lines lines = lines_of(b);
    Lanes kept[GD_SLICE];
    Places places;
    Ints sounding = {0};
    place(&places, &lines, s, b);
    for (uint32_t i = 0; i < b->frames; ++i) {
        kept[i] = line_safe(in[i]);
        sounding |= lanes_to_bits(kept[i]);
    }
    lines_write(&lines, kept, (uint32_t)b->time, b->frames, b->lanes);
    lines_read(b->out[OUT], &lines, &places, 0, b->frames, true);
    ringing_count(&s->ringing, sounding, b);
}

KERNEL(.effort = 190, .reset = swung_reset, .prepare = swung_prepare, .idle = swung_idle, .flags = GD_RINGS)
