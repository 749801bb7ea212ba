/* convolver: a recorded room, cabinet or filter, laid on a stereo source without latency. */
#define NODE convolver
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS P(MIX, "mix") P(WET_DB, "wet_db") P(DRY_DB, "dry_db") P(PREDELAY_S, "predelay_s")
#define CHOICES P(REVERSE, "reverse") P(NORMALISE, "normalise")
#include "kernel.h"
#include "dsp/convolve.h"
#include "dsp/delay.h"
#include "dsp/math.h"
#include "dsp/work.h"

_Static_assert(CONV_HEAD % GD_SLICE == 0, "a slice crosses no cell of the convolution");

typedef struct {
    Lanes wet, dry; /* factors of standing parameters */
    Ints ringing;   /* frames until every number in the work is zero */
} State;

INLINE Conv conv_of(const GdBlock *b, uint32_t l)
{
    const GdMemory *plane = b->memory[l];
    float *work = work_of(b, l)->data;
    return (Conv){(const ConvPlan *)(const void *)plane->data, plane->data, work, (ConvState *)(void *)work};
}

/* Frames of the ring of each channel that holds what is heard, for the predelay. */
INLINE uint32_t room_of(const GdBlock *b, const Conv *c, uint32_t l)
{
    return (work_of(b, l)->frames - c->plan->work_frames) / 2;
}

/* Until a sound has left the rings, the spectra and the predelay. */
INLINE int32_t longest_ring(const GdBlock *b, uint32_t l)
{
    const Conv c = conv_of(b, l);
    return (int32_t)(c.plan->taps + 2 * (c.plan->in_mask + 1) + room_of(b, &c, l));
}

GD_RT static void reset(void *state, const GdBlock *b)
{
    State *s = state;
    for (uint32_t l = 0; l < b->lanes; ++l)
        LANE(s->ringing, l) = longest_ring(b, l);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    int32_t left = 0;
    for (uint32_t l = 0; l < b->lanes; ++l)
        left |= LANE(s->ringing, l);
    return left == 0;
}

INLINE Lanes wet_level(Lanes mix, Lanes wet_db) { return mix * db_to_level(wet_db); }
INLINE Lanes dry_level(Lanes mix, Lanes dry_db) { return (1.0f - mix) * db_to_level(dry_db); }

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    s->wet = wet_level(b->param[MIX][0], b->param[WET_DB][0]);
    s->dry = dry_level(b->param[MIX][0], b->param[DRY_DB][0]);
}

/* Writes a lane's input to its rings; true if it is more than silence. */
INLINE bool take(const Conv *c, const GdBlock *b, uint32_t l)
{
    int32_t sounding = 0;
    for (uint32_t in = 0; in < 2; ++in) {
        const Lanes *restrict from = b->in[LEFT_IN + in];
        const uint32_t at = (uint32_t)b->time & c->plan->in_mask;
        float *restrict to = c->work + c->plan->in_ring + in * (c->plan->in_mask + 1) + at;
        for (uint32_t i = 0; i < b->frames; ++i) {
            float x = LANE(from[i], l), size = __builtin_fabsf(x);
            to[i] = size >= 1e-20f && size < 1e6f ? x : 0.0f; /* as line_safe: nothing broken or endless enters */
            sounding |= to[i] != 0.0f;
        }
    }
    return sounding != 0;
}

/* What is heard of one channel, later by the predelay; between frames it lies on the line between both. */
INLINE void delay_wet(float *ring, uint32_t room, const GdBlock *b, const float *heard, Lanes *wet, uint32_t l)
{
    const uint32_t now = (uint32_t)b->time, mask = room - 1;
    const float longest = (float)(room - 2 * GD_SLICE);
    memcpy(ring + (now & mask), heard, b->frames * sizeof *heard);
    for (uint32_t i = 0; i < b->frames; ++i) {
        float frames = LANE(b->param[PREDELAY_S][i * b->stride[PREDELAY_S]], l) * b->sample_rate_hz;
        frames = frames < longest ? frames : longest;
        uint32_t whole = (uint32_t)frames, at = now + i - whole;
        float newer = ring[at & mask], older = ring[(at - 1) & mask];
        LANE(wet[i], l) = newer + (frames - (float)whole) * (older - newer);
    }
}

INLINE void convolve_lane(State *s, const GdBlock *b, Lanes wet[2][GD_SLICE], uint32_t l)
{
    const Conv c = conv_of(b, l);
    const uint64_t time = b->time;
    const uint32_t room = room_of(b, &c, l);
    if (time % CONV_HEAD == 0)
        conv_begin_cell(&c, time);
    const int32_t left = LANE(s->ringing, l) - (int32_t)b->frames;
    LANE(s->ringing, l) = take(&c, b, l) ? longest_ring(b, l) : left > 0 ? left : 0;
    for (uint32_t out = 0; out < 2; ++out) {
        float heard[CONV_HEAD];
        conv_hear(&c, out, time, b->frames, heard);
        delay_wet(c.work + c.plan->work_frames + out * room, room, b, heard, wet[out], l);
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict mix = b->param[MIX], *restrict wet_db = b->param[WET_DB], *restrict dry_db = b->param[DRY_DB];
    const uint32_t by_mix = b->stride[MIX], by_wet = b->stride[WET_DB], by_dry = b->stride[DRY_DB];
    const bool moves = by_mix || by_wet || by_dry;
    Lanes wet[2][GD_SLICE];
    memset(wet, 0, sizeof wet);
    for (uint32_t l = 0; l < b->lanes; ++l)
        convolve_lane(s, b, wet, l);
    for (uint32_t channel = 0; channel < 2; ++channel) {
        const Lanes *restrict in = b->in[LEFT_IN + channel];
        Lanes *restrict out = b->out[LEFT_OUT + channel];
        for (uint32_t i = 0; i < b->frames; ++i) {
            Lanes to_wet = moves ? wet_level(mix[i * by_mix], wet_db[i * by_wet]) : s->wet;
            Lanes to_dry = moves ? dry_level(mix[i * by_mix], dry_db[i * by_dry]) : s->dry;
            out[i] = wet[channel][i] * to_wet + in[i] * to_dry;
        }
    }
}

KERNEL(.effort = 6000, .reset = reset, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
