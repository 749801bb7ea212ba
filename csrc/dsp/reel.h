/* Pieces of recordings on the timeline: which of them sound at a frame, and their sound. Audio thread.
 *
 * A piece's places are worked out in frames when it begins and kept until it ends, so that what plays can go on for a moment
 * when the timeline that placed it is another one. A frame's sound depends on the piece and the frame alone. */
#ifndef GD_DSP_REEL_H
#define GD_DSP_REEL_H

#include "../box.h"
#include "../timeline.h"
#include "math.h"
#include "media.h"

enum { REEL_HEADS = 64 /* pieces of one track that can sound at once */ };

typedef struct { /* a piece that sounds, in frames of the song */
    uint32_t piece;
    int64_t begin, end, origin, clip_begin, clip_end;
} ReelHead;

typedef struct { /* where playing is */
    uint32_t next;   /* the first piece that has not begun */
    uint32_t count;  /* of those that sound, in their order */
    ReelHead head[REEL_HEADS];
} Reel;

typedef struct { /* what is played, and for which channel */
    const GdPieces *pieces;
    const GdPiece *piece;
    struct GdMedia *const *media;
    const GdTimeline *timeline;
    double rate_hz;
    uint32_t channel;
} Track;

/* The frame of a tick, also of one before the piece begins, where the first tempo holds. */
GD_RT static inline int64_t reel_frame_of(const GdTimeline *t, double tick)
{
    return tick >= 0.0 ? gd_frame_of(t, tick) : (int64_t)floor(tick * (t->frames_per_beat_minute / t->spans[0].bpm) + 0.5);
}

GD_RT static void reel_begin(Reel *reel, const Track *track, uint32_t k)
{
    const GdPiece *p = &track->piece[k];
    const GdTimeline *t = track->timeline;
    const ReelHead head = {k, gd_frame_of(t, p->at), gd_frame_of(t, p->end), reel_frame_of(t, p->origin),
                           gd_frame_of(t, p->clip_at), gd_frame_of(t, p->clip_end)};
    if (reel->count < REEL_HEADS)
        reel->head[reel->count++] = head;
}

/* Find what sounds at a frame: what has begun before it and not ended, and what is next. */
GD_RT static void reel_seek(Reel *reel, const Track *track, int64_t frame)
{
    const GdPieces *pieces = track->pieces;
    uint32_t lo = 0, hi = pieces->count;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (gd_frame_of(track->timeline, track->piece[mid].at) < frame)
            lo = mid + 1;
        else
            hi = mid;
    }
    const uint32_t next = lo;
    const double tick = gd_tick_at(track->timeline, (double)frame) - 1.0;
    for (lo = 0, hi = next; lo < hi;) {
        uint32_t mid = (lo + hi) / 2;
        if (track->piece[mid].at + pieces->longest_ticks < tick)
            lo = mid + 1;
        else
            hi = mid;
    }
    reel->next = next;
    reel->count = 0;
    for (; lo < next; ++lo)
        if (track->piece[lo].end >= tick && gd_frame_of(track->timeline, track->piece[lo].end) > frame)
            reel_begin(reel, track, lo);
}

/* --- the sound of a piece --- */

typedef struct { /* one channel of a recording, and how it is gone through */
    Media media;
    MediaPick pick;
    int64_t start, step;   /* 2^-32 frames; 2^-58 frames a frame */
    bool reversed;
} ReelTape;

/* A frame of a copy, silent outside. */
GD_RT static inline float reel_frame(const Media *media, uint32_t copy, int64_t frame)
{
    const int64_t length = copy ? (int64_t)(media->room / MEDIA_GRAIN) * media_length[copy] : media->frames;
    return frame >= 0 && frame < length ? media_copy(media, copy)[frame] : 0.0f;
}

GD_RT static float reel_read_edge(const Media *media, int64_t at, uint32_t copy)
{
    float around[SINC_TAPS];
    const int64_t place = media_in_copy(at, copy);
    for (int k = 0; k < SINC_TAPS; ++k)
        around[k] = reel_frame(media, copy, (place >> 32) + k - SINC_BEFORE);
    return sinc16(around, media_fraction(place));
}

GD_RT static inline float reel_read(const ReelTape *tape, int64_t at)
{
    if (media_inside(&tape->media, at, tape->pick))
        return media_read(&tape->media, at, tape->pick);
    const float value = reel_read_edge(&tape->media, at, tape->pick.copy);
    if (tape->pick.far == 0.0f)
        return value;
    return value + tape->pick.far * (reel_read_edge(&tape->media, at, tape->pick.copy + 1) - value);
}

