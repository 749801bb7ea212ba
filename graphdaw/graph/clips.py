"""What lies on a timeline: notes, curves and pieces of recordings, in clips that a node holds.

Times are whole ticks, `TICKS_PER_QUARTER` to a quarter note. A clip sounds from `at_ticks` on for `length_ticks`; what
it holds is counted from its own beginning, `offset_ticks` of it lie before its start, and with `loop_ticks` the first
that many ticks of it are repeated for as long as the clip lasts.

Everything here has a field `extra` for what a newer version has written of it, and nothing else is read over: a field
that nobody knows is a fault everywhere but in a project's file. Numbers with a fraction are always written, whether or
not they are the default, so that what is equal has equal bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Literal

import msgspec

TICKS_PER_QUARTER = 960

Shape = Literal["line", "hold", "curve", "smooth"]
Extra = dict[str, bytes] | None


def _always(value: float) -> Any:
    """A default that is written all the same: what msgspec leaves out is one object, not whatever equals it."""
    return msgspec.field(default_factory=lambda: value)


class Point(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """A value at a time, and how it goes on to the next point: straight, held, curved by `curve` (-1 to 1), or smooth.

    `curve` above 0 starts slowly, below 0 fast; smooth is half a turn of a cosine.
    """

    at_ticks: int
    value: float
    shape: Shape = "line"
    curve: float = _always(0.0)
    extra: Extra = None


class Lane(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Values of one kind: "bend" (semitones), "program", or from 0 to 1 "pressure", "timbre" and "cc0" to "cc127"."""

    kind: str
    points: tuple[Point, ...] = ()
    extra: Extra = None


class Note(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A note of a clip: `key` 60 is middle C, with fractions for what lies between keys; velocities go from 0 to 1.

    `id` tells it from the other notes of its clip; `lanes` hold what happens to this note alone, from its start on.
    """

    id: int
    at_ticks: int
    length_ticks: int
    key: float
    velocity: float = _always(0.8)
    release: float = _always(0.5)
    probability: float = _always(1.0)
    lanes: tuple[Lane, ...] = ()
    extra: Extra = None


class _Clip(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", forbid_unknown_fields=True):
    """Base of the clips."""

    id: str
    at_ticks: int
    length_ticks: int
    offset_ticks: int = 0
    loop_ticks: int = 0
    name: str = ""
    muted: bool = False


class NoteClip(_Clip, frozen=True, omit_defaults=True, tag="notes"):
    """Notes, by their starts, and what the whole channel is told meanwhile."""

    notes: tuple[Note, ...] = ()
    lanes: tuple[Lane, ...] = ()
    extra: Extra = None


class CurveClip(_Clip, frozen=True, omit_defaults=True, tag="curve"):
    """A curve through points, in the unit of what it moves; two points at one time are a jump."""

    points: tuple[Point, ...] = ()
    extra: Extra = None


class WarpMark(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """A place in a recording, in seconds, that belongs at a tick of its clip's content."""

    at_ticks: int
    media_s: float
    extra: Extra = None


class AudioClip(_Clip, frozen=True, omit_defaults=True, tag="audio"):
    """A piece of a recording: `media` is its path or hash, `start_s` where in it the clip's content begins.

    Without warp marks it plays at its own speed, `speed` times; with `follows_tempo` or marks it is stretched so that
    marks (or `media_bpm`) meet the beat, keeping its pitch. `pitch_semitones` transposes it and keeps its length. A
    `reversed` one plays the recording turned round, in which all places are counted then, from its end. Fades are a
    quarter of a sine.
    """

    media: str = ""
    start_s: float = _always(0.0)
    gain_db: float = _always(0.0)
    fade_in_s: float = _always(0.0)
    fade_out_s: float = _always(0.0)
    speed: float = _always(1.0)
    pitch_semitones: float = _always(0.0)
    media_bpm: float = _always(0.0)
    follows_tempo: bool = False
    reversed: bool = False
    warp: tuple[WarpMark, ...] = ()
    extra: Extra = None


class OtherClip(_Clip, frozen=True, omit_defaults=True, tag="other"):
    """A clip of a kind that only a newer version knows: `what` it is, and under `extra` all it holds; it is silent."""

    what: str = ""
    extra: Extra = None


Clip = NoteClip | CurveClip | AudioClip | OtherClip

KINDS: dict[str, type[Clip]] = {"notes": NoteClip, "curve": CurveClip, "audio": AudioClip}
"""What a clip holds, in the word that files and declarations have for it."""


def recordings(clips: Iterable[Clip]) -> Iterator[tuple[str, str]]:
    """The recordings that clips play: the id of the clip, and the path or hash."""
    return ((clip.id, clip.media) for clip in clips if isinstance(clip, AudioClip) and clip.media)


def weight(clip: Clip) -> int:
    """How many values a clip is in a file, at most; its unknown fields are not counted."""
    if isinstance(clip, NoteClip):
        return 20 + weight_of_notes(clip.notes) + _in_lanes(clip.lanes)
    if isinstance(clip, CurveClip):
        return 20 + 9 * len(clip.points)
    return 40 + (5 * len(clip.warp) if isinstance(clip, AudioClip) else 0)


def weight_of_notes(notes: Collection[Note]) -> int:
    """The same of notes."""
    return 17 * len(notes) + sum(_in_lanes(note.lanes) for note in notes if note.lanes)


def _in_lanes(lanes: Iterable[Lane]) -> int:
    return sum(5 + 9 * len(lane.points) for lane in lanes)
