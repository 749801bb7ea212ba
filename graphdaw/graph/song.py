"""A piece as other programs' files have it: tracks, clips, instruments by description, a mixer, automation.

Every reader of such a file makes a `Song` and every writer takes one, so none of them knows the others. Times are ticks
as in `clips.py`; what could not be carried over is said in `report`, one sentence for each thing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

import msgspec

from graphdaw.graph.clips import AudioClip, CurveClip, Note, NoteClip, Point
from graphdaw.graph.timeline import Timeline

SILENCE_DB = -96.0  # a level at or below this is silence
MASTER = "master"  # the id of the track that everything ends in, also where no such track is listed
A4 = 69.0  # the key of 440 Hz
MOST_SAID = 500  # sentences of a report; what is more is counted

TrackKind = Literal["notes", "drums", "audio", "bus", "master"]
Changed = TypeVar("Changed", bound=msgspec.Struct)
Place = Literal["song", "mixer", "instrument", "effect", "send"]


class Device(msgspec.Struct, frozen=True, omit_defaults=True):
    """An effect as its program describes it: `kind` is that program's word, such as "lmms/eq", "vst3" or "Limiter".

    `parameters` are raw, in its own units and under its own names; `state` is what a plugin saved of itself.
    """

    kind: str
    name: str = ""
    on: bool = True
    parameters: dict[str, float | str] = {}
    state: bytes = b""


class Instrument(Device, frozen=True, omit_defaults=True):
    """What plays a track's notes. `samples` are the paths of its recordings, as the file has them.

    `root_key` is the key that sounds 440 Hz, or a recording at its own pitch; any but 69 transposes what is written.
    `program`, `bank` and `channel` are MIDI's, from 0; a `one_shot` sound rings out whatever the length of its notes.
    """

    samples: tuple[str, ...] = ()
    program: int | None = None
    bank: int | None = None
    channel: int | None = None
    root_key: float = A4
    one_shot: bool = False


class Send(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a track gives to a bus beside its own output, before its fader if `pre`."""

    bus: str
    gain_db: float = 0.0
    pre: bool = False


class SongTrack(msgspec.Struct, frozen=True, omit_defaults=True):
    """A track or a bus: `bus` is the id of the track it feeds, "" for none; `pan` goes from -1 to 1.

    Keys of a track of `drums` name sounds, not pitches.
    """

    id: str
    name: str
    kind: TrackKind
    clips: tuple[NoteClip | AudioClip, ...] = ()
    instrument: Instrument | None = None
    gain_db: float = 0.0
    pan: float = 0.0
    muted: bool = False
    soloed: bool = False
    bus: str = MASTER
    sends: tuple[Send, ...] = ()
    effects: tuple[Device, ...] = ()
    color: str = ""


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an automation moves: a parameter of a track's mixer strip, instrument, effect or send number `index`.

    Of the mixer and sends: "level" (a factor in place of `gain_db`), "pan" (-1 to 1), "muted" (0 or 1). Of the song:
    "level". Anything else has the name and unit that the device's `parameters` have, and "on".
    """

    place: Place
    parameter: str
    track: str = ""
    index: int = 0


class Automation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Curves over the piece that move one thing; between clips it stays where the last one left it."""

    target: Target
    clips: tuple[CurveClip, ...]
    name: str = ""


class Song(msgspec.Struct, frozen=True, omit_defaults=True):
    """A piece; `gain_db` comes on top of the master's own."""

    title: str
    timeline: Timeline
    tracks: tuple[SongTrack, ...] = ()
    automation: tuple[Automation, ...] = ()
    gain_db: float = 0.0
    report: tuple[str, ...] = ()

    def track(self, id: str) -> SongTrack | None:
        """The track of that id."""
        return next((track for track in self.tracks if track.id == id), None)

    @property
    def note_count(self) -> int:
        """How many notes its clips hold, loops not unrolled."""
        return sum(len(clip.notes) for track in self.tracks for clip in track.clips if isinstance(clip, NoteClip))

    @property
    def end_ticks(self) -> int:
        """Where its last clip ends."""
        ends = [clip.at_ticks + clip.length_ticks for track in self.tracks for clip in track.clips]
        ends += [clip.at_ticks + clip.length_ticks for one in self.automation for clip in one.clips]
        return max(ends, default=0)


