/* audio_file: plays a recording that the disk side streams into a ring, at any speed. Audio thread; the ring's other end is
 * a disk thread.
 *
 * At its own speed, frame f of the stream plays f frames after the node began, whatever the disk does, so channels that
 * run in different packs never part. `written` is acquired before data is read; each channel releases what it is done with,
 * which lies before the slice being played: what the slowest channel still has to read is not given back yet. */
#define NODE audio_file
#define OUTS P(OUT, "out")
#define PARAMS P(GAIN_DB, "gain_db") P(SPEED, "speed")
#define CHOICES P(LOOP, "loop")
#include "kernel.h"
#include "dsp/lane.h"
#include "dsp/math.h"
#include "dsp/sinc.h"

typedef struct {
    Words part, frame, frame_high; /* next place of the stream: 2^-32 frames, and frames */
    Lanes level, change;           /* falls while the disk is late, rises when it is back: how much a frame */
    Lanes gain;
} State;

enum {
    FADE = GD_SLICE, /* frames: a lack is noticed this long before it is heard */
    REACH = 40,      /* frames either side of a place that are read at the highest speed */
};
#define SLOWEST 0.02f /* below this speed the sound fades, so that a tape at rest is silent */

GD_RT static void reset(void *state, const GdBlock *b)
{
    State *s = state;
    s->level = lanes(1.0f);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        if (!b->memory[l] || !b->memory[l]->stream)
            continue;
        uint64_t begin = atomic_load_explicit(&b->memory[l]->stream->consumed, memory_order_relaxed);
        LANE(s->frame, l) = (uint32_t)begin;
        LANE(s->frame_high, l) = (uint32_t)(begin >> 32);
    }
}

GD_RT static void prepare(void *state, const GdBlock *b) { ((State *)state)->gain = db_to_level(b->param[GAIN_DB][0]); }

typedef struct { /* one lane's place in its ring */
    const GdMemory *memory;
    uint64_t frame, until; /* frames; `until`: nothing from here on */
    uint32_t part;
    float level, change;
} Head;

GD_RT INLINE float frame_at(const Head *h, int64_t frame)
{
    return frame >= 0 && (uint64_t)frame < h->until ? h->memory->data[(uint64_t)frame & (h->memory->frames - 1)] : 0.0f;
}

/* Between frames: sixteen taps of a sinc. Faster than recorded, as many more as the sinc is wider then, whose cutoff falls
 * so that what folds back lands above 0.44 of the rate. */
GD_RT static float value_at(const Head *h, float speed)
{
    const float t = (float)(int32_t)(h->part >> 8) * 0x1p-24f;
    float x[2 * REACH];
    if (speed <= 1.0f) {
        if (h->part < 256)
            return frame_at(h, (int64_t)h->frame);
        for (int k = 0; k < SINC_TAPS; ++k)
            x[k] = frame_at(h, (int64_t)h->frame + k - SINC_BEFORE);
        return sinc16(x, t);
    }
    const float eased = (speed - 1.0f) * (1.0f / 0.06f), wider = speed * (1.0f + 0.16f * (eased < 1.0f ? eased : 1.0f));
    const float narrower = 1.0f / wider;
    const int reach = (int)(8.0f * wider) + 1;
    float sum = 0.0f;
    for (int k = 1 - reach; k <= reach; ++k)
        sum += sinc_at(((float)k - t) * narrower) * frame_at(h, (int64_t)h->frame + k);
    return sum * narrower;
}

/* Frames that a channel does not want any more; a slice in which the first was `short_of` some is counted. */
GD_RT INLINE void give_back(GdStream *stream, uint32_t channel, uint64_t begin, bool short_of)
{
    const uint64_t kept = begin > REACH ? begin - REACH : 0;
    if (channel) {
        atomic_store_explicit(&stream->others[channel - 1], kept, memory_order_release);
        return;
    }
    if (short_of)
        atomic_fetch_add_explicit(&stream->underruns, 1, memory_order_relaxed);
    const uint64_t before = atomic_load_explicit(&stream->consumed, memory_order_relaxed);
    atomic_store_explicit(&stream->consumed, kept > before ? kept : before, memory_order_release);
}

