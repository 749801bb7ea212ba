/* expression: the steps of a formula that `graphdaw/nodes/formula.py` has compiled, each over many frames at once. */
#define NODE expression
#define INS P(A, "a") P(B, "b") P(C, "c") P(D, "d")
#define OUTS P(OUT, "out")
#define PARAMS P(X, "x") P(Y, "y")
#include "kernel.h"
#include "dsp/arithmetic.h"
#include "dsp/gate.h"
#include "dsp/hash.h"
#include "dsp/onepole.h"
#include "dsp/phase.h"
#include "dsp/safe.h"

/* As `formula.py` numbers them: operands below REGISTERS are registers. */
enum { REGISTERS = 24, FIRST_INLET = 32, FIRST_PARAM = 36, TIME = 38, PREVIOUS = 39, FIRST_CONSTANT = 64 };
enum { MOST_CONSTANTS = 48, SLOTS = 8, HEAD = 4, STEP = 5 };
enum { FEEDS_BACK = 1, TELLS_TIME = 2 }; /* what the head says of a formula */
enum { CHUNK = W >= 8 ? 512 / W : GD_SLICE }; /* frames: registers stay in the first-level cache */
enum {
    ADD, SUBTRACT, MULTIPLY, DIVIDE, MODULO, POWER, NEGATE, LESS, AT_MOST, EQUAL, AND, OR, NOT, IF, LEAST, MOST, SIZE,
    SIGN, FLOOR, ROOT, SINE, COSINE, TANGENT, TANH, EXPONENTIAL, LOGARITHM, LOG2, HERTZ, DECIBELS, NOISE, PHASOR, LAST,
    SMOOTH, LATCH,
};

typedef struct { Lanes previous, slot[SLOTS]; } State;

typedef struct {
    const GdBlock *b;
    State state;
    Words key;                        /* of the noise */
    uint32_t from, frames;            /* the part of the slice that is worked on */
    Lanes constant[MOST_CONSTANTS], time[CHUNK], reg[REGISTERS][CHUNK];
} Work;

typedef struct { const Lanes *at; uint32_t stride; } Operand;

GD_RT INLINE Operand operand(const Work *w, float number)
{
    const uint32_t n = (uint32_t)number;
    if (n < REGISTERS)
        return (Operand){w->reg[n], 1};
    if (n >= FIRST_CONSTANT)
        return (Operand){w->constant + (n - FIRST_CONSTANT) % MOST_CONSTANTS, 0};
    if (n == TIME)
        return (Operand){w->time, 1};
    if (n == PREVIOUS)
        return (Operand){&w->state.previous, 0};
    if (n < FIRST_PARAM)
        return (Operand){w->b->in[n - FIRST_INLET] + w->from, 1};
    const uint32_t p = n - FIRST_PARAM;
    return (Operand){w->b->param[p] + w->from * w->b->stride[p], w->b->stride[p]};
}

GD_RT INLINE Lanes power(Lanes x, Lanes y)
{
    const Lanes size = exp2_lanes(y * log2_lanes(lanes_max(lanes_abs(x), lanes(1e-30f)))), half = 0.5f * y;
    const Ints is_whole = MASK(whole(y) == y), is_odd = is_whole & ~MASK(whole(half) == half);
    const Lanes below = zero_or(is_whole, lanes_where(is_odd, -size, size));
    const Lanes of_zero = gate_of(MASK(y == 0.0f));
    return lanes_where(MASK(x == 0.0f), of_zero, lanes_where(lanes_less(x, lanes(0.0f)), below, size));
}

