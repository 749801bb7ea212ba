/* clock: pulses at a tempo. Its phase turns once in 192 beats, in which every note length fits a whole number of times, and
 * every outlet is a whole multiple of it: nothing drifts from anything else, and nothing from the tempo.
 *
 * It begins, and after a locate goes on, where it would be if it had run from the start of the piece at its present tempo;
 * one that stands still begins at the start of a bar. */
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
#include "dsp/tempo.h"

enum { CYCLE = 192 /* beats */ };

typedef struct {
    FinePhase at, step; /* of the cycle */
    Words beat;         /* within the cycle */
    Ints bar_at, open;  /* beats since the bar's first; a mask */
    Ints started;       /* mask */
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

/* In double precision and rounded up, so that a beat that falls on a frame is never a frame late. */
GD_RT INLINE FinePhase step_of(const GdBlock *b, Lanes tempo_bpm)
{
    const double units = 0x1p64 / (60.0 * CYCLE * (double)b->sample_rate_hz);
    FinePhase step;
    step.turns = step.fine = (Words){0};
    for (uint32_t l = 0; l < b->lanes; ++l) {
        uint64_t whole = (uint64_t)((double)LANE(tempo_bpm, l) * units) + 1u;
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

GD_RT static void prepare(void *state, const GdBlock *b) { ((State *)state)->step = step_of(b, b->param[TEMPO_BPM][0]); }

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

/* The lanes that begin or are moved go to the transport's position. */
GD_RT INLINE void find_place(State *s, const GdBlock *b)
{
    const Ints fresh = ~s->started, moved = b->transport->jumped ? (Ints){0} - 1 : fresh;
    if (!any_lane(moved))
        return;
    Words turns, beat;
    const Ints stands = fresh & lanes_less(AT(RUN, 0), lanes(0.5f)), there = moved & ~stands;
    const FinePhase at = fine_after(step_of(b, AT(TEMPO_BPM, 0)), b->transport->position, &turns);
    times_of(at, CYCLE, &beat);
    s->at.turns = words_where(there, at.turns, s->at.turns);
    s->at.fine = words_where(there, at.fine, s->at.fine);
    s->beat = words_where(there, beat, s->beat);
    for (uint32_t l = 0; l < b->lanes; ++l) {
        const uint32_t bar = (uint32_t)(LANE(AT(BEATS_PER_BAR, 0), l) + 0.5f);
        const uint64_t beats = (uint64_t)LANE(turns, l) * CYCLE + LANE(beat, l);
        if (LANE(there, l))
            LANE(s->bar_at, l) = (int32_t)(beats % bar);
    }
    s->started = (Ints){0} - 1;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State s = *(State *)state;
    find_place(&s, b);
    const uint32_t times = (uint32_t)(CYCLE / beats_of_sync(b->choice[RATE] + 1u) + 0.5f);
    Words whole;
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Words kept = ~(Words)gate_opens(&s.open, b->in[RESET][i]);
        s.at = (FinePhase){s.at.turns & kept, s.at.fine & kept};
        s.beat &= kept;
        s.bar_at &= (Ints)kept;
        if (MOVES(b, TEMPO_BPM))
            s.step = step_of(b, b->param[TEMPO_BPM][i]);
        count_beats(&s, b, i);
        const Ints runs = lanes_at_least(AT(RUN, i), lanes(0.5f));
        const Lanes width = AT(WIDTH, i);
        b->out[OUT][i] = swung_of(&s, times / 2, AT(SWING, i), width, runs);
        b->out[TWICE][i] = pulse_of(&s, times * 2, width, runs);
        b->out[FOURFOLD][i] = pulse_of(&s, times * 4, width, runs);
        b->out[HALF][i] = pulse_of(&s, times / 2, width, runs);
        b->out[QUARTER][i] = pulse_of(&s, times / 4, width, runs);
        b->out[BAR][i] = pulse_of(&s, CYCLE, width, runs & MASK(s.bar_at == 0));
        b->out[PHASE][i] = lanes_from_ints((Ints)(times_of(s.at, times, &whole) >> 8)) * 0x1p-24f;
        fine_go(&s.at, (FinePhase){s.step.turns & (Words)runs, s.step.fine & (Words)runs});
    }
    *(State *)state = s;
}

KERNEL(.effort = 250, .prepare = prepare)
