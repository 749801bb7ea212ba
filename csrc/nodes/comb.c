/* comb: a short delay, tuned in hertz, whose sound is added to what it came from: before the delay or behind it. */
#define NODE comb
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(FREQUENCY_HZ, "frequency_hz") P(FEEDBACK, "feedback") P(DAMPING_HZ, "damping_hz") P(MIX, "mix")
#define CHOICES P(MODE, "mode")
#include "kernel.h"
#include "dsp/arctangent.h"
#include "dsp/delay.h"
#include "dsp/math.h"
#include "dsp/ringing.h"

enum { FEED_BACK, FEED_FORWARD };
enum { SHORTEST = 2 /* frames: the cubic reads one frame ahead of the position */ };

/* How fast the low-pass in the loop follows, and seconds the delay line gives. */
typedef struct { Lanes pace, seconds; } Tuning;

typedef struct {
    Ints ringing;
    Lanes dull; /* the low-pass */
    Tuning tuning;
} State;

/* A period, less the delay that the low-pass y += pace (x - y) makes at that frequency: its phase there is
 * atan(keep sin w / (1 - keep cos w)), where keep = 1 - pace. */
INLINE Tuning tuning_of(Lanes frequency_hz, Lanes damping_hz, const GdBlock *b)
{
    const Lanes turns = lanes_min(frequency_hz * b->seconds_per_frame, lanes(0.4f));
    const Lanes keep = exp_lanes(-6.28318531f * lanes_min(damping_hz * b->seconds_per_frame, lanes(0.5f)));
    const Lanes phase = arctangent_of(keep * sine_of_turns(turns), 1.0f - keep * cosine_of_turns(turns));
    const Lanes period = 1.0f / turns; /* frames */
    return (Tuning){1.0f - keep, (period - phase * 0.159154943f * period) * b->seconds_per_frame};
}

GD_RT static void reset(void *state, const GdBlock *b) { ((State *)state)->ringing = ringing_unknown(b); }

GD_RT static void prepare(void *state, const GdBlock *b)
{
    ((State *)state)->tuning = tuning_of(b->param[FREQUENCY_HZ][0], b->param[DAMPING_HZ][0], b);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = ringing_over(s->ringing, b->lanes);
    for (uint32_t l = 0; l < b->lanes; ++l)
        rest &= LANE(s->dull, l) == 0.0f;
    return rest;
}

INLINE Lanes at(const GdBlock *b, uint32_t parameter, uint32_t i)
{
    return b->param[parameter][i * b->stride[parameter]];
}

/* Frames `from` to `from + n` of the wet signal, of what the line keeps of them, and of the output. */
INLINE void pass(State *s, const GdBlock *b, const Lanes *pace, Lanes *wet, Lanes *kept, uint32_t from, uint32_t n)
{
    const Lanes *restrict in = b->in[IN];
    Lanes *restrict out = b->out[OUT], dull = s->dull;
    const bool forward = b->choice[MODE] == FEED_FORWARD;
    const uint32_t pace_stride = MOVES(b, FREQUENCY_HZ) || MOVES(b, DAMPING_HZ);
    for (uint32_t i = from; i < from + n; ++i) {
        const Lanes feedback = at(b, FEEDBACK, i), mix = at(b, MIX, i), power = feedback * feedback;
        dull = line_safe(dull + pace[i * pace_stride] * (wet[i] - dull));
        const Lanes sum = in[i] + feedback * dull;
        kept[i] = line_safe(forward ? in[i] : sum);
        const Lanes level = forward ? 1.0f / lanes_sqrt(1.0f + power) : lanes_sqrt(1.0f - power);
        out[i] = in[i] * (1.0f - mix) + sum * (level * mix);
    }
    s->dull = dull;
}

/* The delay times of a slice as a parameter that `lines_locate` can read. */
INLINE void locate(Places *places, const Lines *lines, const State *s, const GdBlock *b, Lanes *pace, Lanes *seconds)
{
    const uint8_t stride = MOVES(b, FREQUENCY_HZ) || MOVES(b, DAMPING_HZ);
    const Lanes *const times[] = {seconds};
    GdBlock timed = *b;
    timed.param = times;
    timed.stride = &stride;
    pace[0] = s->tuning.pace;
    seconds[0] = s->tuning.seconds;
    for (uint32_t i = 0; stride && i < b->frames; ++i) {
        const Tuning t = tuning_of(at(b, FREQUENCY_HZ, i), at(b, DAMPING_HZ, i), b);
        pace[i] = t.pace;
        seconds[i] = t.seconds;
    }
    lines_locate(places, lines, &timed, 0, SHORTEST);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Lanes wet[GD_SLICE], kept[GD_SLICE], pace[GD_SLICE], seconds[GD_SLICE];
    Places places;
    const Lines lines = lines_of(b);
    locate(&places, &lines, s, b, pace, seconds);
    const uint32_t chunk = places.least - 1; /* frames that can be read before the first of them is needed as written */
    Ints sounding = {0};
    for (uint32_t from = 0, n; from < b->frames; from += n) {
        n = b->frames - from < chunk ? b->frames - from : chunk;
        lines_read(wet, &lines, &places, from, n, true);
        pass(s, b, pace, wet, kept, from, n);
        for (uint32_t i = from; i < from + n; ++i)
            sounding |= lanes_to_bits(kept[i]);
        lines_write(&lines, kept + from, (uint32_t)b->time + from, n, b->lanes);
    }
    ringing_count(&s->ringing, sounding, b);
}

KERNEL(.effort = 140, .reset = reset, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
