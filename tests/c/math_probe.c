/* dsp/math.h over arrays, for tests: one shared library per width. Any thread. */
#include <string.h>

#include "dsp/phase.h"

#define OVER(name, expression)                                                                           \
    void name(const float *x, float *y, int frames)                                                      \
    {                                                                                                    \
        for (int i = 0; i + W <= frames; i += W) {                                                       \
            Lanes v, r;                                                                                  \
            memcpy(&v, x + i, sizeof v);                                                                 \
            r = expression;                                                                              \
            memcpy(y + i, &r, sizeof r);                                                                 \
        }                                                                                                \
    }

OVER(sine_turns, sine_of_turns(v))
OVER(cosine_turns, cosine_of_turns(v))
OVER(exp2_, exp2_lanes(v))
OVER(exp_, exp_lanes(v))
OVER(log2_, log2_lanes(v))
OVER(level_of_db, db_to_level(v))
OVER(db_of_level, level_to_db(v))
OVER(tanh_, tanh_lanes(v))
OVER(sine_phase, sine_of_phase(ints_as_words(lanes_to_bits(v))))
OVER(wrap, phase_turns(phase_of_turns(v)))
OVER(largest, lanes_max(v, lanes(0.25f)))
OVER(smallest, lanes_min(v, lanes(0.25f)))
