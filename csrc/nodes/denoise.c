/* denoise: takes a steady noise out of a sound, frequency by frequency. */
#define NODE denoise
#define INS P(IN, "in")
#define OUTS P(OUT, "out") P(NOISE, "noise")
#define PARAMS                                                                                                         \
    P(LEARN, "learn") P(REDUCTION_DB, "reduction_db") P(SENSITIVITY_DB, "sensitivity_db") P(SMOOTHING, "smoothing")
#define CHOICES P(PROFILE, "profile")
#include "kernel.h"
#include "dsp/math.h"
#include "dsp/stft.h"

enum { LEARNT, ADAPTIVE }; /* the order of the choice `profile` */
enum { RE, IM, NOISE_POWER, SMOOTH_POWER, LEAST, LEAST_BEFORE, BEFORE, GAIN, SCRATCH, ROWS = SCRATCH + 2 };
enum { HOPS_RING = 400 /* in which what follows the source falls from 120 dB to zero */ };

typedef struct {
    Ints ringing;
    Ints learnt; /* hops in the profile; negative while the gate is shut and the next opening begins a new one */
} State;

typedef struct Parts { const StftPlan *plan; float *in, *out, *rows; } Parts;

INLINE Parts parts_of(const GdBlock *b, uint32_t l)
{
    const StftPlan *plan = stft_plan(b, l);
    float *work = work_of(b, l)->data;
    return (Parts){plan, work, work + stft_ring(plan), work + 2 * stft_ring(plan)};
}
INLINE float *row(const Parts *p, uint32_t which) { return p->rows + which * stft_row(p->plan); }
INLINE int32_t longest_ring(const Parts *p) { return (int32_t)(3 * p->plan->size + HOPS_RING * p->plan->hop); }

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
        left |= LANE(s->ringing, l) | MASK(LANE(b->param[LEARN][0], l) >= 0.5f);
    return left == 0;
}

/* The mean of `hops` spectra so far. */
GD_FFT_BODY void learn(const Parts *p, int32_t hops)
{
    const float *restrict re = row(p, RE), *restrict im = row(p, IM), part = 1.0f / (float)hops;
    float *restrict noise = row(p, NOISE_POWER);
    for (uint32_t k = 0; k < stft_bins(p->plan); ++k)
        noise[k] += part * (re[k] * re[k] + im[k] * im[k] - noise[k]);
}

/* The lowest level in the last period or two is what is left of a bin when nothing else sounds; a minimum of smoothed
 * powers lies below their mean, which the factor makes up for. (After R. Martin, Noise Power Spectral Density
 * Estimation Based on Optimal Smoothing and Minimum Statistics, 2001.) */
GD_FFT_BODY void follow_noise(const Parts *p, float keep, bool period_begins)
{
    const float *restrict re = row(p, RE), *restrict im = row(p, IM);
    float *restrict noise = row(p, NOISE_POWER), *restrict smooth = row(p, SMOOTH_POWER);
    float *restrict least = row(p, LEAST), *restrict least_before = row(p, LEAST_BEFORE);
    for (uint32_t k = 0; k < stft_bins(p->plan); ++k) {
        const float power = re[k] * re[k] + im[k] * im[k], next = power + keep * (smooth[k] - power);
        smooth[k] = next > 1e-20f ? next : 0.0f;
        least_before[k] = period_begins ? least[k] : least_before[k];
        least[k] = period_begins || smooth[k] < least[k] ? smooth[k] : least[k];
        noise[k] = 2.0f * (least[k] < least_before[k] ? least[k] : least_before[k]);
    }
}

/* Wiener's gain on the decision-directed estimate of the signal-to-noise ratio (Y. Ephraim and D. Malah, Speech
 * Enhancement Using a Minimum Mean-Square Error Short-Time Spectral Amplitude Estimator, 1984), never below `floor`;
 * what was left a hop ago is believed by `memory`, which is what keeps single bins from flickering. */
