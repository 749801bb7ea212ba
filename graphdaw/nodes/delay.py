"""delay: echoes, and every loop that takes time."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Delay(Node, loop_kernels=("delay_read", "delay_write"), tags=("delay", "time")):
    """Delay."""

    in_ = In()
    out = Out()
    interpolation = Choice(("linear", "cubic"))
    time_s = Param(0.25, lo=0.0001, hi=60.0)
    feedback = Param(0.0, lo=-0.99, hi=0.99)
    mix = Param(1.0, lo=0.0, hi=1.0)
