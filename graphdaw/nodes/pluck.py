"""pluck: a plucked string."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import In, Node, Out, Param


class Pluck(Node, tags=("source", "synth", "delay")):
    """A string that is plucked by a trigger, or sounds along with whatever is played into it.

    The pitch is right within a cent from 40 Hz to 4 kHz (a fifth of the sample rate at most), the decay time is that of
    the fundamental. High strings that shall ring for long cannot be dull: brightness is then held where the decay
    allows it. All may be modulated at audio rate. David Jaffe and Julius Smith, "Extensions of the Karplus-Strong
    Plucked-String Algorithm", 1983; between frames by a Lagrange interpolator of six points.
    """

    in_ = In(help="Played into the string, on top of the plucks.")
    trigger = In(type="control", help="Plucks where it rises to 0.5: one period of noise.")
    out = Out()
    frequency_hz = Param(110.0, lo=20.0, hi=8_000.0, unit="Hz", curve="log", help="Pitch of the string.")
    decay_s = Param(3.0, lo=0.02, hi=60.0, unit="s", curve="log", help="Time in which the fundamental falls by 60 dB.")
    brightness = Param(0.5, lo=0.0, hi=1.0, help="How long high partials last: 0 is nylon, 1 as long as the low ones.")
    position = Param(
        0.13, lo=0.01, hi=0.5, help="Where it is plucked, of its length: partials with a node there are missing."
    )

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """Frames for a period of the lowest pitch and the interpolator: a power of two, and at least two cells."""
        return max(256, 1 << (sample_rate_hz // 20 + 16).bit_length())
