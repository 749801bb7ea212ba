/* limiter: holds true peaks below a ceiling. Time is cut into steps of about a third of a millisecond; the reduction that
 * each needs is held as its least gain over the look-ahead, averaged, and drawn through by a cubic B-spline, whose
 * weights are never negative, so that the smooth gain is never above what any step needs. */
#define NODE limiter
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out") P(REDUCTION, "reduction")
#define PARAMS P(DRIVE_DB, "drive_db") P(CEILING_DB, "ceiling_db") P(RELEASE_S, "release_s") P(ADAPT, "adapt")
#define CHOICES P(BAND, "band")
#include "kernel.h"
#include "dsp/ahead.h"
#include "dsp/dynamics.h"
#include "dsp/publish.h"
#include "dsp/ringing.h"
#include "dsp/true_peak.h"

enum { LIMITED, FULL };
enum { LEFT, RIGHT, CHANNELS };
enum { MEAN = 3, HOLD = MEAN + 3, KNOTS = 4 }; /* steps */

/* What reading between samples, gains that move and rounding may miss. */
static const float margin_db = 0.15f;

typedef struct {
    TruePeak peak[CHANNELS];
    Band band[CHANNELS];
    Lanes most;           /* of this step so far */
    Lanes needed[HOLD];   /* octaves of reduction, the newest step first */
    Lanes held, slow;     /* octaves: with release, and what it adapts to */
    Lanes lift[MEAN];     /* gain - 1 of the last steps */
    Lanes knot[KNOTS];    /* means of these, the newest first */
    Ints ringing;
} State;

GD_RT static void reset(void *state, const GdBlock *b) { ((State *)state)->ringing = ringing_unknown(b); }

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    bool rest = ringing_over(s->ringing, b->lanes) && all_zero(s->held, b->lanes) && all_zero(s->slow, b->lanes);
    for (uint32_t k = 0; k < HOLD; ++k)
        rest = rest && all_zero(s->needed[k], b->lanes);
    for (uint32_t k = 0; k < MEAN; ++k)
        rest = rest && all_zero(s->lift[k], b->lanes);
    for (uint32_t k = 0; k < KNOTS; ++k)
        rest = rest && all_zero(s->knot[k], b->lanes);
    return rest && all_zero(s->most, b->lanes);
}

/* Frames of a step: the largest power of two not above a 2700th of the sample rate, 8 at least; see also limiter.py. */
INLINE uint32_t step_frames(const GdBlock *b)
{
    uint32_t frames = 8;
    while (frames < GD_SLICE && (float)(frames * 2) * 2700.0f <= b->sample_rate_hz)
        frames *= 2;
    return frames;
}

INLINE void push(Lanes *newest, uint32_t count, Lanes x)
{
    for (uint32_t k = count - 1; k > 0; --k)
        newest[k] = newest[k - 1];
    newest[0] = x;
}

/* The end of a step: reduction rises at once and falls towards a part of its own slow average, which itself follows ten
 * times slower; so a lone peak is over soon, and a dense passage does not pump. */
INLINE void end_step(State *s, const GdBlock *b, uint32_t frames, uint32_t i)
{
    const float step_s = (float)frames * b->seconds_per_frame;
    const Lanes release = b->param[RELEASE_S][i * b->stride[RELEASE_S]], adapt = b->param[ADAPT][i * b->stride[ADAPT]];
    const Lanes share = share_for(release, step_s), slow_share = share_for(release * 10.0f, step_s);
    push(s->needed, HOLD, lanes_max(octaves_of(s->most), lanes(0.0f)));
    s->most = lanes(0.0f);
    Lanes least = s->needed[0], mean = lanes(0.0f);
    for (uint32_t k = 1; k < HOLD; ++k)
        least = lanes_max(least, s->needed[k]);
    Lanes floor = adapt * lanes_min(s->slow, s->held);
    s->held = settle_at_zero(lanes_max(least, s->held + share * (floor - s->held)), 1e-6f);
    s->slow = settle_at_zero(s->slow + slow_share * (s->held - s->slow), 1e-6f);
    push(s->lift, MEAN, lanes_where(lanes_less(lanes(0.0f), s->held), size_of_octaves(-s->held) - 1.0f, lanes(0.0f)));
    for (uint32_t k = 0; k < MEAN; ++k)
        mean += s->lift[k];
    push(s->knot, KNOTS, mean * (1.0f / MEAN));
}

