/* delay_read: the half of a delay inside a loop that runs first: what the line gives back. Its delay is never less than
 * GD_LOOP, because delay_write, which runs after all that depends on this, has not yet written the present slice. */
#define NODE delay_read
#define OUTS P(OUT, "out")
#define PARAMS P(TIME_S, "time_s")
#define CHOICES P(INTERPOLATION, "interpolation")
#include "kernel.h"
#include "dsp/delay.h"

typedef struct { Lanes unused; } State;

GD_RT INLINE void run(void *state, const GdBlock *b)
{
    Places places;
    const Lines lines = lines_of(b);
    const bool cubic = b->choice[INTERPOLATION] == DELAY_CUBIC;
    lines_locate(&places, &lines, b, TIME_S, GD_LOOP + cubic); /* the cubic reads one frame ahead of the position */
    lines_read(b->out[OUT], &lines, &places, 0, b->frames, cubic);
    (void)state;
}

KERNEL(.flags = 0)
