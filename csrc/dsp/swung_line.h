/* What an effect keeps whose delay line is read where a slow oscillator says, and when it may be skipped. Audio thread.
 * Kernels list the parameter `rate_hz` first. */
#ifndef GD_DSP_SWUNG_LINE_H
#define GD_DSP_SWUNG_LINE_H

#include "ringing.h"
#include "swing.h"

enum { SWUNG_RATE_HZ };

typedef struct {
    Swing swing;
    Ints ringing;
} SwungLine;

GD_RT static void swung_prepare(void *state, const GdBlock *b)
{
    if (b->stride[SWUNG_RATE_HZ] == 0)
        swing_set(&((SwungLine *)state)->swing, b->param[SWUNG_RATE_HZ][0], b);
}

GD_RT static void swung_reset(void *state, const GdBlock *b) { ((SwungLine *)state)->ringing = ringing_unknown(b); }

GD_RT static bool swung_idle(const void *state, const GdBlock *b)
{
    return ringing_over(((const SwungLine *)state)->ringing, b->lanes);
}

#endif
