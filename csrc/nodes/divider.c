/* divider: every so many pulses of a clock, and so many pulses in between. A locate begins a division; a pulse that is high
 * there is its first. */
#define NODE divider
#define INS P(CLOCK, "clock") P(RESET, "reset")
#define OUTS P(OUT, "out")
#define PARAMS P(DIVIDE, "divide") P(MULTIPLY, "multiply") P(OFFSET, "offset") P(WIDTH, "width")
#include "kernel.h"
#include "dsp/gate.h"

typedef struct {
    Ints open, reset_open;    /* masks */
    Ints count;               /* of the pulses of a division, from 1; 0 before the first */
    Ints since_clock, period; /* frames since the last pulse, and between the last two; 0 where not known */
    Ints since;               /* frames since the division's pulse, from 1; 0 while none has come */
    Ints length;              /* frames of the division, as known at its beginning; else 0 */
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

GD_RT INLINE Ints whole_of(Lanes x) { return lanes_truncate(x + 0.5f); }

/* Counts a pulse of the clock; true where it is the one that a division begins with. */
GD_RT INLINE Ints count_pulse(State *s, Ints opens, Ints divide, Lanes offset)
{
    s->period = ints_where(opens & MASK(s->count > 0), s->since_clock, s->period);
    s->since_clock &= ~opens;
    s->count = ints_where(opens, ints_where(MASK(s->count >= divide), (Ints){0} + 1, s->count + 1), s->count);
    Lanes size = lanes_from_ints(divide), at = lanes_floor(offset + 0.5f);
    Lanes place = at - size * lanes_floor((at + 0.5f) / size); /* offset modulo division */
    return opens & MASK(s->count - 1 == lanes_truncate(place));
}

GD_RT INLINE Lanes pulse_of(const State *s, Lanes multiply, Lanes width)
{
    const Ints known = MASK(s->length > 0), on = MASK(s->since > 0);
    const Lanes times = lanes_floor(multiply + 0.5f), since = lanes_from_ints(s->since - 1);
    const Lanes span = lanes_max(lanes_from_ints(s->length), lanes(1.0f)) / times;
    const Lanes at = since / span, index = lanes_floor(at), part = at - index;
    const Ints within = (lanes_less(part, width) | lanes_less(part * span, lanes(0.999f))) & lanes_less(index, times);
    return gate_of(on & ints_where(known, within, s->open & MASK(s->since == s->since_clock + 1)));
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State s = *(State *)state;
    if (b->transport->jumped)
        s = (State){.reset_open = s.reset_open};
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Ints divide = whole_of(AT(DIVIDE, i)), resets = gate_opens(&s.reset_open, b->in[RESET][i]);
        s.count &= ~resets;
        s.since &= ~resets;
        const Ints begins = count_pulse(&s, gate_opens(&s.open, b->in[CLOCK][i]), divide, AT(OFFSET, i));
        s.since = ints_where(begins, (Ints){0} + 1, s.since);
        s.length = ints_where(begins, s.period * divide, s.length);
        b->out[OUT][i] = pulse_of(&s, AT(MULTIPLY, i), AT(WIDTH, i));
        s.since -= MASK(s.since > 0) & MASK(s.since < 0x3fffffff);
        s.since_clock -= MASK(s.since_clock < 0xffffff);
    }
    *(State *)state = s;
}

KERNEL()
