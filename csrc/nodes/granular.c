/* granular: a cloud of short grains, cut from what came in lately or from a recording. */
#define NODE granular
#define INS P(LEFT_IN, "in") P(RIGHT_IN, "in") P(TRIGGER, "trigger")
#define OUTS P(LEFT_OUT, "out") P(RIGHT_OUT, "out")
#define PARAMS                                                                                                      \
    P(DENSITY_HZ, "density_hz") P(TIMING_JITTER, "timing_jitter") P(SIZE_S, "size_s") P(SIZE_JITTER, "size_jitter") \
    P(POSITION, "position") P(POSITION_JITTER_S, "position_jitter_s") P(PITCH_SEMITONES, "pitch_semitones")         \
    P(PITCH_JITTER, "pitch_jitter_semitones") P(REVERSE, "reverse") P(SPREAD, "spread") P(SMOOTH, "smooth")         \
    P(SKEW, "skew") P(FREEZE, "freeze") P(MIX, "mix") P(GAIN_DB, "gain_db")
#define CHOICES P(SOURCE, "source")
#include "kernel.h"
#include "dsp/lane.h"
#include "dsp/hash.h"
#include "dsp/math.h"
#include "dsp/safe.h"
#include "dsp/work.h"

#include <string.h>

enum { LIVE, FROM_FILE };
enum { GRAINS = 64, GRAIN_WORDS = 12, MARGIN = 8, HEADER = 4, DRAWS = 8, EDGE = 32 /* frames: the steepest edge */ };
#define FREEZE_FADE_S 0.005f

/* One grain, as it lies in the lane's memory, which holds floats alone: a word is split into its halves. */
typedef struct {
    float start[2];                /* absolute frame */
    float at[2], at_part, step;    /* where it began in its source, in frames and a part of one; frames a frame */
    float length;                  /* frames, whole; 0 where the place is free */
    float left, right, rise, fall; /* levels; frames of its edges */
    float from_file;
} Grain;

typedef struct {
    Lanes clock, due;        /* part of the time between grains that is over; the part at which the next one starts */
    Words count, written;    /* grains so far; frames recorded */
    Lanes recording;         /* level of what is recorded: falls before a freeze and rises after it */
    Ints open;
    Lanes gain;              /* of a standing level */
} State;

typedef struct { /* one lane of it */
    float clock, due, recording;
    uint32_t count, written;
    int32_t open;
} Clock;

typedef struct { /* what a lane's grains are cut from */
    float *ring[2], *grains;
    float *file[2]; /* only read */
    uint32_t ring_frames, file_frames;
} Source;

GD_RT static void prepare(void *state, const GdBlock *b)
{
    ((State *)state)->gain = db_to_level(b->param[GAIN_DB][0]);
}

GD_RT static Source source_of(const GdBlock *b, uint32_t l)
{
    Source s = {0};
    const GdMemory *work = work_of(b, l), *media = b->memory[l];
    if (!work || work->frames <= GRAINS * GRAIN_WORDS)
        return s;
    uint32_t ring = (work->frames - GRAINS * GRAIN_WORDS) / 2;
    if (ring & (ring - 1) || ring < 4 * GD_SLICE)
        return s;
    s.ring_frames = ring;
    s.grains = work->data;
    s.ring[0] = work->data + GRAINS * GRAIN_WORDS;
    s.ring[1] = s.ring[0] + ring;
    if (!media->data || media->frames < HEADER + 2 * (2 * MARGIN + 1) || (media->frames - HEADER) % 2)
        return s;
    s.file_frames = (media->frames - HEADER) / 2 - 2 * MARGIN;
    s.file[0] = media->data + HEADER + MARGIN;
    s.file[1] = s.file[0] + s.file_frames + 2 * MARGIN;
    return s;
}

GD_RT INLINE Grain grain_at(const Source *s, uint32_t place)
{
    Grain g;
    memcpy(&g, s->grains + place * GRAIN_WORDS, sizeof g);
    return g;
}
GD_RT INLINE void keep_grain(const Source *s, uint32_t place, const Grain *g)
{
    memcpy(s->grains + place * GRAIN_WORDS, g, sizeof *g);
}

GD_RT INLINE void split(float halves[2], uint32_t word)
{
    halves[0] = (float)(int32_t)(word >> 16);
    halves[1] = (float)(int32_t)(word & 0xffffu);
}
GD_RT INLINE uint32_t joined(const float halves[2]) { return (uint32_t)halves[0] << 16 | (uint32_t)halves[1]; }

