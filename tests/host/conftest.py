"""A node type with latency, for the tests of what makes up for it; it exists only while they run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from graphdaw.nodes.base import In, Node, Out, Param, registry


class Late(Node, kernel="align"):
    """Passes its source on late, and says so."""

    in_ = In()
    out = Out()
    delay_frames = Param(0.0, lo=0.0, hi=4096.0, ramp_s=0.0)

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """A ring that holds the longest delay."""
        return 8192

    @staticmethod
    def latency_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """What the node does not hide."""
        return int(values["delay_frames"])


del registry["late"]


@pytest.fixture(autouse=True)
def late_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The type is registered for the length of one test."""
    monkeypatch.setitem(registry, "late", Late.type)
