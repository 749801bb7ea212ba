/* multiband: two to four bands, each with a compressor of its own, added up again. */
#define NODE multiband
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define BAND_PARAMS(n, name) \
    P(THRESHOLD_##n, "threshold" name "_db") P(RATIO_##n, "ratio" name) P(ATTACK_##n, "attack" name "_s") \
    P(RELEASE_##n, "release" name "_s") P(GAIN_##n, "gain" name "_db")
#define PARAMS \
    BAND_PARAMS(1, "1") BAND_PARAMS(2, "2") BAND_PARAMS(3, "3") BAND_PARAMS(4, "4") P(KNEE_DB, "knee_db") \
    P(HZ1, "split1_hz") P(HZ2, "split2_hz") P(HZ3, "split3_hz")
#define CHOICES P(BANDS, "bands")
#include "kernel.h"
#include "dsp/crossover.h"
#include "dsp/detector.h"

enum { MOST_BANDS = 4, CHANNELS = 2 };
enum { THRESHOLD, RATIO, ATTACK, RELEASE, GAIN, PER_BAND };

typedef struct {
    Crossovers crossovers[CHANNELS];
    Detector detector[MOST_BANDS];
    Lanes gain[MOST_BANDS]; /* octaves */
    Lanes over[MOST_BANDS];
} State;

INLINE Lanes at(const GdBlock *b, uint32_t band, uint32_t parameter, uint32_t i)
{
    const uint32_t p = band * PER_BAND + parameter;
    return b->param[p][i * b->stride[p]];
}

INLINE void set_all(State *s, const GdBlock *b, uint32_t splits, uint32_t i)
{
    const Lanes knee_db = b->param[KNEE_DB][i * b->stride[KNEE_DB]];
    crossovers_set(&s->crossovers[0], b, HZ1, i, splits);
    for (uint32_t k = 0; k < splits; ++k)
        s->crossovers[1].coefs[k] = s->crossovers[0].coefs[k];
    for (uint32_t k = 0; k <= splits; ++k) {
        s->detector[k] = detector_of(at(b, k, THRESHOLD, i), knee_db, at(b, k, RATIO, i), at(b, k, ATTACK, i),
                                     at(b, k, RELEASE, i), b->seconds_per_frame);
        s->gain[k] = at(b, k, GAIN, i) * OCTAVES_OF_DB;
    }
}

GD_RT static void prepare(void *state, const GdBlock *b) { set_all(state, b, b->choice[BANDS] + 1, 0); }

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = crossovers_rest(&s->crossovers[0], b->lanes) && crossovers_rest(&s->crossovers[1], b->lanes);
    for (uint32_t k = 0; k < MOST_BANDS; ++k)
        rest = rest && all_zero(s->over[k], b->lanes);
    return rest;
}

INLINE void compress(State *s, const GdBlock *b, uint32_t splits, bool moves)
{
    const Lanes *restrict left = b->in[LEFT_IN], *restrict right = b->in[RIGHT_IN];
    Lanes *restrict left_out = b->out[LEFT_OUT], *restrict right_out = b->out[RIGHT_OUT];
    for (uint32_t i = 0; i < b->frames; ++i) {
        Lanes band[CHANNELS][MOST_BANDS], sum[CHANNELS] = {lanes(0.0f), lanes(0.0f)};
        if (moves)
            set_all(s, b, splits, i);
        crossovers_step(&s->crossovers[0], left[i], band[0], splits);
        crossovers_step(&s->crossovers[1], right[i], band[1], splits);
        for (uint32_t k = 0; k <= splits; ++k) {
            const Lanes size = lanes_max(size_of(band[0][k]), size_of(band[1][k]));
            s->over[k] = detector_step(&s->detector[k], s->over[k], size);
            const Lanes less = lanes_max(s->detector[k].slope * s->over[k], lanes(-MOST_LIFT));
            const Lanes level = size_of_octaves(s->gain[k] - less);
            sum[0] += level * band[0][k];
            sum[1] += level * band[1][k];
        }
        left_out[i] = sum[0];
        right_out[i] = sum[1];
    }
}

INLINE void run_bands(State *s, const GdBlock *b, uint32_t splits)
{
    uint32_t moves = 0;
    for (uint32_t p = 0; p < PARAM_COUNT; ++p)
        moves |= b->stride[p];
    compress(s, b, splits, moves != 0);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    if (b->offset == 0) {
        crossovers_settle(&s->crossovers[0]);
        crossovers_settle(&s->crossovers[1]);
        for (uint32_t k = 0; k < MOST_BANDS; ++k)
            s->over[k] = settle_at_zero(s->over[k], 1e-6f);
    }
    if (b->choice[BANDS] == 0)
        run_bands(s, b, 1);
    else if (b->choice[BANDS] == 1)
        run_bands(s, b, 2);
    else
        run_bands(s, b, 3);
}

KERNEL(.effort = 550, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
