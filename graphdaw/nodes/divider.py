"""divider: slower and faster clocks from a clock."""

from __future__ import annotations

from graphdaw.nodes.base import In, Node, Out, Param


class Divider(Node, tags=("control", "time", "sequencing")):
    """Pass every so many pulses of a clock, and put so many even ones into the time between: 3 against 4 and the like.

    Division counts, so it follows any clock at once; what comes in between is timed by the last two pulses before it. A
    locate begins a division.
    """

    clock = In(type="control", help="Pulses to be counted: it rises above 0.5.")
    reset = In(type="control", help="The next pulse is the first one again.")
    out = Out(type="control")
    divide = Param(2.0, lo=1.0, hi=64.0, ramp_s=0.0, help="Pulses of the clock to a division; whole numbers.")
    multiply = Param(1.0, lo=1.0, hi=16.0, ramp_s=0.0, help="Pulses sent in a division; whole numbers.")
    offset = Param(0.0, lo=0.0, hi=63.0, ramp_s=0.0, help="The pulse that a division begins with: 0 is the first one.")
    width = Param(0.5, lo=0.0, hi=1.0, help="Part of its time for which a pulse is on, a frame at least.")
