/* vocoder: lays the colours of one sound, band by band, on another. Bands lie side by side in vectors, so that one
 * voice costs no more than its share of sixteen; their state is in the lane's work memory. */
#define NODE vocoder
#define INS P(IN, "in") P(CARRIER, "carrier")
#define OUTS P(OUT, "out")
#define PARAMS                                                                                                         \
    P(ATTACK_S, "attack_s")                                                                                            \
    P(RELEASE_S, "release_s") P(FORMANT_SEMITONES, "formant_semitones") P(UNVOICED, "unvoiced") P(GAIN_DB, "gain_db") \
    P(MIX, "mix")
#define CHOICES P(BANDS, "bands")
#include "kernel.h"
#include "dsp/delay.h"
#include "dsp/fft.h"
#include "dsp/hash.h"
#include "dsp/math.h"
#include "dsp/work.h"

enum {
    BANDS_MOST = 32, GROUP_OF = 16, /* bands that are summed together */
    CHUNK = 16,                     /* frames analysed before they are played */
    EDGE = 16,                      /* silent bands on either side, for formants that move */
    /* arrays of BANDS_MOST numbers in the plane, after its head */
    PLANE_HEAD = 64, LOSS = 0, BAND, LOW, NORM, SIGN,
    /* and in the work: the charges of two filters in a row for source and carrier, and the levels */
    IN_BAND1 = 0, IN_LOW1, IN_BAND2, IN_LOW2, OUT_BAND1, OUT_LOW1, OUT_BAND2, OUT_LOW2, LEVEL, WORK_ARRAYS,
};

typedef struct Plan { uint32_t groups; float bands_per_octave, makeup; } Plan; /* first words of the plane */

typedef struct {
    Lanes attack, release, gain;  /* of standing parameters: what is kept a frame; a factor */
    Lanes low, low_power, power;  /* of the source, to tell hiss from voice */
    Ints alive;                   /* not 0 while any number of the lane is not */
} State;

INLINE float *array(float *base, uint32_t which) { return base + which * BANDS_MOST; }
INLINE const float *table(const GdBlock *b, uint32_t l, uint32_t which)
{
    return b->memory[l]->data + PLANE_HEAD + which * BANDS_MOST;
}
INLINE const Plan *plan_of(const GdBlock *b, uint32_t l) { return (const Plan *)(const void *)b->memory[l]->data; }

INLINE Lanes keep_of(Lanes seconds, const GdBlock *b) { return exp_lanes(-(b->seconds_per_frame / seconds)); }

GD_RT static void prepare(void *state, const GdBlock *b)
{
    State *s = state;
    s->attack = keep_of(b->param[ATTACK_S][0], b);
    s->release = keep_of(b->param[RELEASE_S][0], b);
    s->gain = db_to_level(b->param[GAIN_DB][0]);
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    int32_t alive = 0;
    for (uint32_t l = 0; l < b->lanes; ++l)
        alive |= LANE(s->alive, l);
    return alive == 0;
}

/* What is below -300 dB, or -180 dB of a level, becomes zero, so that a lane falls silent exactly. */
INLINE void settle(State *s, const GdBlock *b)
{
    for (uint32_t l = 0; l < b->lanes; ++l) {
        float *work = work_of(b, l)->data;
        int32_t alive = 0;
        for (uint32_t k = 0; k < WORK_ARRAYS * BANDS_MOST; ++k) {
            const float least = k < LEVEL * BANDS_MOST ? 1e-15f : 1e-9f;
            work[k] = __builtin_fabsf(work[k]) >= least ? work[k] : 0.0f;
            alive |= work[k] != 0.0f;
        }
        LANE(s->alive, l) = alive;
    }
    const Ints alive = MASK(s->alive != 0);
    s->low = lanes_where(alive, s->low, lanes(0.0f));
    s->low_power = lanes_where(alive, s->low_power, lanes(0.0f));
    s->power = lanes_where(alive, s->power, lanes(0.0f));
}