GD_RT INLINE float param_at(const GdBlock *b, uint32_t parameter, uint32_t i, uint32_t l)
{
    return lane_of(b->param[parameter], i * b->stride[parameter], l);
}

GD_RT INLINE float first_lane(Lanes x) { return LANE(x, 0); }

/* Draw `which` of grain `count`, from -1 to 1. */
GD_RT INLINE float draw(uint32_t seed, uint32_t count, uint32_t which)
{
    return (float)((int32_t)hash_word(hash_word(count * DRAWS + which) ^ seed) >> 8) * 0x1p-23f;
}

/* Where a grain of `length` frames at `step` begins: all it reads has been recorded when it starts and is not written over
 * before it ends, whatever is frozen in between. */
GD_RT INLINE void place_live(Grain *g, const Source *s, uint32_t written, float back, float step, float length)
{
    float ahead = step > 0.0f ? step * length : 0.0f, behind = step < 0.0f ? -step * length : 0.0f;
    float longest = (float)s->ring_frames - length - behind - 2.0f * GD_SLICE - MARGIN;
    back = back < ahead + MARGIN ? ahead + MARGIN : back;
    back = back > longest ? longest : back;
    uint32_t whole = (uint32_t)back;
    split(g->at, written - 2u - whole);
    g->at_part = 1.0f - (back - (float)whole);
}

GD_RT INLINE void place_in_file(Grain *g, const Source *s, float at, float step, float length)
{
    float first = step < 0.0f ? -step * length : 0.0f;
    float last = (float)s->file_frames - 1.0f - (step > 0.0f ? step * length : 0.0f);
    at = at > last ? last : at;
    at = at < first ? first : at;
    uint32_t whole = (uint32_t)at;
    split(g->at, whole);
    g->at_part = at - (float)whole;
}

/* Frame `i` starts a grain, if its place is free. */
GD_RT static void start_grain(Clock *clock, const Source *source, const GdBlock *b, uint32_t i, uint32_t l)
{
    const uint32_t count = clock->count, place = count % GRAINS, seed = b->seed[l];
    Grain g = grain_at(source, place);
    const bool file = b->choice[SOURCE] == FROM_FILE;
    if (g.length > 0.0f || (file && source->file_frames < 64))
        return;
    clock->count = count + 1;
    const float rate = b->sample_rate_hz;
    float semitones = param_at(b, PITCH_SEMITONES, i, l) + param_at(b, PITCH_JITTER, i, l) * draw(seed, count, 0);
    semitones = semitones > 36.0f ? 36.0f : semitones < -36.0f ? -36.0f : semitones;
    float step = first_lane(exp2_lanes(lanes(semitones * (1.0f / 12.0f))));
    float size = param_at(b, SIZE_S, i, l) * rate;
    float length = size * (1.0f + 0.9f * param_at(b, SIZE_JITTER, i, l) * draw(seed, count, 1));
    float room = file ? ((float)source->file_frames - 1.0f) / step : 0.45f * (float)source->ring_frames / (1.0f + step);
    length = length < room ? length : room;
    length = length > 1.0f ? (float)(int32_t)length : 1.0f;
    if (draw(seed, count, 2) * 0.5f + 0.5f < param_at(b, REVERSE, i, l))
        step = -step;
    float wander = param_at(b, POSITION_JITTER_S, i, l) * rate * draw(seed, count, 3), position = param_at(b, POSITION, i, l);
    if (file)
        place_in_file(&g, source, position * (float)source->file_frames + wander, step, length);
    else
        place_live(&g, source, clock->written, position * (float)source->ring_frames + wander, step, length);
    g.step = step;
    split(g.start, (uint32_t)b->time + i);
    g.length = length;
    float smooth = param_at(b, SMOOTH, i, l) * 0.5f * length, skew = param_at(b, SKEW, i, l);
    float edge = 0.5f * length < EDGE ? 0.5f * length : EDGE;
    g.rise = smooth * (1.0f + skew) > edge ? smooth * (1.0f + skew) : edge;
    g.fall = smooth * (1.0f - skew) > edge ? smooth * (1.0f - skew) : edge;
    float overlap = param_at(b, DENSITY_HZ, i, l) * param_at(b, SIZE_S, i, l);
    float level = overlap > 1.0f ? first_lane(lanes_sqrt(lanes(1.0f / overlap))) : 1.0f;
    Lanes aside = lanes(0.125f * param_at(b, SPREAD, i, l) * draw(seed, count, 4));
    g.left = level * 1.41421356f * first_lane(sine_quarter(0.125f - aside));
    g.right = level * 1.41421356f * first_lane(sine_quarter(0.125f + aside));
    g.from_file = file ? 1.0f : 0.0f;
    keep_grain(source, place, &g);
}

