"""Checks that clips pass before they are part of a document, from an edit or from a file.

Each returns what it checked as it is kept: whole ticks, floats, everything in the order of its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any

from graphdaw.errors import (
    ClipKindError,
    DuplicateIdError,
    NameFormError,
    OutOfRangeError,
    UnknownClipError,
    ValueKindError,
    brief,
    suggestion,
)
from graphdaw.graph import checks
from graphdaw.graph.clips import KINDS, AudioClip, Clip, CurveClip, Lane, Note, NoteClip, OtherClip, Point, WarpMark
from graphdaw.graph.field_checks import END_TICKS, check_fields, check_name, count, kept, real, switch, ticks
from graphdaw.graph.model import GROUP, Document, Node
from graphdaw.graph.ports import title
from graphdaw.graph.timeline import BPM
from graphdaw.nodes.base import registry

MAX_ID = 1 << 31
KEYS = (-128.0, 256.0)
MAX_NOTES = 100_000
MAX_POINTS = 100_000
MAX_CLIPS = 10_000
MAX_LANES = 256
MAX_WEIGHT = 6_000_000  # of all clips of a document, so that nodes and wires have room too in what a file may hold
SHAPES = ("line", "hold", "curve", "smooth")
LONGEST_S = 1e6

AUDIO_RANGES = {
    "start_s": (0.0, LONGEST_S),
    "gain_db": (-96.0, 24.0),
    "fade_in_s": (0.0, LONGEST_S),
    "fade_out_s": (0.0, LONGEST_S),
    "speed": (1 / 16, 16.0),
    "pitch_semitones": (-48.0, 48.0),
}
LANE_RANGES = {"bend": (-128.0, 128.0), "program": (0.0, 127.0), "pressure": (0.0, 1.0), "timbre": (0.0, 1.0)}
LANE_RANGES |= {f"cc{number}": (0.0, 1.0) for number in range(128)}

by_time = attrgetter("at_ticks", "id")


# Clips of a node


def check_kind(node: Node, clip: Clip) -> None:
    """The node's type holds such clips."""
    if not takes(node.type, clip):
        kind = registry.get(node.type)
        held = f"it holds {kind.clips} clips" if kind is not None and kind.clips else "it holds no clips at all"
        raise ClipKindError(
            f"Node {title(node)} cannot hold clip {clip.id!r}, of kind {kind_of(clip)!r}; {held}.", node=node.id
        )


def takes(type: str, clip: Clip) -> bool:
    """Whether nodes of a type hold clips of this kind; where one of both is not known here, they may."""
    kind = registry.get(type)
    if kind is None or isinstance(clip, OtherClip):
        return type != GROUP
    return bool(kind.clips) and kind_of(clip) == kind.clips


def kind_of(clip: Clip) -> str:
    """What a clip holds, in one word, as it is written in files."""
    return clip.what if isinstance(clip, OtherClip) else str(clip.__struct_config__.tag)


def clip_of(node: Node, id: str) -> Clip:
    """The clip of this id; raises UnknownClipError."""
    for clip in node.clips:
        if clip.id == id:
            return clip
    known = [clip.id for clip in node.clips]
    raise UnknownClipError(
        f"Node {title(node)} has no clip {id!r}; {suggestion(id, known, 'clips')}", node=node.id, allowed=known[:12]
    )


def note_clip_of(node: Node, id: str) -> NoteClip:
    """The clip of this id, which holds notes; raises UnknownClipError, ClipKindError."""
    clip = clip_of(node, id)
    if not isinstance(clip, NoteClip):
        raise ClipKindError(
            f"Clip {id!r} of node {title(node)} is of kind {kind_of(clip)!r} and has no notes; name a clip of notes.",
            node=node.id,
        )
    return clip


def check_room(document: Document, more: int, node: str) -> None:
    """There is room for so much more; what no file could hold would be lost in a crash."""
    if more > 0 and document.weight + more > MAX_WEIGHT:
        raise OutOfRangeError(
            f"With this, the clips of node {node!r} and all others would hold more than a project can; split it, "
            "or take clips that are not needed.",
            node=node,
        )


def check_clips(clips: Iterable[Clip], node: str) -> tuple[Clip, ...]:
    """All clips of a node, in order."""
    return together([check_clip(clip, node) for clip in clips], node)


