/* loudness: how loud a stereo source is to people, after ITU-R BS.1770-4, EBU R 128 and EBU Tech 3341 and 3342. Energy is
 * summed over tenths of a second; blocks of four and windows of thirty of these are gated in histograms of a tenth of a
 * loudness unit, which hold a programme of any length. */
#define NODE loudness
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/dynamics.h"
#include "dsp/publish.h"
#include "dsp/svf.h"
#include "dsp/true_peak.h"

/* Words of a lane's memory; see loudness.py. The last reading is for a reader to ask for a new beginning. */
enum { MOMENTARY, SHORT, INTEGRATED, RANGE, TRUE_PEAK, CORRELATION, MAX_MOMENTARY, MAX_SHORT, CLEAR, HEAD = 16 };
enum { BINS = 900, BLOCK = 4, WINDOW = 30 }; /* from -70 to +20 LUFS; tenths of a second */
enum { LEFT, RIGHT, CHANNELS };

static const float softest = -70.0f, offset = -0.691f, correlation_s = 0.3f;

typedef struct {
    SvfState shelf[CHANNELS], highpass[CHANNELS];
    TruePeak peak[CHANNELS];
    Lanes energy;           /* of this tenth so far */
    Lanes tenth[WINDOW];    /* mean energies, the newest first */
    Ints tenths;            /* since the beginning */
    Lanes highest, most_momentary, most_short; /* the latter two as energies */
    Lanes together, left, right;               /* mean products, of this cell so far in the rows below */
    Lanes cell_together, cell_left, cell_right;
} State;

/* The filters of annex 1 as analogue prototypes (B. De Man, "Evaluation of Implementations of the EBU R128 Loudness
 * Measurement", AES 145, 2018), which give its coefficients at 48 kHz and the same response at any rate. */
typedef struct { SvfCoefs shelf, highpass; } Weighting;
static const float shelf_damping = 1.41407643f, shelf_high = 1.58486470f, shelf_band = 1.25872093f;
static const float highpass_damping = 1.99869270f, highpass_gain = 1.00499501f;

INLINE Weighting weighting(const GdBlock *b)
{
    const float angle = 3.14159265f * b->seconds_per_frame;
    return (Weighting){svf_coefs(lanes(1681.97445f * angle), lanes(shelf_damping)),
                       svf_coefs(lanes(38.1354709f * angle), lanes(highpass_damping))};
}

INLINE Lanes weigh(State *s, const Weighting *w, uint32_t channel, Lanes in)
{
    SvfState now = s->shelf[channel], next = s->shelf[channel] = svf_step(now, w->shelf, in);
    Lanes x = in * shelf_high + (now.band + next.band) * (0.5f * shelf_damping * (shelf_band - shelf_high))
              + (now.low + next.low) * (0.5f * (1.0f - shelf_high));
    now = s->highpass[channel];
    next = s->highpass[channel] = svf_step(now, w->highpass, x);
    return (x - (now.band + next.band) * (0.5f * highpass_damping) - (now.low + next.low) * 0.5f) * highpass_gain;
}

INLINE Lanes lufs(Lanes energy) { return offset + 3.01029996f * log2_lanes(lanes_max(energy, lanes(1e-12f))); }
INLINE float lufs_one(float energy)
{
    Lanes level = lufs(lanes(energy));
    return LANE(level, 0);
}

/* A histogram: how many fell into each bin, and their energy. */
typedef struct { float count[BINS], energy[BINS]; } Histogram;
INLINE Histogram *histogram(const GdMemory *memory, uint32_t which)
{
    return (Histogram *)(void *)(memory->data + HEAD) + which;
}

INLINE uint32_t bin_of(float level)
{
    float place = (level - softest) * 10.0f;
    return place < 0.0f ? 0 : place < BINS - 1 ? (uint32_t)place : BINS - 1;
}

INLINE void histogram_add(Histogram *h, float energy)
{
    float level = lufs_one(energy);
    if (level <= softest)
        return;
    h->count[bin_of(level)] += 1.0f;
    h->energy[bin_of(level)] += energy;
}

/* Mean energy of what is in bins from `first` on; `count` of them. */
INLINE float histogram_mean(const Histogram *h, uint32_t first, float *count)
{
    float energy = 0.0f, sum = 0.0f;
    for (uint32_t k = first; k < BINS; ++k) {
        sum += h->count[k];
        energy += h->energy[k];
    }
    *count = sum;
    return sum > 0.0f ? energy / sum : 0.0f;
}

INLINE float integrated(const Histogram *h)
{
    float count, mean = histogram_mean(h, 0, &count);
    return lufs_one(histogram_mean(h, bin_of(lufs_one(mean) - 10.0f), &count));
}

/* Tech 3342: from the 10th to the 95th percentile of what is within 20 LU of the mean. */
INLINE float loudness_range(const Histogram *h)
{
    float count, mean = histogram_mean(h, 0, &count), seen = 0.0f, low = -1.0f, high = -1.0f;
    if (count == 0.0f)
        return 0.0f;
    uint32_t first = bin_of(lufs_one(mean) - 20.0f);
    histogram_mean(h, first, &count);
    for (uint32_t k = first; k < BINS; ++k) {
        seen += h->count[k];
        low = low < 0.0f && seen > 0.10f * (count - 1.0f) ? (float)k : low;
        high = high < 0.0f && seen > 0.95f * (count - 1.0f) ? (float)k : high;
    }
    return (high - low) * 0.1f;
}

