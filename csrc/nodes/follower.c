/* follower: the level of a sound as a control signal. */
#define NODE follower
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(ATTACK_S, "attack_s") P(RELEASE_S, "release_s")
#define CHOICES P(DETECTOR, "detector") P(SCALE, "scale")
#include "kernel.h"
#include "dsp/onepole.h"
#include "dsp/safe.h"

enum { PEAK, RMS };
enum { LEVEL, DECIBELS };

typedef struct { Lanes level, attack, release; } State; /* level: of peaks, or of squares */

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    s->attack = onepole_part(b->param[ATTACK_S][0], b->seconds_per_frame);
    s->release = onepole_part(b->param[RELEASE_S][0], b->seconds_per_frame);
}

GD_RT INLINE Lanes reading_of(Lanes level, bool rms, bool decibels)
{
    if (decibels)
        return lanes_max((rms ? 0.5f : 1.0f) * level_to_db(level), lanes(-120.0f));
    return rms ? lanes_sqrt(level) : level;
}

GD_RT INLINE void follow(State *s, const GdBlock *b, bool rms, bool decibels)
{
    const Lanes *restrict in = b->in[IN];
    Lanes *restrict out = b->out[OUT], level = s->level, attack = s->attack, release = s->release;
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (MOVES(b, ATTACK_S))
            attack = onepole_part(AT(ATTACK_S, i), b->seconds_per_frame);
        if (MOVES(b, RELEASE_S))
            release = onepole_part(AT(RELEASE_S, i), b->seconds_per_frame);
        Lanes size = lanes_abs(finite_or_zero(in[i])), heard = rms ? size * size : size;
        level = onepole_go(level, heard, lanes_where(lanes_less(level, heard), attack, release));
        out[i] = reading_of(level, rms, decibels);
    }
    s->level = level;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const bool rms = b->choice[DETECTOR] == RMS;
    if (b->offset == 0) /* -240 dB and less is silence */
        s->level = lanes_where(lanes_less(s->level, lanes(rms ? 1e-24f : 1e-12f)), lanes(0.0f), s->level);
    if (b->choice[SCALE] == DECIBELS)
        follow(s, b, rms, true);
    else if (rms)
        follow(s, b, true, false);
    else
        follow(s, b, false, false);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = b->choice[SCALE] == LEVEL;
    for (uint32_t l = 0; l < b->lanes; ++l)
        rest &= LANE(s->level, l) == 0.0f;
    return rest;
}

KERNEL(.prepare = prepare, .idle = idle, .flags = GD_RINGS)
