/* noise: white, pink at 3 dB less an octave, brown at 6 dB less, or velvet: sparse single clicks. */
#define NODE noise
#define OUTS P(OUT, "out")
#define PARAMS P(DENSITY_HZ, "density_hz")
#define CHOICES P(COLOR, "color")
#include "kernel.h"
#include "dsp/hash.h"
#include "dsp/phase.h"

enum { WHITE, PINK, BROWN, VELVET };
enum { POLES = 5 };

typedef struct {
    Words seed;
    Lanes pole[POLES];
    Lanes brown, brown_keep, brown_drive;
    Words place, period, step; /* of velvet noise: within its period, in 2^-32 of it */
    Ints spent;                /* mask: this period has had its click */
} State;

/* A sum of one-pole low-passes fitted to 1 / sqrt(f): within 0.3 dB from 2e-4 to 0.48 of the sample rate, 10 Hz to
 * 23 kHz at 48 kHz. Scaled to an RMS of 1/4, so that peaks reach about 1. */
static const float keep[POLES] = {0.998677369f, 0.991163978f, 0.952321697f, 0.764139241f, 0.152029248f};
static const float drive[POLES] = {0.00880147217f, 0.0134519747f, 0.0301343214f, 0.0684355071f, 0.230048796f};
#define DIRECT -0.115318269f
#define BROWN_CORNER_HZ 10.0f /* below it brown noise is flat, or it would wander off */

GD_RT static void reset(void *state, const GdBlock *b)
{
    State *s = state;
    for (uint32_t l = 0; l < b->lanes; ++l)
        LANE(s->seed, l) = hash_word(b->seed[l]);
}

/* The noise of a frame depends on the seed and the absolute time only. */
GD_RT INLINE Lanes white(Words seed, Words epoch, uint32_t time)
{
    return hash_to_bipolar(hash_words((time ^ seed) * 0x9e3779b1u + epoch));
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    s->step = phase_step(b->param[DENSITY_HZ][0], b->seconds_per_frame);
    s->brown_keep = exp2_lanes(lanes(BROWN_CORNER_HZ * -9.06472028f * b->seconds_per_frame)); /* -2 pi / ln 2 */
    s->brown_drive = 0.433012702f * lanes_sqrt(1.0f - s->brown_keep * s->brown_keep);         /* sqrt(3) / 4 */
}

GD_RT INLINE void run_white(const State *s, const GdBlock *b, Lanes *restrict out)
{
    const Words seed = s->seed, epoch = hash_words(seed + (uint32_t)(b->time >> 32));
    const uint32_t time = (uint32_t)b->time; /* cannot wrap inside a slice */
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = white(seed, epoch, time + i);
}

GD_RT INLINE void run_pink(State *s, const GdBlock *b, Lanes *restrict out)
{
    const Words seed = s->seed, epoch = hash_words(seed + (uint32_t)(b->time >> 32));
    const uint32_t time = (uint32_t)b->time;
    Lanes pole[POLES];
    for (int k = 0; k < POLES; ++k)
        pole[k] = s->pole[k];
    for (uint32_t i = 0; i < b->frames; ++i) {
        Lanes in = white(seed, epoch, time + i), sum = in * DIRECT;
        for (int k = 0; k < POLES; ++k) {
            pole[k] = pole[k] * keep[k] + in * drive[k];
            sum += pole[k];
        }
        out[i] = sum;
    }
    for (int k = 0; k < POLES; ++k)
        s->pole[k] = pole[k];
}

GD_RT INLINE void run_brown(State *s, const GdBlock *b, Lanes *restrict out)
{
    const Words seed = s->seed, epoch = hash_words(seed + (uint32_t)(b->time >> 32));
    const Lanes keep_brown = s->brown_keep, drive_brown = s->brown_drive;
    Lanes brown = s->brown;
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = brown = brown * keep_brown + white(seed, epoch, (uint32_t)b->time + i) * drive_brown;
    s->brown = brown;
}

/* One click in each period, at a random place that lies at least a frame before its end. */
GD_RT INLINE void run_velvet(State *state, const GdBlock *b, Lanes *restrict out)
{
    State s = *state;
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (MOVES(b, DENSITY_HZ))
            s.step = phase_step(b->param[DENSITY_HZ][i], b->seconds_per_frame);
        const Words dice = hash_words(s.period * 0x9e3779b1u + s.seed);
        const Lanes room = 1.0f - lanes_from_ints(words_as_ints(s.step >> 1)) * 0x1p-31f;
        const Lanes target = lanes_from_ints(words_as_ints(dice >> 8)) * 0x1p-24f * room;
        const Lanes place = lanes_from_ints(words_as_ints(s.place >> 8)) * 0x1p-24f;
        const Ints clicks = lanes_at_least(place, target) & ~s.spent;
        const Lanes sign = lanes_from_bits((words_as_ints(dice << 31)) | 0x3f800000);
        out[i] = lanes_where(clicks, sign, lanes(0.0f));
        s.place += s.step;
        const Ints over = MASK(s.place < s.step);
        s.period -= (Words)over;
        s.spent = (s.spent | clicks) & ~over;
    }
    *state = s;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    if (b->choice[COLOR] == WHITE)
        run_white(state, b, b->out[OUT]);
    else if (b->choice[COLOR] == PINK)
        run_pink(state, b, b->out[OUT]);
    else if (b->choice[COLOR] == BROWN)
        run_brown(state, b, b->out[OUT]);
    else
        run_velvet(state, b, b->out[OUT]);
}

KERNEL(.reset = reset, .prepare = prepare)
