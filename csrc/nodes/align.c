/* align: latency compensation: a whole number of frames of delay; a new one is reached by a cross-fade. */
#define NODE align
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(DELAY_FRAMES, "delay_frames")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/fade.h"
#include "dsp/ringing.h"

enum { FADE = 256 /* frames */ };

typedef struct {
    Ints old_delay, delay; /* frames; the same once settled */
    Ints faded;            /* frames since the fade began, FADE at rest */
    Ints ringing;
} State;

INLINE int32_t wanted(const GdBlock *b, uint32_t l)
{
    float longest = (float)(b->memory[l]->frames - GD_SLICE), frames = LANE(b->param[DELAY_FRAMES][0], l);
    return (int32_t)(frames < longest ? frames : longest);
}

GD_RT static void reset(void *state, const GdBlock *b)
{
    State *s = state;
    for (uint32_t l = 0; l < b->lanes; ++l) {
        LANE(s->old_delay, l) = LANE(s->delay, l) = wanted(b, l);
        LANE(s->faded, l) = FADE;
    }
    s->ringing = ringing_unknown(b);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    for (uint32_t l = 0; l < b->lanes; ++l)
        if (LANE(s->faded, l) != FADE || LANE(s->delay, l) != wanted(b, l))
            return false;
    return ringing_over(s->ringing, b->lanes);
}

/* Fades begin on a cell's first frame and are never interrupted: a delay that changes meanwhile waits for the end. */
INLINE void begin_fades(State *s, const GdBlock *b)
{
    for (uint32_t l = 0; l < b->lanes; ++l)
        if (LANE(s->faded, l) == FADE && LANE(s->delay, l) != wanted(b, l)) {
            LANE(s->old_delay, l) = LANE(s->delay, l);
            LANE(s->delay, l) = wanted(b, l);
            LANE(s->faded, l) = 0;
        }
}

INLINE void read_all(Lanes *to, const GdBlock *b, Ints delay)
{
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const GdMemory *line = b->memory[l];
        const uint32_t from = (uint32_t)b->time - (uint32_t)LANE(delay, l), mask = line->frames - 1;
        for (uint32_t i = 0; i < b->frames; ++i)
            LANE(to[i], l) = line->data[(from + i) & mask];
    }
}

/* Mix the old delay into the new one, which `out` holds; lanes at rest keep their bits. */
INLINE void cross_fade(State *s, const GdBlock *b, Lanes *restrict out)
{
    const Ints resting = MASK(s->faded == FADE);
    Lanes old[GD_SLICE];
    read_all(old, b, s->old_delay);
    for (uint32_t i = 0; i < b->frames; ++i) {
        Lanes rise = fade_rise(lanes_from_ints(s->faded + (int32_t)i) * (1.0f / FADE));
        out[i] = lanes_where(resting, out[i], old[i] + rise * (out[i] - old[i]));
    }
    s->faded += (int32_t)b->frames & ~resting;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict in = b->in[IN];
    const Lines lines = lines_of(b);
    Ints sounding = {0};
    if (b->offset == 0)
        begin_fades(s, b);
    lines_write(&lines, in, (uint32_t)b->time, b->frames, b->lanes);
    for (uint32_t i = 0; i < b->frames; ++i)
        sounding |= lanes_to_bits(lanes_abs(in[i]));
    ringing_count(&s->ringing, sounding, b);
    read_all(b->out[OUT], b, s->delay);
    for (uint32_t l = 0; l < b->lanes; ++l)
        if (LANE(s->faded, l) != FADE) {
            cross_fade(s, b, b->out[OUT]);
            break;
        }
}

KERNEL(.reset = reset, .idle = idle, .flags = GD_RINGS)