/* The end of a tenth of a second of `frames`. */
GD_RT static void end_tenth(State *s, const GdBlock *b, uint32_t frames)
{
    Lanes block = lanes(0.0f), window = lanes(0.0f);
    for (uint32_t k = WINDOW - 1; k > 0; --k)
        s->tenth[k] = s->tenth[k - 1];
    s->tenth[0] = lanes_min(s->energy * (1.0f / (float)frames), lanes(1e12f));
    s->energy = lanes(0.0f);
    for (uint32_t k = 0; k < WINDOW; ++k) {
        block += k < BLOCK ? s->tenth[k] * (1.0f / BLOCK) : lanes(0.0f);
        window += s->tenth[k] * (1.0f / WINDOW);
    }
    s->most_momentary = lanes_max(s->most_momentary, block);
    s->most_short = lanes_max(s->most_short, window);
    s->tenths += 1;
    publish_row(b, MOMENTARY, lufs(block));
    publish_row(b, SHORT, lufs(window));
    publish_row(b, MAX_MOMENTARY, lufs(s->most_momentary));
    publish_row(b, MAX_SHORT, lufs(s->most_short));
    for (uint32_t l = 0; l < b->lanes; ++l) {
        Histogram *blocks = histogram(b->memory[l], 0), *windows = histogram(b->memory[l], 1);
        if (LANE(s->tenths, l) >= BLOCK)
            histogram_add(blocks, LANE(block, l));
        if (LANE(s->tenths, l) >= WINDOW)
            histogram_add(windows, LANE(window, l));
        publish_one(b->memory[l], INTEGRATED, integrated(blocks));
        publish_one(b->memory[l], RANGE, loudness_range(windows));
    }
}

INLINE void begin_anew(State *s, const GdBlock *b, uint32_t l)
{
    memset(histogram(b->memory[l], 0), 0, 2 * sizeof(Histogram));
    for (uint32_t k = 0; k < WINDOW; ++k)
        LANE(s->tenth[k], l) = 0.0f;
    LANE(s->tenths, l) = 0;
    LANE(s->highest, l) = LANE(s->most_momentary, l) = LANE(s->most_short, l) = LANE(s->energy, l) = 0.0f;
}

INLINE void end_cell(State *s, const GdBlock *b)
{
    const Lanes share = share_for(lanes(correlation_s), GD_SLICE * b->seconds_per_frame);
    s->together += share * (s->cell_together - s->together);
    s->left += share * (s->cell_left - s->left);
    s->right += share * (s->cell_right - s->right);
    s->cell_together = s->cell_left = s->cell_right = lanes(0.0f);
    Lanes both = lanes_sqrt(s->left) * lanes_sqrt(s->right);
    publish_row(b, CORRELATION, lanes_clamp(s->together / lanes_max(both, lanes(1e-12f)), lanes(-1.0f), lanes(1.0f)));
    publish_row(b, TRUE_PEAK, level_to_db(s->highest));
    for (uint32_t l = 0; l < b->lanes; ++l)
        if (publish_asked(b->memory[l], CLEAR))
            begin_anew(s, b, l);
}

GD_RT static void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Weighting w = weighting(b);
    const uint32_t tenth = (uint32_t)(b->sample_rate_hz * 0.1f + 0.5f);
    uint32_t place = (uint32_t)(b->time % tenth);
    Lanes safe[CHANNELS][GD_SLICE], peaks[OVERSAMPLE_CHUNK];
    for (uint32_t c = 0; c < CHANNELS; ++c) {
        if (b->offset == 0) {
            s->shelf[c] = svf_settle(s->shelf[c]);
            s->highpass[c] = svf_settle(s->highpass[c]);
        }
        for (uint32_t i = 0; i < b->frames; ++i) {
            b->out[c][i] = b->in[c][i];
            safe[c][i] = line_safe(b->in[c][i]);
        }
        for (uint32_t from = 0, n; from < b->frames; from += n) {
            n = b->frames - from < OVERSAMPLE_CHUNK ? b->frames - from : OVERSAMPLE_CHUNK;
            true_peaks(&s->peak[c], peaks, safe[c] + from, n);
            for (uint32_t i = 0; i < n; ++i)
                s->highest = lanes_max(s->highest, peaks[i]);
        }
    }
    for (uint32_t i = 0; i < b->frames; ++i) {
        Lanes left = weigh(s, &w, LEFT, safe[LEFT][i]), right = weigh(s, &w, RIGHT, safe[RIGHT][i]);
        s->energy += left * left + right * right;
        s->cell_together += safe[LEFT][i] * safe[RIGHT][i];
        s->cell_left += safe[LEFT][i] * safe[LEFT][i];
        s->cell_right += safe[RIGHT][i] * safe[RIGHT][i];
        if (++place == tenth) {
            end_tenth(s, b, tenth);
            place = 0;
        }
    }
    if (b->offset + b->frames == GD_SLICE)
        end_cell(s, b);
}

KERNEL(.effort = 660, .flags = GD_SINK)
