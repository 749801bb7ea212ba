"""Clips and the timeline as lines of the text form, and what changed in them; `clip_parse` reads them.

    tempo 0 120.0 ramp
    signature 0 4/4
    marker 0 "Verse" 7680
    loop 0 7680 off

and under the node that holds it, with a note's number, which may be left out, and its place in the clip,

      clip verse notes @at=0 @length=3840 @name="Verse"
        note 1 at=0 length=960 key=C4 velocity=0.8
          lane bend
            point 0 0.0 curve 0.5
            point 480 2.0
        lane cc1
          point 0 0.5 hold
      clip sweep curve @at=3840 @length=1920 @muted
        point 0 200.0 smooth
      clip take audio media="take 1.wav" gain_db=-3.0 reversed=on @at=0 @length=7680 @offset=960 @loop=1920
        warp 0 0.25
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from graphdaw.graph.clip_checks import AUDIO_RANGES, kind_of
from graphdaw.graph.clips import AudioClip, Clip, CurveClip, Lane, Note, NoteClip, OtherClip, Point
from graphdaw.graph.keys import key_name
from graphdaw.graph.model import Node
from graphdaw.graph.timeline import Timeline
from graphdaw.graph.written import extra_words, quoted, word

HEADS = {
    "at": "at_ticks",
    "length": "length_ticks",
    "offset": "offset_ticks",
    "loop": "loop_ticks",
    "name": "name",
    "muted": "muted",
}
"""What is marked by @ in the line of a clip, and the fields it stands for."""
FIELDS: dict[type, dict[str, str]] = {
    Note: {
        "at": "at_ticks",
        "length": "length_ticks",
        "key": "key",
        "velocity": "velocity",
        "release": "release",
        "probability": "probability",
    },
    AudioClip: {name: name for name in ("media", *AUDIO_RANGES, "media_bpm", "follows_tempo", "reversed")},
}
"""What stands as name=value."""
ROWS: dict[type, str] = {
    NoteClip: "a clip of notes",
    Note: "a note",
    CurveClip: "a clip of a curve",
    Lane: "a lane",
    AudioClip: "a clip of audio",
}

_DEFAULTS = {
    Note: msgspec.structs.asdict(Note(0, 0, 1, 60.0)),
    AudioClip: msgspec.structs.asdict(AudioClip("a", 0, 1)),
}
_ALWAYS = ("at_ticks", "length_ticks", "key", "velocity", "media")


def timeline_lines(timeline: Timeline) -> Iterator[str]:
    """The lines of a timeline; none for the one that a new document has, and what it shares with that left out."""
    usual = Timeline()
    if timeline.extra:
        yield f"timeline{extra_words(timeline.extra)}"
    if timeline.tempos != usual.tempos:
        yield from _tempos(timeline)
    if timeline.signatures != usual.signatures:
        yield from _signatures(timeline)
    yield from _markers(timeline)


def _tempos(timeline: Timeline) -> Iterator[str]:
    for one in timeline.tempos:
        yield f"tempo {one.at_ticks} {one.bpm!r}{' ramp' * one.ramp}{extra_words(one.extra)}"


def _signatures(timeline: Timeline) -> Iterator[str]:
    for one in timeline.signatures:
        yield f"signature {one.at_ticks} {one.beats}/{one.unit}{extra_words(one.extra)}"


def _markers(timeline: Timeline) -> Iterator[str]:
    for one in timeline.markers:
        length = f" {one.length_ticks}" if one.length_ticks else ""
        yield f"marker {one.at_ticks} {quoted(one.name)}{length}{extra_words(one.extra)}"
    loop = timeline.loop
    if loop is not None:
        yield f"loop {loop.start_ticks} {loop.end_ticks}{'' if loop.on else ' off'}{extra_words(loop.extra)}"


def clip_lines(clip: Clip) -> Iterator[str]:
    """A clip with all it holds."""
    yield clip_line(clip)
    if isinstance(clip, NoteClip):
        for note in clip.notes:
            yield f"  {note_line(note)}"
            yield from _lane_lines(note.lanes, "    ")
        yield from _lane_lines(clip.lanes, "  ")
    elif isinstance(clip, CurveClip):
        yield from (f"  {_point_line(point)}" for point in clip.points)
    elif isinstance(clip, AudioClip):
        yield from (f"  warp {m.at_ticks} {m.media_s!r}{extra_words(m.extra)}" for m in clip.warp)


def clip_line(clip: Clip) -> str:
    """The head of a clip."""
    marks = f" @at={clip.at_ticks} @length={clip.length_ticks}"
    if clip.offset_ticks:
        marks += f" @offset={clip.offset_ticks}"
    if clip.loop_ticks:
        marks += f" @loop={clip.loop_ticks}"
    if clip.name:
        marks += f" @name={quoted(clip.name)}"
    marks += " @muted" * clip.muted
    return f"clip {word(clip.id)} {word(kind_of(clip))}{_settings(clip)}{marks}{extra_words(clip.extra)}"


def note_line(note: Note) -> str:
    """A note without its lanes."""
    return f"note {note.id}{_settings(note)}{extra_words(note.extra)}"


def _settings(item: Clip | Note) -> str:
    text = ""
    for name, field in FIELDS.get(type(item), {}).items():
        value = getattr(item, field)
        if value != _DEFAULTS[type(item)][field] or (field in _ALWAYS and value != ""):
            text += f" {name}={shown(field, value)}"
    return text


def shown(field: str, value: Any) -> str:
    """The value of a field as it is written."""
    if field == "key" and value == int(value) and 0 <= value < 128:
        return key_name(int(value))
    if isinstance(value, bool):
        return "on" if value else "off"
    return quoted(value) if isinstance(value, str) else repr(value)


def _lane_lines(lanes: Iterable[Lane], margin: str) -> Iterator[str]:
    for lane in lanes:
        yield f"{margin}lane {word(lane.kind)}{extra_words(lane.extra)}"
        yield from (f"{margin}  {_point_line(point)}" for point in lane.points)


def _point_line(point: Point) -> str:
    way = ""
    if point.shape != "line" or point.curve != 0.0:
        way = f" {point.shape}" + (f" {point.curve!r}" if point.curve != 0.0 else "")
    return f"point {point.at_ticks} {point.value!r}{way}{extra_words(point.extra)}"


# What changed


def timeline_changes(old: Timeline, new: Timeline) -> list[str]:
    """One line a change."""
    changes: list[str] = []
    for lines in (_tempos, _signatures, _markers):
        was, now = list(lines(old)), list(lines(new))
        gone, come = set(was) - set(now), set(now) - set(was)
        changes += [f"- {line}" for line in was if line in gone] + [f"+ {line}" for line in now if line in come]
    if not changes and old != new:
        changes.append("~ timeline: the order of markers, or fields this version cannot read")
    return changes


def clip_changes(old: Node | None, new: Node) -> list[str]:
    """What changed about the clips of a node, one line a change, note by note."""
    had, has = ({clip.id: clip for clip in node.clips} if node else {} for node in (old, new))
    name = word(new.id)
    lines = [f"- {name} {clip_line(clip)}{_held(clip)}" for id, clip in had.items() if id not in has]
    for id, clip in has.items():
        before = had.get(id)
        if before is None:
            lines.append(f"+ {name} {clip_line(clip)}{_held(clip)}")
        elif kind_of(before) != kind_of(clip):
            lines.append(f"- {name} {clip_line(before)}{_held(before)}")
            lines.append(f"+ {name} {clip_line(clip)}{_held(clip)}")
        elif before != clip:
            lines += _changes(f"{name}.{word(id)}", before, clip)
    return lines


def _held(clip: Clip) -> str:
    """How much a clip holds."""
    held = {NoteClip: ("notes", "note"), CurveClip: ("points", "point"), AudioClip: ("warp", "warp mark")}
    if isinstance(clip, OtherClip):
        return ""
    field, what = held[type(clip)]
    count = len(getattr(clip, field))
    return f" ({count} {what}{'s' * (count != 1)})" if count or field != "warp" else ""


def _changes(name: str, old: Clip, new: Clip) -> list[str]:
    lines: list[str] = []
    for field in new.__struct_fields__:
        before, after = getattr(old, field), getattr(new, field)
        if before == after:
            continue
        if field == "notes":
            lines += _note_changes(name, before, after)
        elif field in ("lanes", "points", "warp", "extra"):
            lines.append(f"~ {name} {_ROW_NAMES[field]}")
        else:
            lines.append(f"~ {name} {field} {shown(field, before)} -> {shown(field, after)}")
    return lines


_ROW_NAMES = {"lanes": "lanes", "points": "points", "warp": "warp marks", "extra": "fields this version cannot read"}


def _note_changes(name: str, old: Sequence[Note], new: Sequence[Note]) -> list[str]:
    had, has = ({note.id: note for note in notes} for notes in (old, new))
    lines = [f"- {name} {note_line(note)}" for id, note in had.items() if id not in has]
    for id, note in has.items():
        if id not in had:
            lines.append(f"+ {name} {note_line(note)}")
        elif note != had[id]:
            lines.append(f"~ {name} note {id} {', '.join(_differences(had[id], note))}")
    return lines


def _differences(old: Note, new: Note) -> Iterator[str]:
    for field in new.__struct_fields__:
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            said = field in _ROW_NAMES
            yield _ROW_NAMES[field] if said else f"{field} {shown(field, before)} -> {shown(field, after)}"