def together(clips: list[Clip], node: str) -> tuple[Clip, ...]:
    """Clips that are sound each by itself, in order, as one node holds them."""
    count(clips, MAX_CLIPS, "clips", f"Node {node!r}", node)
    if len({clip.id for clip in clips}) != len(clips):
        raise DuplicateIdError(f"Two clips of node {node!r} have the same id; give each its own.", node=node)
    return _in_order(clips)


def check_clip(clip: Clip, node: str) -> Clip:
    """One clip with all it holds."""
    if not isinstance(clip.id, str) or not clip.id.isidentifier() or len(clip.id) > 128:
        raise NameFormError(
            f"{brief(repr(clip.id))} cannot be the id of a clip; use letters, digits and underscores: 'verse_2'.",
            node=node,
        )
    where = f"Clip {clip.id!r} of node {node!r}"
    clip = check_head(clip, node)
    if isinstance(clip, NoteClip):
        notes = check_notes(clip.notes, where, node)
        return kept(clip, notes=notes, lanes=_lanes(clip.lanes, where, node))
    if isinstance(clip, CurveClip):
        return kept(clip, points=_points(clip.points, None, where, node))
    return clip


def check_head(clip: Clip, node: str) -> Clip:
    """A clip without its notes and points: its place and its settings."""
    where = f"Clip {clip.id!r} of node {node!r}"
    check_fields(clip, where, node)
    head: dict[str, Any] = {
        "at_ticks": ticks(clip.at_ticks, "begins at", where, node),
        "length_ticks": ticks(clip.length_ticks, "has the length", where, node, lo=1),
        "offset_ticks": ticks(clip.offset_ticks, "has the offset", where, node),
        "loop_ticks": ticks(clip.loop_ticks, "repeats after", where, node),
        "name": check_name(clip.name, where, node),
        "muted": switch(clip.muted, "muted", where, node),
    }
    if isinstance(clip, OtherClip):
        head["what"] = check_name(clip.what, where, node)
        if not clip.what or clip.what in KINDS:
            raise ClipKindError(f"{where} is said to be of another kind, {clip.what!r}; make it of that.", node=node)
    if isinstance(clip, AudioClip):
        head |= _sound(clip, where, node)
    return kept(clip, **head)


def _sound(clip: AudioClip, where: str, node: str) -> dict[str, Any]:
    checks.check_text(clip.media, "recording of a clip", node)
    found: dict[str, Any] = {
        name: real(getattr(clip, name), name, lo, hi, where, node) for name, (lo, hi) in AUDIO_RANGES.items()
    }
    bpm = real(clip.media_bpm, "media_bpm", 0.0, BPM[1], where, node)
    if 0.0 < bpm < BPM[0]:
        raise OutOfRangeError(
            f"{where} has {bpm:g} as media_bpm; give {BPM[0]:g} to {BPM[1]:g}, or 0 where it is not known.", node=node
        )
    for name in ("follows_tempo", "reversed"):
        found[name] = switch(getattr(clip, name), name, where, node)
    return {**found, "media_bpm": bpm, "warp": _warp(clip.warp, where, node)}


def _warp(marks: Sequence[WarpMark], where: str, node: str) -> tuple[WarpMark, ...]:
    count(marks, MAX_POINTS, "warp marks", where, node)
    sound = []
    for mark in marks:
        check_fields(mark, f"A warp mark of {where[0].lower()}{where[1:]}", node)
        at = ticks(mark.at_ticks, "has a warp mark at", where, node)
        sound.append(kept(mark, at_ticks=at, media_s=real(mark.media_s, "media_s", 0.0, LONGEST_S, where, node)))
    for before, after in pairwise(sound):
        if after.at_ticks <= before.at_ticks or after.media_s <= before.media_s:
            raise OutOfRangeError(
                f"{where} has a warp mark at tick {after.at_ticks} that does not come after the one at tick "
                f"{before.at_ticks}; let both their ticks and their seconds rise.",
                node=node,
            )
    return tuple(sound)


# Notes


def check_notes(notes: Sequence[Note], where: str, node: str) -> tuple[Note, ...]:
    """Notes that are together in one clip, in order."""
    count(notes, MAX_NOTES, "notes", where, node)
    if len({note.id for note in notes}) != len(notes):
        raise DuplicateIdError(f"{where} has two notes of the same number; give each its own.", node=node)
    return _in_order([note if _is_plain(note) else _note(note, where, node) for note in notes])


