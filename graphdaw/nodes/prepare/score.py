"""Scores: what the kernel `notes` plays, made of clips or of steps, as it lies in memory (csrc/graphdaw.h)."""

from __future__ import annotations

import itertools
import random
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from graphdaw.nodes.prepare.curve import between
from graphdaw.nodes.prepare.turns import turns

TICKS_PER_QUARTER = 960
LANE_STEP_TICKS = 10  # between two points of a line or a curve a value is sent this often

HEADER = np.dtype(
    [
        ("count", "u4"),
        ("serial", "u4"),
        ("loop_ticks", "f8"),
        ("longest_ticks", "f8"),
        ("chases", "u4"),
        ("unused", "u4"),
    ]
)
ITEM = np.dtype(
    [
        ("at", "f8"),
        ("end", "f8"),
        ("key", "f4"),
        ("value", "f4"),
        ("release", "f4"),
        ("probability", "f4"),
        ("note", "u4"),
        ("number", "u2"),
        ("kind", "u1"),
        ("channel", "u1"),
    ]
)
NOTE_ON, BEND, PRESSURE, TIMBRE, CC, PROGRAM = 1, 3, 4, 5, 6, 7
_KINDS = {"bend": BEND, "pressure": PRESSURE, "timbre": TIMBRE, "program": PROGRAM}
_SERIALS = itertools.count(1)

Item = tuple[float, float, float, float, float, float, int, int, int, int]


def score(items: Iterable[Item], *, loop_ticks: float = 0.0, chases: bool = False) -> bytes:
    """The bytes of a score; items in any order.

    Of one tick, changes for the channel come first and those for a single note behind its beginning.
    """
    table = np.array(sorted(items, key=lambda item: (item[0], item[6] != 0, item[8] != NOTE_ON)), ITEM)
    header = np.zeros(1, HEADER)
    longest = float((table["end"] - table["at"]).max()) if len(table) else 0.0
    header[0] = (len(table), next(_SERIALS) & 0xFFFF_FFFF, loop_ticks, longest, chases, 0)
    return header.tobytes() + table.tobytes()


def note(
    at: float,
    end: float,
    key: float,
    velocity: float,
    *,
    release: float = 0.5,
    probability: float = 1.0,
    name: int = 0,
    channel: int = 0,
) -> Item:
    """One note of a score; `name` tells it from others, so that it goes on where its score is changed."""
    return (at, end, key, velocity, release, probability, name & 0xFFFF_FFFF, 0, NOTE_ON, channel)


def score_of_clips(node: str, clips: Iterable[Any], values: Mapping[str, Any]) -> bytes:
    """The score of a track: what sounds of its clips, moved as the track's settings say."""
    shape = _Shape(node, values)
    items: list[Item] = []
    for clip in clips:
        if clip.muted or not hasattr(clip, "notes"):
            continue
        for shift, begin, end in turns(clip):
            origin = clip.at_ticks + shift
            items += _notes(clip, origin, begin, end, shape)
            for lane in clip.lanes:
                items += _changes(lane, origin, begin, end, 0)
    return score(items, chases=values["chase"] == "on")


def _notes(clip: Any, origin: int, begin: int, end: int, shape: _Shape) -> Iterator[Item]:
    for written in clip.notes:
        if not begin <= written.at_ticks < end:
            continue
        name = zlib.crc32(f"{clip.id} {written.id}".encode())
        at = shape.begin(origin + written.at_ticks, name)
        until = at + min(written.length_ticks, end - written.at_ticks)
        yield note(
            at,
            until,
            written.key + shape.transpose,
            shape.velocity(written.velocity, name, at),
            release=written.release,
            probability=written.probability,
            name=name,
        )
        for lane in written.lanes:
            yield from _changes(lane, at, 0, written.length_ticks, name)


