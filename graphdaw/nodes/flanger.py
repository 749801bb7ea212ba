"""flanger: a comb that sweeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Flanger(Node, linked=True, tags=("modulation", "delay", "stereo")):
    """Add the source to itself a few milliseconds late, by a delay that swings: a comb whose teeth sweep.

    Classic swings between no delay and twice `delay_s` at a `depth` of 1. Through zero also delays the source, by
    `delay_s`, so that the swing passes it as two tape machines do (the sound is late by that). Rising and falling never
    turn back: three combs, each through four octaves of delay in a turn, loud in their middle. The shortest delay is 3
    frames. What is fed back below -400 dB is dropped, and so is anything beyond 120 dB.

    After Julius O. Smith, "Physical Audio Signal Processing" (2010), and Jon Dattorro, "Effect design, part 2" (1997).
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    out = Out(channels=2)
    mode = Choice(
        ("classic", "through_zero", "rising", "falling"), help="How the delay moves; the last two without end."
    )
    shape = Choice(("sine", "triangle"), help="Of the swing; rising and falling have none.")
    rate_hz = Param(0.2, lo=0.01, hi=20.0, unit="Hz", curve="log", help="Turns of the slow oscillator a second.")
    depth = Param(0.8, lo=0.0, hi=1.0, help="Size of the swing, as a part of the delay.")
    delay_s = Param(
        0.003, lo=0.0002, hi=0.02, unit="s", curve="log", ramp_s=0.1, help="Delay in the middle of the swing."
    )
    feedback = Param(
        0.5, lo=-0.98, hi=0.98, help="Part that is delayed again: sharpens the teeth; below 0 between them."
    )
    spread = Param(0.25, lo=0.0, hi=0.5, unit="turns", help="How much later the right side is in its turn.")
    mix = Param(
        0.5, lo=-1.0, hi=1.0, help="0 is the source alone, 1 the delayed sound alone; below 0 that is upside down."
    )

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """Two lines, each a power of two of frames, for a delay of 80 ms and a cell."""
        return 2 * max(256, 1 << (int(0.08 * sample_rate_hz) + 140).bit_length())
