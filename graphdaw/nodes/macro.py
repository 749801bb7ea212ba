"""macro: a knob for several parameters."""

from __future__ import annotations

from graphdaw.nodes.base import Node, Out, Param


class Macro(Node, tags=("control", "knob")):
    """One knob for many: wire it into parameters, each wire with the depth by which it is to move its parameter.

    In a group it is what the group shows of itself, under the label of the node.
    """

    out = Out(type="control")
    value = Param(0.0, lo=-1.0, hi=1.0, ramp_s=0.02, help="Where the knob stands.")
