"""record: what flows through, written to a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import In, Node, Out, Param


class Record(Node, taped=True, tags=("device", "recorder")):
    """Pass the source on, and write it to a file while `recording` is open.

    Which file is no part of the patch: `Session.record(node, path)` chooses it, and each opening of the gate begins the
    next take: `take.wav`, `take-2.wav` and so on, exact to the frame. A take has its name when it is complete. If the
    disk fills up, what was written till then is kept, `Engine.problems` says so, and the sound goes on.
    """

    in_ = In()
    out = Out()
    recording = Param(1.0, lo=0.0, hi=1.0, ramp_s=0.0, help="Records from 0.5 on, once a file has been chosen.")

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """Rings for a channel and its gate, of 1.3 s at 48 kHz: a disk must not be late by more."""
        return 2 << (sample_rate_hz * 65_536 // 48_000 - 1).bit_length()
