"""tuner: which note it is, and how far off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import In, Node, Out, Param


class Tuner(Node, tags=("analysis", "pitch")):
    """Pass the source on unchanged and tell its note and how many cents it is off, from 40 to 4,000 Hz.

    Readings per channel, about 50 times a second: frequency in hertz, note (of MIDI: 69 is A4), cents from -50 to 50,
    confidence. The last note is kept until there is another. By the McLeod method, as in `pitch_track`.
    """

    in_ = In()
    out = Out(help="The source.")
    note = Out(type="control", help="The nearest note, 69 for A4; 0 before the first.")
    cents = Out(type="control", help="How far above that note it is, in hundredths of a semitone.")
    a4_hz = Param(440.0, lo=400.0, hi=480.0, unit="Hz", ramp_s=0.0, help="The frequency of A4.")

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """One lane's readings, recent past and comparison."""
        return 4224
