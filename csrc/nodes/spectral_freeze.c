/* spectral_freeze: holds a moment of sound for as long as a gate is open, or blurs moments into each other. */
#define NODE spectral_freeze
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(FREEZE, "freeze") P(BLUR_S, "blur_s") P(MOTION, "motion") P(FADE_S, "fade_s") P(MIX, "mix")
#include "kernel.h"
#include "dsp/hash.h"
#include "dsp/math.h"
#include "dsp/stft.h"

/* Rows of bins: the spectrum now and a hop ago, magnitudes held, and unit vectors that turn as the sound did. */
enum { NOW_RE, NOW_IM, OLD_RE, OLD_IM, HELD, UNIT_RE, UNIT_IM, TURN_RE, TURN_IM, SCRATCH, ROWS = SCRATCH + 2 };
enum { WINDOWS_RING = 4 };

typedef struct {
    Lanes share;   /* of the held sound in the frame that is being made, 0 to 1 */
    Ints ringing;
    Ints holds;    /* 1 while anything is held */
} State;

typedef struct Parts { const StftPlan *plan; float *in, *out, *shares, *rows; } Parts;

INLINE Parts parts_of(const GdBlock *b, uint32_t l)
{
    const StftPlan *plan = stft_plan(b, l);
    float *work = work_of(b, l)->data;
    return (Parts){plan, work, work + stft_ring(plan), work + 2 * stft_ring(plan), work + 3 * stft_ring(plan)};
}
INLINE float *row(const Parts *p, uint32_t which) { return p->rows + which * stft_row(p->plan); }

GD_RT static void reset(void *state, const GdBlock *b)
{
    State *s = state;
    for (uint32_t l = 0; l < b->lanes; ++l)
        LANE(s->ringing, l) = (int32_t)(WINDOWS_RING * stft_plan(b, l)->size);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    int32_t left = 0;
    for (uint32_t l = 0; l < b->lanes; ++l)
        left |= LANE(s->ringing, l) | LANE(s->holds, l);
    return left == 0;
}

/* How far every bin turned since the hop before; where what is held is much louder than the source, it goes on as it
 * did. Rows are parameters because gcc believes `restrict` of those alone, and takes one bin at a time otherwise. */
GD_FFT_BODY void turns_of(uint32_t bins, const float *restrict re, const float *restrict im, const float *restrict old_re,
                          const float *restrict old_im, const float *restrict held, float *restrict turn_re,
                          float *restrict turn_im)
{
    for (uint32_t k = 0; k < bins; ++k) {
        const float power = re[k] * re[k] + im[k] * im[k], least = 0.04f * held[k] * held[k];
        const float x = re[k] * old_re[k] + im[k] * old_im[k], y = im[k] * old_re[k] - re[k] * old_im[k];
        const float size = __builtin_sqrtf(x * x + y * y) + 1e-30f;
        const float take = power > least ? 1.0f : 0.0f, keep = 1.0f - take;
        turn_re[k] = take * (x / size) + keep * turn_re[k];
        turn_im[k] = take * (y / size) + keep * turn_im[k];
    }
}

/* Magnitudes follow the source by `follow`; returns the largest. */
GD_FFT_BODY float hold(const Parts *p, float follow)
{
    const float *restrict re = row(p, NOW_RE), *restrict im = row(p, NOW_IM);
    float *restrict held = row(p, HELD), largest = 0.0f;
    for (uint32_t k = 0; k < stft_bins(p->plan); ++k) {
        const float now = __builtin_sqrtf(re[k] * re[k] + im[k] * im[k]), next = held[k] + follow * (now - held[k]);
        held[k] = next > 1e-12f ? next : 0.0f;
    }
    for (uint32_t k = 0; k < stft_bins(p->plan); ++k)
        largest = held[k] > largest ? held[k] : largest;
    return largest;
}

/* Unit vectors take the source's phase where they have none or `afresh`; else they turn on, with a random turn of up
 * to half a turn times `motion`: (1 + i t)^4 / |1 + i t|^4, with t up to tan(pi / 8), goes once round in a straight
 * line. */
GD_FFT_BODY void turn(const Parts *p, bool afresh, float motion, uint32_t seed)
{
    const float *restrict re = row(p, NOW_RE), *restrict im = row(p, NOW_IM);
    const float *restrict turn_re = row(p, TURN_RE), *restrict turn_im = row(p, TURN_IM);
    float *restrict unit_re = row(p, UNIT_RE), *restrict unit_im = row(p, UNIT_IM);
    for (uint32_t k = 0; k < stft_bins(p->plan); ++k) {
        const float t = (float)((int32_t)hash_word(seed + k) >> 8) * 0x1p-23f * (0.41421356f * motion);
        const float c = 1.0f - t * t, s = 2.0f * t; /* twice the angle */
        const float cc = c * c - s * s, ss = 2.0f * c * s;
        const float x = unit_re[k] * turn_re[k] - unit_im[k] * turn_im[k];
        const float y = unit_re[k] * turn_im[k] + unit_im[k] * turn_re[k];
        const float X = x * cc - y * ss, Y = x * ss + y * cc, size = X * X + Y * Y;
        const bool take = afresh || !(size > 1e-6f);
        const float a = take ? re[k] : X, b = take ? im[k] : Y, length = __builtin_sqrtf(a * a + b * b) + 1e-30f;
        unit_re[k] = a / length;
        unit_im[k] = b / length;
    }
}

