"""matrix: six sources to six places."""

from __future__ import annotations

from graphdaw.nodes.base import In, Node, Out, Param


def _level(source: int, place: int) -> Param:
    about = f"Factor from in{source} to out{place}; below 0 turns the wave upside down."
    return Param(1.0 if source == place else 0.0, lo=-2.0, hi=2.0, help=about)


class Matrix(Node, tags=("routing", "mix")):
    """Send any of six sources to any of six places, each pair at a level of its own.

    Six by six, because a node has at most 48 parameters. Levels are factors, so that signals can move them through 0:
    with slow oscillators on the levels, sources wander between effects. Pairs at 0 cost nothing.
    """

    in1 = In()
    in2 = In()
    in3 = In()
    in4 = In()
    in5 = In()
    in6 = In()
    out1 = Out()
    out2 = Out()
    out3 = Out()
    out4 = Out()
    out5 = Out()
    out6 = Out()
    level1_1 = _level(1, 1)
    level1_2 = _level(1, 2)
    level1_3 = _level(1, 3)
    level1_4 = _level(1, 4)
    level1_5 = _level(1, 5)
    level1_6 = _level(1, 6)
    level2_1 = _level(2, 1)
    level2_2 = _level(2, 2)
    level2_3 = _level(2, 3)
    level2_4 = _level(2, 4)
    level2_5 = _level(2, 5)
    level2_6 = _level(2, 6)
    level3_1 = _level(3, 1)
    level3_2 = _level(3, 2)
    level3_3 = _level(3, 3)
    level3_4 = _level(3, 4)
    level3_5 = _level(3, 5)
    level3_6 = _level(3, 6)
    level4_1 = _level(4, 1)
    level4_2 = _level(4, 2)
    level4_3 = _level(4, 3)
    level4_4 = _level(4, 4)
    level4_5 = _level(4, 5)
    level4_6 = _level(4, 6)
    level5_1 = _level(5, 1)
    level5_2 = _level(5, 2)
    level5_3 = _level(5, 3)
    level5_4 = _level(5, 4)
    level5_5 = _level(5, 5)
    level5_6 = _level(5, 6)
    level6_1 = _level(6, 1)
    level6_2 = _level(6, 2)
    level6_3 = _level(6, 3)
    level6_4 = _level(6, 4)
    level6_5 = _level(6, 5)
    level6_6 = _level(6, 6)
