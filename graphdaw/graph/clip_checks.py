"""Checks that clips and the timeline pass before they are part of a document, from an edit or from a file.

Each returns what it checked as it is kept: whole ticks, floats, everything in the order of its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from graphdaw.errors import (
    ClipKindError,
    DuplicateIdError,
    NameFormError,
    OutOfRangeError,
    TimelineError,
    UnknownClipError,
    ValueKindError,
    suggestion,
)
from graphdaw.graph import checks
from graphdaw.graph.clips import AudioClip, Clip, CurveClip, Lane, Note, NoteClip, OtherClip, Point, WarpMark
from graphdaw.graph.model import GROUP, Node
from graphdaw.graph.ports import title
from graphdaw.graph.timeline import BPM, Loop, Marker, Signature, Tempo, Timeline
from graphdaw.nodes.base import registry

END_TICKS = 1 << 40
MAX_ID = 1 << 31
KEYS = (-128.0, 256.0)
MAX_NOTES = 100_000
MAX_POINTS = 100_000
MAX_CLIPS = 10_000
MAX_LANES = 256
MAX_PLACES = 10_000  # tempos, signatures or markers
MAX_NAME = 256
MAX_BEATS = 64
UNITS = (1, 2, 4, 8, 16, 32, 64)
SHAPES = ("line", "hold", "curve", "smooth")
LONGEST_S = 1e6

KINDS = {"notes": NoteClip, "curve": CurveClip, "audio": AudioClip}
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

Item = TypeVar("Item", bound=msgspec.Struct)


replace = msgspec.structs.replace
by_time = attrgetter("at_ticks", "id")


# Clips of a node


def check_kind(node: Node, clip: Clip) -> None:
    """The node's type holds such clips; what a type that is not installed holds is not known, so it may be any."""
    kind = registry.get(node.type)
    if not takes(node.type, clip):
        held = f"it holds {kind.clips} clips" if kind is not None and kind.clips else "it holds no clips at all"
        raise ClipKindError(
            f"Node {title(node)} cannot hold clip {clip.id!r}, of kind {kind_of(clip)!r}; {held}.", node=node.id
        )


def takes(type: str, clip: Clip) -> bool:
    """Whether nodes of a type hold clips of this kind."""
    kind = registry.get(type)
    return type != GROUP if kind is None else bool(kind.clips) and kind_of(clip) == kind.clips


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


def check_clips(clips: Sequence[Clip], node: str) -> tuple[Clip, ...]:
    """All clips of a node, in order."""
    _count(clips, MAX_CLIPS, "clips", f"Node {node!r}", node)
    if len({clip.id for clip in clips}) != len(clips):
        raise DuplicateIdError(f"Two clips of node {node!r} have the same id; give each its own.", node=node)
    return _in_order([check_clip(clip, node) for clip in clips])


def check_clip(clip: Clip, node: str) -> Clip:
    """One clip with all it holds."""
    if not isinstance(clip.id, str) or not clip.id.isidentifier() or len(clip.id) > 128:
        raise NameFormError(
            f"{clip.id!r} cannot be the id of a clip; use letters, digits and underscores, such as 'verse_2'.",
            node=node,
        )
    where = f"Clip {clip.id!r} of node {node!r}"
    clip = check_head(clip, node)
    if isinstance(clip, NoteClip):
        notes = check_notes(clip.notes, where, node)
        return _kept(clip, notes=notes, lanes=_lanes(clip.lanes, where, node))
    if isinstance(clip, CurveClip):
        return _kept(clip, points=_points(clip.points, None, where, node))
    return clip


