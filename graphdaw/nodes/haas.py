"""haas: wide by a delay too short to be an echo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Haas(Node, linked=True, tags=("stereo", "delay")):
    """Let one side come up to 40 ms later: the ear hears one sound, from the side that is first, and wider.

    Both sides are 2 frames late (and reported as such), so that the delay can be read between samples (cubic, after
    Catmull and Rom) and moved without a click. Mind the comb of notches in mono, from 1 / (2 time) up. After Helmut
    Haas, "The Influence of a Single Echo on the Audibility of Speech" (1951).
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    out = Out(channels=2)
    late = Choice(("right", "left"), help="Which side comes later; the sound seems to come from the other one.")
    time_s = Param(0.015, lo=0.0, hi=0.04, unit="s", ramp_s=0.05, help="How much later; 5 to 30 ms widen without echo.")
    level_db = Param(0.0, lo=-24.0, hi=12.0, unit="dB", help="Level of the later side; up to 10 dB louder sounds even.")

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """Frames of line for the later side: a power of two with room for the longest delay and a cell of 128."""
        return 1 << (int(0.04 * sample_rate_hz) + 8 + 128).bit_length()

    @staticmethod
    def latency_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """Both sides wait for the frames that the reading between samples looks ahead."""
        return 2
