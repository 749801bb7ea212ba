/* pitch_shift: higher or lower at the same speed, by moving spectral peaks or with a spliced delay. */
#define NODE pitch_shift
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS P(PITCH_SEMITONES, "pitch_semitones") P(FINE_CENTS, "fine_cents") P(MIX, "mix")
#define CHOICES P(MODE, "mode") P(FORMANTS, "formants")
#include "kernel.h"
#include "dsp/peak_shift.h"
#include "dsp/splice.h"

enum { SPECTRAL, DELAY };
enum { MOVE, KEEP };

typedef struct {
    Lanes ratio;                             /* of standing parameters */
    Ints delay, old_delay, fade, fade_length; /* of the splices; see splice.h */
    Ints ringing;
} State;

typedef struct Parts { const StftPlan *plan; float *in, *out; PeakShift shift; uint32_t window; } Parts; /* of a lane */

INLINE Parts parts_of(const GdBlock *b, uint32_t l)
{
    const StftPlan *plan = stft_plan(b, l);
    float *work = work_of(b, l)->data;
    const uint32_t words = 4 * stft_ring(plan);
    return (Parts){plan, work, work + 2 * stft_ring(plan),
                   {work + words, stft_row(plan), stft_bins(plan), plan->size / plan->hop},
                   (uint32_t)(((const float *)(const void *)plan)[sizeof(StftPlan) / sizeof(float)])};
}

INLINE int32_t longest_ring(const Parts *p) { return (int32_t)(3 * p->plan->size + 2 * p->window); }

/* Frames that the source is late, in the mix and by the latency declared. */
INLINE uint32_t lateness(const GdBlock *b, const Parts *p)
{
    return b->choice[MODE] == SPECTRAL ? p->plan->size + p->plan->hop : p->window / 2;
}

GD_RT static void reset(void *state, const GdBlock *b)
{
    State *s = state;
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const Parts p = parts_of(b, l);
        LANE(s->ringing, l) = longest_ring(&p);
    }
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    int32_t left = 0;
    for (uint32_t l = 0; l < b->lanes; ++l)
        left |= LANE(s->ringing, l);
    return left == 0;
}

INLINE Lanes ratio_of(Lanes semitones, Lanes cents)
{
    return exp2_lanes(semitones * (1.0f / 12.0f) + cents * (1.0f / 1200.0f));
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    ((State *)state)->ratio = ratio_of(b->param[PITCH_SEMITONES][0], b->param[FINE_CENTS][0]);
}

INLINE void spectral_lane(const GdBlock *b, const Parts *p, const Lanes *ratio, Lanes wet[2][GD_SLICE], uint32_t l)
{
    const PeakShift *s = &p->shift;
    float *scratch = shift_row(s, 0, SHIFT_SCRATCH);
    if (stft_due(p->plan, b, 0, 2)) {
        for (uint32_t c = 0; c < 2; ++c)
            stft_analyse(p->plan, p->in + c * stft_ring(p->plan), b->time, shift_row(s, c, SHIFT_NOW_RE),
                         shift_row(s, c, SHIFT_NOW_IM), scratch);
        const float bin_hz = b->sample_rate_hz / (float)p->plan->size;
        shift_peaks(s, LANE(ratio[0], l), b->choice[FORMANTS] == KEEP, (uint32_t)(220.0f / bin_hz));
    }
    if (stft_due(p->plan, b, 1, 2)) {
        const uint64_t begin = (b->time & ~(uint64_t)(p->plan->hop - 1)) + p->plan->hop;
        for (uint32_t c = 0; c < 2; ++c)
            stft_add(p->plan, p->out + c * stft_ring(p->plan), begin, shift_row(s, c, SHIFT_NEW_RE),
                     shift_row(s, c, SHIFT_NEW_IM), scratch);
    }
    for (uint32_t c = 0; c < 2; ++c) {
        float heard[GD_SLICE];
        stft_hear(p->out + c * stft_ring(p->plan), p->plan, b, heard);
        for (uint32_t i = 0; i < b->frames; ++i)
            LANE(wet[c][i], l) = heard[i];
    }
}

