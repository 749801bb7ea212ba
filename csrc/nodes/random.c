/* random: a number that wanders, in steps, on lines or smoothly. */
#define NODE random
#define INS P(TRIGGER, "trigger")
#define OUTS P(OUT, "out")
#define PARAMS                                                                                       \
    P(RATE_HZ, "rate_hz") P(AMOUNT, "amount") P(OFFSET, "offset") P(STRIDE, "stride") P(SEED, "seed") \
    P(TEMPO_BPM, "tempo_bpm")
#define CHOICES P(SHAPE, "shape") P(CLOCK, "clock") P(SYNC, "sync")
#include "kernel.h"
#include "dsp/fine_phase.h"
#include "dsp/gate.h"
#include "dsp/hash.h"
#include "dsp/song.h"

enum { SMOOTH, LINEAR, STEPPED };
enum { BY_RATE, BY_TRIGGER };

typedef struct {
    FinePhase at, step; /* of the way from one number to the next */
    Lanes past[4];      /* numbers, the latest last */
    Lanes now;          /* the value of the last frame, from -1 to 1 */
    Words count;
    Words whole;        /* turns of the piece, for what goes by it */
    Ints open, over, started;
    Ints placed;        /* mask: it goes by the piece, which rolls */
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

GD_RT INLINE FinePhase step_of(const GdBlock *b, uint32_t i)
{
    Lanes hz = b->choice[SYNC] ? sync_hz(tempo_or_song(b, AT(TEMPO_BPM, i), i), b->choice[SYNC]) : AT(RATE_HZ, i);
    return fine_of_turns(hz * b->seconds_per_frame);
}

GD_RT static void prepare(void *state, const GdBlock *b) { ((State *)state)->step = step_of(b, 0); }

/* Of a seed of 0 the node's name and the channel decide, of any other only the channel. */
GD_RT INLINE Words key_of(const GdBlock *b, uint32_t i)
{
    Words key = {0};
    for (uint32_t l = 0; l < b->lanes; ++l) {
        uint32_t seed = (uint32_t)(LANE(AT(SEED, i), l) + 0.5f);
        LANE(key, l) = hash_word(seed ? seed * 0x9e3779b1u + b->channel[l] : b->seed[l]);
    }
    return key;
}

/* The next number of some lanes: up to twice `stride` away and reflected at -1 and 1, so that a stride of 1 leads anywhere
 * with equal chance. */
GD_RT INLINE void draw(State *s, const GdBlock *b, uint32_t i, Ints which)
{
    const Words key = key_of(b, i);
    const Lanes chance = hash_to_bipolar(hash_words(hash_words(s->count ^ key) + key));
    Lanes next = s->past[3] + 2.0f * AT(STRIDE, i) * chance;
    next = lanes_where(lanes_less(lanes(1.0f), next), 2.0f - next, next);
    next = lanes_where(lanes_less(next, lanes(-1.0f)), -2.0f - next, next);
    for (int k = 0; k < 3; ++k)
        s->past[k] = lanes_where(which, s->past[k + 1], s->past[k]);
    s->past[3] = lanes_where(which, next, s->past[3]);
    s->count += (Words)which & 1u;
}

/* From number to number by the cubic B-spline, which stays between them and bends without a break; driven by triggers, which
 * may come early, from the present value by a cubic that starts and ends level. */
GD_RT INLINE Lanes between(const State *s, Lanes t, uint32_t shape, bool triggered)
{
    const Lanes *p = s->past;
    if (shape == STEPPED)
        return p[3];
    if (triggered || shape == LINEAR)
        return p[2] + (p[3] - p[2]) * (shape == SMOOTH ? t * t * (3.0f - 2.0f * t) : t);
    const Lanes u = 1.0f - t, first = u * u * u, last = t * t * t;
    const Lanes second = 3.0f * last - 6.0f * (t * t) + 4.0f, third = 3.0f * first - 6.0f * (u * u) + 4.0f;
    return (p[0] * first + p[1] * second + p[2] * third + p[3] * last) * 0.166666667f;
}

GD_RT INLINE void begin(State *s, const GdBlock *b)
{
    const Ints fresh = ~s->started;
    if (any_lane(fresh)) {
        if (b->choice[SYNC] && b->choice[CLOCK] == BY_RATE) { /* steps where they would be since the start of the piece */
            Words turns;
            const FinePhase at = fine_after(step_of(b, 0), b->transport->position, &turns);
            s->at.turns = words_where(fresh, at.turns, s->at.turns);
            s->at.fine = words_where(fresh, at.fine, s->at.fine);
        }
        draw(s, b, 0, fresh);
        for (int k = 0; k < 3; ++k)
            s->past[k] = lanes_where(fresh, s->past[3], s->past[k]);
    }
    s->started = (Ints){0} - 1;
}

/* What goes by the piece is where that is, and takes a number with each of its turns; a jump of the piece takes none. */
GD_RT INLINE void follow(State *s, const GdBlock *b, uint32_t i)
{
    const Ints rolls = b->transport->rolling ? (Ints){0} - 1 : (Ints){0}, placed = rolls & follows_song(AT(TEMPO_BPM, i));
    if (any_lane(placed)) {
        Words whole;
        const FinePhase at = song_phase(b, i, (double)beats_of_sync(b->choice[SYNC]), &whole);
        const Ints goes = i || !b->transport->jumped ? placed & s->placed : (Ints){0};
        const Ints turned = goes & MASK(whole != s->whole);
        if (any_lane(turned))
            draw(s, b, i, turned);
        s->at.turns = words_where(placed, at.turns, s->at.turns);
        s->at.fine = words_where(placed, at.fine, s->at.fine);
        s->whole = words_where(placed, whole, s->whole);
    }
    s->placed = placed;
}

GD_RT INLINE void wander(State *state, const GdBlock *b, uint32_t shape, bool triggered)
{
    State s = *state;
    begin(&s, b);
    const bool synced = b->choice[SYNC] != SYNC_FREE;
    const bool follows = synced && (MOVES(b, TEMPO_BPM) || any_lane(follows_song(b->param[TEMPO_BPM][0])));
    for (uint32_t i = 0; i < b->frames; ++i) {
        if (synced && !triggered && (!i || follows))
            follow(&s, b, i);
        const Ints opens = gate_opens(&s.open, b->in[TRIGGER][i]);
        if (triggered && any_lane(opens)) {
            draw(&s, b, i, opens);
            s.past[2] = lanes_where(opens, s.now, s.past[2]);
            s.at = (FinePhase){s.at.turns & ~(Words)opens, s.at.fine & ~(Words)opens};
            s.over &= ~opens;
        }
        Lanes t = lanes_from_ints((Ints)(s.at.turns >> 8)) * 0x1p-24f;
        s.now = between(&s, triggered ? lanes_where(s.over, lanes(1.0f), t) : t, shape, triggered);
        b->out[OUT][i] = AT(OFFSET, i) + AT(AMOUNT, i) * s.now;
        if (MOVES(b, RATE_HZ) || MOVES(b, TEMPO_BPM) || follows)
            s.step = step_of(b, i);
        const Ints turned = MASK(fine_go(&s.at, s.step) != 0) & ~s.placed;
        s.over |= turned;
        if (!triggered && any_lane(turned))
            draw(&s, b, i, turned);
    }
    *state = s;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    if (b->choice[CLOCK] == BY_TRIGGER)
        wander(state, b, b->choice[SHAPE], true);
    else if (b->choice[SHAPE] == SMOOTH)
        wander(state, b, SMOOTH, false);
    else
        wander(state, b, b->choice[SHAPE], false);
}

KERNEL(.prepare = prepare)
