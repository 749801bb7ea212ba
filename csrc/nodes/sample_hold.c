/* sample_hold: keeps a value of its source, or of a noise of its own, from one trigger to the next. */
#define NODE sample_hold
#define INS P(IN, "in") P(TRIGGER, "trigger")
#define OUTS P(OUT, "out")
#define CHOICES P(MODE, "mode") P(SOURCE, "source")
#include "kernel.h"
#include "dsp/gate.h"
#include "dsp/hash.h"
#include "dsp/safe.h"

enum { SAMPLE, TRACK };
enum { WIRED, NOISE };

typedef struct {
    Lanes held;
    Ints open;
    Words count; /* of samples taken: the place in the noise */
} State;

/* The noise of the next sample, new for each. */
GD_RT INLINE Lanes noise_of(Words count, Words key)
{
    return hash_to_bipolar(hash_words(hash_words(count ^ key) + key));
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict in = b->in[IN], *restrict trigger = b->in[TRIGGER];
    Lanes *restrict out = b->out[OUT], held = s->held;
    Ints open = s->open;
    Words count = s->count, key = {0};
    for (uint32_t l = 0; l < b->lanes; ++l)
        LANE(key, l) = hash_word(b->seed[l]);
    const bool tracks = b->choice[MODE] == TRACK, noisy = b->choice[SOURCE] == NOISE;
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Ints opens = gate_opens(&open, trigger[i]), takes = tracks ? open : opens;
        count += (Words)(tracks ? takes : opens) & 1u;
        held = lanes_where(takes, noisy ? noise_of(count, key) : finite_or_zero(in[i]), held);
        out[i] = held;
    }
    s->held = held;
    s->open = open;
    s->count = count;
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = true;
    for (uint32_t l = 0; l < b->lanes; ++l)
        rest &= LANE(s->held, l) == 0.0f && LANE(s->open, l) == 0;
    return rest;
}

KERNEL(.idle = idle, .flags = GD_RINGS)
