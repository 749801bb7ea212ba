/* matrix: six sources to six places, each pair with a level of its own. */
#define NODE matrix
#define INS P(IN1, "in1") P(IN2, "in2") P(IN3, "in3") P(IN4, "in4") P(IN5, "in5") P(IN6, "in6")
#define OUTS P(OUT1, "out1") P(OUT2, "out2") P(OUT3, "out3") P(OUT4, "out4") P(OUT5, "out5") P(OUT6, "out6")
#define PARAMS \
    P(L11, "level1_1") P(L12, "level1_2") P(L13, "level1_3") \
    P(L14, "level1_4") P(L15, "level1_5") P(L16, "level1_6") \
    P(L21, "level2_1") P(L22, "level2_2") P(L23, "level2_3") \
    P(L24, "level2_4") P(L25, "level2_5") P(L26, "level2_6") \
    P(L31, "level3_1") P(L32, "level3_2") P(L33, "level3_3") \
    P(L34, "level3_4") P(L35, "level3_5") P(L36, "level3_6") \
    P(L41, "level4_1") P(L42, "level4_2") P(L43, "level4_3") \
    P(L44, "level4_4") P(L45, "level4_5") P(L46, "level4_6") \
    P(L51, "level5_1") P(L52, "level5_2") P(L53, "level5_3") \
    P(L54, "level5_4") P(L55, "level5_5") P(L56, "level5_6") \
    P(L61, "level6_1") P(L62, "level6_2") P(L63, "level6_3") \
    P(L64, "level6_4") P(L65, "level6_5") P(L66, "level6_6")
#include "kernel.h"

typedef struct { Lanes unused; } State;

INLINE bool nothing(Lanes level, uint32_t in_use)
{
    bool zero = true;
    for (uint32_t l = 0; l < in_use; ++l)
        zero &= LANE(level, l) == 0.0f;
    return zero;
}

/* A pair whose level is 0 in all lanes costs nothing. */
INLINE void add_pair(const GdBlock *b, uint32_t from, uint32_t parameter, Lanes *restrict out)
{
    const Lanes *restrict in = b->in[from], *restrict level = b->param[parameter];
    if (SILENT(b, from) || (!MOVES(b, parameter) && nothing(level[0], b->lanes)))
        return;
    const uint32_t stride = b->stride[parameter];
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] += in[i] * level[i * stride];
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    for (uint32_t to = 0; to < OUT_COUNT; ++to) {
        for (uint32_t i = 0; i < b->frames; ++i)
            b->out[to][i] = lanes(0.0f);
        for (uint32_t from = 0; from < IN_COUNT; ++from)
            add_pair(b, from, from * OUT_COUNT + to, b->out[to]);
    }
}

KERNEL(.flags = GD_STATELESS)
