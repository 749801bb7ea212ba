/* The tempo of the piece, for what goes with it: where it stands in beats, and how fast it goes. Audio thread. */
#ifndef GD_DSP_SONG_H
#define GD_DSP_SONG_H

#include "../block.h"
#include "../timeline.h"
#include "fine_phase.h"
#include "gate.h"
#include "tempo.h"

#define GD_TICKS_PER_BEAT 960.0

/* A parameter `tempo_bpm` below this means the tempo of the piece. */
#define GD_SLOWEST_BPM 1.0f

/* The place of a frame of this slice in the piece; it stands still where the transport does. */
GD_RT static inline double song_position(const GdBlock *b, uint32_t i)
{
    return (double)(b->transport->position + (b->transport->rolling ? i : 0));
}

GD_RT static inline double song_tick(const GdBlock *b, uint32_t i) { return gd_tick_at(b->transport->timeline, song_position(b, i)); }

/* Quarter notes a minute at a frame of this slice. */
GD_RT static inline double song_bpm(const GdBlock *b, uint32_t i) { return gd_bpm_at(b->transport->timeline, song_position(b, i)); }

/* A note length of the choice `sync` in ticks, of which all are whole. */
GD_RT static inline double song_ticks_of_sync(uint32_t choice) { return floor(GD_TICKS_PER_BEAT * (double)beats_of_sync(choice) + 0.5); }

/* Frames from one of this slice on until so many ticks have gone, at the tempos on the way. */
GD_RT static inline double song_frames(const GdBlock *b, uint32_t i, double ticks)
{
    const GdTimeline *t = b->transport->timeline;
    const double position = song_position(b, i);
    if (!b->transport->rolling)
        return ticks * t->frames_per_beat_minute / gd_bpm_at(t, position);
    const double tick = gd_tick_at(t, position) + ticks;
    const GdTempoSpan *span = gd_span_at_tick(t, tick);
    return span->frame + gd_frames_in_span(t, span, tick - span->tick) - position;
}

/* --- nodes that have a tempo of their own, or that of the piece --- */

/* The lanes that go by the piece. */
INLINE Ints follows_song(Lanes tempo_bpm) { return lanes_less(tempo_bpm, lanes(GD_SLOWEST_BPM)); }

/* The tempo that counts at a frame of this slice. In `reset` nobody knows the piece's: it is 0 then. */
INLINE Lanes tempo_or_song(const GdBlock *b, Lanes tempo_bpm, uint32_t i)
{
    const Ints follows = follows_song(tempo_bpm);
    if (!any_lane(follows))
        return tempo_bpm;
    return lanes_where(follows, lanes(b->transport ? (float)song_bpm(b, i) : 0.0f), tempo_bpm);
}

/* What turns once in so many beats since the start of the piece: its phase at a frame of this slice, and its whole turns. It
 * is pushed on by a ten-thousandth of a frame, so that rounding never makes a beat that falls on a frame late. */
INLINE FinePhase song_phase(const GdBlock *b, uint32_t i, double beats, Words *turns)
{
    const double at = (song_tick(b, i) * (1.0 / GD_TICKS_PER_BEAT) + 0x1p-28) / beats, whole = floor(at);
    const uint64_t part = (uint64_t)((at - whole) * 0x1p64);
    *turns = (Words){0} + (uint32_t)(uint64_t)whole;
    return (FinePhase){(Words){0} + (uint32_t)(part >> 32), (Words){0} + (uint32_t)part};
}

#endif
