/* The tempo of the piece, for what goes with it: where it stands in beats, and how fast it goes. Audio thread. */
#ifndef GD_DSP_SONG_H
#define GD_DSP_SONG_H

#include "../block.h"
#include "../timeline.h"
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

#endif
