"""The part of `Graph` that is about time: the timeline, the clips of nodes, and writing music down by the beat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from graphdaw.errors import ValueKindError
from graphdaw.graph.clip_checks import clip_of
from graphdaw.graph.clips import TICKS_PER_QUARTER, Clip, Note, NoteClip, recordings
from graphdaw.graph.field_checks import END_TICKS, real
from graphdaw.graph.history import History
from graphdaw.graph.keys import key_of
from graphdaw.graph.model import Document
from graphdaw.graph.ports import node_of
from graphdaw.graph.timeline import Loop, Marker, Signature, Tempo, Timeline
from graphdaw.graph.vocabulary import EditNotes, PutClip, SetClip, SetTimeline, SetValues, TakeClip

END_BEATS = END_TICKS / TICKS_PER_QUARTER

replace = msgspec.structs.replace


class Handle(Protocol):
    """What stands for a node."""

    id: str


Row = tuple[float, float, float | str] | tuple[float, float, float | str, float]
"""A note by the beat: when, how long, its key or the name of it, and its velocity, 0.8 where it is left out."""


class Music:
    """Timeline and clips of a graph; each call is an undo step."""

    document: Document
    history: History

    # The timeline

    @property
    def timeline(self) -> Timeline:
        """Tempos, signatures, markers and the loop, an immutable value."""
        return self.document.timeline

    def set_timeline(self, timeline: Timeline) -> None:
        """Set all of it; raises TimelineError where its parts do not go together."""
        self._set_timeline(timeline, "set timeline")

    def _set_timeline(self, timeline: Timeline, label: str) -> None:
        self.history.apply((SetTimeline(timeline),), label)

    def set_tempo(self, bpm: float, at_ticks: int = 0, ramp: bool = False) -> None:
        """Set the tempo from a tick on, in quarter notes a minute; with `ramp` it goes on in a line to the next one.

        >>> import graphdaw as gd
        >>> g = gd.Graph()
        >>> g.set_tempo(90.0)
        >>> g.set_tempo(180.0, at_ticks=3840)
        >>> round(g.timeline.seconds(4800), 6)
        3.0
        """
        others = [tempo for tempo in self.timeline.tempos if tempo.at_ticks != at_ticks]
        tempos = sorted((*others, Tempo(at_ticks, bpm, ramp)), key=lambda tempo: tempo.at_ticks)
        self._set_timeline(replace(self.timeline, tempos=tuple(tempos)), "set tempo")

    def set_signature(self, beats: int, unit: int, at_ticks: int = 0) -> None:
        """Set the time signature from a tick on, which begins a bar; raises TimelineError where it does not.

        >>> import graphdaw as gd
        >>> g = gd.Graph()
        >>> g.set_signature(3, 4)
        >>> g.set_signature(7, 8, at_ticks=g.timeline.tick_of(bar=5))
        >>> g.timeline.place(11520 + 3360)
        Place(bar=6, beat=1, ticks=0)
        """
        others = [signature for signature in self.timeline.signatures if signature.at_ticks != at_ticks]
        signatures = sorted((*others, Signature(at_ticks, beats, unit)), key=lambda one: one.at_ticks)
        self._set_timeline(replace(self.timeline, signatures=tuple(signatures)), "set signature")

    def add_marker(self, name: str, at_ticks: int, length_ticks: int = 0) -> None:
        """Name a place or, with a length, a section."""
        markers = sorted((*self.timeline.markers, Marker(at_ticks, name, length_ticks)), key=lambda one: one.at_ticks)
        self._set_timeline(replace(self.timeline, markers=tuple(markers)), "add marker")

    def set_loop(self, start_ticks: int, end_ticks: int, on: bool = True) -> None:
        """Set what is played over and over, from the first tick up to, and without, the second."""
        self._set_timeline(replace(self.timeline, loop=Loop(start_ticks, end_ticks, on)), "set loop")

    # Clips

    def put_clip(self, node: Handle | str, clip: Clip) -> None:
        """Give a node a clip, in place of the one of that id; raises ClipKindError where it holds no such clips."""
        self._choose_media([path for _, path in recordings((clip,))])
        self.history.apply((PutClip(_id(node), clip),), "put clip")

    def take_clip(self, node: Handle | str, clip: str) -> None:
        """Take a clip from a node; raises UnknownClipError."""
        self.history.apply((TakeClip(_id(node), clip),), "take clip")

    def set_clip(self, node: Handle | str, clip: str, /, **values: int | float | str | bool) -> None:
        """Set fields of a clip, such as `at_ticks`, `muted` or `gain_db`, and leave alone what it holds."""
        self._choose_media([str(path) for name, path in values.items() if name == "media"])
        self.history.apply((SetClip(_id(node), clip, values),), "set clip")

    def edit_notes(self, node: Handle | str, clip: str, put: Iterable[Note] = (), remove: Iterable[int] = ()) -> None:
        """Take notes from a clip, by their numbers, and put others in; one put takes the place of one of its number."""
        self.history.apply((EditNotes(_id(node), clip, tuple(remove), tuple(put)),), "edit notes")

    def write(
        self,
        node: Handle | str,
        notes: Iterable[Row],
        at_ticks: int = 0,
        *,
        length_ticks: int = 0,
        name: str = "",
        clip: str = "",
    ) -> NoteClip:
        """Write notes by the beat into a new clip of a node (or the one called `clip`), and return it.

        A note is (beat, length in beats, key or name, velocity); beats are quarter notes and counted from 0, which is
        the start of the clip. Without a length the clip is as many bars long as the notes take.
        """
        kept = notes_of(notes)
        id = clip or self._fresh_clip(_id(node))
        length = length_ticks or self._bars(at_ticks, max((n.at_ticks + n.length_ticks for n in kept), default=0))
        self.history.apply((PutClip(_id(node), NoteClip(id, at_ticks, length, name=name, notes=kept)),), "write")
        written = clip_of(self.document.nodes[_id(node)], id)
        assert isinstance(written, NoteClip)
        return written

    def tune(self, node: Handle | str, scale: str, key_map: str | None = None) -> None:
        """Tune a `voices` node by Scala's files: a scale (.scl) and a mapping of keys (.kbm); raises MediaError.

        Without a mapping each key is a degree, key 60 the first one, and key 69 has 440 Hz. Both become settings of
        the node, so that the project needs the files no more.
        """
        from graphdaw.graph.tunings import settings_of

        self.history.apply((SetValues(_id(node), dict(settings_of(scale, key_map))),), "tune")

    def _choose_media(self, paths: Sequence[str]) -> None:
        """A path set by a call is one the user has chosen, whatever a file said before."""
        self.document.foreign.difference_update(paths)

    def _fresh_clip(self, node: str) -> str:
        taken = {clip.id for clip in node_of(self.document, node).clips}
        return next(id for number in range(1, len(taken) + 2) if (id := f"clip{number}") not in taken)

    def _bars(self, at_ticks: int, ticks: int) -> int:
        """So many ticks from there on, up to the end of a bar, and one bar at least."""
        begun = [signature for signature in self.timeline.signatures if signature.at_ticks <= at_ticks]
        bar = (begun or self.timeline.signatures)[-1].bar_ticks
        return max(1, -(-ticks // bar)) * bar


def _id(node: Handle | str) -> str:
    return node if isinstance(node, str) else node.id


def notes_of(rows: Iterable[Row]) -> tuple[Note, ...]:
    """Notes from (beat, length in beats, key or name, velocity), numbered from 1; raises ValueKindError.

    >>> second = notes_of([(0, 1, "C4"), (1.5, 0.5, "F#3", 0.5)])[1]
    >>> second.id, second.at_ticks, second.length_ticks, second.key, second.velocity
    (2, 1440, 480, 54, 0.5)
    """
    return tuple(_note(number, row) for number, row in enumerate(rows, 1))


def _note(number: int, row: Row) -> Note:
    if isinstance(row, str) or not isinstance(row, Sequence) or len(row) not in (3, 4):
        raise ValueKindError(f"A note is (beat, length in beats, key or its name, velocity), and not {row!r}.")
    beat, length, key = row[:3]
    try:
        pitch = key_of(key) if isinstance(key, str) else key
    except ValueError as error:
        raise ValueKindError(f"Note {number}: {error}.") from None
    begin = real(beat, "the beat", 0.0, END_BEATS, f"Note {number}", "")
    end = begin + real(length, "the length", 0.0, END_BEATS, f"Note {number}", "")
    at, until = (round(beats * TICKS_PER_QUARTER) for beats in (begin, end))
    note = Note(number, at, until - at, pitch)
    return note if len(row) == 3 else replace(note, velocity=row[3])