/* How much of each frame is hiss: the share of the source above 3 kHz or so, from 40 to 80 percent of its power. */
INLINE void find_hiss(State *s, const GdBlock *b, const Lanes *source, Lanes *hiss)
{
    const float angle = 2.0f * 3.14159265f * 3000.0f * b->seconds_per_frame, low_part = angle / (1.0f + angle);
    const float part = b->seconds_per_frame / (0.004f + b->seconds_per_frame);
    for (uint32_t i = 0; i < b->frames; ++i) {
        s->low += low_part * (source[i] - s->low);
        const Lanes high = source[i] - s->low;
        s->low_power += part * (s->low * s->low - s->low_power);
        s->power += part * (high * high - s->power);
        const Lanes share = s->power / (s->power + s->low_power + 1e-12f);
        hiss[i] = lanes_clamp((share - 0.4f) * 2.5f, lanes(0.0f), lanes(1.0f));
    }
}

typedef struct Filter { Row loss, band, low, norm; } Filter;
typedef struct Charge { Row band, low; } Charge;

/* A band-pass of 0 dB: the step of dsp/svf.h for a row of bands. */
INLINE Row band_step(Charge *c, const Filter *f, Row in)
{
    const Row across = in - c->low, band = (c->band - f->loss * c->band) + f->band * across;
    const Row out = (c->band + band) * f->norm;
    c->low = (c->low + f->band * c->band) + f->low * across;
    c->band = band;
    return out;
}

/* Levels of `frames` frames of a source in one row of bands. */
INLINE void analyse(float *work, const Filter *f, const float *x, const float *attack, const float *release,
                    uint32_t frames, uint32_t at, float level[CHUNK][BANDS_MOST + 2 * EDGE])
{
    Charge first = {row_at(array(work, IN_BAND1) + at), row_at(array(work, IN_LOW1) + at)};
    Charge second = {row_at(array(work, IN_BAND2) + at), row_at(array(work, IN_LOW2) + at)};
    Row now = row_at(array(work, LEVEL) + at);
    for (uint32_t i = 0; i < frames; ++i) {
        const Row band = band_step(&second, f, band_step(&first, f, row_of(x[i])));
        const Row size = (Row)((RowInts)band & 0x7fffffff);
        const RowInts rises = size > now;
        const Row keep = (Row)((rises & (RowInts)row_of(attack[i])) | (~rises & (RowInts)row_of(release[i])));
        now = size + keep * (now - size);
        row_put(level[i] + EDGE + at, now);
    }
    row_put(array(work, IN_BAND1) + at, first.band);
    row_put(array(work, IN_LOW1) + at, first.low);
    row_put(array(work, IN_BAND2) + at, second.band);
    row_put(array(work, IN_LOW2) + at, second.low);
    row_put(array(work, LEVEL) + at, now);
}

/* The carrier in one row of bands, by the levels of bands `shift` lower, added to `sum`. */
INLINE void play(float *work, const Filter *f, Row sign, const float *x, const float *shift, uint32_t frames,
                 uint32_t at, float level[CHUNK][BANDS_MOST + 2 * EDGE], float sum[CHUNK][GROUP_OF])
{
    Charge first = {row_at(array(work, OUT_BAND1) + at), row_at(array(work, OUT_LOW1) + at)};
    Charge second = {row_at(array(work, OUT_BAND2) + at), row_at(array(work, OUT_LOW2) + at)};
    float *to = sum[0] + at % GROUP_OF;
    for (uint32_t i = 0; i < frames; ++i, to += GROUP_OF) {
        const Row band = band_step(&second, f, band_step(&first, f, row_of(x[i])));
        const int32_t whole = (int32_t)(shift[i] + (float)EDGE) - EDGE;
        const float part = shift[i] - (float)whole, *from = level[i] + EDGE + (int32_t)at - whole;
        const Row here = row_at(from), colour = here + part * (row_at(from - 1) - here);
        row_put(to, row_at(to) + colour * (band * sign));
    }
    row_put(array(work, OUT_BAND1) + at, first.band);
    row_put(array(work, OUT_LOW1) + at, first.low);
    row_put(array(work, OUT_BAND2) + at, second.band);
    row_put(array(work, OUT_LOW2) + at, second.low);
}

