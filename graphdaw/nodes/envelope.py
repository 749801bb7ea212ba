"""envelope: any shape over time."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param

PLACES = tuple(str(place) for place in range(1, 9))


def time_to(point: int, default: float) -> Param:
    """The time of a segment."""
    return Param(default, lo=0.0, hi=60.0, unit="s", curve="log", help=f"Time from the point before to point {point}.")


def level_at(point: int, default: float) -> Param:
    """The level of a point."""
    return Param(default, lo=-1.0, hi=1.0, help=f"Level of point {point}.")


def curve_to(point: int, default: float) -> Param:
    """The curve of a segment."""
    return Param(default, lo=-1.0, hi=1.0, help=f"Way to point {point}: above 0 fast first, below slow first.")


class Envelope(Node, tags=("control", "envelope", "modulation")):
    """Travel through up to eight points, each with its time, level and curve: swells, rhythms, notes in many stages.

    A start, by gate or trigger, sets out from the present level, so nothing clicks. The mode hold waits at the sustain
    point while the gate is open, loop goes round from there to the way to point `loop_from`, and both go on to the rest
    when it closes; a one-shot plays all points whatever the gate does. Curves are exponentials: at 1 a thousandth of
    the way is left where a straight line would be at the end. A segment lasts a whole number of frames.
    """

    gate = In(type="control", help="Starts when it rises above 0.5; what the mode makes of its closing, see there.")
    trigger = In(type="control", help="Starts when it rises above 0.5, also while the gate is open.")
    out = Out(type="control")
    end = Out(type="control", help="1 for a millisecond when the last point is reached.")
    mode = Choice(("hold", "one_shot", "loop"), help="What happens at the sustain point while the gate is open.")
    points = Choice(PLACES, "4", help="How many points there are.")
    sustain = Choice(PLACES, "3", help="The point to wait at, or where the loop ends.")
    loop_from = Choice(PLACES, "1", help="The point that a loop goes to from the sustain point.")
    time1_s = time_to(1, 0.01)
    time2_s = time_to(2, 0.15)
    time3_s = time_to(3, 0.3)
    time4_s = time_to(4, 0.5)
    time5_s = time_to(5, 0.2)
    time6_s = time_to(6, 0.2)
    time7_s = time_to(7, 0.2)
    time8_s = time_to(8, 0.2)
    level1 = level_at(1, 1.0)
    level2 = level_at(2, 0.6)
    level3 = level_at(3, 0.5)
    level4 = level_at(4, 0.0)
    level5 = level_at(5, 0.0)
    level6 = level_at(6, 0.0)
    level7 = level_at(7, 0.0)
    level8 = level_at(8, 0.0)
    curve1 = curve_to(1, 0.2)
    curve2 = curve_to(2, 0.4)
    curve3 = curve_to(3, 0.0)
    curve4 = curve_to(4, 0.6)
    curve5 = curve_to(5, 0.0)
    curve6 = curve_to(6, 0.0)
    curve7 = curve_to(7, 0.0)
    curve8 = curve_to(8, 0.0)
    stretch = Param(1.0, lo=0.01, hi=100.0, curve="log", help="Factor on all times.")
