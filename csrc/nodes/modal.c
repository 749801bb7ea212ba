/* modal: up to 24 resonators that ring as the modes of a struck or bowed body do. */
#define NODE modal
#define INS P(IN, "in") P(TRIGGER, "trigger")
#define OUTS P(OUT, "out")
#define PARAMS                                                                                                         \
    P(FREQUENCY_HZ, "frequency_hz") P(DECAY_S, "decay_s") P(BRIGHTNESS, "brightness") P(DAMPING, "damping")            \
    P(POSITION, "position") P(STRETCH, "stretch")
#define CHOICES P(MATERIAL, "material")
#include "kernel.h"
#include "dsp/math.h"

enum { MODES = 24, TOGETHER = 4 /* modes that one loop runs, so that their steps overlap */, EVERY = 16 /* frames */ };

/* Each mode is a point that turns and shrinks: its height is heard. */
typedef struct {
    Lanes across[MODES], height[MODES];
    Lanes cosine[MODES], sine[MODES], level[MODES];
    Lanes drive[MODES]; /* level of a source, which a long ring would blow up */
    Ints open, set;     /* masks: the trigger was up; coefficients are known */
} State;

/* Frequencies as multiples of the first partial; 0 is no mode. Thomas Rossing and Neville Fletcher, "Principles of
 * Vibration and Sound", 1995: bar with free ends, the roots of cos x cosh x = 1 squared; circular membrane, zeros of
 * Bessel functions; square plate with supported edges, (m m + n n) / 2; church bell by its prime (Rossing and Robert
 * Perrin, "Vibrations of Bells", 1987); wine glass. */
static const float ratios[][MODES] = {
    {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24},
    {1.0f, 2.7565f, 5.4039f, 8.9330f, 13.3443f, 18.6379f, 24.8138f, 31.8719f, 39.8123f, 48.6350f, 58.3399f, 68.9271f},
    {1.0f, 1.5933f, 2.1355f, 2.2954f, 2.6531f, 2.9173f, 3.1555f, 3.5001f, 3.5985f, 3.6475f, 4.0589f, 4.1317f,
     4.2304f, 4.6010f, 4.6101f, 4.8319f, 4.9033f, 5.0836f, 5.1308f, 5.4121f, 5.5404f, 5.5531f, 5.6508f, 5.9765f},
    {1.0f, 2.5f, 4.0f, 5.0f, 6.5f, 8.5f, 9.0f, 10.0f, 12.5f, 13.0f, 14.5f, 16.0f,
     17.0f, 18.5f, 20.0f, 20.5f, 22.5f, 25.0f, 26.0f, 26.5f, 29.0f, 30.5f, 32.5f, 34.0f},
    {0.5f, 1.0f, 1.183f, 1.506f, 2.0f, 2.514f, 2.662f, 3.011f, 4.166f, 5.433f, 6.796f, 8.215f},
    {1.0f, 2.32f, 4.25f, 6.63f, 9.38f, 12.57f, 16.2f},
};

INLINE Lanes value_of(const GdBlock *b, uint32_t parameter, uint32_t frame)
{
    return b->param[parameter][frame * b->stride[parameter]];
}

/* Coefficients from the parameters of one frame. A mode's own time is decay_s at the first partial, and shorter as the
 * square of its ratio grows, as air and friction inside take more of fast motion; stretch bends a ratio as stiffness
 * bends a string. Modes beyond 0.45 of the rate are left out. */
GD_RT static void set_modes(State *s, const GdBlock *b, uint32_t frame)
{
    const Lanes hz = value_of(b, FREQUENCY_HZ, frame), decay = value_of(b, DECAY_S, frame);
    const Lanes tilt = value_of(b, BRIGHTNESS, frame) * 4.0f - 4.0f, damping = value_of(b, DAMPING, frame);
    const Lanes position = value_of(b, POSITION, frame), stretch = value_of(b, STRETCH, frame);
    const Lanes loss = damping * damping, bend = 0.01f * (stretch * lanes_abs(stretch));
    Lanes total = lanes(1e-6f);
    for (int m = 0; m < MODES; ++m) {
        const float own = ratios[b->choice[MATERIAL]][m];
        const Lanes ratio = own * lanes_sqrt(lanes_max(1.0f + bend * (own * own - 1.0f), lanes(0.01f)));
        const Lanes turns = hz * ratio * b->seconds_per_frame;
        const Ints sounds = lanes_less(turns, lanes(0.45f)) & MASK(ratio > 0.0f);
        const Lanes time = decay * b->sample_rate_hz / (1.0f + loss * (own * own - 1.0f));
        const Lanes keep = exp2_lanes(-9.96578428f / lanes_max(time, lanes(1.0f)));
        const Lanes held = lanes_where(sounds, turns, lanes(0.0f));
        s->cosine[m] = keep * cosine_of_turns(held);
        s->sine[m] = keep * sine_of_turns(held);
        const Lanes place = lanes_abs(sine_of_turns(position * (0.5f * (float)(m + 1))));
        const Lanes level = place * exp2_lanes(tilt * log2_lanes(lanes_max(ratio, lanes(0.5f))) * 0.5f);
        s->level[m] = lanes_where(sounds, level, lanes(0.0f));
        s->drive[m] = lanes_sqrt(lanes_max(1.0f - keep * keep, lanes(0.0f)));
        total += s->level[m];
    }
    const Lanes scale = 1.0f / total;
    for (int m = 0; m < MODES; ++m)
        s->level[m] *= scale;
    s->set |= -1;
}

