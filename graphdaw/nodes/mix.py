"""mix: eight inlets, one sum."""

from __future__ import annotations

from graphdaw.nodes.base import In, Node, Out, Param


def _gain(number: int) -> Param:
    return Param(0.0, lo=-96.0, hi=24.0, unit="dB", help=f"Level of inlet {number}.")


class Mix(Node, tags=("mix", "level")):
    """Add up to eight sources, each at a level of its own; an inlet with several wires adds those too."""

    in1 = In()
    in2 = In()
    in3 = In()
    in4 = In()
    in5 = In()
    in6 = In()
    in7 = In()
    in8 = In()
    out = Out()
    gain1_db = _gain(1)
    gain2_db = _gain(2)
    gain3_db = _gain(3)
    gain4_db = _gain(4)
    gain5_db = _gain(5)
    gain6_db = _gain(6)
    gain7_db = _gain(7)
    gain8_db = _gain(8)
