"""Look-ahead as nodes declare it: a lane's latency, and the memory by which the kernel is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def ahead_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
    """The look-ahead of `lookahead_s` in whole frames."""
    return round(float(values["lookahead_s"]) * sample_rate_hz)


def ahead_memory(frames: int) -> int:
    """Floats of a lane that looks `frames` ahead, from which the kernel tells that number (csrc/dsp/ahead.h)."""
    ring = 1 << (frames + 255).bit_length()
    return 16 + (2 * ring + frames if frames else 0)


def ahead_memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
    """Readings, and the rings of the look-ahead of `lookahead_s`."""
    return ahead_memory(ahead_frames(values, sample_rate_hz))
