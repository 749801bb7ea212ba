/* The one-pole low-pass that envelopes and glides are made of. Any thread. */
#ifndef GD_DSP_ONEPOLE_H
#define GD_DSP_ONEPOLE_H

#include "math.h"

/* Part of the way to its goal that it goes in a frame, for a time constant: 1 - e^(-1 / frames), which a series gives
 * where it is small; exactly 1 for a time of 0. */
INLINE Lanes onepole_part(Lanes seconds, float seconds_per_frame)
{
    Lanes x = seconds_per_frame / lanes_max(seconds, lanes(1e-9f));
    Lanes small = x * (1.0f - x * (0.5f - x * (0.166666667f - x * 0.0416666667f)));
    Lanes part = lanes_where(lanes_less(x, lanes(0.05f)), small, 1.0f - exp_lanes(-x));
    return lanes_where(lanes_less(lanes(0.0f), seconds), part, lanes(1.0f));
}

/* One frame of it; a part of 1 gives the goal bit for bit. */
INLINE Lanes onepole_go(Lanes now, Lanes goal, Lanes part)
{
    return lanes_where(lanes_at_least(part, lanes(1.0f)), goal, now + (goal - now) * part);
}

#endif