INLINE bool any_moves(const GdBlock *b)
{
    bool moves = false;
    for (uint32_t p = 0; p < PARAM_COUNT; ++p)
        moves |= MOVES(b, p);
    return moves;
}

GD_RT static void prepare(void *state, const GdBlock *b) { set_modes(state, b, 0); }

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    uint32_t rings = 0;
    for (uint32_t l = 0; l < b->lanes; ++l) {
        rings |= LANE(s->open, l) != 0;
        for (int m = 0; m < MODES; ++m)
            rings |= (LANE(s->across[m], l) != 0.0f) | (LANE(s->height[m], l) != 0.0f);
    }
    return rings == 0;
}

/* A mode below -300 dB falls silent, and so does one that has been fed something infinite or not a number. */
INLINE void settle(State *s)
{
    for (int m = 0; m < MODES; ++m) {
        const Lanes size = lanes_abs(s->across[m]) + lanes_abs(s->height[m]);
        const Ints keep = lanes_at_least(size, lanes(1e-15f)) & lanes_less(size, lanes(1e15f));
        s->across[m] = lanes_where(keep, s->across[m], lanes(0.0f));
        s->height[m] = lanes_where(keep, s->height[m], lanes(0.0f));
    }
}

/* A few modes for some frames of a slice. */
INLINE void ring(State *s, int from, const Lanes *in, const Lanes *struck, Lanes *out, uint32_t frames)
{
    Lanes x[TOGETHER], y[TOGETHER], c[TOGETHER], n[TOGETHER], level[TOGETHER], drive[TOGETHER];
    for (int k = 0; k < TOGETHER; ++k) {
        x[k] = s->across[from + k];
        y[k] = s->height[from + k];
        c[k] = s->cosine[from + k];
        n[k] = s->sine[from + k];
        level[k] = s->level[from + k];
        drive[k] = s->drive[from + k];
    }
    for (uint32_t i = 0; i < frames; ++i) {
        Lanes heard[TOGETHER];
        for (int k = 0; k < TOGETHER; ++k) {
            const Lanes before = x[k] + (struck[i] + in[i] * drive[k]);
            x[k] = c[k] * before - n[k] * y[k];
            y[k] = n[k] * before + c[k] * y[k];
            heard[k] = y[k] * level[k];
        }
        out[i] += (heard[0] + heard[1]) + (heard[2] + heard[3]);
    }
    for (int k = 0; k < TOGETHER; ++k) {
        s->across[from + k] = x[k];
        s->height[from + k] = y[k];
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Lanes struck[GD_SLICE];
    Lanes *restrict out = b->out[OUT];
    const bool moves = any_moves(b);
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Ints up = lanes_at_least(b->in[TRIGGER][i], lanes(0.5f));
        struck[i] = lanes_where(up & ~s->open, lanes(1.0f), lanes(0.0f));
        s->open = up;
        out[i] = lanes(0.0f);
    }
    if (b->offset == 0)
        settle(s);
    for (uint32_t first = 0, frames; first < b->frames; first += frames) {
        const uint32_t to_grid = moves ? EVERY - (b->offset + first) % EVERY : b->frames, left = b->frames - first;
        frames = to_grid < left ? to_grid : left;
        if (moves && (to_grid == EVERY || !LANE(s->set, 0)))
            set_modes(s, b, first);
        for (int m = 0; m < MODES; m += TOGETHER)
            ring(s, m, b->in[IN] + first, struck + first, out + first, frames);
    }
}

KERNEL(.effort = 260, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
