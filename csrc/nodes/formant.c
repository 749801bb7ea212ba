/* formant: five resonances side by side, where a singer's vocal tract has them. */
#define NODE formant
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(VOWEL, "vowel") P(SHIFT, "shift_semitones") P(SHARPNESS, "sharpness") P(MIX, "mix")
#define CHOICES P(VOICE, "voice")
#include "kernel.h"
#include "dsp/math.h"
#include "dsp/svf.h"
#include "dsp/vowels.h"

/* A band-pass, and its level times half its damping: what two charges of the band are multiplied by. */
typedef struct { SvfCoefs coefs; Lanes level; } Resonance;

typedef struct {
    SvfState charge[FORMANTS];
    Resonance resonance[FORMANTS];
} State;

/* A place between two neighbours of a row of vowels. */
INLINE Lanes between(const float row[VOWELS][FORMANTS], uint32_t formant, const Lanes share[VOWELS])
{
    Lanes sum = row[0][formant] * share[0];
    for (uint32_t v = 1; v < VOWELS; ++v)
        sum += row[v][formant] * share[v];
    return sum;
}

INLINE void set_resonances(Resonance *to, const GdBlock *b, uint32_t i)
{
    const Voice *voice = &voices[b->choice[VOICE]];
    const Lanes vowel = b->param[VOWEL][i * b->stride[VOWEL]];
    const Lanes sharpness = b->param[SHARPNESS][i * b->stride[SHARPNESS]];
    const Lanes ratio = exp2_lanes(b->param[SHIFT][i * b->stride[SHIFT]] * (1.0f / 12.0f));
    const float angle_of_hz = 3.14159265f * b->seconds_per_frame;
    Lanes share[VOWELS];
    for (uint32_t v = 0; v < VOWELS; ++v)
        share[v] = lanes_max(1.0f - lanes_abs(vowel - (float)v), lanes(0.0f));
    for (uint32_t k = 0; k < FORMANTS; ++k) {
        const Lanes hz = between(voice->hz, k, share), width = between(voice->width_hz, k, share);
        const Lanes damping = width / (hz * sharpness);
        to[k].coefs = svf_coefs(hz * ratio * angle_of_hz, damping);
        to[k].level = 0.5f * damping * db_to_level(between(voice->db, k, share));
    }
}

GD_RT static void prepare(void *state, const GdBlock *b) { set_resonances(((State *)state)->resonance, b, 0); }

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = true;
    for (uint32_t k = 0; k < FORMANTS; ++k)
        for (uint32_t l = 0; l < b->lanes; ++l)
            rest &= LANE(s->charge[k].band, l) == 0.0f && LANE(s->charge[k].low, l) == 0.0f;
    return rest;
}

INLINE void sing(State *s, const GdBlock *b, bool moves)
{
    const Lanes *restrict in = b->in[IN], *restrict mix = b->param[MIX];
    Lanes *restrict out = b->out[OUT];
    Resonance r[FORMANTS];
    SvfState charge[FORMANTS];
    for (uint32_t k = 0; k < FORMANTS; ++k) {
        r[k] = s->resonance[k];
        charge[k] = s->charge[k];
    }
    for (uint32_t i = 0; i < b->frames; ++i) {
        Lanes sum = lanes(0.0f);
        if (moves)
            set_resonances(r, b, i);
        for (uint32_t k = 0; k < FORMANTS; ++k) {
            const SvfState next = svf_step(charge[k], r[k].coefs, in[i]);
            sum += (charge[k].band + next.band) * r[k].level;
            charge[k] = next;
        }
        const Lanes share = mix[i * b->stride[MIX]];
        out[i] = in[i] * (1.0f - share) + sum * share;
    }
    for (uint32_t k = 0; k < FORMANTS; ++k)
        s->charge[k] = charge[k];
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    if (b->offset == 0)
        for (uint32_t k = 0; k < FORMANTS; ++k)
            s->charge[k] = svf_settle(s->charge[k]);
    if (MOVES(b, VOWEL) || MOVES(b, SHIFT) || MOVES(b, SHARPNESS))
        sing(s, b, true);
    else
        sing(s, b, false);
}

KERNEL(.prepare = prepare, .idle = idle, .flags = GD_RINGS)