GD_FFT_BODY void find_gains(const Parts *p, float sensitivity, float memory, float floor)
{
    const float *restrict re = row(p, RE), *restrict im = row(p, IM), *restrict noise = row(p, NOISE_POWER);
    float *restrict before = row(p, BEFORE), *restrict gain = row(p, GAIN);
    for (uint32_t k = 0; k < stft_bins(p->plan); ++k) {
        const float level = 1.0f / (noise[k] * sensitivity + 1e-20f), power = re[k] * re[k] + im[k] * im[k];
        const float above = power * level - 1.0f;
        const float ratio = memory * (before[k] * level) + (1.0f - memory) * (above > 0.0f ? above : 0.0f);
        const float g = ratio / (1.0f + ratio), left = g * g * power;
        before[k] = left > 1e-20f ? left : 0.0f;
        gain[k] = g > floor ? g : floor;
    }
}

/* Gains averaged over three bins, laid on the spectrum. */
GD_FFT_BODY void lay_on(const Parts *p)
{
    const float *restrict gain = row(p, GAIN);
    float *restrict re = row(p, RE), *restrict im = row(p, IM);
    const uint32_t last = stft_bins(p->plan) - 1;
    for (uint32_t k = 0; k <= last; ++k) {
        const float g = 0.25f * (gain[k ? k - 1 : 0] + gain[k < last ? k + 1 : last]) + 0.5f * gain[k];
        re[k] *= g;
        im[k] *= g;
    }
}

INLINE void process(State *s, const GdBlock *b, const Parts *p, uint32_t l)
{
    const float hop_s = (float)p->plan->hop * b->seconds_per_frame, smoothing = LANE(b->param[SMOOTHING][0], l);
    Lanes sensitivity = db_to_level(2.0f * b->param[SENSITIVITY_DB][0]);
    Lanes floor = db_to_level(-b->param[REDUCTION_DB][0]);
    Lanes keep = exp_lanes(lanes(-hop_s / 0.08f));
    const uint32_t period = (uint32_t)(0.7f / hop_s) + 1; /* hops */
    const bool learning = LANE(b->param[LEARN][0], l) >= 0.5f;
    int32_t learnt = LANE(s->learnt, l);
    if (learning) {
        learnt = learnt > 0 ? (learnt < 1 << 20 ? learnt + 1 : learnt) : 1;
        learn(p, learnt);
    } else if (learnt > 0)
        learnt = -learnt;
    LANE(s->learnt, l) = learnt;
    if (b->choice[PROFILE] == ADAPTIVE && !learning)
        follow_noise(p, LANE(keep, 0), b->time / p->plan->hop % period == 0);
    find_gains(p, LANE(sensitivity, l), 0.7f + 0.29f * smoothing, LANE(floor, l));
    if (!learning)
        lay_on(p);
}

INLINE void hop_lane(State *s, const GdBlock *b, const Parts *p, uint32_t l)
{
    if (stft_due(p->plan, b, 0, 4))
        stft_analyse(p->plan, p->in, b->time, row(p, RE), row(p, IM), row(p, SCRATCH));
    if (stft_due(p->plan, b, 1, 4))
        process(s, b, p, l);
    if (stft_due(p->plan, b, 2, 4)) {
        const uint64_t begin = (b->time & ~(uint64_t)(p->plan->hop - 1)) + p->plan->hop;
        stft_add(p->plan, p->out, begin, row(p, RE), row(p, IM), row(p, SCRATCH));
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Lanes *restrict out = b->out[OUT], *restrict noise = b->out[NOISE];
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = noise[i] = lanes(0.0f);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const Parts p = parts_of(b, l);
        float heard[GD_SLICE];
        hop_lane(s, b, &p, l);
        stft_take(p.in, p.plan, b, IN, l);
        LANE(s->ringing, l) = stft_ringing(LANE(s->ringing, l), p.in, p.plan, b, longest_ring(&p));
        stft_hear(p.out, p.plan, b, heard);
        const uint32_t late = (uint32_t)b->time - (p.plan->size + p.plan->hop);
        for (uint32_t i = 0; i < b->frames; ++i) {
            LANE(out[i], l) = heard[i];
            LANE(noise[i], l) = p.in[(late + i) & p.plan->mask] - heard[i];
        }
    }
}

KERNEL(.effort = 1500, .reset = reset, .idle = idle, .flags = GD_RINGS)
