/* transport: where the piece is, as signals. Where it stands, all of them do. */
#define NODE transport
#define OUTS                                                                                                                  \
    P(TEMPO_BPM, "tempo_bpm") P(BEAT, "beat") P(BAR, "bar") P(BAR_START, "bar_start") P(POSITION_BEATS, "position_beats") \
    P(ROLLING, "rolling")
#include "kernel.h"
#include "dsp/song.h"

typedef struct { Ints left; } State; /* frames of the trigger that is being sent */

/* The frame of this slice on which a bar begins, from `from` on; none: the slice's end. */
GD_RT static uint32_t next_bar(const GdBlock *b, uint32_t from)
{
    const GdTransport *t = b->transport;
    const double tick = song_tick(b, from);
    const GdBars *bars = gd_bars_at(t->timeline, tick);
    const double first = floor((tick - bars->tick) / bars->bar_ticks) - 1.0;
    for (double k = first < 0.0 ? 0.0 : first; k < first + 4.0; k += 1.0) {
        const double at = bars->tick + k * bars->bar_ticks;
        const GdBars *then = gd_bars_at(t->timeline, at);
        const int64_t frame = gd_frame_of(t->timeline, then != bars ? then->tick : at) - (int64_t)t->position;
        if (frame >= b->frames)
            break;
        if (frame >= from)
            return (uint32_t)frame;
    }
    return b->frames;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const GdTransport *t = b->transport;
    uint32_t bar = t->rolling ? next_bar(b, 0) : b->frames;
    for (uint32_t i = 0; i < b->frames; ++i) {
        const double tick = song_tick(b, i);
        const GdBars *bars = gd_bars_at(t->timeline, tick);
        const double beats = (tick - bars->tick) / bars->beat_ticks, in_bar = (tick - bars->tick) / bars->bar_ticks;
        b->out[TEMPO_BPM][i] = lanes((float)song_bpm(b, i));
        b->out[BEAT][i] = lanes((float)(beats - floor(beats)));
        b->out[BAR][i] = lanes((float)(in_bar - floor(in_bar)));
        b->out[BAR_START][i] = trigger_of(&s->left, i == bar ? (Ints){0} - 1 : (Ints){0}, trigger_frames(b->sample_rate_hz));
        b->out[POSITION_BEATS][i] = lanes((float)(tick / GD_TICKS_PER_BEAT));
        b->out[ROLLING][i] = lanes(t->rolling ? 1.0f : 0.0f);
        if (i == bar)
            bar = next_bar(b, i + 1);
    }
}

KERNEL(.effort = 200)