def check_head(clip: Clip, node: str) -> Clip:
    """A clip without its notes and points: its place and its settings."""
    where = f"Clip {clip.id!r} of node {node!r}"
    _known(clip, where, node)
    head: dict[str, Any] = {
        "at_ticks": _ticks(clip.at_ticks, "begins at", where, node),
        "length_ticks": _ticks(clip.length_ticks, "has the length", where, node, lo=1),
        "offset_ticks": _ticks(clip.offset_ticks, "has the offset", where, node),
        "loop_ticks": _ticks(clip.loop_ticks, "repeats after", where, node),
        "name": _name(clip.name, where, node),
        "muted": _switch(clip.muted, "muted", where, node),
    }
    if isinstance(clip, OtherClip):
        head["what"] = _name(clip.what, where, node)
        if not clip.what or clip.what in KINDS:
            raise ClipKindError(f"{where} is said to be of another kind, {clip.what!r}; make it of that.", node=node)
    if isinstance(clip, AudioClip):
        head |= _sound(clip, where, node)
    return _kept(clip, **head)


def _sound(clip: AudioClip, where: str, node: str) -> dict[str, Any]:
    checks.check_text(clip.media, "recording of a clip", node)
    found: dict[str, Any] = {
        name: _real(getattr(clip, name), name, lo, hi, where, node) for name, (lo, hi) in AUDIO_RANGES.items()
    }
    bpm = _real(clip.media_bpm, "media_bpm", 0.0, BPM[1], where, node)
    if 0.0 < bpm < BPM[0]:
        raise OutOfRangeError(
            f"{where} has {bpm:g} as media_bpm; give {BPM[0]:g} to {BPM[1]:g}, or 0 where it is not known.", node=node
        )
    for name in ("follows_tempo", "reversed"):
        found[name] = _switch(getattr(clip, name), name, where, node)
    return {**found, "media_bpm": bpm, "warp": _warp(clip.warp, where, node)}


def _warp(marks: Sequence[WarpMark], where: str, node: str) -> tuple[WarpMark, ...]:
    _count(marks, MAX_POINTS, "warp marks", where, node)
    kept = []
    for mark in marks:
        _known(mark, f"A warp mark of {where[0].lower()}{where[1:]}", node)
        at = _ticks(mark.at_ticks, "has a warp mark at", where, node)
        kept.append(_kept(mark, at_ticks=at, media_s=_real(mark.media_s, "media_s", 0.0, LONGEST_S, where, node)))
    for before, after in pairwise(kept):
        if after.at_ticks <= before.at_ticks or after.media_s <= before.media_s:
            raise OutOfRangeError(
                f"{where} has a warp mark at tick {after.at_ticks} that does not come after the one at tick "
                f"{before.at_ticks}; let both their ticks and their seconds rise.",
                node=node,
            )
    return tuple(kept)


# Notes


def check_notes(notes: Sequence[Note], where: str, node: str) -> tuple[Note, ...]:
    """Notes that are together in one clip, in order."""
    _count(notes, MAX_NOTES, "notes", where, node)
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
    _known(note, where, node)
    return _kept(
        note,
        at_ticks=_ticks(note.at_ticks, "begins at", where, node),
        length_ticks=_ticks(note.length_ticks, "has the length", where, node, lo=1),
        key=_real(note.key, "key", *KEYS, where, node),
        velocity=_real(note.velocity, "velocity", 0.0, 1.0, where, node),
        release=_real(note.release, "release", 0.0, 1.0, where, node),
        probability=_real(note.probability, "probability", 0.0, 1.0, where, node),
        lanes=_lanes(note.lanes, where, node),
    )


def _lanes(lanes: Sequence[Lane], where: str, node: str) -> tuple[Lane, ...]:
    _count(lanes, MAX_LANES, "lanes", where, node)
    if len({lane.kind for lane in lanes}) != len(lanes):
        raise DuplicateIdError(f"{where} has two lanes of one kind; put their points into one.", node=node)
    kept = []
    for lane in lanes:
        if lane.kind not in LANE_RANGES:
            names = ("bend", "program", "pressure", "timbre", "cc0", "cc127")
            raise ValueKindError(
                f"{where} has a lane of kind {lane.kind!r}; {suggestion(str(lane.kind), names, 'kinds')}",
                node=node,
                allowed=names,
            )
        _known(lane, f"Lane {lane.kind!r} of {where[0].lower()}{where[1:]}", node)
        kept.append(_kept(lane, points=_points(lane.points, LANE_RANGES[lane.kind], where, node)))
    return tuple(kept)