/* The clock of the grains, frame by frame, and the recording of what comes in. */
GD_RT INLINE void run_clock(Clock *c, const Source *source, const GdBlock *b, const Lanes *left, const Lanes *right, uint32_t l)
{
    const uint32_t mask = source->ring_frames - 1;
    const float fade = b->seconds_per_frame * (1.0f / FREEZE_FADE_S);
    for (uint32_t i = 0; i < b->frames; ++i) {
        float level = c->recording + (param_at(b, FREEZE, i, l) >= 0.5f ? -fade : fade);
        c->recording = level = level < 0.0f ? 0.0f : level > 1.0f ? 1.0f : level;
        if (level > 0.0f) {
            uint32_t at = c->written++ & mask;
            source->ring[0][at] = level * lane_of(left, i, l);
            source->ring[1][at] = level * lane_of(right, i, l);
        }
        int32_t open = lane_of(b->in[TRIGGER], i, l) >= 0.5f;
        if (open && !c->open)
            start_grain(c, source, b, i, l);
        c->open = open;
        float due = c->due, clock = c->clock + param_at(b, DENSITY_HZ, i, l) * b->seconds_per_frame;
        if (clock >= due && clock > 0.0f) {
            uint32_t before = c->count;
            start_grain(c, source, b, i, l);
            clock = clock - due < 1.0f ? clock - due : 0.0f;
            c->due = 1.0f + param_at(b, TIMING_JITTER, i, l) * draw(b->seed[l], before, 5);
        }
        c->clock = clock;
    }
}

GD_RT INLINE float cubic(float a, float b, float c, float d, float t) /* Catmull and Rom */
{
    float slope = 0.5f * (c - a), bend = 0.5f * (d - a) - 1.5f * (c - b);
    return b + t * (slope + t * ((c - b) - slope - bend + t * bend));
}

/* The raised cosine from 0 to 1 as u does: the sine of half a turn about its middle, to 1e-6. */
GD_RT INLINE float raised(float u)
{
    float t = 0.5f * u - 0.25f, z = t * t, zz = z * z;
    float upper = (81.6022311f + z * -76.5749892f) + zz * 39.7108963f;
    return 0.5f + 0.5f * t * ((6.28318527f + z * -41.3416775f) + zz * upper);
}

/* Four samples around each of `count` places, and the fraction of each. A piece that lies on both sides of a ring's end is
 * copied together; what no grain reaches, at 8 frames a frame and some to spare, need not be. */
GD_RT INLINE void read_piece(float x[2][4][GD_SLICE], float *t, float *const *data, uint32_t mask, int64_t at, int64_t step,
                             uint32_t count)
{
    enum { LONGEST = 8 * GD_SLICE + 16 };
    float joint[2][LONGEST];
    const int64_t last = at + step * (int64_t)(count - 1), low = ((step < 0 ? last : at) >> 32) - 1;
    const uint32_t length = (uint32_t)(((step < 0 ? at : last) >> 32) + 3 - low), begin = (uint32_t)low & mask;
    const float *from[2] = {data[0] + begin, data[1] + begin};
    if (mask != 0xffffffffu && begin + length > mask + 1) {
        for (uint32_t c = 0; c < 2; from[c] = joint[c], ++c)
            for (uint32_t k = 0; k < length && k < LONGEST; ++k)
                joint[c][k] = data[c][(begin + k) & mask];
    } else if (mask == 0xffffffffu) /* a file has frames before its first */
        from[0] = data[0] + low, from[1] = data[1] + low;
    int64_t place = (int64_t)((uint64_t)at - ((uint64_t)(low + 1) << 32));
    for (uint32_t i = 0; i < count; ++i, place += step) {
        const uint32_t whole = (uint32_t)(place >> 32);
        for (int k = 0; k < 4; ++k) {
            x[0][k][i] = from[0][whole + k];
            x[1][k][i] = from[1][whole + k];
        }
        t[i] = (float)(int32_t)((uint32_t)place >> 8) * 0x1p-24f;
    }
}