/* The frame that will be heard: held magnitudes at the unit vectors' phases, by its share. Frames whose phases wander
 * do not add up as those of one sound do, which is made up for. */
GD_FFT_BODY void make_frame(const Parts *p, uint64_t begin, float share, float motion)
{
    const float gain = share * (1.0f + 0.5f * motion);
    const float *restrict held = row(p, HELD), *restrict unit_re = row(p, UNIT_RE), *restrict unit_im = row(p, UNIT_IM);
    float *restrict re = row(p, NOW_RE), *restrict im = row(p, NOW_IM);
    memcpy(row(p, OLD_RE), re, stft_bins(p->plan) * sizeof *re);
    memcpy(row(p, OLD_IM), im, stft_bins(p->plan) * sizeof *im);
    for (uint32_t k = 0; k < stft_bins(p->plan); ++k) {
        re[k] = gain * held[k] * unit_re[k];
        im[k] = gain * held[k] * unit_im[k];
    }
    stft_add(p->plan, p->out, begin, re, im, row(p, SCRATCH));
    stft_add_window(p->plan, p->shares, begin, share);
}

INLINE void hop_lane(State *s, const GdBlock *b, const Parts *p, uint32_t l)
{
    const float hop_s = (float)p->plan->hop * b->seconds_per_frame;
    if (stft_due(p->plan, b, 0, 4))
        stft_analyse(p->plan, p->in, b->time, row(p, NOW_RE), row(p, NOW_IM), row(p, SCRATCH));
    if (stft_due(p->plan, b, 1, 4)) {
        const float blur = LANE(b->param[BLUR_S][0], l), step = hop_s / LANE(b->param[FADE_S][0], l);
        const bool open = LANE(b->param[FREEZE][0], l) >= 0.5f;
        const bool wanted = open ? LANE(s->holds, l) != 0 : blur > 0.0f;
        const float share = LANE(s->share, l), next = share + (wanted ? step : -step);
        const bool frozen = open || (blur == 0.0f && share > 0.0f); /* what was held stays so while it fades out */
        Lanes keep = exp_lanes(lanes(-hop_s / (blur > 1e-3f ? blur : 1e-3f)));
        const float largest = frozen ? 1.0f : hold(p, 1.0f - LANE(keep, 0));
        LANE(s->share, l) = next < 0.0f ? 0.0f : next > 1.0f ? 1.0f : next;
        LANE(s->holds, l) = (frozen && LANE(s->holds, l)) || (!frozen && largest > 0.0f);
        if (!frozen)
            turns_of(stft_bins(p->plan), row(p, NOW_RE), row(p, NOW_IM), row(p, OLD_RE), row(p, OLD_IM), row(p, HELD),
                     row(p, TURN_RE), row(p, TURN_IM));
        const uint32_t seed = hash_word(b->seed[l] ^ (uint32_t)(b->time / p->plan->hop) * 0x9e3779b9u);
        turn(p, LANE(s->share, l) == 0.0f, LANE(b->param[MOTION][0], l), seed);
        if (!LANE(s->holds, l) && LANE(s->ringing, l) == 0) { /* as if new */
            LANE(s->share, l) = 0.0f;
            for (uint32_t k = UNIT_RE; k <= TURN_IM; ++k)
                memset(row(p, k), 0, stft_bins(p->plan) * sizeof(float));
        }
    }
    if (stft_due(p->plan, b, 2, 4))
        make_frame(p, (b->time & ~(uint64_t)(p->plan->hop - 1)) + p->plan->hop, LANE(s->share, l),
                   LANE(b->param[MOTION][0], l));
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict in = b->in[IN], *restrict mix = b->param[MIX];
    Lanes *restrict out = b->out[OUT], wet[GD_SLICE], shares[GD_SLICE];
    memset(wet, 0, sizeof wet);
    memset(shares, 0, sizeof shares);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const Parts p = parts_of(b, l);
        float heard[GD_SLICE], share[GD_SLICE];
        hop_lane(s, b, &p, l);
        stft_take(p.in, p.plan, b, IN, l);
        const int32_t longest = (int32_t)(WINDOWS_RING * p.plan->size);
        LANE(s->ringing, l) = stft_ringing(LANE(s->ringing, l), p.in, p.plan, b, longest);
        stft_hear(p.out, p.plan, b, heard);
        stft_hear(p.shares, p.plan, b, share);
        for (uint32_t i = 0; i < b->frames; ++i) {
            LANE(wet[i], l) = heard[i];
            LANE(shares[i], l) = share[i];
        }
    }
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes part = mix[i * b->stride[MIX]];
        out[i] = in[i] - in[i] * (part * shares[i]) + part * wet[i];
    }
}

KERNEL(.effort = 2200, .reset = reset, .idle = idle, .flags = GD_RINGS)
