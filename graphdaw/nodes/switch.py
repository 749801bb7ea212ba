"""switch: one source of several, changed without a click."""

from __future__ import annotations

from graphdaw.nodes.base import In, Node, Out, Param


class Switch(Node, tags=("routing", "mix")):
    """Pass on one of four sources; a change glides there within 10 ms, and a source at rest passes bit for bit.

    Weights always add up to one (equal gain: A and B of a comparison are mostly alike) and follow the minimum-jerk
    polynomial, smooth enough to keep the side bands of a steady tone below -90 dB at 6 kHz.
    """

    in1 = In()
    in2 = In()
    in3 = In()
    in4 = In()
    out = Out()
    select = Param(0.0, lo=0.0, hi=3.0, ramp_s=0.0, help="0 is in1, 3 is in4; values between blend the two neighbours.")
