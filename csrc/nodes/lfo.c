/* lfo: a slow oscillator for control, once a frame or once a cell. In time with the tempo it begins where it would be if it
 * had run from the start of the piece; at the tempo of the piece it is where that is, and goes on by itself while it stands. */
#define NODE lfo
#define INS P(TRIGGER, "trigger")
#define OUTS P(OUT, "out")
#define PARAMS                                                                                                 \
    P(RATE_HZ, "rate_hz") P(AMOUNT, "amount") P(OFFSET, "offset") P(PHASE, "phase") P(TEMPO_BPM, "tempo_bpm") \
    P(SKEW, "skew") P(SLEW_S, "slew_s")
#define CHOICES P(RATE, "rate") P(SHAPE, "shape") P(SYNC, "sync") P(MODE, "mode")
#include "kernel.h"
#include "dsp/fine_phase.h"
#include "dsp/gate.h"
#include "dsp/hash.h"
#include "dsp/song.h"

enum { PER_FRAME, PER_CELL };
enum { SINE, TRIANGLE, SAW, SQUARE, RANDOM, SMOOTH };
enum { LOOP, ONE_SHOT };

typedef struct {
    FinePhase at, step;
    Words cycle;                 /* whole turns so far: the place in the random sequence */
    FinePhase origin;            /* what goes by the piece counts from here */
    Words origin_cycle;
    Ints placed;                 /* mask: it goes by the piece, which rolls */
    Words seed;
    Lanes held;                  /* value of this cell, when once a cell */
    Lanes wave;                  /* the last one, slewed */
    Ints started, open, running; /* masks; running: a one-shot is under way */
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

/* Turns a frame. */
GD_RT INLINE FinePhase step_of(const GdBlock *b, uint32_t i)
{
    Lanes hz = b->choice[SYNC] ? sync_hz(tempo_or_song(b, AT(TEMPO_BPM, i), i), b->choice[SYNC]) : AT(RATE_HZ, i);
    return fine_of_turns(hz * b->seconds_per_frame);
}

/* The piece's tempo may be another one in any frame. */
GD_RT INLINE bool rate_moves(const GdBlock *b)
{
    return b->choice[SYNC] ? MOVES(b, TEMPO_BPM) || any_lane(follows_song(b->param[TEMPO_BPM][0])) : MOVES(b, RATE_HZ);
}

/* Of the shapes that are no random ones. */
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

/* Phase as a fraction of a turn, from 0 to just below 1. */
GD_RT INLINE Lanes fraction_of(Words at) { return lanes_from_ints((Ints)(at >> 8)) * 0x1p-24f; }

/* The phase at which the even wave is where the skewed one is: a square's first part takes `skew` of the turn; of a sine or
 * triangle what rises does, and the wave still starts at 0. */
GD_RT INLINE Words skewed(Words at, Lanes skew, bool centred)
{
    const Lanes least = lanes(1e-6f), half = 0.5f * skew;
    Lanes x = fraction_of(at);
    if (centred) {
        x = x + half;
        x = x - lanes_where(lanes_at_least(x, lanes(1.0f)), lanes(1.0f), lanes(0.0f));
    }
    Lanes first = 0.5f * x / lanes_max(skew, least), last = 0.5f + 0.5f * (x - skew) / lanes_max(1.0f - skew, least);
    Lanes even = lanes_clamp(lanes_where(lanes_less(x, skew), first, last), lanes(0.0f), lanes(0.99999994f));
    Words phase = (Words)lanes_truncate(even * 0x1p24f) << 8;
    phase = centred ? phase - 0x40000000u : phase;
    return words_where(MASK(skew == 0.5f), at, phase);
}

GD_RT INLINE Lanes number_of(Words cycle, Words seed)
{
    return hash_to_bipolar(hash_words(hash_words(cycle ^ seed) + seed));
}

GD_RT INLINE Lanes shape_of(const State *s, uint32_t shape, Lanes phase, Lanes skew)
{
    Words at = s->at.turns + phase_of_turns(phase), cycle = s->cycle + ((Words)MASK(at < s->at.turns) & 1u);
    if (shape == RANDOM)
        return number_of(cycle, s->seed);
    if (shape == SMOOTH) {
        Lanes from = number_of(cycle, s->seed), t = fraction_of(at);
        return from + (number_of(cycle + 1u, s->seed) - from) * (t * t * (3.0f - 2.0f * t));
    }
    return wave_of(shape == SAW ? at : skewed(at, skew, shape != SQUARE), shape);
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
        ((State *)state)->step = step_of(b, 0);
}

/* The value now; `frames` have passed since the one before. */
GD_RT INLINE Lanes value_at(State *s, const GdBlock *b, uint32_t shape, uint32_t i, uint32_t frames)
{
    const Lanes wave = shape_of(s, shape, AT(PHASE, i), AT(SKEW, i)), slew = AT(SLEW_S, i);
    const Lanes time = lanes_max(slew, lanes(1e-6f));
    const Lanes part = 1.0f - exp_lanes(-((float)frames * b->seconds_per_frame / time));
    const Ints slewing = s->started & lanes_less(lanes(0.0f), slew);
    s->wave = lanes_where(slewing, s->wave + (wave - s->wave) * part, wave);
    s->started = (Ints){0} - 1;
    return AT(OFFSET, i) + AT(AMOUNT, i) * s->wave;
}

/* What goes by the piece is where that is, since its origin: the start of the piece, or the last trigger. */
GD_RT INLINE void follow(State *s, const GdBlock *b, uint32_t i)
{
    if (!b->choice[SYNC] || b->choice[MODE] != LOOP || (i && !rate_moves(b)))
        return;
    const Ints rolls = b->transport->rolling ? (Ints){0} - 1 : (Ints){0}, placed = rolls & follows_song(AT(TEMPO_BPM, i));
    if (any_lane(placed)) {
        Words cycle, less;
        const FinePhase song = song_phase(b, i, (double)beats_of_sync(b->choice[SYNC]), &cycle);
        const Words anew = (Words)(i || !b->transport->jumped ? placed & ~s->placed : placed);
        s->origin = (FinePhase){s->origin.turns & ~anew, s->origin.fine & ~anew};
        s->origin_cycle &= ~anew;
        const FinePhase at = fine_between(s->origin, song, &less);
        s->at.turns = words_where(placed, at.turns, s->at.turns);
        s->at.fine = words_where(placed, at.fine, s->at.fine);
        s->cycle = words_where(placed, cycle - less - s->origin_cycle, s->cycle);
    }
    s->placed = placed;
}

/* The turn begins here, of which the number is `cycle`. */
GD_RT INLINE void set_origin(State *s, const GdBlock *b, uint32_t i, Ints which)
{
    Words cycle;
    const FinePhase song = song_phase(b, i, (double)beats_of_sync(b->choice[SYNC]), &cycle);
    s->origin.turns = words_where(which, song.turns, s->origin.turns);
    s->origin.fine = words_where(which, song.fine, s->origin.fine);
    s->origin_cycle = words_where(which, cycle - s->cycle, s->origin_cycle);
}

/* A trigger begins the turn anew, and a new number of a random sequence. */
GD_RT INLINE void trigger(State *s, const GdBlock *b, uint32_t i)
{
    follow(s, b, i);
    const Ints opens = gate_opens(&s->open, b->in[TRIGGER][i]);
    s->at.turns &= ~(Words)opens;
    s->at.fine &= ~(Words)opens;
    s->cycle += (Words)opens & 1u;
    s->running |= opens;
    if (any_lane(opens & s->placed))
        set_origin(s, b, i, opens & s->placed);
}

GD_RT INLINE void go_on(State *s, bool one_shot)
{
    if (!one_shot) {
        s->cycle += fine_go(&s->at, s->step);
        return;
    }
    const Words running = (Words)s->running;
    Words over = fine_go(&s->at, (FinePhase){s->step.turns & running, s->step.fine & running});
    s->cycle += over;
    s->running &= ~MASK(over != 0);
    s->at.turns &= (Words)s->running;
    s->at.fine &= (Words)s->running;
}

/* True if nothing is heard in this slice but the wave as it stands. */
GD_RT INLINE bool is_plain(const State *s, const GdBlock *b, uint32_t shape)
{
    if (shape >= RANDOM || b->choice[MODE] != LOOP || rate_moves(b) || MOVES(b, AMOUNT) || MOVES(b, OFFSET)
        || MOVES(b, PHASE) || MOVES(b, SKEW) || MOVES(b, SLEW_S))
        return false;
    for (uint32_t l = 0; l < b->lanes; ++l)
        if (LANE(b->param[SLEW_S][0], l) > 0.0f || (shape != SAW && LANE(b->param[SKEW][0], l) != 0.5f))
            return false;
    return SILENT(b, TRIGGER) || !any_opens(s->open, b->in[TRIGGER], b->frames);
}

/* What happens once a frame is the wave and two additions. */
GD_RT INLINE void run_plain(State *s, const GdBlock *b, uint32_t shape)
{
    const Lanes offset = b->param[OFFSET][0], amount = b->param[AMOUNT][0];
    const FinePhase step = s->step;
    Lanes *restrict out = b->out[OUT], wave = s->wave;
    Words at = s->at.turns + phase_of_turns(b->param[PHASE][0]), fine = s->at.fine;
    for (uint32_t i = 0; i < b->frames; ++i) {
        wave = wave_of(at, shape);
        out[i] = offset + amount * wave;
        fine += step.fine;
        at = at + step.turns - (Words)MASK(fine < step.fine); /* the mask is -1 where fine turns have become one more */
    }
    s->wave = wave;
    s->started = (Ints){0} - 1;
    s->open = gate_open(b->in[TRIGGER][b->frames - 1]);
    s->cycle += fine_go_far(&s->at, s->step, b->frames);
}

GD_RT INLINE void run_frames(State *state, const GdBlock *b, uint32_t shape)
{
    if (is_plain(state, b, shape)) {
        run_plain(state, b, shape);
        return;
    }
    State s = *state;
    for (uint32_t i = 0; i < b->frames; ++i) {
        trigger(&s, b, i);
        b->out[OUT][i] = value_at(&s, b, shape, i, 1);
        if (rate_moves(b))
            s.step = step_of(b, i);
        go_on(&s, b->choice[MODE] == ONE_SHOT);
    }
    *state = s;
}

/* One row a cell, taken at its first frame and repeated in each of its slices. */
GD_RT INLINE void run_cell(State *s, const GdBlock *b)
{
    follow(s, b, 0);
    if (b->offset == 0 || LANE(s->started, 0) == 0) {
        s->step = step_of(b, 0);
        s->held = value_at(s, b, b->choice[SHAPE], 0, GD_SLICE);
    }
    b->out[OUT][0] = s->held;
    if (b->choice[MODE] == LOOP && SILENT(b, TRIGGER)) {
        s->cycle += fine_go_far(&s->at, s->step, b->frames);
        s->open = (Ints){0};
        return;
    }
    for (uint32_t i = 0; i < b->frames; ++i) {
        trigger(s, b, i);
        go_on(s, b->choice[MODE] == ONE_SHOT);
    }
}

GD_RT INLINE void find_place(State *s, const GdBlock *b)
{
    const Ints fresh = ~s->started;
    if (!b->choice[SYNC] || b->choice[MODE] != LOOP || !any_lane(fresh))
        return;
    Words turns;
    const FinePhase at = fine_after(step_of(b, 0), b->transport->position, &turns);
    s->at.turns = words_where(fresh, at.turns, s->at.turns);
    s->at.fine = words_where(fresh, at.fine, s->at.fine);
    s->cycle = words_where(fresh, turns, s->cycle);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    find_place(state, b);
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
        run_frames(state, b, b->choice[SHAPE]);
}

KERNEL(.reset = reset, .prepare = prepare, .flags = GD_BLOCK_RATE_0)
