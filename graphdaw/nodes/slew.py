"""slew: glides where its source jumps."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Slew(Node, tags=("control", "modulation")):
    """Follow the source no faster than the times for rising and falling allow: portamento, lag, envelopes from gates.

    It begins at the source's first value. Exponential is a one-pole low-pass with two time constants.
    """

    in_ = In(help="Where to go.")
    out = Out(type="control")
    shape = Choice(("linear", "exponential"), help="Steady pace, or fast at first and then ever slower.")
    rise_s = Param(
        0.1, lo=0.0, hi=20.0, unit="s", help="Time to rise by `span`; exponential: to come within 37 % of the way."
    )
    fall_s = Param(0.1, lo=0.0, hi=20.0, unit="s", help="The same for falling; 0 jumps.")
    span = Param(
        1.0, lo=0.001, hi=20_000.0, curve="log", help="Distance that the linear shape's times are for; 12 for notes."
    )
