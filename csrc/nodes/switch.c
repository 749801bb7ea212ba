/* switch: one of four sources, or a blend of two neighbours; a new choice is reached in 10 ms without a click. */
#define NODE switch
#define INS P(IN1, "in1") P(IN2, "in2") P(IN3, "in3") P(IN4, "in4")
#define OUTS P(OUT, "out")
#define PARAMS P(SELECT, "select")
#include "kernel.h"
#include "dsp/fade.h"

static const float glide_seconds = 0.01f;

typedef struct {
    Lanes select;            /* where the weights are, or are going; negative before the first frame */
    Ints frame;              /* frames since the glide began; negative at rest */
    Glide weight[IN_COUNT];
} State;

/* The weight of inlet `k` at rest: 1 at its own number, falling to 0 at its neighbours'. */
INLINE Lanes share(Lanes select, uint32_t k)
{
    return lanes_max(1.0f - lanes_abs(select - (float)k), lanes(0.0f));
}

INLINE Lanes chosen(const GdBlock *b) { return lanes_clamp(b->param[SELECT][0], lanes(0.0f), lanes(IN_COUNT - 1)); }
INLINE int32_t glide_frames(const GdBlock *b) { return (int32_t)(glide_seconds * b->sample_rate_hz + 0.5f); }

INLINE bool any(Ints mask, uint32_t in_use)
{
    int32_t found = 0;
    for (uint32_t l = 0; l < in_use; ++l)
        found |= LANE(mask, l);
    return found != 0;
}

GD_RT static void reset(void *state, const GdBlock *b)
{
    State *s = state;
    (void)b;
    s->select = lanes(-1.0f); /* a parameter that wires move is not known yet */
    s->frame = (Ints){0} - 1;
}

GD_RT static bool idle(const void *state, const GdBlock *b)
{
    const State *s = state;
    return !any(MASK(s->frame >= 0) | MASK(s->select != chosen(b)), b->lanes);
}

/* Lanes whose choice has changed turn towards it, on the first frame of a cell only, so that slices change nothing. */
INLINE void turn(State *s, const GdBlock *b)
{
    const Lanes select = chosen(b), t = lanes_from_ints(s->frame) * (1.0f / (float)glide_frames(b));
    const Ints turning = MASK(select != s->select), resting = MASK(s->frame < 0);
    for (uint32_t k = 0; k < IN_COUNT; ++k) {
        Glide rest = {{share(s->select, k)}}, now = s->weight[k];
        for (uint32_t j = 0; j < 6; ++j)
            now.c[j] = lanes_where(resting, rest.c[j], now.c[j]);
        Glide next = glide_turn(&now, lanes_where(resting, lanes(0.0f), t), share(select, k));
        for (uint32_t j = 0; j < 6; ++j)
            s->weight[k].c[j] = lanes_where(turning, next.c[j], now.c[j]);
    }
    s->frame &= ~turning;
    s->select = select;
}

/* At rest on one inlet its bits pass unchanged, whatever the others carry. */
INLINE Lanes at_rest(const Lanes in[IN_COUNT], const Lanes weight[IN_COUNT])
{
    const Lanes zero = lanes(0.0f), one = lanes(1.0f);
    Lanes sum = zero;
    for (uint32_t k = 0; k < IN_COUNT; ++k)
        sum += lanes_where(MASK(weight[k] > zero), in[k] * weight[k], zero);
    for (uint32_t k = 0; k < IN_COUNT; ++k)
        sum = lanes_where(lanes_at_least(weight[k], one), in[k], sum);
    return sum;
}

INLINE void hold(const State *s, const GdBlock *b)
{
    const Lanes *restrict in1 = b->in[IN1], *restrict in2 = b->in[IN2];
    const Lanes *restrict in3 = b->in[IN3], *restrict in4 = b->in[IN4];
    Lanes *restrict out = b->out[OUT], weight[IN_COUNT];
    for (uint32_t k = 0; k < IN_COUNT; ++k)
        weight[k] = share(s->select, k);
    for (uint32_t i = 0; i < b->frames; ++i)
        out[i] = at_rest((Lanes[]){in1[i], in2[i], in3[i], in4[i]}, weight);
}

INLINE void glide(State *s, const GdBlock *b)
{
    Lanes *restrict out = b->out[OUT], weight[IN_COUNT];
    const int32_t length = glide_frames(b);
    for (uint32_t k = 0; k < IN_COUNT; ++k)
        weight[k] = share(s->select, k);
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Ints moving = MASK(s->frame >= 0);
        const Lanes t = lanes_from_ints(s->frame) * (1.0f / (float)length);
        Lanes in[IN_COUNT], sum = lanes(0.0f);
        for (uint32_t k = 0; k < IN_COUNT; ++k) {
            in[k] = b->in[k][i];
            Lanes weight_now = glide_at(&s->weight[k], t);
            sum += lanes_where(MASK(weight_now != 0.0f), in[k] * weight_now, lanes(0.0f));
        }
        out[i] = lanes_where(moving, sum, at_rest(in, weight));
        s->frame -= moving;
        s->frame |= MASK(s->frame >= length);
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state;
    s->select = lanes_where(lanes_less(s->select, lanes(0.0f)), chosen(b), s->select);
    if (b->offset == 0 && any(MASK(s->select != chosen(b)), b->lanes))
        turn(s, b);
    if (any(MASK(s->frame >= 0), b->lanes))
        glide(s, b);
    else
        hold(s, b);
}

KERNEL(.reset = reset, .idle = idle, .flags = GD_RINGS)