def _changes(lane: Any, origin: float, begin: int, end: int, name: int) -> Iterator[Item]:
    """The values of a lane between two ticks of its content, and what holds where it begins."""
    kind, number = (CC, int(lane.kind[2:])) if lane.kind.startswith("cc") else (_KINDS.get(lane.kind, 0), 0)
    if not kind:
        return
    before = None
    for tick, value in _values(lane.points):
        if tick < begin:
            before = value
        elif tick < end:
            if before is not None and tick > begin:
                yield _change(origin + begin, kind, number, before, name)
            before = None
            yield _change(origin + tick, kind, number, value, name)
    if before is not None:
        yield _change(origin + begin, kind, number, before, name)


def _change(at: float, kind: int, number: int, value: float, name: int) -> Item:
    if kind == PROGRAM:
        return (at, at, 0.0, 0.0, 0.0, 1.0, name, round(value), kind, 0)
    return (at, at, 0.0, value, 0.0, 1.0, name, number, kind, 0)


def _values(points: Any) -> Iterator[tuple[int, float]]:
    """The points of a lane, and between two that are not held a value every few ticks."""
    for here, there in itertools.pairwise(points):
        yield here.at_ticks, here.value
        if here.shape == "hold" or here.value == there.value:
            continue
        for tick in range(here.at_ticks + LANE_STEP_TICKS, there.at_ticks, LANE_STEP_TICKS):
            yield tick, between(here, there, tick)
    if points:
        yield points[-1].at_ticks, points[-1].value


class _Shape:
    """How a track's settings move its notes; chance is the same every time, for the same note at the same place."""

    def __init__(self, node: str, values: Mapping[str, Any]) -> None:
        self.node = node
        self.grid = grid_ticks(str(values["quantise"]))
        self.strength = float(values["strength"])
        self.swung = grid_ticks(str(values["swing_grid"]))
        self.swing = float(values["swing"])
        self.humanise_ticks = float(values["humanise_ms"]) * TICKS_PER_QUARTER * 2 / 1000.0  # at 120 beats a minute
        self.loudness = float(values["humanise_velocity"])
        self.transpose = float(values["transpose"])

    def begin(self, tick: float, name: int) -> float:
        """Where a note begins that is written at a tick."""
        at = tick
        if self.grid:
            nearest = self.grid * int(tick / self.grid + 0.5)
            at += (nearest - tick) * self.strength
        at += swing_ticks(at, self.swung, self.swing)
        if self.humanise_ticks:
            at += self.humanise_ticks * (2.0 * self._chance(name, tick, "at") - 1.0)
        return max(0.0, at)

    def velocity(self, written: float, name: int, at: float) -> float:
        """How hard a note is struck."""
        if not self.loudness:
            return written
        return min(1.0, max(0.0, written + self.loudness * (2.0 * self._chance(name, at, "velocity") - 1.0)))

    def _chance(self, name: int, tick: float, what: str) -> float:
        return random.Random(f"{self.node} {name} {tick} {what}").random()


def swing_ticks(tick: float, grid: float, swing: float) -> float:
    """How much later a note at a tick comes where every second note of a grid comes at `swing` of its pair.

    >>> swing_ticks(240, 240, 0.75), swing_ticks(480, 240, 0.75), swing_ticks(120, 240, 0.75)
    (120.0, 0.0, 60.0)
    """
    pair = tick % (2.0 * grid)
    if pair <= grid:
        return pair * (2.0 * swing - 1.0)
    return (2.0 * grid - pair) * (2.0 * swing - 1.0)


def grid_ticks(name: str) -> float:
    """The ticks of a note length such as "1/8t"; 0 for "off".

    >>> grid_ticks("1/16"), grid_ticks("1/8t"), grid_ticks("off")
    (240.0, 320.0, 0.0)
    """
    if name == "off":
        return 0.0
    whole, _, part = name.rstrip("t").partition("/")
    return TICKS_PER_QUARTER * 4.0 * int(whole) / int(part) * (2.0 / 3.0 if name.endswith("t") else 1.0)