def _points(points: Sequence[Point], values: tuple[float, float] | None, where: str, node: str) -> tuple[Point, ...]:
    """Points of a curve, in the order of their times; two at one time are a jump."""
    _count(points, MAX_POINTS, "points", where, node)
    kept = tuple(point if _is_plain_point(point, values) else _point(point, values, where, node) for point in points)
    for before, after in pairwise(kept):
        if after.at_ticks < before.at_ticks:
            raise OutOfRangeError(
                f"{where} has a point at tick {after.at_ticks} after the one at tick {before.at_ticks}; "
                "put the points in the order of their times.",
                node=node,
            )
    return kept


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
    _known(point, f"A point of {where[0].lower()}{where[1:]}", node)
    lo, hi = values or (-1e300, 1e300)
    return _kept(
        point,
        at_ticks=_ticks(point.at_ticks, "has a point at", where, node),
        value=_real(point.value, "the value of a point", lo, hi, where, node),
        shape=SHAPES[SHAPES.index(point.shape)],
        curve=_real(point.curve, "the curve of a point", -1.0, 1.0, where, node),
    )


# The timeline


def check_timeline(timeline: Timeline) -> Timeline:
    """All of a timeline."""
    where = "The timeline"
    _known(timeline, where, "")
    places: tuple[Tempo | Signature, ...]
    for places, what in ((timeline.tempos, "tempos"), (timeline.signatures, "signatures")):
        if not places or places[0].at_ticks != 0:
            raise TimelineError(f"The {what} of a timeline begin at tick 0; put one there.")
        _count(places, MAX_PLACES, what, where, "")
    _count(timeline.markers, MAX_PLACES, "markers", where, "")
    tempos = tuple(_checked(timeline.tempos, _tempo))
    signatures = tuple(_checked(timeline.signatures, _signature))
    markers = tuple(_checked(timeline.markers, _marker))
    _rise(tempos, "tempo")
    _rise(signatures, "signature")
    _on_bars(signatures)
    for before, after in pairwise(markers):
        if after.at_ticks < before.at_ticks:
            raise TimelineError(
                f"Marker {after.name!r} at tick {after.at_ticks} stands behind {before.name!r} at tick "
                f"{before.at_ticks}; put the markers in the order of their times."
            )
    loop = _loop(timeline.loop) if timeline.loop is not None else None
    return _kept(timeline, tempos=tempos, signatures=signatures, markers=markers, loop=loop)


def _checked(items: Iterable[Item], check: Callable[[Item], Item]) -> Iterable[Item]:
    for item in items:
        _known(item, f"A {type(item).__name__.lower()} of the timeline", "")
        yield check(item)


def _tempo(tempo: Tempo) -> Tempo:
    where = f"The tempo at tick {tempo.at_ticks!r}"
    return _kept(
        tempo,
        at_ticks=_ticks(tempo.at_ticks, "begins at", where, ""),
        bpm=_real(tempo.bpm, "bpm", *BPM, where, ""),
        ramp=_switch(tempo.ramp, "ramp", where, ""),
    )


def _signature(signature: Signature) -> Signature:
    where = f"The signature at tick {signature.at_ticks!r}"
    at = _ticks(signature.at_ticks, "begins at", where, "")
    beats, unit = signature.beats, signature.unit
    if type(beats) is not int or not 1 <= beats <= MAX_BEATS or type(unit) is not int or unit not in UNITS:
        raise TimelineError(
            f"{where} cannot be {beats!r}/{unit!r}; give 1 to {MAX_BEATS} beats of 1/{', 1/'.join(map(str, UNITS))}."
        )
    return _kept(signature, at_ticks=at)


