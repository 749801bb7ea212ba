"""delay: echoes, combs and flangers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Delay(Node, loop_kernels=("delay_read", "delay_write"), at_once=("time_s",), tags=("delay", "time")):
    """Give the source back later, again and again if fed back; the delay time may be modulated at audio rate.

    Where the node closes a loop of wires, its delay is at least 64 frames (65 with cubic interpolation) and `mix` has
    no effect: only the delayed signal comes out, because the dry one would close the loop without delay. Anywhere else
    the shortest delay is 2 frames. What is fed back below -400 dB is dropped, and so is anything beyond 120 dB.
    """

    in_ = In()
    out = Out()
    interpolation = Choice(
        ("linear", "cubic"),
        help="Between samples: linear dulls the highest notes a little, cubic (Catmull-Rom) less for more work.",
    )
    time_s = Param(
        0.25,
        lo=0.0001,
        hi=60.0,
        unit="s",
        curve="log",
        ramp_s=0.05,
        help="Delay; held at what `max_time_s` reserves, which is rounded up to a power of two of frames.",
    )
    feedback = Param(0.0, lo=-0.99, hi=0.99, help="Part of the delayed signal that is delayed again.")
    mix = Param(1.0, lo=0.0, hi=1.0, help="0 is the source alone, 1 the delayed signal alone.")
    max_time_s = Param(
        2.0, lo=0.01, hi=60.0, unit="s", curve="log", fixed=True, help="Longest delay there is memory for."
    )

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """Frames of line for one lane: a power of two with four to spare for interpolation, and at least a cell."""
        frames = int(float(values["max_time_s"]) * sample_rate_hz) + 5
        return max(128, 1 << (frames - 1).bit_length())