INLINE void delay_lane(State *state, const GdBlock *b, const Parts *p, const Lanes *ratio, Lanes wet[2][GD_SLICE],
                       uint32_t l)
{
    const bool moves = MOVES(b, PITCH_SEMITONES) || MOVES(b, FINE_CENTS);
    Splice s = {p->in, p->plan->mask, stft_ring(p->plan), p->window, LANE(state->delay, l), LANE(state->old_delay, l),
                LANE(state->fade, l), LANE(state->fade_length, l)};
    if (s.delay == 0) /* new, or woken: in the middle of the window */
        s.delay = s.old_delay = SPLICE_NEAREST + (int32_t)(p->window / 2 << 16);
    for (uint32_t i = 0; i < b->frames; ++i) {
        float heard[2];
        const float change = (1.0f - LANE(ratio[moves ? i : 0], l)) * 65536.0f;
        splice_step(&s, (uint32_t)b->time + i, (int32_t)(change + (change < 0.0f ? -0.5f : 0.5f)), heard);
        LANE(wet[0][i], l) = heard[0];
        LANE(wet[1][i], l) = heard[1];
    }
    LANE(state->delay, l) = s.delay;
    LANE(state->old_delay, l) = s.old_delay;
    LANE(state->fade, l) = s.fade;
    LANE(state->fade_length, l) = s.fade_length;
}

/* Takes a lane's input; in a lane that has rung out, the splices begin anew. */
INLINE void take_lane(State *s, const GdBlock *b, const Parts *p, uint32_t l)
{
    const uint32_t ring = stft_ring(p->plan);
    const int32_t before = LANE(s->ringing, l), longest = longest_ring(p);
    if (b->offset == 0 && before == 0)
        LANE(s->delay, l) = LANE(s->old_delay, l) = LANE(s->fade, l) = LANE(s->fade_length, l) = 0;
    int32_t left = 0;
    for (uint32_t c = 0; c < 2; ++c) {
        stft_take(p->in + c * ring, p->plan, b, LEFT_IN + c, l);
        const int32_t rings = stft_ringing(before, p->in + c * ring, p->plan, b, longest);
        left = rings > left ? rings : left;
    }
    LANE(s->ringing, l) = left;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict semitones = b->param[PITCH_SEMITONES], *restrict cents = b->param[FINE_CENTS];
    const Lanes *restrict mix = b->param[MIX];
    Lanes wet[2][GD_SLICE], dry[2][GD_SLICE], ratio[GD_SLICE];
    memset(wet, 0, sizeof wet);
    memset(dry, 0, sizeof dry);
    ratio[0] = s->ratio;
    if (MOVES(b, PITCH_SEMITONES) || MOVES(b, FINE_CENTS))
        for (uint32_t i = 0; i < b->frames; ++i)
            ratio[i] = ratio_of(semitones[i * b->stride[PITCH_SEMITONES]], cents[i * b->stride[FINE_CENTS]]);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const Parts p = parts_of(b, l);
        take_lane(s, b, &p, l);
        if (b->choice[MODE] == SPECTRAL)
            spectral_lane(b, &p, ratio, wet, l);
        else
            delay_lane(s, b, &p, ratio, wet, l);
        const uint32_t late = (uint32_t)b->time - lateness(b, &p);
        for (uint32_t c = 0; c < 2; ++c)
            for (uint32_t i = 0; i < b->frames; ++i)
                LANE(dry[c][i], l) = p.in[c * stft_ring(p.plan) + ((late + i) & p.plan->mask)];
    }
    for (uint32_t c = 0; c < 2; ++c)
        for (uint32_t i = 0; i < b->frames; ++i)
            b->out[LEFT_OUT + c][i] = dry[c][i] + mix[i * b->stride[MIX]] * (wet[c][i] - dry[c][i]);
}

KERNEL(.effort = 7500, .reset = reset, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
