"""pitch_track: the pitch of a sound as a control signal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import In, Node, Out, Param


class PitchTrack(Node, tags=("control", "analysis", "pitch")):
    """Follow the pitch of one voice: let a synth play along, correct it with `quantize`, sort by `confidence`.

    The McLeod method (Philip McLeod and Geoff Wyvill, A Smarter Way to Find Pitch, 2005) on the last 75 ms, which are
    compared with themselves some 50 times a second; the work is spread evenly over time. Right to 5 cents from 50 to
    2,000 Hz. The last pitch is kept where the sound has none.
    """

    in_ = In()
    frequency_hz = Out(type="control", help="The pitch; 0 before the first.")
    confidence = Out(type="control", help="How much the sound is like itself a period later: 1 for a tone, 0 for hiss.")
    threshold = Param(0.8, lo=0.0, hi=1.0, help="Pitches of less confidence than this are passed over.")
    lowest_hz = Param(45.0, lo=40.0, hi=1000.0, unit="Hz", curve="log", help="No pitch below is looked for.")
    highest_hz = Param(2500.0, lo=100.0, hi=4000.0, unit="Hz", curve="log", help="No pitch above is looked for.")
    glide_s = Param(0.01, lo=0.0, hi=2.0, unit="s", help="Time constant of gliding from one pitch to the next.")

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """One lane's recent past and its comparison."""
        return 4224
