/* delay: a delay line with feedback whose read position may move every frame. */
#define NODE delay
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(TIME_S, "time_s") P(FEEDBACK, "feedback") P(MIX, "mix")
#define CHOICES P(INTERPOLATION, "interpolation")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/ringing.h"

enum { SHORTEST = 2 /* frames: the cubic reads one frame ahead of the position */ };

typedef struct { Ints ringing; } State;

GD_RT static void reset(void *state, const GdBlock *b) { ((State *)state)->ringing = ringing_unknown(b); }
GD_RT static bool idle(const void *state, const GdBlock *b)
{
    return ringing_over(((const State *)state)->ringing, b->lanes);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    const Lanes *restrict in = b->in[IN], *restrict feedback = b->param[FEEDBACK], *restrict mix = b->param[MIX];
    Lanes *restrict out = b->out[OUT];
    const uint32_t feedback_stride = b->stride[FEEDBACK], mix_stride = b->stride[MIX];
    Lanes wet[GD_SLICE], fed[GD_SLICE];
    Places places;
    const Lines lines = lines_of(b);
    lines_locate(&places, &lines, b, TIME_S, SHORTEST);
    const uint32_t chunk = places.least - 1; /* frames that can be read before the first of them is needed as written */
    Ints sounding = {0};
    for (uint32_t from = 0, n; from < b->frames; from += n) {
        n = b->frames - from < chunk ? b->frames - from : chunk;
        lines_read(wet, &lines, &places, from, n, b->choice[INTERPOLATION] == DELAY_CUBIC);
        for (uint32_t i = from; i < from + n; ++i) {
            Lanes share = mix[i * mix_stride];
            fed[i] = line_safe(in[i] + wet[i] * feedback[i * feedback_stride]);
            out[i] = in[i] * (1.0f - share) + wet[i] * share;
            sounding |= lanes_to_bits(fed[i]);
        }
        lines_write(&lines, fed + from, (uint32_t)b->time + from, n, b->lanes);
    }
    ringing_count(&((State *)state)->ringing, sounding, b);
}

KERNEL(.reset = reset, .idle = idle, .flags = GD_RINGS)
