/* audio_file: plays a recording that the disk side streams into a ring, at the engine's own rate. Audio thread; the
 * ring's other end is a disk thread.
 *
 * Frame f of the stream plays f frames after the node began, whatever the disk does, so channels that run in different
 * packs never part. `written` is acquired before data is read; `consumed` is released by channel 0 alone, and names the
 * first frame of the slice being played: what other channels may still have to read of it is not given back yet. */
#define NODE audio_file
#define OUTS P(OUT, "out")
#define PARAMS P(GAIN_DB, "gain_db")
#define CHOICES P(LOOP, "loop")
#include "kernel.h"
#include "dsp/math.h"

typedef struct {
    Words frame, frame_high; /* next frame of the stream */
    Lanes level;             /* falls while the disk is late, rises when it is back */
    Lanes gain;
} State;

enum { FADE = GD_SLICE };    /* frames: a lack is noticed this long before it is heard */

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

/* Play `frames` frames from `at`; returns the level after them. */
GD_RT INLINE float run_lane(const GdMemory *memory, const GdBlock *b, uint32_t l, uint64_t at, float level)
{
    GdStream *stream = memory->stream;
    Lanes *restrict out = b->out[OUT];
    uint64_t ends_at = atomic_load_explicit(&stream->ends_at, memory_order_relaxed);
    uint64_t written = atomic_load_explicit(&stream->written, memory_order_acquire);
    uint64_t needed = at + b->frames < ends_at ? at + b->frames : ends_at;
    uint64_t wanted = at + b->frames + FADE < ends_at ? at + b->frames + FADE : ends_at;
    uint64_t until = written < ends_at ? written : ends_at;
    const float change = (written >= wanted ? 1.0f : -1.0f) / FADE, *data = memory->data;
    const uint32_t mask = memory->frames - 1, first = (uint32_t)at;
    const bool plain = level == 1.0f && change > 0.0f && until >= at + b->frames;
    for (uint32_t i = 0; plain && i < b->frames; ++i)
        LANE(out[i], l) = data[(first + i) & mask];
    for (uint32_t i = 0; !plain && i < b->frames; ++i) {
        float sample = at + i < until ? data[(first + i) & mask] : 0.0f;
        LANE(out[i], l) = sample * level;
        level += change;
        level = level < 0.0f ? 0.0f : level > 1.0f ? 1.0f : level;
    }
    if (b->channel[l] == 0) {
        if (written < needed)
            atomic_fetch_add_explicit(&stream->underruns, 1, memory_order_relaxed);
        atomic_store_explicit(&stream->consumed, at, memory_order_release);
    }
    return level;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    Lanes *restrict out = b->out[OUT];
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = lanes(0.0f);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const GdMemory *memory = b->memory[l];
        if (!memory || !memory->stream)
            continue;
        uint64_t at = (uint64_t)LANE(s->frame_high, l) << 32 | LANE(s->frame, l);
        LANE(s->level, l) = run_lane(memory, b, l, at, LANE(s->level, l));
        at += b->frames;
        LANE(s->frame, l) = (uint32_t)at;
        LANE(s->frame_high, l) = (uint32_t)(at >> 32);
    }
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] *= MOVES(b, GAIN_DB) ? db_to_level(b->param[GAIN_DB][i]) : s->gain;
}

KERNEL(.reset = reset, .prepare = prepare)
