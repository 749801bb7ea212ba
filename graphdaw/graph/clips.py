"""What lies on a timeline: notes, curves and pieces of recordings, in clips that a node holds.

Times are whole ticks, `TICKS_PER_QUARTER` to a quarter note. A clip sounds from `at_ticks` on for `length_ticks`; what
it holds is counted from its own beginning, `offset_ticks` of it lie before its start, and with `loop_ticks` the first
that many ticks of it are repeated for as long as the clip lasts.
"""

from __future__ import annotations

from typing import Literal

import msgspec

TICKS_PER_QUARTER = 960

Shape = Literal["line", "hold", "curve", "smooth"]


class Point(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A value at a time, and how it goes on to the next point: straight, held, curved by `curve` (-1 to 1), or smooth.

    `curve` above 0 starts slowly, below 0 fast; smooth is half a turn of a cosine.
    """

    at_ticks: int
    value: float
    shape: Shape = "line"
    curve: float = 0.0


class Lane(msgspec.Struct, frozen=True, omit_defaults=True):
    """Values of one kind: "bend" (semitones), "program", or from 0 to 1 "pressure", "timbre" and "cc0" to "cc127"."""

    kind: str
    points: tuple[Point, ...] = ()


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """A note of a clip: `key` 60 is middle C, with fractions for what lies between keys; velocities go from 0 to 1.

    `id` tells it from the other notes of its clip; `lanes` hold what happens to this note alone, from its start on.
    """

    id: int
    at_ticks: int
    length_ticks: int
    key: float
    velocity: float = 0.8
    release: float = 0.5
    probability: float = 1.0
    lanes: tuple[Lane, ...] = ()


class _Clip(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind"):
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


class CurveClip(_Clip, frozen=True, omit_defaults=True, tag="curve"):
    """A curve through points, in the unit of what it moves."""

    points: tuple[Point, ...] = ()


class WarpMark(msgspec.Struct, frozen=True, gc=False):
    """A place in a recording, in seconds, that belongs at a tick of its clip's content."""

    at_ticks: int
    media_s: float


class AudioClip(_Clip, frozen=True, omit_defaults=True, tag="audio"):
    """A piece of a recording: `media` is its path or hash, `start_s` where in it the clip's content begins.

    Without warp marks it plays at its own speed, `speed` times; with `follows_tempo` or marks it is stretched so that
    marks (or `media_bpm`) meet the beat, keeping its pitch. `pitch_semitones` transposes it and keeps its length.
    """

    media: str = ""
    start_s: float = 0.0
    gain_db: float = 0.0
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0
    speed: float = 1.0
    pitch_semitones: float = 0.0
    media_bpm: float = 0.0
    follows_tempo: bool = False
    reversed: bool = False
    warp: tuple[WarpMark, ...] = ()


Clip = NoteClip | CurveClip | AudioClip
