/* quantize: the nearest note of a scale. */
#define NODE quantize
#define INS P(IN, "in")
#define OUTS P(OUT, "out") P(CHANGED, "changed")
#define PARAMS P(ROOT, "root") P(TRANSPOSE, "transpose_semitones") P(HYSTERESIS, "hysteresis_semitones")
#define CHOICES P(SCALE, "scale") P(UNIT, "unit") P(ROUNDING, "rounding")
#include "kernel.h"
#include "dsp/gate.h"
#include "dsp/math.h"
#include "dsp/safe.h"

enum { SEMITONES, HERTZ };
enum { NEAREST, DOWN, UP };

/* Bit k: k semitones above the root belong to the scale; in the order of the choice. */
static const uint16_t scales[] = {
    0xfff, 0xab5, 0x5ad, 0x9ad, 0xaad, 0x6ad, 0x5ab, 0xad5, 0x6b5, /* chromatic, major, minors, dorian to mixolydian */
    0x56b, 0x295, 0x4a9, 0x4e9, 0x555, 0xb6d, 0x081, 0x001, /* locrian, pentatonics, blues, even ones, fifths, octaves */
};

typedef struct {
    Lanes last, note; /* the source's last value; the note it gave, before transposing */
    Ints started, left;
} State;

#define AT(parameter, i) b->param[parameter][(i) * b->stride[parameter]]

/* How far a note is from where the source is, by the rounding asked for; out of reach on the wrong side. */
GD_RT INLINE Lanes distance_of(Lanes from, Lanes to, uint32_t rounding)
{
    const Lanes way = rounding == DOWN ? from - to : rounding == UP ? to - from : lanes_abs(from - to);
    return lanes_where(lanes_less(way, lanes(0.0f)), lanes(1e6f), way);
}

GD_RT INLINE Lanes nearest_of(const State *s, const GdBlock *b, uint32_t i, Lanes x)
{
    const uint32_t scale = scales[b->choice[SCALE]], rounding = b->choice[ROUNDING];
    const Lanes root = lanes_floor(AT(ROOT, i) + 0.5f), base = 12.0f * lanes_floor((x - root) * (1.0f / 12.0f));
    const Lanes place = (x - root) - base, sticky = s->note - root - base;
    Lanes best = lanes(1e9f), note = lanes(0.0f);
    for (int k = -1; k <= 13; ++k) { /* all scales have their root, and no hysteresis reaches further */
        if (!(scale >> ((k + 12) % 12) & 1u))
            continue;
        const Lanes degree = lanes((float)k);
        const Lanes hold = lanes_where(MASK(sticky == degree), AT(HYSTERESIS, i), lanes(0.0f));
        const Lanes from = place + (rounding == DOWN ? hold : rounding == UP ? -hold : lanes(0.0f));
        const Lanes distance = distance_of(from, degree, rounding) - (rounding == NEAREST ? hold : lanes(0.0f));
        const Ints closer = lanes_less(distance, best);
        best = lanes_where(closer, distance, best);
        note = lanes_where(closer, degree, note);
    }
    return root + base + note;
}

GD_RT INLINE Lanes heard(Lanes x, uint32_t unit)
{
    x = lanes_clamp(finite_or_zero(x), lanes(unit == HERTZ ? 0.1f : -1e4f), lanes(1e5f));
    return unit == HERTZ ? 69.0f + 12.0f * log2_lanes(x * (1.0f / 440.0f)) : x;
}

GD_RT INLINE Lanes told(Lanes note, uint32_t unit)
{
    return unit == HERTZ ? 440.0f * exp2_lanes((note - 69.0f) * (1.0f / 12.0f)) : note;
}

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    State s = *(State *)state;
    const uint32_t unit = b->choice[UNIT];
    const int32_t frames = trigger_frames(b->sample_rate_hz);
    for (uint32_t i = 0; i < b->frames; ++i) {
        const Lanes x = b->in[IN][i];
        const bool fresh = MOVES(b, ROOT) || MOVES(b, HYSTERESIS) || i == 0;
        Ints changed = {0};
        if (fresh || any_lane(MASK(x != s.last))) { /* of the same source the same note */
            const Lanes note = nearest_of(&s, b, i, heard(x, unit));
            changed = s.started & MASK(note != s.note);
            s.note = note;
            s.started = (Ints){0} - 1;
            s.last = x;
        }
        b->out[OUT][i] = told(s.note + AT(TRANSPOSE, i), unit);
        b->out[CHANGED][i] = trigger_of(&s.left, changed, frames);
    }
    *(State *)state = s;
}

KERNEL()