/* Add a grain to the frames of a slice that it sounds in. */
GD_RT static void add_grain(const Grain *g, const Source *s, const GdBlock *b, float *restrict left, float *restrict right)
{
    const uint32_t age = (uint32_t)b->time - joined(g->start), born = age >> 31 ? -age : 0, first = age >> 31 ? 0 : age;
    const uint32_t length = (uint32_t)g->length;
    if (first >= length || born >= b->frames)
        return;
    const uint32_t count = length - first < b->frames - born ? length - first : b->frames - born;
    const int64_t step = (int64_t)(g->step * 0x1p32f);
    const int64_t at = (int64_t)((uint64_t)joined(g->at) << 32) + (int64_t)(g->at_part * 0x1p32f) + step * first;
    float x[2][4][GD_SLICE], t[GD_SLICE];
    if (g->from_file > 0.0f)
        read_piece(x, t, s->file, 0xffffffffu, at, step, count);
    else
        read_piece(x, t, s->ring, s->ring_frames - 1, at, step, count);
    const float up = 1.0f / g->rise, down = 1.0f / g->fall, begin = (float)(int32_t)first + 0.5f, end = g->length;
    const float left_level = g->left, right_level = g->right;
    left += born;
    right += born;
    for (int32_t i = 0; i < (int32_t)count; ++i) {
        float since = begin + (float)i, until = end - since;
        float rise = since * up, fall = until * down, u = rise < fall ? rise : fall;
        float level = raised(u < 1.0f ? u : 1.0f);
        left[i] += left_level * level * cubic(x[0][0][i], x[0][1][i], x[0][2][i], x[0][3][i], t[i]);
        right[i] += right_level * level * cubic(x[1][0][i], x[1][1][i], x[1][2][i], x[1][3][i], t[i]);
    }
}

GD_RT INLINE void run_lane(State *s, const GdBlock *b, const Lanes *in_left, const Lanes *in_right, uint32_t l)
{
    const Source source = source_of(b, l);
    if (!source.ring_frames)
        return;
    for (uint32_t place = 0; b->offset == 0 && place < GRAINS; ++place) {
        Grain g = grain_at(&source, place); /* places are given back between cells only: order must not hang on slices */
        if (g.length > 0.0f && (uint32_t)b->time - joined(g.start) >= (uint32_t)g.length) {
            g.length = 0.0f;
            keep_grain(&source, place, &g);
        }
    }
    Clock clock = {LANE(s->clock, l), LANE(s->due, l), LANE(s->recording, l), LANE(s->count, l), LANE(s->written, l),
                   LANE(s->open, l)};
    run_clock(&clock, &source, b, in_left, in_right, l);
    LANE(s->clock, l) = clock.clock, LANE(s->due, l) = clock.due, LANE(s->recording, l) = clock.recording;
    LANE(s->count, l) = clock.count, LANE(s->written, l) = clock.written, LANE(s->open, l) = clock.open;
    float left[GD_SLICE] = {0}, right[GD_SLICE] = {0};
    for (uint32_t place = 0; place < GRAINS; ++place) {
        Grain g = grain_at(&source, place);
        if (g.length > 0.0f)
            add_grain(&g, &source, b, left, right);
    }
    for (uint32_t i = 0; i < b->frames; ++i) {
        lane_set(b->out[LEFT_OUT], i, l, left[i]);
        lane_set(b->out[RIGHT_OUT], i, l, right[i]);
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Lanes left[GD_SLICE], right[GD_SLICE];
    for (uint32_t i = 0; i < b->frames; ++i) {
        left[i] = finite_or_zero(b->in[LEFT_IN][i]);
        right[i] = finite_or_zero(b->in[RIGHT_IN][i]);
        b->out[LEFT_OUT][i] = b->out[RIGHT_OUT][i] = lanes(0.0f);
    }
    for (uint32_t l = 0; l < b->lanes; ++l)
        run_lane(s, b, left, right, l);
    for (uint32_t i = 0; i < b->frames; ++i) {
        Lanes gain = MOVES(b, GAIN_DB) ? db_to_level(b->param[GAIN_DB][i]) : s->gain;
        Lanes wet = b->param[MIX][i * b->stride[MIX]], dry = 1.0f - wet;
        b->out[LEFT_OUT][i] = dry * left[i] + wet * gain * b->out[LEFT_OUT][i];
        b->out[RIGHT_OUT][i] = dry * right[i] + wet * gain * b->out[RIGHT_OUT][i];
    }
}

/* Never skipped: the grains' clock goes on, what comes in is recorded even where it is silence, and a recording or what
 * was frozen sounds of itself. */
KERNEL(.effort = 1600, .prepare = prepare)
