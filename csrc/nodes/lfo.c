/* lfo: a slow oscillator for control, once a frame or once a cell. */
#define NODE lfo
#define OUTS P(OUT, "out")
#define PARAMS P(RATE_HZ, "rate_hz") P(AMOUNT, "amount") P(OFFSET, "offset") P(PHASE, "phase")
#define CHOICES P(RATE, "rate") P(SHAPE, "shape")
#include "kernel.h"
#include "dsp/hash.h"
#include "dsp/phase.h"

enum { PER_FRAME, PER_CELL };
enum { SINE, TRIANGLE, SAW, SQUARE, RANDOM };

/* A 64-bit phase, because 2^-32 turns a frame is a tenth of the slowest rates. */
typedef struct {
    Words turns, fine;           /* 2^-32 and 2^-64 turns */
    Words step, fine_step;       /* a frame */
    Words cycle;                 /* whole turns so far: the place in the random sequence */
    Words seed;
    Lanes held;                  /* value of this cell, when once a cell */
    Ints started;
} State;

GD_RT INLINE void set_rate(State *s, Lanes rate_hz, float seconds_per_frame)
{
    Lanes units = rate_hz * seconds_per_frame * 0x1p32f, whole = lanes_floor(units);
    s->step = ints_as_words(lanes_truncate(whole));
    s->fine_step = ints_as_words(lanes_truncate((units - whole) * 0x1p31f)) << 1;
}

/* The low word of a * frames, for at most a cell of them; the high word comes in `over`. */
GD_RT INLINE Words times(Words a, uint32_t frames, Words *over)
{
    Words low = (a & 0xffffu) * frames, high = (a >> 16) * frames + (low >> 16);
    *over = high >> 16;
    return (high << 16) | (low & 0xffffu);
}

/* Go on by `frames`, at most a cell of them. */
GD_RT INLINE void advance(State *s, uint32_t frames)
{
    Words carry, cycles;
    Words fine = s->fine + times(s->fine_step, frames, &carry), by = times(s->step, frames, &cycles);
    carry += (Words)MASK(fine < s->fine) & 1u;
    Words turns = s->turns + by, carried = turns + carry;
    s->cycle += cycles + ((Words)MASK(turns < by) & 1u) + ((Words)MASK(carried < carry) & 1u);
    s->turns = carried;
    s->fine = fine;
}

/* Go on by one frame: what `advance` does, without its multiplications. */
GD_RT INLINE void advance_one(State *s)
{
    Words fine = s->fine + s->fine_step, turns = s->turns + s->step + ((Words)MASK(fine < s->fine) & 1u);
    s->cycle += (Words)MASK(turns < s->turns) & 1u;
    s->turns = turns;
    s->fine = fine;
}

/* Of all shapes but the random one. */
GD_RT INLINE Lanes wave_of(Words at, uint32_t shape)
{
    switch (shape) {
    case TRIANGLE:
        return 1.0f - 4.0f * lanes_abs(phase_turns(at - 0x40000000u));
    case SAW:
        return 2.0f * phase_turns(at);
    case SQUARE:
        return lanes_where(lanes_less(phase_turns(at), lanes(0.0f)), lanes(-1.0f), lanes(1.0f));
    default:
        return sine_of_phase(at);
    }
}

GD_RT INLINE Lanes shape_of(const State *s, uint32_t shape, Lanes phase)
{
    Words at = s->turns + phase_of_turns(phase), cycle = s->cycle + ((Words)MASK(at < s->turns) & 1u);
    if (shape == RANDOM)
        return hash_to_bipolar(hash_words(hash_words(cycle ^ s->seed) + s->seed));
    return wave_of(at, shape);
}

GD_RT static void reset(void *state, const GdBlock *b)
{
    State *s = state;
    for (uint32_t l = 0; l < b->lanes; ++l)
        LANE(s->seed, l) = hash_word(b->seed[l]);
}

GD_RT static void prepare(void *state, const GdBlock *b)
{
    if (b->choice[RATE] == PER_FRAME)
        set_rate(state, b->param[RATE_HZ][0], b->seconds_per_frame);
}

GD_RT INLINE Lanes value_at(const State *s, const GdBlock *b, uint32_t shape, uint32_t i)
{
    Lanes wave = shape_of(s, shape, b->param[PHASE][i * b->stride[PHASE]]);
    return b->param[OFFSET][i * b->stride[OFFSET]] + b->param[AMOUNT][i * b->stride[AMOUNT]] * wave;
}

/* Nothing moves: what happens once a frame is the wave and two additions. */
GD_RT INLINE void run_standing(State *s, const GdBlock *b, uint32_t shape)
{
    const Lanes offset = b->param[OFFSET][0], amount = b->param[AMOUNT][0];
    const Words step = s->step, fine_step = s->fine_step;
    Lanes *restrict out = b->out[OUT];
    Words at = s->turns + phase_of_turns(b->param[PHASE][0]), fine = s->fine;
    for (uint32_t i = 0; i < b->frames; ++i) {
        out[i] = offset + amount * wave_of(at, shape);
        fine += fine_step;
        at = at + step - (Words)MASK(fine < fine_step); /* the mask is -1 where fine turns have become one more */
    }
    advance(s, b->frames);
}

GD_RT INLINE void run_moving(State *state, const GdBlock *b, uint32_t shape)
{
    State s = *state;
    for (uint32_t i = 0; i < b->frames; ++i) {
        b->out[OUT][i] = value_at(&s, b, shape, i);
        if (MOVES(b, RATE_HZ))
            set_rate(&s, b->param[RATE_HZ][i], b->seconds_per_frame);
        advance_one(&s);
    }
    *state = s;
}

GD_RT INLINE void run_frames(State *s, const GdBlock *b, uint32_t shape)
{
    if (shape == RANDOM || MOVES(b, RATE_HZ) || MOVES(b, AMOUNT) || MOVES(b, OFFSET) || MOVES(b, PHASE))
        run_moving(s, b, shape);
    else
        run_standing(s, b, shape);
}

/* One row a cell, taken at its first frame and repeated in each of its slices. */
GD_RT INLINE void run_cell(State *s, const GdBlock *b)
{
    if (b->offset == 0 || LANE(s->started, 0) == 0) {
        set_rate(s, b->param[RATE_HZ][0], b->seconds_per_frame);
        s->held = value_at(s, b, b->choice[SHAPE], 0);
        for (int l = 0; l < W; ++l)
            LANE(s->started, l) = 1;
    }
    b->out[OUT][0] = s->held;
    advance(s, b->frames);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    if (b->choice[RATE] == PER_CELL)
        run_cell(state, b);
    else if (b->choice[SHAPE] == SINE)
        run_frames(state, b, SINE);
    else if (b->choice[SHAPE] == TRIANGLE)
        run_frames(state, b, TRIANGLE);
    else if (b->choice[SHAPE] == SAW)
        run_frames(state, b, SAW);
    else if (b->choice[SHAPE] == SQUARE)
        run_frames(state, b, SQUARE);
    else
        run_frames(state, b, RANDOM);
}

KERNEL(.reset = reset, .prepare = prepare, .flags = GD_BLOCK_RATE_0)