/* Play a slice. At its own speed and on a frame, samples come out as they are. */
GD_RT INLINE void run_lane(Head *h, const GdBlock *b, uint32_t l)
{
    GdStream *stream = h->memory->stream;
    Lanes *restrict out = b->out[OUT];
    const Lanes *restrict speeds = b->param[SPEED];
    const uint32_t stride = b->stride[SPEED];
    float way = stride ? 0.0f : lane_of(speeds, 0, l) * (float)b->frames;
    for (uint32_t i = 0; stride && i < b->frames; ++i)
        way += lane_of(speeds, i * stride, l);
    const uint64_t begin = h->frame, end = begin + (uint64_t)way + 1;
    const bool plain = lane_of(speeds, 0, l) == 1.0f && way == (float)b->frames && h->part == 0;
    const uint64_t needed = plain ? begin + b->frames : end + REACH;
    uint64_t ends_at = atomic_load_explicit(&stream->ends_at, memory_order_relaxed);
    uint64_t written = atomic_load_explicit(&stream->written, memory_order_acquire);
    if (b->offset == 0 || h->change == 0.0f) { /* once a cell, so that slices do not matter */
        uint64_t ahead = begin + (uint64_t)(lane_of(speeds, 0, l) * (GD_SLICE + FADE)) + (plain ? 0 : REACH);
        h->change = (written >= (ahead < ends_at ? ahead : ends_at) ? 1.0f : -1.0f) / FADE;
    }
    h->until = written < ends_at ? written : ends_at;
    if (plain && h->level == 1.0f && h->change > 0.0f && h->until >= needed) {
        const float *data = h->memory->data;
        const uint32_t mask = h->memory->frames - 1, first = (uint32_t)begin;
        for (uint32_t i = 0; i < b->frames; ++i)
            lane_set(out, i, l, data[(first + i) & mask]);
        h->frame += b->frames;
    } else
        for (uint32_t i = 0; i < b->frames; ++i) {
            float speed = lane_of(speeds, i * stride, l), moving = speed * (1.0f / SLOWEST);
            lane_set(out, i, l, value_at(h, speed) * (h->level * (moving < 1.0f ? moving : 1.0f)));
            h->level += h->change;
            h->level = h->level < 0.0f ? 0.0f : h->level > 1.0f ? 1.0f : h->level;
            uint64_t step = (uint64_t)(speed * 0x1p30f) << 2, next = h->part + (step & 0xffffffffu);
            h->part = (uint32_t)next;
            h->frame += (step >> 32) + (next >> 32);
        }
    if (b->channel[l] < GD_STREAM_CHANNELS)
        give_back(stream, b->channel[l], begin, written < (needed < ends_at ? needed : ends_at));
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Lanes *restrict out = b->out[OUT];
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = lanes(0.0f);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        if (!b->memory[l] || !b->memory[l]->stream)
            continue;
        Head h = {.memory = b->memory[l], .frame = (uint64_t)LANE(s->frame_high, l) << 32 | LANE(s->frame, l),
                  .part = LANE(s->part, l), .level = LANE(s->level, l), .change = LANE(s->change, l)};
        run_lane(&h, b, l);
        LANE(s->part, l) = h.part;
        LANE(s->frame, l) = (uint32_t)h.frame;
        LANE(s->frame_high, l) = (uint32_t)(h.frame >> 32);
        LANE(s->level, l) = h.level;
        LANE(s->change, l) = h.change;
    }
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] *= MOVES(b, GAIN_DB) ? db_to_level(b->param[GAIN_DB][i]) : s->gain;
}

KERNEL(.reset = reset, .prepare = prepare)
