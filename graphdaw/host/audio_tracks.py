"""What audio tracks play: the recordings of their clips, or stretched copies, in the core's form.

Control threads, under the engine's lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from graphdaw.errors import MediaError
from graphdaw.graph.arranging import replace
from graphdaw.graph.clips import AudioClip
from graphdaw.graph.model import Document, Node
from graphdaw.graph.project import media_path
from graphdaw.graph.timeline import Timeline
from graphdaw.graph.warping import StretchMark, is_stretched, is_warped, marks_of
from graphdaw.host.media import length_s, read_recording
from graphdaw.host.prepared import Held, Key, PreparedMedia, file_key
from graphdaw.nodes.base import Prepared, Recording, as_recorded
from graphdaw.nodes.prepare.pieces import Sound, Turn, pieces, placed_turns
from graphdaw.nodes.prepare.recording import prepare

MOST_WAITING = 4
MOST_PIECES = 100_000  # of a track: what a loop of a few ticks would make of a long clip is none that anybody wants


class Stretcher(Protocol):
    """Makes stretched and transposed copies of recordings, in its own time."""

    def __call__(
        self, recording: Recording, marks: tuple[StretchMark, ...], pitch_semitones: float, *, wait: bool
    ) -> Recording | None:
        """The copy, as long as the last mark says; None where it is not ready, which `wait` forbids."""


class Arranged(NamedTuple):
    """What a track gives to its kernel, and what is to be known of it.

    `timed`: it is another one at other tempos; `waiting`: a stretched copy is not ready; `faults`: why clips are
    silent.
    """

    data: bytes
    media: list[Any]
    channels: int
    timed: bool
    waiting: bool
    faults: list[str]


class AudioTracks:
    """Finds what the clips of tracks play; `stretcher` makes the copies that follow a tempo or are transposed."""

    stretcher: Stretcher | None = None

    def __init__(self, prepared: PreparedMedia, sample_rate_hz: int, folder: Callable[[], str]) -> None:
        self._prepared = prepared
        self._sample_rate_hz = sample_rate_hz
        self._folder = folder
        self._lengths: dict[Key, float] = {}  # of recordings that follow the tempo, in seconds
        self._unpacked: dict[str, str] = {}  # where recordings inside the project lie, by their hashes
        self._waiting: dict[Key, Recording] = {}  # recordings that are being stretched, but no more than a few

    def arrange(self, document: Document, node: Node, timeline: Timeline, *, strict: bool) -> Arranged:
        """All that a track plays. Clips that cannot be heard are left out; if `strict` they raise `MediaError`."""
        track = _Track(document, timeline, strict)
        for clip in node.clips:
            if isinstance(clip, AudioClip) and clip.media and not clip.muted:
                track.timed |= is_warped(clip)
                try:
                    self._add(track, clip)
                except MediaError as error:
                    if strict:
                        raise
                    track.faults.append(f"Clip {clip.id!r} is silent: {error}")
        media = [held.media for held in track.held.values()]
        channels = max((held.channels for held in track.held.values()), default=1)
        return Arranged(pieces(track.sounding), media, channels, track.timed, track.waiting, track.faults)

    def _add(self, track: _Track, clip: AudioClip) -> None:
        path = self._path(track.document, clip.media)
        known = track.document.media.get(clip.media)
        name = known.name if known is not None else clip.media
        if len(track.sounding) + clip.length_ticks // (clip.loop_ticks or clip.length_ticks) > MOST_PIECES:
            raise MediaError(f"it is repeated too often, over {MOST_PIECES} times; lengthen what it repeats.")
        for turn in placed_turns(clip):
            if is_stretched(clip):
                sound = self._stretched(track, clip, turn, path, name)
            else:
                sound = self._plain(track, clip, path, name)
            if sound is not None:
                track.sounding.append((clip, turn, sound))

    def _path(self, document: Document, media: str) -> str:
        """The file of a recording; one inside the project is unpacked, and looked at to the last byte, only once."""
        path = self._unpacked.get(media, "") if media in document.media else ""
        if not os.path.isfile(path):
            path = str(media_path(document, media, self._folder()))
            if media in document.media:
                self._unpacked[media] = path
        return path

    def _plain(self, track: _Track, clip: AudioClip, path: str, name: str) -> Sound:
        copies = clip.speed > 1.0
        key = file_key(path)

        def make() -> Prepared:
            return _prepared(read_recording(path, self._sample_rate_hz, name), copies)

        number = self._number(track, (*key, "copies") if copies else key, name, make)
        return Sound(number, clip.start_s, clip.speed, clip.reversed, copies)

    def _number(self, track: _Track, key: Key, name: str, make: Callable[[], Prepared]) -> int:
        """Which of the track's recordings that of a key is."""
        if key not in track.held:
            track.held[key] = self._prepared.hold(key, name, make, track.held)
        return list(track.held).index(key)

    def _stretched(self, track: _Track, clip: AudioClip, turn: Turn, path: str, name: str) -> Sound | None:
        """A copy of a whole turn from its origin on, or of the whole recording where only the pitch is another one."""
        marks: tuple[StretchMark, ...] = ()
        if is_warped(clip):
            turned = replace(clip, at_ticks=turn.origin, offset_ticks=0)
            marks = tuple(
                StretchMark(round(media_s, 9), round(out_s, 9))
                for media_s, out_s in marks_of(turned, track.timeline, self._length_s(path))
            )
        copies = not marks and clip.speed > 1.0
        file = file_key(path)
        key = (*file, marks, clip.pitch_semitones, clip.reversed, copies)
        copy = None
        if not self._prepared.holds(key):
            copy = self._copy(track, clip, marks, file, name)
            if copy is None:
                return None
        start_s, speed = (0.0, 1.0) if marks else (clip.start_s, clip.speed)
        number = self._number(track, key, name, lambda: _prepared(copy, copies))
        return Sound(number, start_s, speed, False, copies)

    def _length_s(self, path: str) -> float:
        key = file_key(path)
        if key not in self._lengths:
            self._lengths[key] = length_s(path)
        return self._lengths[key]

    def _copy(
        self, track: _Track, clip: AudioClip, marks: tuple[StretchMark, ...], file: Key, name: str
    ) -> Recording | None:
        if self.stretcher is None:
            raise MediaError("this program has nothing that stretches; play it at its own tempo and pitch.")
        original = self._waiting.pop((*file, clip.reversed), None)
        if original is None:
            original = read_recording(file[0], self._sample_rate_hz, name)
            if clip.reversed:
                original = _turned_round(original)
        if not marks:
            length_s = original.samples.shape[1] / original.rate_hz
            marks = (StretchMark(0.0, 0.0), StretchMark(length_s, length_s))
        copy = self.stretcher(original, marks, clip.pitch_semitones, wait=track.strict)
        if copy is None:
            if len(self._waiting) == MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]
            self._waiting[(*file, clip.reversed)] = original
            track.waiting = True
            track.faults.append(
                f"Clip {clip.id!r} is silent while it is being stretched; it is heard when that is done."
            )
        return copy


class _Track:
    """What has been found for one track so far."""

    def __init__(self, document: Document, timeline: Timeline, strict: bool) -> None:
        self.document = document
        self.timeline = timeline
        self.strict = strict
        self.timed = self.waiting = False
        self.faults: list[str] = []
        self.sounding: list[tuple[AudioClip, Turn, Sound]] = []
        self.held: dict[Key, Held] = {}  # in the order of their numbers


def _prepared(recording: Recording | None, copies: bool) -> Prepared:
    return prepare(recording) if copies else as_recorded(recording)


def _turned_round(recording: Recording) -> Recording:
    return Recording(recording.name, recording.samples[:, ::-1].copy(), recording.rate_hz)
