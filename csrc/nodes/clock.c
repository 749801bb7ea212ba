/* clock: pulses at a tempo. Its phase turns once in 192 beats, in which every note length fits a whole number of times, and
 * every outlet is a whole multiple of it: nothing drifts from anything else, and nothing from the tempo.
 *
 * It begins, and after a locate goes on, where it would be if it had run from the start of the piece at its present tempo;
 * one that stands still begins at the start of a bar. At the tempo of the piece its phase is the place in the piece, less
 * where it was reset or set running. */
#define NODE clock
#define INS P(RESET, "reset")
#define OUTS                                                                                                        \
    P(OUT, "out") P(TWICE, "twice") P(FOURFOLD, "fourfold") P(HALF, "half") P(QUARTER, "quarter") P(BAR, "bar") \
    P(PHASE, "phase")
#define PARAMS                                                                                       \
    P(TEMPO_BPM, "tempo_bpm") P(SWING, "swing") P(WIDTH, "width") P(BEATS_PER_BAR, "beats_per_bar") \
    P(RUN, "run")
#define CHOICES P(RATE, "rate")
#include "kernel.h"
#include "dsp/fine_phase.h"
#include "dsp/gate.h"
#include "dsp/song.h"

enum { CYCLE = 192 /* beats */ };

typedef struct {
    FinePhase at, step; /* of the cycle */
    FinePhase origin;   /* what goes by the piece counts from here */
    Ints follows, ran;  /* masks: it goes by the piece; it ran in the last frame */
    Words beat;         /* within the cycle */
    Ints bar_at, open;  /* beats since the bar's first; a mask */
    Ints started;       /* mask */
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

/* In double precision and rounded up, so that a beat that falls on a frame is never a frame late. Of the piece's tempo it only
 * says how long a frame is at least, by a millionth more than it is. */
GD_RT INLINE FinePhase step_of(const GdBlock *b, uint32_t i)
{
    const Lanes tempo_bpm = AT(TEMPO_BPM, i);
    const double units = 0x1p64 / (60.0 * CYCLE * (double)b->sample_rate_hz);
    FinePhase step = {(Words){0}, (Words){0}};
    const bool any_follows = any_lane(follows_song(tempo_bpm));
    const double song = any_follows ? song_bpm(b, i) * 1.000001 : 0.0;
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const double bpm = LANE(tempo_bpm, l) < GD_SLOWEST_BPM ? song : (double)LANE(tempo_bpm, l);
        uint64_t whole = (uint64_t)(bpm * units) + 1u;
        LANE(step.turns, l) = (uint32_t)(whole >> 32);
        LANE(step.fine, l) = (uint32_t)whole;
    }
    return step;
}

/* The phase of what turns `times` times a cycle, and its whole turns. */
GD_RT INLINE Words times_of(FinePhase at, uint32_t times, Words *whole)
{
    Words carry, turns = words_times(at.turns, times, whole);
    words_times(at.fine, times, &carry);
    turns += carry;
    *whole += (Words)MASK(turns < carry) & 1u;
    return turns;
}

/* A pulse from the start of each turn; narrow ones last a frame. */
GD_RT INLINE Lanes pulse_of(const State *s, uint32_t times, Lanes width, Ints runs)
{
    Words whole, phase = times_of(s->at, times, &whole), first = times_of(s->step, times, &whole);
    Lanes part = lanes_from_ints((Ints)(phase >> 8)) * 0x1p-24f;
    return gate_of((lanes_less(part, width) | MASK(phase < first)) & runs);
}

/* Pairs of pulses, the second of which comes at `swing` of the pair. */
GD_RT INLINE Lanes swung_of(const State *s, uint32_t pairs, Lanes swing, Lanes width, Ints runs)
{
    Words whole, phase = times_of(s->at, pairs, &whole), first = times_of(s->step, pairs, &whole);
    Lanes part = lanes_from_ints((Ints)(phase >> 8)) * 0x1p-24f, frame = lanes_from_ints((Ints)(first >> 8)) * 0x1p-24f;
    Ints second = lanes_at_least(part, swing);
    Lanes since = part - lanes_where(second, swing, lanes(0.0f)), span = lanes_where(second, 1.0f - swing, swing);
    return gate_of((lanes_less(since, width * span) | lanes_less(since, frame)) & runs);
}

GD_RT static void prepare(void *state, const GdBlock *b) { ((State *)state)->step = step_of(b, 0); }

GD_RT INLINE void count_beats(State *s, const GdBlock *b, uint32_t i)
{
    Words beat;
    times_of(s->at, CYCLE, &beat);
    const Ints next = MASK(beat != s->beat);
    Lanes last = lanes_floor(AT(BEATS_PER_BAR, i) + 0.5f) - 1.0f;
    s->bar_at = s->bar_at - next;
    s->bar_at &= ~(next & lanes_less(last, lanes_from_ints(s->bar_at)));
    s->beat = beat;
}

