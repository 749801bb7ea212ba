"""Curves: what the kernel `automation` draws, as it lies in memory (csrc/graphdaw.h)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from graphdaw.nodes.prepare.turns import turns

POINT = np.dtype([("at", "f8"), ("value", "f4"), ("curve", "f4"), ("shape", "u4"), ("unused", "u4")])
SHAPES = {"line": 0, "hold": 1, "curve": 2, "smooth": 3}
HOLD = SHAPES["hold"]

Placed = tuple[float, float, float, int, int]


def curve_of_clips(clips: Iterable[Any]) -> bytes:
    """The bytes of a track's curve: the points of its clips where they lie, and between clips the last value."""
    points: list[Placed] = []
    for clip in clips:
        if not clip.muted and hasattr(clip, "points"):
            points += _of_clip(clip)
    table = np.array(sorted(points, key=lambda point: point[0]), POINT)
    return np.array([len(table), 0], "u4").tobytes() + table.tobytes()


def points_of(data: bytes) -> list[Placed]:
    """The points that such bytes hold: at, value, curve, number of the shape, and nothing."""
    return [tuple(row) for row in np.frombuffer(data, POINT, offset=8).tolist()]


def _of_clip(clip: Any) -> Iterator[Placed]:
    if not clip.points:
        return
    for shift, begin, end in turns(clip):
        inside = [point for point in clip.points if begin < point.at_ticks < end]
        yield _placed(clip, shift, begin, at(clip.points, begin), _shape_at(clip.points, begin))
        for point in inside:
            yield _placed(clip, shift, point.at_ticks, point.value, (SHAPES[point.shape], point.curve))
        yield _placed(clip, shift, end, at(clip.points, end), (HOLD, 0.0))


def _placed(clip: Any, shift: int, tick: int, value: float, shape: tuple[int, float]) -> Placed:
    return (float(clip.at_ticks + shift + tick), value, shape[1], shape[0], 0)


def _shape_at(points: Any, tick: int) -> tuple[int, float]:
    before = [point for point in points if point.at_ticks <= tick]
    return (SHAPES[before[-1].shape], before[-1].curve) if before else (HOLD, 0.0)


def at(points: Any, tick: float) -> float:
    """The value of a curve at a tick.

    >>> from graphdaw.graph.clips import Point
    >>> at((Point(0, 1.0), Point(100, 3.0)), 25)
    1.5
    """
    before = None
    for point in points:
        if point.at_ticks > tick:
            return between(before, point, tick) if before is not None else float(point.value)
        before = point
    return float(before.value) if before is not None else 0.0


def between(here: Any, there: Any, tick: float) -> float:
    """The value between two points, as the kernel draws it."""
    part = (tick - here.at_ticks) / (there.at_ticks - here.at_ticks)
    bend = 8.0 * here.curve
    if here.shape == "hold":
        part = 0.0
    elif here.shape == "curve" and abs(bend) >= 1e-3:
        part = math.expm1(bend * part) / math.expm1(bend)
    elif here.shape == "smooth":
        part = 0.5 - 0.5 * math.cos(math.pi * part)
    return float(here.value + (there.value - here.value) * part)
