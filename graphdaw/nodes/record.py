"""record: what flows through, written to a file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import In, Node, Out, Param

SPARE_S = 0.9  # with it, ten seconds are 2 MiB a channel at 44.1 and 48 kHz


class Record(Node, taped=True, tags=("device", "recorder")):
    """Pass the source on, and write it to a file while `recording` is open.

    Which file is no part of the patch: `Session.record(node, path)` chooses it, and each opening of the gate begins the
    next take: `take.wav`, `take-2.wav` and so on, exact to the frame. A name that is in use is left alone. The node
    always remembers its last seconds, so a take can begin before the gate opened (`preroll_s`), and a disk may be late
    by as much. A take has its name when it is complete; after a crash `recover_takes` finds what was written. If the
    disk fills up, what was written till then is kept, `Engine.problems` says so, and the sound goes on.
    """

    in_ = In()
    out = Out()
    recording = Param(1.0, lo=0.0, hi=1.0, ramp_s=0.0, help="Records from 0.5 on, once a file has been chosen.")
    buffer_s = Param(
        10.0, lo=0.5, hi=120.0, unit="s", fixed=True, help="How far back it remembers, and how late a disk may be."
    )

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """Rings for a channel and the gate: longer than is promised, since a disk thread takes its time to come."""
        return 2 << (math.ceil((float(values["buffer_s"]) + SPARE_S) * sample_rate_hz) - 1).bit_length()