/* At its own speed samples come out as they are. */
GD_RT static void reel_copy(const ReelTape *tape, int64_t n, uint32_t frames, float *restrict out)
{
    const int64_t length = tape->media.frames, first = (tape->start >> 32) + n;
    int64_t lo = first < 0 ? -first : 0, hi = length - first;
    lo = lo > frames ? frames : lo;
    hi = hi > frames ? frames : hi < lo ? lo : hi;
    for (int64_t i = 0; i < lo; ++i)
        out[i] = 0.0f;
    const float *data = tape->media.data + (tape->reversed ? length - 1 - first : first);
    if (tape->reversed)
        for (int64_t i = lo; i < hi; ++i)
            out[i] = data[-i];
    else
        for (int64_t i = lo; i < hi; ++i)
            out[i] = data[i];
    for (int64_t i = hi; i < frames; ++i)
        out[i] = 0.0f;
}

/* Places are reckoned from the piece's origin, in whole numbers, so they do not depend on how time is cut. */
GD_RT static void reel_resample(const ReelTape *tape, int64_t n, uint32_t frames, float *restrict out)
{
    const int64_t last = (int64_t)(tape->media.frames - 1) << 32;
    for (uint32_t i = 0; i < frames; ++i) {
        const int64_t place = tape->start + (int64_t)((__int128)(n + i) * tape->step >> 26);
        out[i] = reel_read(tape, tape->reversed ? last - place : place);
    }
}

/* Sound of a piece, `n` frames after its origin; false if it is silent there. */
GD_RT static bool reel_sound(const Track *track, const GdPiece *piece, int64_t n, uint32_t frames, float *restrict out)
{
    const struct GdMedia *media = track->media[piece->media];
    if (!media->planes || !media->frames)
        return false;
    float *data = media->data + (size_t)(track->channel % media->planes) * media->frames;
    ReelTape tape = {.media = {data, media->frames, media->frames, media->rate_hz}, .reversed = piece->flags & GD_PIECE_REVERSED};
    if (piece->flags & GD_PIECE_COPIES) {
        tape.media = media_of(&(GdMemory){.data = data, .frames = media->frames, .rate_hz = media->rate_hz});
        tape.pick = media_pick((float)piece->speed);
    }
    const double start = piece->start_s * track->rate_hz, from = start + (double)n * piece->speed;
    if (!tape.media.frames || from > tape.media.frames + 2.0 * SINC_TAPS * piece->speed || start > 0x1p31)
        return false;
    const bool plain = piece->speed == 1.0;
    tape.start = plain ? llrint(start) * ((int64_t)1 << 32) : llrint(start * 0x1p32);
    tape.step = llrint(piece->speed * 0x1p58);
    if (plain)
        reel_copy(&tape, n, frames, out);
    else
        reel_resample(&tape, n, frames, out);
    return true;
}

/* A quarter of a sine from 0 to 1, so that two clips that fade over the same frames keep their power. */
GD_RT static inline float reel_fade(int64_t frames, double length)
{
    const double t = (double)frames / length;
    const Lanes level = sine_quarter(lanes((float)(0.25 * t)));
    return t < 1.0 ? LANE(level, 0) : 1.0f;
}

GD_RT static void reel_fades(const ReelHead *head, const GdPiece *piece, double rate_hz, int64_t from, uint32_t frames, float *x)
{
    const double in = piece->fade_in_s * rate_hz, out = piece->fade_out_s * rate_hz;
    if (in > 0.0 && (double)(from - head->clip_begin) < in)
        for (uint32_t i = 0; i < frames; ++i)
            x[i] *= reel_fade(from + i - head->clip_begin, in);
    if (out > 0.0 && (double)(head->clip_end - from - frames) < out)
        for (uint32_t i = 0; i < frames; ++i)
            x[i] *= reel_fade(head->clip_end - from - i, out);
}

GD_RT static void reel_add(const Track *track, const ReelHead *head, int64_t from, uint32_t frames, float *restrict out)
{
    const GdPiece *piece = &track->piece[head->piece];
    float x[GD_SLICE];
    const int64_t lo = head->begin > from ? head->begin : from, hi = head->end < from + frames ? head->end : from + frames;
    if (lo >= hi)
        return;
    const uint32_t count = (uint32_t)(hi - lo);
    if (!reel_sound(track, piece, lo - head->origin, count, x))
        return;
    reel_fades(head, piece, track->rate_hz, lo, count, x);
    out += lo - from;
    for (uint32_t i = 0; i < count; ++i)
        out[i] += x[i] * piece->gain;
}

/* Add what sounds in up to GD_SLICE frames; with `begins`, pieces that begin in them too. */
GD_RT static void reel_run(Reel *reel, const Track *track, int64_t from, uint32_t frames, bool begins, float *restrict out)
{
    while (begins && reel->next < track->pieces->count && gd_frame_of(track->timeline, track->piece[reel->next].at) < from + frames)
        reel_begin(reel, track, reel->next++);
    uint32_t kept = 0;
    for (uint32_t k = 0; k < reel->count; ++k) {
        reel_add(track, &reel->head[k], from, frames, out);
        if (reel->head[k].end > from + frames)
            reel->head[kept++] = reel->head[k];
    }
    reel->count = kept;
}

#endif