INLINE FinePhase fine_where(Ints mask, FinePhase a, FinePhase b)
{
    return (FinePhase){words_where(mask, a.turns, b.turns), words_where(mask, a.fine, b.fine)};
}

/* These lanes go to the transport's position; of what is new and stands still only the place is noted where it stands. */
GD_RT INLINE void find_place(State *s, const GdBlock *b, uint32_t i, Ints moved)
{
    Words turns, song_turns, beat, none;
    const Ints fresh = ~s->started, follows = follows_song(AT(TEMPO_BPM, i));
    const Ints stands = fresh & lanes_less(AT(RUN, i), lanes(0.5f)), there = moved & ~stands;
    const FinePhase song = song_phase(b, i, CYCLE, &song_turns);
    const FinePhase at = fine_where(follows, song, fine_after(step_of(b, i), b->transport->position, &turns));
    turns = words_where(follows, song_turns, turns);
    times_of(at, CYCLE, &beat);
    s->at = fine_where(there, at, s->at);
    s->beat = words_where(there, beat, s->beat);
    s->origin = fine_where(moved, fine_between(s->at, song, &none), s->origin);
    s->ran |= moved;
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const uint32_t bar = (uint32_t)(LANE(AT(BEATS_PER_BAR, i), l) + 0.5f);
        const uint64_t beats = (uint64_t)LANE(turns, l) * CYCLE + LANE(beat, l);
        if (LANE(there, l))
            LANE(s->bar_at, l) = (int32_t)(beats % bar);
    }
    s->started = (Ints){0} - 1;
}

/* Lanes at the tempo of the piece are where it is, and those that did not run stay where they are. */
GD_RT INLINE void follow(State *s, const GdBlock *b, uint32_t i)
{
    Words none;
    const FinePhase song = song_phase(b, i, CYCLE, &none);
    const Ints goes = s->follows & s->ran;
    s->at = fine_where(goes, fine_between(s->origin, song, &none), s->at);
    s->origin = fine_where(s->follows & ~s->ran, fine_between(s->at, song, &none), s->origin);
}

/* Where a frame begins: what has come to the piece's tempo, or into being, or was moved with the transport, finds its place. */
GD_RT INLINE void begin_frame(State *s, const GdBlock *b, uint32_t i)
{
    if (i && !MOVES(b, TEMPO_BPM) && !any_lane(s->follows))
        return;
    const Ints follows = follows_song(AT(TEMPO_BPM, i)), jumps = !i && b->transport->jumped ? (Ints){0} - 1 : (Ints){0};
    const Ints moved = jumps | ~s->started | (follows & ~s->follows);
    s->follows = follows;
    if (any_lane(moved))
        find_place(s, b, i, moved);
    if (any_lane(follows))
        follow(s, b, i);
    if (any_lane(follows) || MOVES(b, TEMPO_BPM))
        s->step = step_of(b, i);
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State s = *(State *)state;
    const uint32_t times = (uint32_t)(CYCLE / beats_of_sync(b->choice[RATE] + 1u) + 0.5f);
    const Ints rolls = b->transport->rolling ? (Ints){0} - 1 : (Ints){0};
    Words whole;
    for (uint32_t i = 0; i < b->frames; ++i) {
        begin_frame(&s, b, i);
        const Ints opens = gate_opens(&s.open, b->in[RESET][i]);
        if (any_lane(opens)) {
            s.origin = fine_where(opens, song_phase(b, i, CYCLE, &whole), s.origin);
            s.at = fine_where(opens, (FinePhase){(Words){0}, (Words){0}}, s.at);
            s.beat &= ~(Words)opens;
            s.bar_at &= ~opens;
        }
        count_beats(&s, b, i);
        const Ints runs = lanes_at_least(AT(RUN, i), lanes(0.5f)), goes = runs & rolls;
        const Lanes width = AT(WIDTH, i);
        b->out[OUT][i] = swung_of(&s, times / 2, AT(SWING, i), width, goes);
        b->out[TWICE][i] = pulse_of(&s, times * 2, width, goes);
        b->out[FOURFOLD][i] = pulse_of(&s, times * 4, width, goes);
        b->out[HALF][i] = pulse_of(&s, times / 2, width, goes);
        b->out[QUARTER][i] = pulse_of(&s, times / 4, width, goes);
        b->out[BAR][i] = pulse_of(&s, CYCLE, width, goes & MASK(s.bar_at == 0));
        b->out[PHASE][i] = lanes_from_ints((Ints)(times_of(s.at, times, &whole) >> 8)) * 0x1p-24f;
        const Words by = (Words)(goes & ~s.follows);
        fine_go(&s.at, (FinePhase){s.step.turns & by, s.step.fine & by});
        s.ran = runs;
    }
    *(State *)state = s;
}

KERNEL(.effort = 250, .prepare = prepare)
