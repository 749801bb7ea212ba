/* spectrum: passes its source on and publishes how loud every frequency is, for any thread to read. */
#define NODE spectrum
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(AVERAGE_S, "average_s") P(FALL_DB, "fall_db")
#define CHOICES P(SIZE, "size") P(WINDOW, "window")
#include "kernel.h"
#include "dsp/math.h"
#include "dsp/stft.h"

/* A lane's work: the readings of all bins one after another, averages first, then peaks; then rows; then the ring. */
enum { RE, IM, POWER, SCRATCH, ROWS = SCRATCH + 2 };

typedef struct { Lanes unused; } State;

typedef struct Parts { const StftPlan *plan; float *readings, *rows, *in; } Parts;

INLINE Parts parts_of(const GdBlock *b, uint32_t l)
{
    const StftPlan *plan = stft_plan(b, l);
    float *work = work_of(b, l)->data, *rows = work + 2 * stft_row(plan);
    return (Parts){plan, work, rows, rows + ROWS * stft_row(plan)};
}
INLINE float *row(const Parts *p, uint32_t which) { return p->rows + which * stft_row(p->plan); }

/* Powers average with the time constant asked for; a full-scale sine in the middle of a bin reads 1. */
GD_FFT_BODY void publish_spectrum(const Parts *p, float keep, float fall)
{
    const uint32_t bins = stft_bins(p->plan);
    const float full = ((const float *)(const void *)p->plan)[sizeof(StftPlan) / sizeof(float)];
    const float *restrict re = row(p, RE), *restrict im = row(p, IM);
    float *restrict power = row(p, POWER);
    for (uint32_t k = 0; k < bins; ++k) {
        const float x = re[k] * full, y = im[k] * full, now = x * x + y * y, next = now + keep * (power[k] - now);
        power[k] = next > 1e-20f ? next : 0.0f;
        const float average = __builtin_sqrtf(power[k]), level = __builtin_sqrtf(now);
        float peak = p->readings[bins + k] * fall;
        peak = level > peak ? level : peak > 1e-10f ? peak : 0.0f;
        __atomic_store(p->readings + k, &average, __ATOMIC_RELAXED);
        __atomic_store(p->readings + bins + k, &peak, __ATOMIC_RELAXED);
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    const Lanes *restrict in = b->in[IN];
    Lanes *restrict out = b->out[OUT];
    (void)state;
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const Parts p = parts_of(b, l);
        if (stft_due(p.plan, b, 0, 2))
            stft_analyse(p.plan, p.in, b->time, row(&p, RE), row(&p, IM), row(&p, SCRATCH));
        if (stft_due(p.plan, b, 1, 2)) {
            const float hop_s = (float)p.plan->hop * b->seconds_per_frame, average_s = LANE(b->param[AVERAGE_S][0], l);
            Lanes keep = exp_lanes(lanes(-hop_s / (average_s > 1e-3f ? average_s : 1e-3f)));
            Lanes fall = db_to_level(-hop_s * b->param[FALL_DB][0]);
            publish_spectrum(&p, average_s > 0.0f ? LANE(keep, 0) : 0.0f, LANE(fall, l));
        }
        stft_take(p.in, p.plan, b, IN, l);
    }
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = in[i];
}

KERNEL(.effort = 1200, .flags = GD_SINK)