/* The functions with a memory, frame after frame. */
GD_RT static void keeping_step(Work *w, uint32_t op, Lanes *to, Operand a, Operand b, uint32_t slot)
{
    Lanes *kept = &w->state.slot[slot % SLOTS], *open = &w->state.slot[(slot + 1) % SLOTS];
    for (uint32_t i = 0; i < w->frames; ++i) {
        const Lanes x = finite_or_zero(a.at[i * a.stride]);
        Words phase = ints_as_words(lanes_to_bits(*kept));
        Ints was_open = lanes_to_bits(*open);
        switch (op) {
        case PHASOR:
            to[i] = lanes_from_ints((Ints)(phase >> 8)) * 0x1p-24f;
            phase += (Words)phase_of_turns(x * w->b->seconds_per_frame);
            *kept = lanes_from_bits(words_as_ints(phase));
            break;
        case LAST:
            to[i] = *kept;
            *kept = x;
            break;
        case SMOOTH:
            *kept = onepole_go(*kept, x, onepole_part(b.at[i * b.stride], w->b->seconds_per_frame));
            to[i] = *kept;
            break;
        default:
            *kept = lanes_where(gate_open(b.at[i * b.stride]) | ~was_open, x, *kept);
            *open = lanes_from_bits((Ints){0} - 1);
            to[i] = *kept;
        }
    }
}

GD_RT INLINE void noise_step(const Work *w, Lanes *to, uint32_t number)
{
    const uint32_t time = (uint32_t)w->b->time + w->from;
    const Words key = hash_words(w->key + number * 0x632be5abu);
    for (uint32_t i = 0; i < w->frames; ++i)
        to[i] = hash_to_bipolar(hash_words(((time + i) ^ key) * 0x9e3779b1u));
}

#define CASE(name, value)                                                                              \
    case name:                                                                                         \
        for (uint32_t i = 0; i < w->frames; ++i) {                                                     \
            const Lanes x = a.at[i * a.stride], y = b.at[i * b.stride], z = c.at[i * c.stride];        \
            (void)y, (void)z;                                                                          \
            to[i] = value;                                                                             \
        }                                                                                              \
        break;

GD_RT static void arithmetic_step(Work *w, uint32_t op, Lanes *to, const float *word)
{
    const Operand a = operand(w, word[2]), b = operand(w, word[3]), c = operand(w, word[4]);
    switch (op) {
    CASE(ADD, x + y)
    CASE(SUBTRACT, x - y)
    CASE(MULTIPLY, x * y)
    CASE(DIVIDE, quotient(x, y))
    CASE(MODULO, remainder_of(x, y))
    CASE(POWER, power(x, y))
    CASE(NEGATE, -x)
    CASE(LESS, gate_of(lanes_less(x, y)))
    CASE(AT_MOST, gate_of(lanes_at_least(y, x)))
    CASE(EQUAL, gate_of(MASK(x == y)))
    CASE(AND, gate_of(gate_open(x) & gate_open(y)))
    CASE(OR, gate_of(gate_open(x) | gate_open(y)))
    CASE(NOT, gate_of(~gate_open(x)))
    }
}

GD_RT static void function_step(Work *w, uint32_t op, Lanes *to, const float *word)
{
    const Operand a = operand(w, word[2]), b = operand(w, word[3]), c = operand(w, word[4]);
    const Lanes one = lanes(1.0f), turn = lanes(0.159154943f);
    switch (op) {
    CASE(IF, lanes_where(gate_open(x), y, z))
    CASE(LEAST, lanes_min(x, y))
    CASE(MOST, lanes_max(x, y))
    CASE(SIZE, lanes_abs(x))
    CASE(SIGN, zero_or(MASK(x != 0.0f), lanes_copysign(one, x)))
    CASE(FLOOR, whole(x))
    CASE(ROOT, lanes_sqrt(lanes_max(x, lanes(0.0f))))
    CASE(SINE, sine_anywhere(x * turn))
    CASE(COSINE, cosine_of_turns(lanes_clamp(x * turn, lanes(-4e6f), lanes(4e6f))))
    CASE(TANGENT, quotient(sine_anywhere(x * turn), sine_anywhere(x * turn + 0.25f)))
    CASE(TANH, tanh_lanes(lanes_clamp(x, lanes(-1e9f), lanes(1e9f))))
    CASE(EXPONENTIAL, exp_lanes(lanes_clamp(x, lanes(-87.0f), lanes(87.0f))))
    CASE(LOGARITHM, logarithm(x))
    CASE(LOG2, 1.44269504f * logarithm(x))
    CASE(HERTZ, 440.0f * exp2_lanes((x - 69.0f) * (1.0f / 12.0f)))
    CASE(DECIBELS, db_to_level(x))
    }
}

