"""comb: a tuned echo, too short to be heard as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Comb(Node, tags=("filter", "delay", "tone")):
    """Add the source to itself a period later: all multiples of a frequency ring (feedback) or stand out (feedforward).

    Excited by noise or a click, the feedback comb is a string. A low-pass in the loop dulls it with time; the delay is
    shortened by what that low-pass adds at the fundamental, which is right within 2 cents up to a twentieth of the
    sample rate, wherever it lies well below the low-pass. Between samples a cubic (Catmull-Rom) reads. White noise
    keeps its level: the sum is scaled by sqrt(1 - feedback^2), or 1 / sqrt(1 + feedback^2) if it is fed forward.
    Source of the formulas: Julius O. Smith, "Physical Audio Signal Processing" (2010).
    """

    in_ = In()
    out = Out()
    mode = Choice(
        ("feedback", "feedforward"), help="Whether the sum goes round again (peaks ring) or is heard once (notches)."
    )
    frequency_hz = Param(
        220.0, lo=20.0, hi=20_000.0, unit="Hz", curve="log", help="Pitch; held below 0.4 of the sample rate."
    )
    feedback = Param(
        0.9, lo=-0.9995, hi=0.9995, help="What is added of a period ago; below 0 odd harmonics an octave down ring."
    )
    damping_hz = Param(
        8000.0, lo=100.0, hi=20_000.0, unit="Hz", curve="log", help="Low-pass of first order on what is added."
    )
    mix = Param(1.0, lo=0.0, hi=1.0, help="0 is the source alone, 1 the comb alone.")

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """Frames of line for one lane: a period of 20 Hz, to the next power of two, and at least two cells of 128."""
        return max(256, 1 << (sample_rate_hz // 20 + 5).bit_length())