def _marker(marker: Marker) -> Marker:
    where = f"The marker at tick {marker.at_ticks!r}"
    return _kept(
        marker,
        at_ticks=_ticks(marker.at_ticks, "stands at", where, ""),
        name=_name(marker.name, where, ""),
        length_ticks=_ticks(marker.length_ticks, "has the length", where, ""),
    )


def _loop(loop: Loop) -> Loop:
    _known(loop, "The loop", "")
    start = _ticks(loop.start_ticks, "begins at", "The loop", "")
    end = _ticks(loop.end_ticks, "ends at", "The loop", "", lo=1)
    if start >= end:
        raise TimelineError(f"The loop ends at tick {end} and begins at tick {start}; let it end later.")
    return _kept(loop, start_ticks=start, end_ticks=end, on=_switch(loop.on, "on", "The loop", ""))


def _rise(places: Sequence[Tempo | Signature], what: str) -> None:
    for before, after in pairwise(places):
        if after.at_ticks <= before.at_ticks:
            raise TimelineError(
                f"The {what} at tick {after.at_ticks} comes after the one at tick {before.at_ticks}; "
                f"put the {what}s in the order of their times, one at each."
            )


def _on_bars(signatures: Sequence[Signature]) -> None:
    for before, after in pairwise(signatures):
        bars, rest = divmod(after.at_ticks - before.at_ticks, before.bar_ticks)
        if rest:
            earlier = before.at_ticks + bars * before.bar_ticks
            possible = [str(tick) for tick in (earlier, earlier + before.bar_ticks) if tick > before.at_ticks]
            raise TimelineError(
                f"The signature at tick {after.at_ticks} begins inside a bar of {before.beats}/{before.unit}; "
                f"bars begin at tick {' and '.join(possible)} there."
            )


# Parts of them


def _in_order(items: list[Any]) -> tuple[Any, ...]:
    items.sort(key=by_time)
    return tuple(items)


def _kept(item: Item, **fields: Any) -> Item:
    """The item with these fields, itself if it has them already, of the same kinds."""
    for name, value in fields.items():
        old = getattr(item, name)
        if old is not value and (type(old) is not type(value) or old != value):
            return replace(item, **fields)
    return item


def _ticks(value: object, what: str, where: str, node: str, lo: int = 0) -> int:
    if type(value) is not int:
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise ValueKindError(f"{where} {what} {value!r}; give whole ticks.", node=node)
        value = int(value.__index__())
    if not lo <= value < END_TICKS:
        raise OutOfRangeError(
            f"{where} {what} {value} ticks; give whole ticks from {lo} to {END_TICKS - 1}.", node=node
        )
    return value


def _real(value: object, what: str, lo: float, hi: float, where: str, node: str) -> float:
    number = checks.check_number(value, f"{where}: {what}", node)
    if not lo <= number <= hi:
        raise OutOfRangeError(f"{where}: {what} cannot be {number:g}; its range is {lo:g} to {hi:g}.", node=node)
    return number


def _switch(value: object, what: str, where: str, node: str) -> bool:
    if not isinstance(value, bool):
        raise ValueKindError(f"{where}: {what} is on or off, not {value!r}.", node=node)
    return value


def _name(name: object, where: str, node: str) -> str:
    if not isinstance(name, str) or len(name) > MAX_NAME or not _is_unicode(name):
        raise NameFormError(f"{where} needs a name of at most {MAX_NAME} characters, in valid Unicode.", node=node)
    return name


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _count(items: Sequence[object], most: int, what: str, where: str, node: str) -> None:
    if len(items) > most:
        raise OutOfRangeError(f"{where} would have {len(items)} {what}, and {most} are possible; split it.", node=node)


def _known(item: Any, where: str, node: str) -> None:
    """Unknown fields are msgpack, and do not pass for known ones."""
    for name, raw in (item.extra or {}).items():
        known = name in item.__struct_fields__ and not (isinstance(item, OtherClip) and name == "what")
        if known or name == "kind":
            raise NameFormError(f"{where}: {name!r} is a field of its own; set it as such.", node=node)
        checks.check_raw(raw, name, where)
