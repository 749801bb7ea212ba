/* pluck: a string, as a delay line that is damped a little on each turn. Lanes are worked on one at a time, each along
 * time, as far as its line reaches back. */
#define NODE pluck
#define INS P(IN, "in") P(TRIGGER, "trigger")
#define OUTS P(OUT, "out")
#define PARAMS                                                                                                         \
    P(FREQUENCY_HZ, "frequency_hz") P(DECAY_S, "decay_s") P(BRIGHTNESS, "brightness") P(POSITION, "position")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/hash.h"
#include "dsp/math.h"
#include "dsp/ringing.h"

enum { TAPS = 8, RUN = 32 /* frames whose coefficients are worked out at a time where they move */ };

typedef struct {
    Ints delay;       /* frames to the first tap */
    Lanes tap[TAPS];  /* a sixth-order Lagrange interpolator after the damping (b, 1 - 2 b, b) */
    Ints pick, period;
    Lanes pick_part;  /* of a frame */
} Coefs;

typedef struct {
    Words seed;
    Ints open, burst; /* mask: the trigger was up; frames of noise still to come */
    Ints ringing;
    Coefs coefs;
} State;

INLINE Lanes value_of(const GdBlock *b, uint32_t parameter, uint32_t frame)
{
    return b->param[parameter][frame * b->stride[parameter]];
}

/* Weights of samples 0 to 5 frames back for a value 2 + t frames back. */
INLINE void lagrange(Lanes weight[6], Lanes t)
{
    const Lanes a = t + 2.0f, b = t + 1.0f, d = t - 1.0f, e = t - 2.0f, f = t - 3.0f, ab = a * b, de = d * e;
    weight[0] = b * t * de * f * (-1.0f / 120.0f);
    weight[1] = a * t * de * f * (1.0f / 24.0f);
    weight[2] = ab * de * f * (-1.0f / 12.0f);
    weight[3] = ab * t * e * f * (1.0f / 12.0f);
    weight[4] = ab * t * d * f * (-1.0f / 24.0f);
    weight[5] = ab * t * de * (1.0f / 120.0f);
}

/* David Jaffe and Julius Smith, "Extensions of the Karplus-Strong Plucked-String Algorithm", 1983. The damping delays
 * all frequencies by one frame, so that the pitch is right whatever the brightness; the gain makes up for what it takes
 * from the fundamental. It is held where a constant would fade only half as fast, since it must fade too. */
INLINE Coefs coefs_at(const GdBlock *b, uint32_t frame)
{
    /* never 0, as in lanes not in use */
    const Lanes hz = lanes_clamp(value_of(b, FREQUENCY_HZ, frame), lanes(1.0f), lanes(0.2f * b->sample_rate_hz));
    const Lanes period = b->sample_rate_hz / hz, whole = lanes_floor(period), half = sine_quarter(0.5f / period);
    const Lanes kept = exp2_lanes(-9.96578428f / (value_of(b, DECAY_S, frame) * hz)), curve = 4.0f * half * half;
    const Lanes wanted = 0.25f - 0.25f * value_of(b, BRIGHTNESS, frame);
    const Lanes damping = lanes_min(wanted, 0.5f * (1.0f - kept) / curve);
    const Lanes gain = kept / (1.0f - damping * curve), side = gain * damping, middle = gain - 2.0f * side;
    const Lanes pick = value_of(b, POSITION, frame) * period, pick_whole = lanes_floor(pick);
    Lanes weight[6];
    lagrange(weight, period - whole);
    Coefs c = {.delay = lanes_truncate(whole) - 3, .period = lanes_truncate(period)};
    c.pick = lanes_truncate(pick_whole);
    c.pick_part = pick - pick_whole;
    for (int k = 0; k < TAPS; ++k) {
        Lanes sum = k >= 1 && k <= 6 ? middle * weight[k - 1] : lanes(0.0f);
        if (k < 6)
            sum += side * weight[k];
        if (k >= 2)
            sum += side * weight[k - 2];
        c.tap[k] = sum;
    }
    return c;
}

GD_RT static void reset(void *state, const GdBlock *b)
{
    State *s = state;
    s->ringing = ringing_unknown(b);
    for (uint32_t l = 0; l < b->lanes; ++l)
        LANE(s->seed, l) = hash_word(b->seed[l]);
}

GD_RT static void prepare(void *state, const GdBlock *b) { ((State *)state)->coefs = coefs_at(b, 0); }

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    int32_t busy = 0;
    for (uint32_t l = 0; l < b->lanes; ++l)
        busy |= LANE(s->burst, l) | LANE(s->open, l);
    return busy == 0 && ringing_over(s->ringing, b->lanes);
}

/* What the string is given: the source, and one period of noise where the trigger rises. */
INLINE Lanes excite(State *s, const GdBlock *b, uint32_t frame, Ints period)
{
    const Ints up = lanes_at_least(b->in[TRIGGER][frame], lanes(0.5f)), starts = up & ~s->open;
    s->open = up;
    s->burst = (starts & period) | (~starts & s->burst);
    const Ints sounds = MASK(s->burst > 0);
    s->burst += sounds;
    const Lanes noise = hash_to_bipolar(hash_words(((uint32_t)b->time + frame) * 0x9e3779b1u ^ s->seed));
    return b->in[IN][frame] + lanes_where(sounds, noise, lanes(0.0f));
}