class Report:
    """Sentences about what could not be carried over: each once, and no more than anyone reads."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}
        self._more = 0

    def say(self, sentence: str) -> None:
        """Add a sentence."""
        if sentence in self._said:
            return
        if len(self._said) < MOST_SAID:
            self._said[sentence] = None
        else:
            self._more += 1

    def all(self) -> tuple[str, ...]:
        """What was said."""
        rest = (f"{self._more} more things could not be carried over.",) if self._more else ()
        return (*self._said, *rest)


def changed(struct: Changed, /, **fields: Any) -> Changed:
    """A clip, note, point, track or song with other values in some of its fields.

    >>> changed(Point(0, 1.0), value=2.0)
    Point(at_ticks=0, value=2.0, shape='line', curve=0.0, extra=None)
    """
    return msgspec.structs.replace(struct, **fields)


def decibels(level: float) -> float:
    """A factor in decibels; SILENCE_DB for whatever is less than that.

    >>> decibels(10.0), decibels(0.0)
    (20.0, -96.0)
    """
    return max(SILENCE_DB, 20.0 * math.log10(level)) if level > 0.0 else SILENCE_DB


def level(gain_db: float) -> float:
    """Decibels as a factor.

    >>> level(20.0), level(-96.0)
    (10.0, 0.0)
    """
    return 10.0 ** (gain_db / 20.0) if gain_db > SILENCE_DB else 0.0


class Laid(Protocol):
    """What has a place on the timeline and content that may be looped: any clip."""

    @property
    def at_ticks(self) -> int:
        """Where it begins."""

    @property
    def length_ticks(self) -> int:
        """How long it is heard."""

    @property
    def offset_ticks(self) -> int:
        """How much of its content lies before its start."""

    @property
    def loop_ticks(self) -> int:
        """How much of its content is repeated; 0 for no loop."""


class Pass(NamedTuple):
    """One time through a clip's content: where its beginning would lie, and from where to where it is heard."""

    zero: int
    start: int
    end: int


def passes(clip: Laid) -> Iterator[Pass]:
    """Each time a clip goes through its content, in ticks of the piece; the first may begin before the clip does."""
    end = clip.at_ticks + clip.length_ticks
    if clip.loop_ticks <= 0:
        yield Pass(clip.at_ticks - clip.offset_ticks, clip.at_ticks, end)
        return
    zero = clip.at_ticks - clip.offset_ticks % clip.loop_ticks
    while zero < end:
        yield Pass(zero, max(zero, clip.at_ticks), min(zero + clip.loop_ticks, end))
        zero += clip.loop_ticks


def unrolled(clip: NoteClip) -> Iterator[Note]:
    """The notes that a clip plays, in ticks of the piece: those that begin while it is heard, cut where it ends.

    >>> clip = NoteClip("a", 960, 960, loop_ticks=480, notes=(Note(1, 240, 480, 60.0),))
    >>> [(note.at_ticks, note.length_ticks) for note in unrolled(clip)]
    [(1200, 240), (1680, 240)]
    """
    for one in passes(clip):
        for note in clip.notes:
            start = one.zero + note.at_ticks
            if one.start <= start < one.end:
                length = min(note.length_ticks, one.end - start)
                yield changed(note, at_ticks=start, length_ticks=length)


def joined(clips: Iterable[CurveClip]) -> tuple[Point, ...]:
    """What curves are over the piece, in lines and steps, loops unrolled; behind a clip its last value is held."""
    found: dict[int, Point] = {}
    for clip in sorted(clips, key=lambda clip: clip.at_ticks):
        points = tuple(straight(clip.points))
        for one in passes(clip) if points and not clip.muted else ():
            for k, point in enumerate(points):
                following = points[k + 1] if k + 1 < len(points) else point
                tick, next_tick = one.zero + point.at_ticks, one.zero + following.at_ticks
                if one.start <= tick < one.end:
                    found[tick] = changed(point, at_ticks=tick)
                elif tick < one.start and (one.start < next_tick or following is point):
                    value = shape_at(point, following, one.start - one.zero)
                    found[one.start] = changed(point, at_ticks=one.start, value=value)
                if tick < one.end <= next_tick and point.shape != "hold":
                    last = max(tick + 1, one.end - 1)
                    found[last] = Point(last, shape_at(point, following, last - one.zero), "hold")
    return tuple(found[tick] for tick in sorted(found))


def straight(points: Sequence[Point], pieces: int = 16) -> Iterator[Point]:
    """The same curve of lines and steps alone, each bent stretch in so many lines."""
    for k, point in enumerate(points):
        if point.shape in ("line", "hold") or k + 1 == len(points):
            yield changed(point, shape="hold" if point.shape == "hold" else "line", curve=0.0)
            continue
        following = points[k + 1]
        span = following.at_ticks - point.at_ticks
        for tick in sorted({point.at_ticks + span * piece // pieces for piece in range(pieces)}):
            yield Point(tick, shape_at(point, following, tick), "line")


def shape_at(point: Point, following: Point, tick: float) -> float:
    """The value between two points; a curve is a power of the time, 2 to the power of three times `curve`."""
    span = following.at_ticks - point.at_ticks
    if span <= 0 or point.shape == "hold":
        return point.value
    time = min(1.0, max(0.0, (tick - point.at_ticks) / span))
    if point.shape == "smooth":
        time = 0.5 - 0.5 * math.cos(math.pi * time)
    elif point.shape == "curve":
        time = float(time**2.0 ** (3.0 * point.curve))
    return point.value + (following.value - point.value) * time