/* Gain - 1 at t of a step: c0 + t (c1 + t (c2 + t c3)), the uniform cubic B-spline through the last knots. */
INLINE void spline(const State *s, Lanes c[4])
{
    const Lanes *k = s->knot;
    c[0] = (k[3] + k[1] + 4.0f * k[2]) * (1.0f / 6.0f);
    c[1] = (k[1] - k[3]) * 0.5f;
    c[2] = (k[3] + k[1]) * 0.5f - k[2];
    c[3] = ((k[0] - k[3]) + 3.0f * (k[2] - k[1])) * (1.0f / 6.0f);
}

/* The source, driven and band-limited, and its peaks. */
INLINE void take_in(State *s, const GdBlock *b, Lanes x[CHANNELS][GD_SLICE], Lanes *restrict peaks, Ints *sounding)
{
    const uint32_t stride = b->stride[DRIVE_DB];
    Lanes drive = db_to_level(b->param[DRIVE_DB][0]), other[OVERSAMPLE_CHUNK];
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (stride)
            drive = db_to_level(b->param[DRIVE_DB][i]);
        for (uint32_t c = 0; c < CHANNELS; ++c) {
            x[c][i] = line_safe(b->in[LEFT_IN + c][i]) * drive;
            *sounding |= lanes_to_bits(x[c][i]);
        }
    }
    for (uint32_t from = 0, n; from < b->frames; from += n) {
        n = b->frames - from < OVERSAMPLE_CHUNK ? b->frames - from : OVERSAMPLE_CHUNK;
        for (uint32_t c = 0; c < CHANNELS && b->choice[BAND] == LIMITED; ++c)
            band_limit(&s->band[c], x[c] + from, n);
        true_peaks(&s->peak[LEFT], peaks + from, x[LEFT] + from, n);
        true_peaks(&s->peak[RIGHT], other, x[RIGHT] + from, n);
        for (uint32_t i = 0; i < n; ++i)
            peaks[from + i] = lanes_max(peaks[from + i], other[i]);
    }
}

INLINE void give_out(State *s, const GdBlock *b, const Lanes *const late[CHANNELS], const Lanes *peaks)
{
    const uint32_t frames = step_frames(b), stride = b->stride[CEILING_DB];
    const float per_step = 1.0f / (float)frames;
    Lanes per_ceiling = db_to_level(margin_db - b->param[CEILING_DB][0]), c[4];
    spline(s, c);
    for (uint32_t i = 0; i < b->frames; ++i) {
        const uint32_t place = (b->offset + i) % frames;
        const float t = (float)place * per_step;
        Lanes gain = 1.0f + (c[0] + t * (c[1] + t * (c[2] + t * c[3])));
        if (stride)
            per_ceiling = db_to_level(margin_db - b->param[CEILING_DB][i]);
        b->out[LEFT_OUT][i] = late[LEFT][i] * gain + 0.0f;
        b->out[RIGHT_OUT][i] = late[RIGHT][i] * gain + 0.0f;
        b->out[REDUCTION][i] = lanes_max(octaves_of(gain) * -DB_OF_OCTAVES, lanes(0.0f)) + 0.0f;
        s->most = lanes_max(s->most, peaks[i] * per_ceiling);
        if (place == frames - 1) {
            end_step(s, b, frames, i);
            spline(s, c);
        }
    }
}

GD_RT static void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Ahead ahead = ahead_of(b);
    Lanes x[CHANNELS][GD_SLICE], delayed[CHANNELS][GD_SLICE], peaks[GD_SLICE];
    Ints sounding = {0};
    take_in(s, b, x, peaks, &sounding);
    const Lanes *const late[] = {ahead_delay(&ahead, b, LEFT, x[LEFT], delayed[LEFT]),
                                 ahead_delay(&ahead, b, RIGHT, x[RIGHT], delayed[RIGHT])};
    give_out(s, b, late, peaks);
    ringing_count(&s->ringing, sounding, b);
    if (b->offset + b->frames == GD_SLICE)
        publish_row(b, 0, b->out[REDUCTION][b->frames - 1]);
}

KERNEL(.effort = 2000, .reset = reset, .idle = idle, .flags = GD_RINGS)
