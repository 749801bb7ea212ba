"""LMMS' automation as curves: steps, lines, and cubic splines, which become lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element

from graphdaw.graph.clips import CurveClip, Point, Shape
from graphdaw.graph.song import shape_at
from graphdaw.graph.timeline import BPM, Tempo
from graphdaw.host.songs.lmms.values import MOST_TICKS, TICK, children, number, ticks

_STEPS, _LINES, _CUBIC = range(3)
PIECES = 16  # lines for a stretch of a spline: within 0.3 % of its height where it is no steeper than a smooth step


def points_of(pattern: Element, factor: float = 1.0) -> tuple[Point, ...]:
    """The points of an automation pattern, in order."""
    values = {}
    after = {}
    for time in children(pattern, "time"):
        tick = round(number(time, "pos", 0.0, 0, MOST_TICKS))
        values[tick] = factor * number(time, "value", 0.0)
        after[tick] = factor * number(time, "outValue", number(time, "value", 0.0))
    kind = round(number(pattern, "prog", 0.0))
    shape: Shape = "hold" if kind == _STEPS else "line"
    found: list[Point] = []
    order = sorted(values)
    for k, tick in enumerate(order):
        if after[tick] != values[tick]:
            found.append(Point(TICK * tick, values[tick], "hold"))
        found.append(Point(TICK * tick, after[tick], shape))
        if kind == _CUBIC and k + 1 < len(order):
            found += _spline(order, [values[t] for t in order[max(0, k - 1) : k + 3]], k, number(pattern, "tens", 1.0))
    return tuple(found)


def _spline(order: Sequence[int], near: Sequence[float], k: int, tension: float) -> Iterator[Point]:
    """Points within a stretch of a cubic spline whose tangents are the slopes between the neighbours of its ends.

    `near` are the values from the point before the stretch, where there is one, to the one behind it.
    """
    first = 1 if k else 0
    begin, end = near[first], near[first + 1]
    span = order[k + 1] - order[k]
    leaving = (end - near[0]) / (order[k + 1] - order[k - 1] if k else span) * span * tension
    last = len(near) == first + 2
    arriving = 0.0 if last else (near[first + 2] - begin) / (order[k + 2] - order[k]) * span * tension
    for piece in range(1, PIECES):
        t = piece / PIECES
        bent = (2 * t**3 - 3 * t**2 + 1) * begin + (t**3 - 2 * t**2 + t) * leaving
        bent += (3 * t**2 - 2 * t**3) * end + (t**3 - t**2) * arriving
        tick = TICK * order[k] + TICK * span * piece // PIECES
        if TICK * order[k] < tick < TICK * order[k + 1]:
            yield Point(tick, bent, "line")


def curve_clip(pattern: Element, id: str, factor: float, at_ticks: int, loop_ticks: int = 0) -> CurveClip:
    """An automation pattern as a clip."""
    points = points_of(pattern, factor)
    length = ticks(pattern, "len") or max((point.at_ticks for point in points), default=0) or TICK
    muted = number(pattern, "mute", number(pattern, "muted", 0.0)) != 0.0
    return CurveClip(
        id, at_ticks, length, loop_ticks=loop_ticks, name=pattern.get("name", ""), muted=muted, points=points
    )


def tempos_of(bpm: float, clips: Iterable[CurveClip]) -> tuple[Tempo, ...]:
    """The tempo map that curves make of a tempo; each tempo stays after the end of its clip."""
    found = {0: Tempo(0, _possible(bpm))}
    for clip in sorted(clips, key=lambda clip: clip.at_ticks):
        if clip.muted:
            continue
        end = clip.length_ticks
        for k, point in enumerate(clip.points):
            following = clip.points[k + 1] if k + 1 < len(clip.points) else point
            if point.at_ticks >= end:
                break
            tick = clip.at_ticks + point.at_ticks
            found[tick] = Tempo(tick, _possible(point.value), point.shape == "line" and following is not point)
            if following.at_ticks > end:
                found[clip.at_ticks + end] = Tempo(clip.at_ticks + end, _possible(shape_at(point, following, end)))
            elif following.at_ticks == end:
                found[clip.at_ticks + end] = Tempo(clip.at_ticks + end, _possible(following.value))
    return tuple(found[tick] for tick in sorted(found))


def _possible(bpm: float) -> float:
    return min(max(bpm, BPM[0]), BPM[1])
