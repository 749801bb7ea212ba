/* mix: the sum of eight inlets, each with a level of its own. */
#define NODE mix
#define INS \
    P(IN1, "in1") P(IN2, "in2") P(IN3, "in3") P(IN4, "in4") P(IN5, "in5") P(IN6, "in6") P(IN7, "in7") P(IN8, "in8")
#define OUTS P(OUT, "out")
#define PARAMS \
    P(GAIN1_DB, "gain1_db") P(GAIN2_DB, "gain2_db") P(GAIN3_DB, "gain3_db") P(GAIN4_DB, "gain4_db") \
    P(GAIN5_DB, "gain5_db") P(GAIN6_DB, "gain6_db") P(GAIN7_DB, "gain7_db") P(GAIN8_DB, "gain8_db")
#include "kernel.h"
#include "dsp/math.h"

typedef struct { Lanes level[IN_COUNT]; } State;

GD_RT static void prepare(void *state, const GdBlock *b)
{
    for (uint32_t k = 0; k < IN_COUNT; ++k)
        ((State *)state)->level[k] = db_to_level(b->param[k][0]);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    const State *s = state;
    Lanes *restrict out = b->out[OUT];
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = lanes(0.0f);
    for (uint32_t k = 0; k < IN_COUNT; ++k) {
        const Lanes *restrict in = b->in[k], *restrict gain_db = b->param[k];
        const Lanes level = s->level[k];
        if (SILENT(b, k))
            continue;
        if (MOVES(b, k))
            for (uint32_t i = 0; i < b->frames; ++i)
                out[i] += in[i] * db_to_level(gain_db[i]);
        else
            for (uint32_t i = 0; i < b->frames; ++i)
                out[i] += in[i] * level;
    }
}

KERNEL(.prepare = prepare, .flags = GD_STATELESS)
