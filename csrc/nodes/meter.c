/* meter: passes its source on and publishes its levels once a cell, for any thread to read. */
#define NODE meter
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#include "kernel.h"
#include "dsp/math.h"

enum { PEAK, RMS, HELD, CLEAR, READINGS }; /* floats in a lane's memory; a reader sets CLEAR to begin a new HELD */

typedef struct {
    Lanes cell_peak, cell_energy; /* of the cell so far */
    Lanes peak, mean_square, held;
} State;

/* Fallback of the peak as IEC 60268-10 type I asks: 20 dB in 1.7 s. */
static const float fall_db_per_second = 20.0f / 1.7f;
static const float rms_seconds = 0.3f; /* time constant, as of a VU meter */

INLINE void publish(const GdMemory *memory, int reading, float value)
{
    __atomic_store(memory->data + reading, &value, __ATOMIC_RELAXED);
}

INLINE bool asked_to_clear(const GdMemory *memory)
{
    float asked, zero = 0.0f;
    __atomic_load(memory->data + CLEAR, &asked, __ATOMIC_RELAXED);
    if (asked == 0.0f)
        return false;
    __atomic_store(memory->data + CLEAR, &zero, __ATOMIC_RELAXED);
    return true;
}

INLINE void end_cell(State *s, const GdBlock *b)
{
    const float cell_s = GD_SLICE * b->seconds_per_frame;
    const Lanes fall = db_to_level(lanes(-fall_db_per_second * cell_s)), keep = exp_lanes(lanes(-cell_s / rms_seconds));
    const Lanes mean = lanes_min(s->cell_energy * (1.0f / GD_SLICE), lanes(1e12f)); /* also of what is not a number */
    s->peak = lanes_max(s->cell_peak, s->peak * fall);
    s->mean_square = mean + keep * (s->mean_square - mean);
    for (uint32_t l = 0; l < b->lanes; ++l)
        if (b->memory[l] && asked_to_clear(b->memory[l]))
            LANE(s->held, l) = 0.0f;
    s->held = lanes_max(s->cell_peak, s->held);
    const Lanes rms = lanes_sqrt(s->mean_square);
    for (uint32_t l = 0; l < b->lanes; ++l)
        if (b->memory[l]) {
            publish(b->memory[l], PEAK, LANE(s->peak, l));
            publish(b->memory[l], RMS, LANE(rms, l));
            publish(b->memory[l], HELD, LANE(s->held, l));
        }
    s->cell_peak = s->cell_energy = lanes(0.0f);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    const Lanes *restrict in = b->in[IN];
    Lanes *restrict out = b->out[OUT];
    Lanes peak = s->cell_peak, energy = s->cell_energy;
    for (uint32_t i = 0; i < b->frames; ++i) {
        out[i] = in[i];
        peak = lanes_max(peak, lanes_abs(in[i]));
        energy += in[i] * in[i];
    }
    s->cell_peak = peak;
    s->cell_energy = energy;
    if (b->offset + b->frames == GD_SLICE)
        end_cell(s, b);
}

KERNEL(.flags = GD_SINK)
