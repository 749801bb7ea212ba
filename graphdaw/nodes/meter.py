"""meter: how loud it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import In, Node, Out


class Meter(Node, tags=("level", "analysis")):
    """Pass the source on unchanged and publish its levels, linear, every 128 frames.

    Readings per channel: peak (falling 20 dB in 1.7 s, after IEC 60268-10), RMS (time constant 300 ms; a full-scale
    sine reads 0.707), highest peak so far, and a cell in which a reader puts 1 to let the highest peak begin anew.
    """

    in_ = In()
    out = Out()

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """The four readings of one lane."""
        return 4
