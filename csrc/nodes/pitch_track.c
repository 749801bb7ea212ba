/* pitch_track: the pitch of a sound as a control signal. */
#define NODE pitch_track
#define INS P(IN, "in")
#define OUTS P(FREQUENCY_HZ, "frequency_hz") P(CONFIDENCE, "confidence")
#define PARAMS P(THRESHOLD, "threshold") P(LOWEST_HZ, "lowest_hz") P(HIGHEST_HZ, "highest_hz") P(GLIDE_S, "glide_s")
#include "kernel.h"
#include "dsp/onepole.h"
#include "dsp/pitch.h"

typedef struct { Lanes goal, now, confidence; } State;

/* The value a parameter has in the last frame of the slice. */
GD_RT INLINE float last_of(const GdBlock *b, uint32_t parameter, uint32_t l)
{
    return LANE(b->param[parameter][(b->frames - 1) * b->stride[parameter]], l);
}

GD_RT static void look(State *s, const GdBlock *b)
{
    for (uint32_t l = 0; l < b->lanes; ++l) {
        PitchMemory *m = (PitchMemory *)(void *)b->memory[l]->data;
        const PitchFound found = pitch_end_cell(m, b, last_of(b, LOWEST_HZ, l), last_of(b, HIGHEST_HZ, l));
        if (!found.fresh)
            continue;
        LANE(s->confidence, l) = found.confidence;
        if (found.confidence < last_of(b, THRESHOLD, l) || found.frequency_hz <= 0.0f)
            continue;
        if (LANE(s->goal, l) == 0.0f)
            LANE(s->now, l) = found.frequency_hz;
        LANE(s->goal, l) = found.frequency_hz;
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const bool ends = pitch_take(b, b->in[IN]);
    const uint32_t stride = b->stride[GLIDE_S];
    Lanes part = onepole_part(b->param[GLIDE_S][0], b->seconds_per_frame);
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (stride)
            part = onepole_part(b->param[GLIDE_S][i], b->seconds_per_frame);
        s->now = onepole_go(s->now, s->goal, part);
        b->out[FREQUENCY_HZ][i] = s->now;
        b->out[CONFIDENCE][i] = s->confidence;
    }
    if (ends)
        look(s, b);
}

KERNEL(.effort = 1300, .flags = GD_SINK)
