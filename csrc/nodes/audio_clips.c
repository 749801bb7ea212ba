/* audio_clips: plays recordings where they lie on the timeline, each sample on its frame.
 *
 * Whatever makes the sound go on elsewhere (a locate, the end of a loop, a stop, an edit of the clips) leaves a tail: what would
 * have come for 5 ms more, less what comes instead, falling to nothing. It is worked out at once, before the old clips and
 * their recordings go home. Where both are the same nothing is added, so what an edit does not touch stays as it was. */
#define NODE audio_clips
#define OUTS P(OUT, "out")
#include "kernel.h"
#include "dsp/reel.h"

enum { TAIL = 2048 /* frames, enough for 5 ms at any rate */ };
#define TAIL_S 0.005f

typedef struct {
    int64_t position;           /* the frame that would come next */
    uint32_t rolled;
    uint32_t tail_next, tail_end;
    Reel reel;
    float tail[TAIL];
} Work;

typedef struct { Lanes unused; } State;

GD_RT static Track track_of(const GdBlock *b, const GdValue *value)
{
    const GdPieces *pieces = value->bytes;
    return (Track){.pieces = pieces, .piece = (const GdPiece *)(pieces + 1), .media = value->media,
                   .timeline = b->transport->timeline, .rate_hz = (double)b->sample_rate_hz, .channel = b->channel[0]};
}

/* What sounds from a frame on for a moment, without going there. */
GD_RT static void foresee(const Reel *reel, const Track *track, int64_t from, uint32_t frames, bool begins, float *out)
{
    Reel copy = *reel;
    for (uint32_t done = 0; done < frames; done += GD_SLICE) {
        const uint32_t part = frames - done < GD_SLICE ? frames - done : GD_SLICE;
        reel_run(&copy, track, from + done, part, begins, out + done);
    }
}

/* What is left of the last tail, and the way from what was to what is. */
GD_RT static void leave(Work *w, const float *was, const float *is, uint32_t frames)
{
    float tail[TAIL];
    const uint32_t left = w->tail_end - w->tail_next;
    for (uint32_t i = 0; i < frames; ++i) {
        const Lanes fall = 0.5f + 0.5f * cosine_of_turns(lanes(0.5f * ((float)i + 0.5f) / (float)frames));
        tail[i] = (i < left ? w->tail[w->tail_next + i] : 0.0f) + LANE(fall, 0) * (was[i] - is[i]);
    }
    memcpy(w->tail, tail, frames * sizeof *tail);
    w->tail_next = 0;
    w->tail_end = frames;
}

/* Go on from another place or with other clips. What begins just now, and not before, begins as it is. */
GD_RT static const GdValue *turn(Work *w, const GdBlock *b, GdBox *box)
{
    float was[TAIL] = {0}, is[TAIL] = {0};
    const GdTransport *t = b->transport;
    const uint32_t wanted = (uint32_t)(TAIL_S * b->sample_rate_hz), frames = wanted < TAIL ? wanted : TAIL;
    const bool edited = w->rolled && t->rolling && !t->jumped;
    if (w->rolled && box->live) {
        const Track track = track_of(b, box->live);
        foresee(&w->reel, &track, w->position, frames, edited, was);
    }
    const GdValue *value = gd_box_value(box);
    if (value && t->rolling) {
        const Track track = track_of(b, value);
        reel_seek(&w->reel, &track, (int64_t)t->position);
        foresee(&w->reel, &track, (int64_t)t->position, frames, edited, is);
    }
    leave(w, was, is, frames);
    return value;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    float out[GD_SLICE] = {0};
    GdBox *box = b->memory[0] ? b->memory[0]->box : 0;
    if (box) {
        Work *w = (Work *)b->memory[0]->data;
        const GdTransport *t = b->transport;
        const bool turns = gd_box_waits(box) || t->jumped || t->rolling != w->rolled;
        const GdValue *value = turns ? turn(w, b, box) : box->live;
        if (value && t->rolling) {
            const Track track = track_of(b, value);
            reel_run(&w->reel, &track, (int64_t)t->position, b->frames, true, out);
        }
        for (uint32_t i = 0; i < b->frames && w->tail_next < w->tail_end; ++i)
            out[i] += w->tail[w->tail_next++];
        w->rolled = t->rolling;
        w->position = (int64_t)t->position + b->frames;
    }
    for (uint32_t i = 0; i < b->frames; ++i)
        b->out[OUT][i] = lanes(out[i]);
}

KERNEL(.effort = 40, .flags = GD_ALONE, .work_floats = sizeof(Work) / 4 + 1)
