/* tuner: passes its source on and tells which note it is, and how far off. */
#define NODE tuner
#define INS P(IN, "in")
#define OUTS P(OUT, "out") P(NOTE, "note") P(CENTS, "cents")
#define PARAMS P(A4_HZ, "a4_hz")
#include "kernel.h"
#include "dsp/math.h"
#include "dsp/pitch.h"

enum { READ_HZ, READ_NOTE, READ_CENTS, READ_CONFIDENCE }; /* the first floats of a lane's memory */

#define CERTAIN 0.8f

typedef struct { Lanes hz, confidence; } State;

GD_RT INLINE void publish(PitchMemory *m, int reading, float value)
{
    __atomic_store(m->reading + reading, &value, __ATOMIC_RELAXED);
}

GD_RT INLINE Lanes semitones_of(Lanes hz, Lanes a4_hz)
{
    const Lanes semitones = 69.0f + 12.0f * log2_lanes(lanes_max(hz, lanes(1.0f)) / a4_hz);
    return lanes_where(lanes_less(lanes(0.0f), hz), semitones, lanes(0.0f));
}

GD_RT static void look(State *s, const GdBlock *b)
{
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const PitchFound found = pitch_end_cell((PitchMemory *)(void *)b->memory[l]->data, b, 40.0f, 4000.0f);
        if (!found.fresh)
            continue;
        LANE(s->confidence, l) = found.confidence;
        if (found.confidence >= CERTAIN && found.frequency_hz > 0.0f)
            LANE(s->hz, l) = found.frequency_hz;
    }
    const Lanes exact = semitones_of(s->hz, b->param[A4_HZ][(b->frames - 1) * b->stride[A4_HZ]]);
    const Lanes note = lanes_floor(exact + 0.5f), cents = 100.0f * (exact - note);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        PitchMemory *m = (PitchMemory *)(void *)b->memory[l]->data;
        publish(m, READ_HZ, LANE(s->hz, l));
        publish(m, READ_NOTE, LANE(note, l));
        publish(m, READ_CENTS, LANE(cents, l));
        publish(m, READ_CONFIDENCE, LANE(s->confidence, l));
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const bool ends = pitch_take(b, b->in[IN]);
    Lanes exact = semitones_of(s->hz, b->param[A4_HZ][0]);
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (MOVES(b, A4_HZ))
            exact = semitones_of(s->hz, b->param[A4_HZ][i]);
        const Lanes note = lanes_floor(exact + 0.5f);
        b->out[OUT][i] = b->in[IN][i];
        b->out[NOTE][i] = note;
        b->out[CENTS][i] = 100.0f * (exact - note);
    }
    if (ends)
        look(s, b);
}

KERNEL(.effort = 1270, .flags = GD_SINK)
