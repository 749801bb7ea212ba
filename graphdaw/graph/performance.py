"""What was played, as clips: notes of a keyboard and moves of a parameter, at the ticks at which they were heard."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from graphdaw.graph.arranging import end_of, fresh_id, trim_clip
from graphdaw.graph.clips import Clip, CurveClip, Lane, Note, NoteClip, Point
from graphdaw.graph.timeline import Timeline

replace = msgspec.structs.replace

Ticks = Callable[[int], float]
"""From frames of the clock to ticks of the piece, in one stretch of time."""

Error = Callable[[float], float]
"""By how much a value may be off."""

HELD_S = 0.1  # a parameter that has not moved for longer was held, and is no line to its next value


class Played(NamedTuple):
    """Something that a keyboard said at a frame of the clock: "on", "off", "all off" or the kind of a lane.

    `note` tells notes apart; of a change it is 0 where it is for all of them.
    """

    frame: int
    kind: str
    note: int = 0
    key: float = 60.0
    value: float = 0.0


class Passage(NamedTuple):
    """A stretch of the clock in which the piece went on, and which ticks its frames are."""

    begin: int
    end: int
    ticks: Ticks


def clip_of_notes(played: Iterable[Played], passage: Passage, id: str, name: str = "") -> NoteClip | None:
    """The clip of what was played in a passage; None where no note began in it. Notes end with it at the latest."""
    begin = math.floor(passage.ticks(passage.begin) + 1e-6)
    length = max(1, math.ceil(passage.ticks(passage.end) - 1e-6) - begin)

    def tick(frame: int) -> int:
        at = round(passage.ticks(min(max(frame, passage.begin), passage.end))) - begin
        return min(max(0, at), length - 1)

    notes: list[Note] = []
    sounding: dict[int, int] = {}  # note -> its place in the list
    lanes: dict[str, dict[int, Point]] = {}
    own: dict[int, dict[str, dict[int, Point]]] = {}

    def end(place: int, frame: int, release: float = 0.5) -> None:
        note = notes[place]
        until = round(passage.ticks(min(frame, passage.end))) - begin
        notes[place] = replace(note, length_ticks=max(1, until - note.at_ticks), release=release)

    for event in played:
        if event.frame >= passage.end:
            break
        at = tick(event.frame)
        if event.kind == "on" and event.frame >= passage.begin:
            sounding[event.note] = len(notes)
            notes.append(Note(len(notes) + 1, at, 1, event.key, event.value))
        elif event.kind == "off" and event.note in sounding:
            end(sounding.pop(event.note), event.frame, event.value)
        elif event.kind == "all off":
            for place in sounding.values():
                end(place, event.frame)
            sounding.clear()
        elif event.kind not in ("on", "off") and event.note in sounding:
            place = sounding[event.note]
            since = at - notes[place].at_ticks
            own.setdefault(place, {}).setdefault(event.kind, {})[since] = Point(since, event.value, "hold")
        elif event.kind not in ("on", "off") and not event.note:
            lanes.setdefault(event.kind, {})[at] = Point(at, event.value, "hold")  # of what came before, the last
    for place in sounding.values():
        end(place, passage.end)
    if not notes:
        return None
    kept = tuple(replace(note, lanes=_lanes(own.get(place, {}))) for place, note in enumerate(notes))
    return NoteClip(id, begin, length, name=name, notes=kept, lanes=_lanes(lanes))


def _lanes(lanes: dict[str, dict[int, Point]]) -> tuple[Lane, ...]:
    return tuple(Lane(kind, tuple(points.values())) for kind, points in lanes.items())


# Parameters


def thinned(points: Sequence[tuple[int, float]], error: Error) -> list[tuple[int, float]]:
    """Points so chosen that straight lines between them pass every point left out within its error.

    The points ascend in time. David Douglas and Thomas Peucker's way (1973), with distances along the value alone.

    >>> thinned([(0, 0.0), (1, 1.01), (2, 2.0), (3, 2.0), (4, 2.0)], lambda value: 0.02)
    [(0, 0.0), (2, 2.0), (4, 2.0)]
    """
    if len(points) < 3:
        return list(points)
    kept = {0, len(points) - 1}
    waiting = [(0, len(points) - 1)]
    while waiting:
        first, last = waiting.pop()
        (t0, v0), (t1, v1) = points[first], points[last]
        slope = (v1 - v0) / (t1 - t0)
        furthest, most = -1, 1.0
        for k in range(first + 1, last):
            off = abs(points[k][1] - (v0 + slope * (points[k][0] - t0))) / error(points[k][1])
            if off > most:
                furthest, most = k, off
        if furthest >= 0:
            kept.add(furthest)
            waiting += [(first, furthest), (furthest, last)]
    return [points[k] for k in sorted(kept)]


def clip_of_moves(
    moves: Sequence[tuple[int, float]], passage: Passage, held_frames: int, id: str, error: Error
) -> CurveClip | None:
    """The curve of a parameter that was set at those frames; None where it was not in this passage.

    It begins with the first move in it and lasts to its end. No value is further off than its error.
    """
    inside = [(frame, value) for frame, value in moves if passage.begin <= frame < passage.end]
    if not inside:
        return None
    begin = math.floor(passage.ticks(inside[0][0]) + 1e-6)
    length = max(1, math.ceil(passage.ticks(passage.end) - 1e-6) - begin)
    values: dict[int, float] = {}
    for k, (frame, value) in enumerate(inside):
        at = min(length - 1, max(0, round(passage.ticks(frame)) - begin))
        if k and frame - inside[k - 1][0] > held_frames and at - 1 not in values and at:
            values[at - 1] = inside[k - 1][1]
        values[at] = value
    line = thinned(list(values.items()), error)
    points = tuple(Point(at, value) for at, value in line)
    return CurveClip(id, begin, length, points=points)


def punched_in(clips: Sequence[Clip], new: Clip, timeline: Timeline, sample_rate: int) -> list[Clip]:
    """Clips of a track with a new one over them: what lies below it is cut away."""
    kept: list[Clip] = []
    taken = [clip.id for clip in clips]
    for clip in clips:
        if end_of(clip) <= new.at_ticks or clip.at_ticks >= end_of(new):
            kept.append(clip)
            continue
        if clip.at_ticks < new.at_ticks:
            kept.append(trim_clip(clip, clip.at_ticks, new.at_ticks, timeline, sample_rate))
        if end_of(clip) > end_of(new):
            id = clip.id if clip.at_ticks >= new.at_ticks else fresh_id(taken, clip.id)
            taken.append(id)
            rest = trim_clip(clip, end_of(new), end_of(clip), timeline, sample_rate)
            kept.append(replace(rest, id=id))
    return [*kept, new]