def _is_plain(note: Note) -> bool:
    """Whether there is nothing to say about a note, as about nearly all of them."""
    return (
        type(note.id) is type(note.at_ticks) is type(note.length_ticks) is int
        and type(note.key) is type(note.velocity) is type(note.release) is type(note.probability) is float
        and 0 <= note.id < MAX_ID
        and 0 <= note.at_ticks < END_TICKS
        and 0 < note.length_ticks < END_TICKS
        and KEYS[0] <= note.key <= KEYS[1]
        and 0.0 <= note.velocity <= 1.0
        and 0.0 <= note.release <= 1.0
        and 0.0 <= note.probability <= 1.0
        and not note.lanes
        and note.extra is None
    )


def _note(note: Note, where: str, node: str) -> Note:
    if type(note.id) is not int or not 0 <= note.id < MAX_ID:
        raise OutOfRangeError(f"{where} has a note of number {note.id!r}; give a whole one from 0 on.", node=node)
    where = f"Note {note.id} of {where[0].lower()}{where[1:]}"
    check_fields(note, where, node)
    return kept(
        note,
        at_ticks=ticks(note.at_ticks, "begins at", where, node),
        length_ticks=ticks(note.length_ticks, "has the length", where, node, lo=1),
        key=real(note.key, "key", *KEYS, where, node),
        velocity=real(note.velocity, "velocity", 0.0, 1.0, where, node),
        release=real(note.release, "release", 0.0, 1.0, where, node),
        probability=real(note.probability, "probability", 0.0, 1.0, where, node),
        lanes=_lanes(note.lanes, where, node),
    )


def _lanes(lanes: Sequence[Lane], where: str, node: str) -> tuple[Lane, ...]:
    count(lanes, MAX_LANES, "lanes", where, node)
    if len({lane.kind for lane in lanes}) != len(lanes):
        raise DuplicateIdError(f"{where} has two lanes of one kind; put their points into one.", node=node)
    sound = []
    for lane in lanes:
        if lane.kind not in LANE_RANGES:
            names = ("bend", "program", "pressure", "timbre", "cc0", "cc127")
            raise ValueKindError(
                f"{where} has a lane of kind {brief(repr(lane.kind))}; {suggestion(str(lane.kind), names, 'kinds')}",
                node=node,
                allowed=names,
            )
        check_fields(lane, f"Lane {lane.kind!r} of {where[0].lower()}{where[1:]}", node)
        sound.append(kept(lane, points=_points(lane.points, LANE_RANGES[lane.kind], where, node)))
    return tuple(sound)


def _points(points: Sequence[Point], values: tuple[float, float] | None, where: str, node: str) -> tuple[Point, ...]:
    """Points of a curve, in the order of their times; two at one time are a jump."""
    count(points, MAX_POINTS, "points", where, node)
    sound = tuple(point if _is_plain_point(point, values) else _point(point, values, where, node) for point in points)
    for before, after in pairwise(sound):
        if after.at_ticks < before.at_ticks:
            raise OutOfRangeError(
                f"{where} has a point at tick {after.at_ticks} after the one at tick {before.at_ticks}; "
                "put the points in the order of their times.",
                node=node,
            )
    return sound


def _is_plain_point(point: Point, values: tuple[float, float] | None) -> bool:
    lo, hi = values or (-1e300, 1e300)
    return (
        type(point.at_ticks) is int
        and type(point.value) is type(point.curve) is float
        and 0 <= point.at_ticks < END_TICKS
        and lo <= point.value <= hi
        and -1.0 <= point.curve <= 1.0
        and point.shape is SHAPES[0]
        and point.extra is None
    )


def _point(point: Point, values: tuple[float, float] | None, where: str, node: str) -> Point:
    if point.shape not in SHAPES:
        raise ValueKindError(
            f"{where} has a point of shape {point.shape!r}; {suggestion(str(point.shape), SHAPES, 'shapes')}",
            node=node,
            allowed=SHAPES,
        )
    check_fields(point, f"A point of {where[0].lower()}{where[1:]}", node)
    lo, hi = values or (-1e300, 1e300)
    return kept(
        point,
        at_ticks=ticks(point.at_ticks, "has a point at", where, node),
        value=real(point.value, "the value of a point", lo, hi, where, node),
        shape=SHAPES[SHAPES.index(point.shape)],
        curve=real(point.curve, "the curve of a point", -1.0, 1.0, where, node),
    )


def _in_order(items: list[Any]) -> tuple[Any, ...]:
    items.sort(key=by_time)
    return tuple(items)
