"""feedback: the shortest way to close a loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import In, Node, Out


class Feedback(
    Node, kernel="", loop_kernels=("feedback_read", "feedback_write"), always_loop=True, tags=("delay", "routing")
):
    """Pass the source on exactly 64 frames later, so that wires may form a loop; not-finite samples become silence."""

    in_ = In()
    out = Out()

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """Twice the delay: 64 frames being read, 64 being written."""
        return 128