/* Sixteen numbers in a fixed order: halves onto halves. */
INLINE float sum_of(const float x[GROUP_OF])
{
    float half[8], quarter[4];
    for (uint32_t k = 0; k < 8; ++k)
        half[k] = x[k] + x[k + 8];
    for (uint32_t k = 0; k < 4; ++k)
        quarter[k] = half[k] + half[k + 4];
    return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

typedef struct Voice { float source[CHUNK], carrier[CHUNK], attack[CHUNK], release[CHUNK], shift[CHUNK]; } Voice;

/* `level` has zeros beside the bands. */
GD_FFT_BODY void play_chunk(const GdBlock *b, const Voice *v, float *out, uint32_t frames, uint32_t l,
                            float level[CHUNK][BANDS_MOST + 2 * EDGE])
{
    float sum[CHUNK][GROUP_OF] = {{0}}, *work = work_of(b, l)->data;
    const uint32_t bands = plan_of(b, l)->groups * GROUP_OF;
    for (uint32_t turn = 0; turn < 2; ++turn)
        for (uint32_t at = 0; at < bands; at += FFT_V) {
            const Filter f = {row_at(table(b, l, LOSS) + at), row_at(table(b, l, BAND) + at),
                              row_at(table(b, l, LOW) + at), row_at(table(b, l, NORM) + at)};
            if (turn == 0)
                analyse(work, &f, v->source, v->attack, v->release, frames, at, level);
            else
                play(work, &f, row_at(table(b, l, SIGN) + at), v->carrier, v->shift, frames, at, level, sum);
        }
    for (uint32_t i = 0; i < frames; ++i)
        out[i] = sum_of(sum[i]) * plan_of(b, l)->makeup;
}

INLINE void run_lane(State *s, const GdBlock *b, const Lanes *source, const Lanes *carrier, Lanes *wet, uint32_t l)
{
    const bool attacks = MOVES(b, ATTACK_S), releases = MOVES(b, RELEASE_S);
    const float bands_per_semitone = plan_of(b, l)->bands_per_octave * (1.0f / 12.0f);
    const Lanes *restrict formants = b->param[FORMANT_SEMITONES];
    float level[CHUNK][BANDS_MOST + 2 * EDGE] = {{0}};
    int32_t sounding = 0;
    for (uint32_t from = 0; from < b->frames; from += CHUNK) {
        const uint32_t frames = b->frames - from < CHUNK ? b->frames - from : CHUNK;
        Voice v;
        float out[CHUNK];
        for (uint32_t i = 0; i < frames; ++i) {
            Lanes attack = attacks ? keep_of(b->param[ATTACK_S][from + i], b) : s->attack;
            Lanes release = releases ? keep_of(b->param[RELEASE_S][from + i], b) : s->release;
            v.source[i] = LANE(source[from + i], l);
            v.carrier[i] = LANE(carrier[from + i], l);
            v.attack[i] = LANE(attack, l);
            v.release[i] = LANE(release, l);
            v.shift[i] = LANE(formants[(from + i) * b->stride[FORMANT_SEMITONES]], l) * bands_per_semitone;
            sounding |= v.source[i] != 0.0f || v.carrier[i] != 0.0f;
        }
        play_chunk(b, &v, out, frames, l, level);
        for (uint32_t i = 0; i < frames; ++i)
            LANE(wet[from + i], l) = out[i];
    }
    LANE(s->alive, l) |= sounding;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict mix = b->param[MIX], *restrict gain_db = b->param[GAIN_DB];
    Lanes source[GD_SLICE], carrier[GD_SLICE], hiss[GD_SLICE], wet[GD_SLICE];
    Words seed = {0};
    for (uint32_t l = 0; l < b->lanes; ++l)
        LANE(seed, l) = b->seed[l];
    if (b->offset == 0)
        settle(s, b);
    for (uint32_t i = 0; i < b->frames; ++i) {
        source[i] = line_safe(b->in[IN][i]);
        wet[i] = lanes(0.0f);
    }
    find_hiss(s, b, source, hiss);
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes share = hiss[i] * b->param[UNVOICED][i * b->stride[UNVOICED]];
        const Lanes noise = hash_to_bipolar(hash_words(seed + (uint32_t)(b->time + i) * 0x9e3779b9u));
        const Lanes given = line_safe(b->in[CARRIER][i]);
        carrier[i] = line_safe(given + share * (0.7f * noise - given));
    }
    for (uint32_t l = 0; l < b->lanes; ++l)
        run_lane(s, b, source, carrier, wet, l);
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes gain = MOVES(b, GAIN_DB) ? db_to_level(gain_db[i]) : s->gain;
        b->out[OUT][i] = source[i] + mix[i * b->stride[MIX]] * (wet[i] * gain - source[i]);
    }
}

KERNEL(.effort = 2000, .prepare = prepare, .idle = idle, .flags = GD_RINGS)