/* Copy `count` samples of a ring from place `from`. */
INLINE void window(float *to, const float *data, uint32_t mask, uint32_t from, uint32_t count)
{
    const uint32_t at = from & mask, left = mask + 1 - at, first = left < count ? left : count;
    memcpy(to, data + at, first * sizeof *to);
    memcpy(to + first, data, (count - first) * sizeof *to);
}

INLINE float safe(float x)
{
    const float size = __builtin_fabsf(x);
    return size >= 1e-20f && size < 1e6f ? x : 0.0f;
}

typedef struct {
    float *data;
    uint32_t mask;
} Ring;

/* One lane for `frames` frames from `time`, from `x` to `y`; all with the same coefficients. */
INLINE void turn_still(const Coefs *c, uint32_t l, Ring ring, uint32_t time, uint32_t frames, const float *x, float *y)
{
    float *data = ring.data;
    const uint32_t mask = ring.mask;
    float tap[TAPS], past[GD_SLICE + TAPS];
    const uint32_t delay = (uint32_t)LANE(c->delay, l), pick = (uint32_t)LANE(c->pick, l);
    const float part = LANE(c->pick_part, l);
    for (uint32_t k = 0; k < TAPS; ++k)
        tap[k] = LANE(c->tap[k], l);
    for (uint32_t from = 0, n; from < frames; from += n) {
        n = frames - from < delay ? frames - from : delay;
        window(past, data, mask, time + from - delay - (TAPS - 1), n + TAPS - 1);
        float *restrict to = data + ((time + from) & mask);
        for (uint32_t i = 0; i < n; ++i) {
            float sum = x[from + i];
            for (uint32_t k = 0; k < TAPS; ++k)
                sum += tap[k] * past[i + TAPS - 1 - k];
            to[i] = safe(sum);
        }
    }
    window(past, data, mask, time - pick - 1, frames + 1);
    const float *now = data + (time & mask);
    for (uint32_t i = 0; i < frames; ++i)
        y[i] = 0.5f * (now[i] - (past[i + 1] + part * (past[i] - past[i + 1])));
}

/* The same where coefficients move. */
INLINE void turn_moving(const Coefs *coefs, uint32_t l, Ring ring, uint32_t time, uint32_t frames, const float *x,
                        float *y)
{
    float *data = ring.data;
    const uint32_t mask = ring.mask;
    for (uint32_t i = 0; i < frames; ++i, ++time) {
        const Coefs *c = coefs + i;
        const uint32_t delay = (uint32_t)LANE(c->delay, l), pick = (uint32_t)LANE(c->pick, l);
        float sum = x[i];
        for (uint32_t k = 0; k < TAPS; ++k)
            sum += LANE(c->tap[k], l) * data[(time - delay - k) & mask];
        data[time & mask] = safe(sum);
        const float one = data[(time - pick) & mask], two = data[(time - pick - 1) & mask];
        y[i] = 0.5f * (data[time & mask] - (one + LANE(c->pick_part, l) * (two - one)));
    }
}

INLINE void play(State *s, const GdBlock *b, uint32_t first, uint32_t frames, bool moves)
{
    const Lines lines = lines_of(b);
    Coefs moving[RUN];
    Lanes given[GD_SLICE];
    float x[GD_SLICE], y[GD_SLICE];
    Ints sounding = {0};
    for (uint32_t i = 0; i < frames; ++i) {
        if (moves)
            moving[i] = coefs_at(b, first + i);
        given[i] = excite(s, b, first + i, moves ? moving[i].period : s->coefs.period);
    }
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const uint32_t time = (uint32_t)b->time + first;
        const Ring ring = {lines.data[l], lines.mask[l]};
        for (uint32_t i = 0; i < frames; ++i)
            x[i] = LANE(given[i], l);
        if (moves)
            turn_moving(moving, l, ring, time, frames, x, y);
        else
            turn_still(&s->coefs, l, ring, time, frames, x, y);
        for (uint32_t i = 0; i < frames; ++i) {
            LANE(b->out[OUT][first + i], l) = y[i];
            LANE(sounding, l) |= ring.data[(time + i) & ring.mask] != 0.0f;
        }
    }
    GdBlock part = *b;
    part.frames = frames;
    ringing_count(&s->ringing, sounding, &part);
}

GD_RT static void run(void *state, const GdBlock *b)
{
    if (!MOVES(b, FREQUENCY_HZ) && !MOVES(b, DECAY_S) && !MOVES(b, BRIGHTNESS) && !MOVES(b, POSITION)) {
        play(state, b, 0, b->frames, false);
        return;
    }
    for (uint32_t first = 0; first < b->frames; first += RUN)
        play(state, b, first, b->frames - first < RUN ? b->frames - first : RUN, true);
}

KERNEL(.effort = 250, .reset = reset, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
