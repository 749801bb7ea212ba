/* noise: white, or pink at 3 dB less an octave. */
#define NODE noise
#define OUTS P(OUT, "out")
#define CHOICES P(COLOR, "color")
#include "kernel.h"
#include "dsp/hash.h"

enum { WHITE, PINK };
enum { POLES = 5 };

typedef struct {
    Words seed;
    Lanes pole[POLES];
} State;

/* A sum of one-pole low-passes fitted to 1 / sqrt(f): within 0.3 dB from 2e-4 to 0.48 of the sample rate, 10 Hz to
 * 23 kHz at 48 kHz. Scaled to an RMS of 1/4, so that peaks reach about 1. */
static const float keep[POLES] = {0.998677369f, 0.991163978f, 0.952321697f, 0.764139241f, 0.152029248f};
static const float drive[POLES] = {0.00880147217f, 0.0134519747f, 0.0301343214f, 0.0684355071f, 0.230048796f};
#define DIRECT -0.115318269f

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

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Lanes *restrict out = b->out[OUT];
    const Words seed = s->seed, epoch = hash_words(seed + (uint32_t)(b->time >> 32));
    const uint32_t time = (uint32_t)b->time; /* cannot wrap inside a slice */
    if (b->choice[COLOR] == WHITE) {
        for (uint32_t i = 0; i < b->frames; ++i)
            out[i] = white(seed, epoch, time + i);
        return;
    }
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

KERNEL(.reset = reset)
