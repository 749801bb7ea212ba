/* metronome: a click on every beat of the piece, higher on the first one of a bar. Before the piece rolls it counts in, with the
 * beats that would lead to where it begins. */
#define NODE metronome
#define OUTS P(OUT, "out")
#define PARAMS P(GAIN_DB, "gain_db")
#define CHOICES P(WHEN, "when")
#include "kernel.h"
#include "dsp/math.h"
#include "timeline.h"

enum { ALWAYS, COUNTING_IN };

#define BEAT_HZ 1000.0
#define BAR_HZ 1600.0
#define DECAY_S 0.012

typedef struct {
    double turns, step;    /* of the click's sine, a frame */
    double level, fall;    /* and its level, which falls by that factor a frame */
} Work;

typedef struct { Lanes gain; } State;

GD_RT static void prepare(void *state, const GdBlock *b) { ((State *)state)->gain = db_to_level(b->param[GAIN_DB][0]); }

/* The first tick of a beat that is not before `tick`, and whether it begins a bar. */
GD_RT static double beat_from(const GdTimeline *t, double tick, bool *bar)
{
    const GdBars *bars = gd_bars_at(t, tick);
    double beat = ceil((tick - bars->tick) / bars->beat_ticks - 1e-6);
    const double per_bar = bars->bar_ticks / bars->beat_ticks;
    const double at = bars->tick + beat * bars->beat_ticks;
    const GdBars *then = gd_bars_at(t, at);
    if (then != bars) {
        *bar = true;
        return then->tick;
    }
    *bar = fabs(beat - per_bar * floor(beat / per_bar + 1e-6)) < 1e-3;
    return at;
}

/* The next beat's frame in this slice, from `from` on; `frames` where there is none. */
GD_RT static uint32_t next_beat(const GdBlock *b, uint32_t from, bool *bar)
{
    const GdTransport *t = b->transport;
    const double position = (double)t->position - (double)t->count_in + from;
    double tick = gd_tick_at(t->timeline, position);
    for (int tries = 0; tries < 3; ++tries) {
        const double beat = beat_from(t->timeline, tick, bar);
        const double at = (double)gd_frame_of(t->timeline, beat) - ((double)t->position - (double)t->count_in);
        if (at >= b->frames)
            return b->frames;
        if (at >= from)
            return (uint32_t)at;
        tick = beat + 1.0;
    }
    return b->frames;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    const float gain = LANE(((State *)state)->gain, 0);
    const bool counts = b->transport->count_in != 0, on = counts || (b->transport->rolling && b->choice[WHEN] == ALWAYS);
    Lanes *out = b->out[OUT];
    if (!b->memory[0])
        return;
    Work w = *(Work *)b->memory[0]->data;
    bool bar = false;
    uint32_t beat = on ? next_beat(b, 0, &bar) : b->frames;
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (i == beat) {
            const double rate = (double)b->sample_rate_hz;
            w = (Work){.step = (bar ? BAR_HZ : BEAT_HZ) / rate, .level = 1.0, .fall = exp(-1.0 / (DECAY_S * rate))};
            beat = next_beat(b, i + 1, &bar);
        }
        w.level = w.level < 1e-7 ? 0.0 : w.level;
        const double turns = w.turns - floor(w.turns);
        out[i] = lanes((float)(w.level * sin(6.283185307179586 * turns)) * gain);
        w.turns += w.step;
        w.level *= w.fall;
    }
    *(Work *)b->memory[0]->data = w;
}

KERNEL(.flags = GD_ALONE, .work_floats = sizeof(Work) / 4, .prepare = prepare)
