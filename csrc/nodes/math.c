/* math: one operation on a signal and a number, or on two signals. */
#define NODE math
#define INS P(IN, "in")
#define OUTS P(OUT, "out")
#define PARAMS P(B, "b") P(LO, "lo") P(HI, "hi")
#define CHOICES P(OPERATION, "operation")
#include "kernel.h"
#include "dsp/arithmetic.h"
#include "dsp/dynamics.h"
#include "dsp/gate.h"
#include "dsp/safe.h"

enum {
    ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, MODULO, LEAST, MOST, AVERAGE, NEGATE, INVERT, SIZE, SIGN, ROOT, SQUARE,
    FLOOR, ROUND, CEILING, FRACTION, CLIP, FOLD, WRAP, SCALE, SCALE_BIPOLAR, LESS, GREATER, EQUAL, AND, OR, XOR, NOT,
    SEMITONES_TO_HZ, HZ_TO_SEMITONES, DB_TO_LEVEL, LEVEL_TO_DB, SINE, TANH, EXPONENTIAL, LOGARITHM,
};

typedef struct { Ints none; } State;

INLINE Lanes power(Lanes a, Lanes b)
{
    Lanes size = exp2_lanes(b * log2_lanes(lanes_max(lanes_abs(a), lanes(1e-30f))));
    return lanes_where(MASK(a == 0.0f), gate_of(MASK(b == 0.0f)), lanes_copysign(size, a));
}
/* Back and forth between two bounds, and round and round. */
INLINE Lanes wrapped(Lanes x, Lanes lo, Lanes hi) { return lo + remainder_of(x - lo, hi - lo); }
INLINE Lanes folded(Lanes x, Lanes lo, Lanes hi)
{
    Lanes span = hi - lo, place = remainder_of(x - lo, 2.0f * span);
    return lo + lanes_min(place, 2.0f * span - place);
}

/* Operations that a machine has no numbers for give 0, and nothing exceeds a billion. */
#define CASE(name, value)                                                                 \
    case name:                                                                            \
        for (uint32_t i = 0; i < b->frames; ++i) {                                        \
            const Lanes x = in[i], y = AT(B);                                           \
            (void)y;                                                                      \
            out[i] = finite_or_zero(value) + 0.0f; /* no zero has a sign */               \
        }                                                                                 \
        break;
#define AT(parameter) b->param[parameter][i * b->stride[parameter]]
#define LEAST_OF_BOUNDS lanes_min(AT(LO), AT(HI))
#define MOST_OF_BOUNDS lanes_max(AT(LO), AT(HI))

GD_RT INLINE void run_arithmetic(const GdBlock *b)
{
    const Lanes *restrict in = b->in[IN];
    Lanes *restrict out = b->out[OUT];
    switch (b->choice[OPERATION]) {
    CASE(ADD, x + y)
    CASE(SUBTRACT, x - y)
    CASE(MULTIPLY, x * y)
    CASE(DIVIDE, quotient(x, y))
    CASE(POWER, power(x, y))
    CASE(MODULO, remainder_of(x, y))
    CASE(LEAST, lanes_min(x, y))
    CASE(MOST, lanes_max(x, y))
    CASE(AVERAGE, 0.5f * (x + y))
    CASE(NEGATE, -x)
    CASE(INVERT, quotient(lanes(1.0f), x))
    CASE(SIZE, lanes_abs(x))
    CASE(SIGN, zero_or(MASK(x != 0.0f), lanes_copysign(lanes(1.0f), x)))
    CASE(ROOT, lanes_copysign(lanes_sqrt(lanes_abs(x)), x))
    CASE(SQUARE, x * x)
    CASE(FLOOR, whole(x))
    CASE(ROUND, whole(x + 0.5f))
    CASE(CEILING, -whole(-x))
    CASE(FRACTION, x - whole(x))
    }
}

GD_RT INLINE void run_function(const GdBlock *b)
{
    const Lanes *restrict in = b->in[IN];
    Lanes *restrict out = b->out[OUT];
    switch (b->choice[OPERATION]) {
    CASE(CLIP, lanes_clamp(x, LEAST_OF_BOUNDS, MOST_OF_BOUNDS))
    CASE(FOLD, folded(x, LEAST_OF_BOUNDS, MOST_OF_BOUNDS))
    CASE(WRAP, wrapped(x, LEAST_OF_BOUNDS, MOST_OF_BOUNDS))
    CASE(SCALE, AT(LO) + x * (AT(HI) - AT(LO)))
    CASE(SCALE_BIPOLAR, AT(LO) + (0.5f + 0.5f * x) * (AT(HI) - AT(LO)))
    CASE(LESS, gate_of(lanes_less(x, y)))
    CASE(GREATER, gate_of(lanes_less(y, x)))
    CASE(EQUAL, gate_of(MASK(x == y)))
    CASE(AND, gate_of(gate_open(x) & gate_open(y)))
    CASE(OR, gate_of(gate_open(x) | gate_open(y)))
    CASE(XOR, gate_of(gate_open(x) ^ gate_open(y)))
    CASE(NOT, gate_of(~gate_open(x)))
    CASE(SEMITONES_TO_HZ, 440.0f * exp2_lanes((x - 69.0f) * (1.0f / 12.0f)))
    CASE(HZ_TO_SEMITONES, 69.0f + 12.0f * log2_lanes(lanes_max(x, lanes(0.01f)) * (1.0f / 440.0f)))
    CASE(DB_TO_LEVEL, db_to_level(x))
    CASE(LEVEL_TO_DB, level_to_db(lanes_abs(x)))
    CASE(SINE, sine_anywhere(x))
    CASE(TANH, tanh_lanes(lanes_clamp(x, lanes(-1e9f), lanes(1e9f))))
    CASE(EXPONENTIAL, exp_lanes(lanes_clamp(x, lanes(-87.0f), lanes(87.0f))))
    CASE(LOGARITHM, logarithm(x))
    }
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    (void)state;
    if (b->choice[OPERATION] < CLIP)
        run_arithmetic(b);
    else
        run_function(b);
}

/* Made of nothing once, to see whether it is nothing. */
GD_RT static bool idle(const void *state, const GdBlock *b)
{
    (void)state;
    if (MOVES(b, B) || MOVES(b, LO) || MOVES(b, HI))
        return false;
    const Lanes nothing = lanes(0.0f), *const in[] = {&nothing};
    Lanes made = nothing, *const out[] = {&made};
    GdBlock once = *b;
    once.frames = 1;
    once.in = in;
    once.out = out;
    run(NULL, &once);
    return all_zero(made, b->lanes);
}

KERNEL(.idle = idle, .flags = GD_RINGS)
