"""vibrato: a pitch that swings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Vibrato(Node, tags=("modulation", "pitch", "delay")):
    """Let the pitch of the source swing up and down by so many cents, whatever the rate.

    The source is delayed by a sine of size (2^(cents/1200) - 1) / (2 pi rate), the pitch being the delay's slope, so
    that the peak upwards is exact (downwards it is a little less: ratio 2 - r for r). The sound is late by that size
    on average: 0.5 ms at the defaults; the swing of the delay is held at 40 ms either way.
    """

    in_ = In()
    out = Out()
    shape = Choice(("sine", "triangle"), help="Triangle trills between two pitches.")
    rate_hz = Param(
        5.5,
        lo=0.1,
        hi=20.0,
        unit="Hz",
        curve="log",
        ramp_s=0.5,
        help="Turns a second; voices and strings lie at 5 to 7.",
    )
    depth_cents = Param(30.0, lo=0.0, hi=400.0, unit="cents", help="How far the pitch swings; 100 are a semitone.")
    spread = Param(
        0.0, lo=0.0, hi=0.5, unit="turns", help="How much later each channel is in its turn than the one before."
    )

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """A line of a power of two of frames for a delay of 80 ms and a cell."""
        return max(256, 1 << (int(0.08 * sample_rate_hz) + 140).bit_length())