GD_RT static void step(Work *w, const float *word)
{
    const uint32_t op = (uint32_t)word[0];
    Lanes *to = w->reg[(uint32_t)word[1] % REGISTERS];
    if (op == NOISE) {
        noise_step(w, to, (uint32_t)word[2]);
        return;
    }
    if (op >= PHASOR) {
        const bool two = op == SMOOTH || op == LATCH;
        keeping_step(w, op, to, operand(w, word[2]), operand(w, two ? word[3] : word[2]), (uint32_t)word[two ? 4 : 3]);
        return;
    }
    if (op < IF)
        arithmetic_step(w, op, to, word);
    else
        function_step(w, op, to, word);
}

GD_RT static void run_program(Work *w, const float *program, Lanes *out)
{
    const uint32_t steps = (uint32_t)program[0], constants = (uint32_t)program[1], total = w->b->frames;
    const float *first = program + HEAD + constants;
    const uint32_t flags = (uint32_t)program[3], chunk = flags & FEEDS_BACK ? 1 : CHUNK;
    for (uint32_t k = 0; k < constants && k < MOST_CONSTANTS; ++k)
        w->constant[k] = lanes(program[HEAD + k]);
    for (w->from = 0; w->from < total; w->from += chunk) {
        w->frames = total - w->from < chunk ? total - w->from : chunk;
        for (uint32_t i = 0; i < w->frames && flags & TELLS_TIME; ++i)
            w->time[i] = lanes((float)((double)(w->b->time + w->from + i) / (double)w->b->sample_rate_hz));
        for (uint32_t k = 0; k < steps; ++k)
            step(w, first + k * STEP);
        const Operand result = operand(w, program[2]);
        for (uint32_t i = 0; i < w->frames; ++i)
            out[w->from + i] = finite_or_zero(result.at[i * result.stride]);
        w->state.previous = out[w->from + w->frames - 1];
    }
}

/* Lanes of a pack may have different formulas: each is run for all, and kept for its own. */
GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State *s = state, next = *s;
    Work w; /* not cleared: a register is written before it is read */
    Lanes out[GD_SLICE];
    Ints done = {0};
    w.b = b;
    w.key = (Words){0};
    for (uint32_t i = 0; i < b->frames; ++i)
        b->out[OUT][i] = lanes(0.0f);
    for (uint32_t l = 0; l < b->lanes; ++l)
        LANE(w.key, l) = hash_word(b->seed[l]);
    for (uint32_t first = 0; first < b->lanes; ++first) {
        const float *program = b->memory[first] ? b->memory[first]->data : NULL;
        if (LANE(done, first) || !program)
            continue;
        Ints own = {0};
        for (uint32_t l = first; l < b->lanes; ++l)
            LANE(own, l) = b->memory[l] && b->memory[l]->data == program ? -1 : 0;
        done |= own;
        w.state = *s;
        run_program(&w, program, out);
        for (uint32_t i = 0; i < b->frames; ++i)
            b->out[OUT][i] = lanes_where(own, out[i], b->out[OUT][i]);
        next.previous = lanes_where(own, w.state.previous, next.previous);
        for (uint32_t k = 0; k < SLOTS; ++k)
            next.slot[k] = lanes_where(own, w.state.slot[k], next.slot[k]);
    }
    *s = next;
}

/* Never skipped: a formula may make something of nothing, and counts and remembers in silence. */
KERNEL()
