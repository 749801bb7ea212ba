"""through: what stands in the place of a node that is bypassed; hidden, since no document holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import In, NodeType, Out, Param, hidden

THROUGH = "~through"
INLET, OUTLET, DELAY = "in", "out", "delay_frames"

LEAST_FRAMES = 1 << 14  # of its line, so that a delay that grows finds room
SLICE_FRAMES = 128


def line_frames(delay: float) -> int:
    """The line of a delay: a power of two, with room for twice as much."""
    frames = LEAST_FRAMES
    while frames < 2 * (delay + SLICE_FRAMES):
        frames *= 2
    return frames


def _memory_frames(values: Mapping[str, Any], _sample_rate_hz: int) -> int:
    return line_frames(values[DELAY])


def _latency_frames(values: Mapping[str, Any], _sample_rate_hz: int) -> int:
    return int(values[DELAY])


hidden[THROUGH] = NodeType(
    THROUGH,
    "align",
    "Passes its source on, as late as what it stands for.",
    False,
    inputs={INLET: In(INLET)},
    outputs={OUTLET: Out(OUTLET)},
    params={DELAY: Param(0.0, lo=0.0, hi=1e6, ramp_s=0.0, name=DELAY)},
    memory_frames=_memory_frames,
    latency_frames=_latency_frames,
)
