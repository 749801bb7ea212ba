/* velocity: bends, scales and scatters how hard notes are struck. */
#define NODE velocity
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS                                                                                                   \
    P(CURVE, "curve") P(SCALE, "scale") P(OFFSET, "offset") P(FIX, "fix") P(FIXED, "fixed") P(RANDOM, "random") \
    P(SEED, "seed") P(LOW, "low") P(HIGH, "high")
#include "kernel.h"
#include "dsp/hash.h"
#include "dsp/held.h"
#include "dsp/math.h"

typedef struct { Lanes unused; } State;

#define AT(parameter, i) LANE(b->param[parameter][(i) * b->stride[parameter]], 0)

/* Of the note's own id, so that the same piece is played in the same way every time; from -1 to 1. */
GD_RT static float chance(const GdBlock *b, const GdEvent *on)
{
    const uint32_t seed = (uint32_t)(AT(SEED, on->frame) + 0.5f);
    return (float)(int32_t)hash_word(on->note ^ hash_word(seed ? seed * 0x9e3779b1u : b->seed[0])) * 0x1p-31f;
}

GD_RT static float exp2_of(float x)
{
    Lanes y = exp2_lanes(lanes(x));
    return LANE(y, 0);
}

GD_RT static float power_of(float x, float power)
{
    Lanes octaves = log2_lanes(lanes(x > 1e-6f ? x : 1e-6f));
    return x > 1e-6f ? exp2_of(power * LANE(octaves, 0)) : 0.0f;
}

/* Middle velocities of a curve c become 2^-4^-c: 1/16 at -1, a half at 0, 0.84 at 1. */
GD_RT static float velocity_of(const GdBlock *b, const GdEvent *on)
{
    const uint32_t i = on->frame;
    const float fix = AT(FIX, i), low = AT(LOW, i), high = AT(HIGH, i), played = on->value;
    const float curve = AT(CURVE, i), bent = curve == 0.0f ? played : power_of(played, exp2_of(-2.0f * curve));
    const float shaped = bent * AT(SCALE, i) + AT(OFFSET, i);
    const float value = shaped + fix * (AT(FIXED, i) - shaped) + AT(RANDOM, i) * chance(b, on);
    const float top = high > low ? high : low;
    return value < low ? low : value > top ? top : value;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    const GdEvents *in = events_in(b, IN);
    GdEvents *out = events_out(b, OUT);
    if (!b->memory[0])
        return;
    Held *held = (Held *)b->memory[0]->data;
    for (uint32_t k = 0; k < in->count; ++k) {
        GdEvent event = in->item[k];
        if (event.kind == GD_NOTE_ON) {
            event.value = velocity_of(b, &event);
            held_begin(held, &event, out);
        } else {
            held_pass(held, &event, out);
        }
    }
}

KERNEL(.flags = GD_ALONE, .work_floats = sizeof(Held) / 4, .event_ins = 1u << IN, .event_outs = 1u << OUT)
