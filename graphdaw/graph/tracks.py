"""The part of `Graph` that is about tracks: recordings on the timeline, cutting, joining, takes, and mixer strips."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

import msgspec

from graphdaw.errors import ClipKindError, MediaError
from graphdaw.graph import arranging, takes
from graphdaw.graph.clip_checks import clip_of, note_clip_of
from graphdaw.graph.clips import TICKS_PER_QUARTER, AudioClip, Clip, NoteClip
from graphdaw.graph.history import History
from graphdaw.graph.model import Document
from graphdaw.graph.ports import node_of
from graphdaw.graph.takes import Recorded, Region
from graphdaw.graph.vocabulary import Edit, PutClip, SetClip, TakeClip

if TYPE_CHECKING:
    from graphdaw.graph.graph import Graph
    from graphdaw.graph.handles import End
    from graphdaw.graph.strips import Strip, Track

replace = msgspec.structs.replace

Measure = Callable[[str], float]
measure: Measure | None = None
"""How long a recording is, in seconds; set by the package, because reading files of sound is no part of this layer."""


class Tracks:
    """Clips of tracks; each call is one undo step."""

    document: Document
    history: History

    # Recordings

    def put_audio(
        self,
        node: End,
        path: str | os.PathLike[str],
        at_ticks: int = 0,
        *,
        length_ticks: int = 0,
        **fields: float | str | bool,
    ) -> AudioClip:
        """Put a recording on an `audio_clips` node, from a tick on, and return the clip.

        Without a length it lasts as long as the recording does from `start_s` on, at its `speed` or, with `media_bpm`
        and `follows_tempo`, in the piece's tempo. `fields` are those of `AudioClip`. Raises `MediaError`.
        """
        id, media = self._node_id(node), os.fspath(path)
        new = AudioClip(self._new_clip_id(id, "audio"), at_ticks, 1, media=media, **cast(dict[str, Any], fields))
        self.document.foreign.discard(media)  # the user has chosen it
        clip = replace(new, length_ticks=length_ticks or self._audio_ticks(new))
        self.history.apply((PutClip(id, clip),), "put audio")
        return cast(AudioClip, self._clip(id, clip.id))

    def _audio_ticks(self, clip: AudioClip) -> int:
        """How many ticks a recording lasts from where it starts."""
        rest_s = self._length_s(clip.media) - clip.start_s
        if clip.follows_tempo and clip.media_bpm > 0.0:
            ticks = rest_s * clip.media_bpm / 60.0 * TICKS_PER_QUARTER
        else:
            timeline = self.document.timeline
            ticks = timeline.ticks(timeline.seconds(clip.at_ticks) + rest_s / clip.speed) - clip.at_ticks
        if ticks <= 0.0:
            raise MediaError(f"{clip.media} ends before {clip.start_s:g} s; let the clip start earlier in it.")
        return max(1, -int(-ticks // 1))

    # Cutting and joining

    def split_clip(self, node: End, clip: str, at_ticks: int) -> tuple[Clip, Clip]:
        """Cut a clip in two at a tick; together they sound as it did."""
        id, old = self._found(node, clip)
        right_id = self._new_clip_id(id, old.id)
        left, right = arranging.split_clip(old, at_ticks, right_id, self.document.timeline, self.document.sample_rate)
        self.history.apply((PutClip(id, left), PutClip(id, right)), "split clip")
        return self._clip(id, left.id), self._clip(id, right.id)

    def trim_clip(self, node: End, clip: str, start_ticks: int, end_ticks: int) -> Clip:
        """Let a clip begin and end elsewhere, with what it holds where it was."""
        id, old = self._found(node, clip)
        new = arranging.trim_clip(old, start_ticks, end_ticks, self.document.timeline, self.document.sample_rate)
        return self._put(id, new, "trim clip")

    def move_clip(self, node: End, clip: str, at_ticks: int) -> Clip:
        """Let a clip begin at another tick, with all that it holds."""
        id, _ = self._found(node, clip)
        self.history.apply((SetClip(id, clip, {"at_ticks": at_ticks}),), "move clip")
        return self._clip(id, clip)

    def duplicate_clip(self, node: End, clip: str, at_ticks: int | None = None) -> Clip:
        """Put the same clip once more, where it ends or at a tick."""
        id, old = self._found(node, clip)
        return self._put(id, arranging.duplicate_clip(old, self._new_clip_id(id, old.id), at_ticks), "duplicate clip")

    def join_clips(self, node: End, *clips: str) -> Clip:
        """Make one clip of several; raises `ClipKindError` where they do not go together."""
        id = self._node_id(node)
        parts = [self._clip(id, clip) for clip in clips]
        if len(parts) < 2:
            raise ClipKindError(f"Name two clips of node {id!r} or more to join them.")
        whole = arranging.join_clips(parts, self.document.timeline, self.document.sample_rate)
        gone: list[Edit] = [TakeClip(id, part.id) for part in parts if part.id != whole.id]
        self.history.apply((*gone, PutClip(id, whole)), "join clips")
        return self._clip(id, whole.id)

    def reverse_clip(self, node: End, clip: str) -> Clip:
        """Turn the part of a recording that a clip plays round."""
        id, old = self._found(node, clip)
        if not isinstance(old, AudioClip):
            raise ClipKindError(f"Clip {clip!r} of node {id!r} is no recording; choose one.", node=id)
        length_s = self._length_s(old.media)
        timeline, rate = self.document.timeline, self.document.sample_rate
        return self._put(id, arranging.reverse_clip(old, timeline, rate, length_s), "reverse clip")

    def quantise(
        self,
        node: End,
        clip: str,
        grid_ticks: int,
        *,
        strength: float = 1.0,
        ends: bool = False,
        only: Iterable[int] = (),
    ) -> NoteClip:
        """Move notes of a clip to the nearest line of a grid; see `quantise_notes`."""
        id, old = self._notes(node, clip)
        new = arranging.quantise_notes(old, grid_ticks, strength=strength, ends=ends, only=only)
        return cast(NoteClip, self._put(id, new, "quantise"))

    def transpose(self, node: End, clip: str, semitones: float, *, only: Iterable[int] = ()) -> NoteClip:
        """Move notes of a clip up or down."""
        id, old = self._notes(node, clip)
        return cast(NoteClip, self._put(id, arranging.transpose_notes(old, semitones, only=only), "transpose"))

    def legato(self, node: End, clip: str, *, gap_ticks: int = 0, only: Iterable[int] = ()) -> NoteClip:
        """Let notes of a clip last until the next one."""
        id, old = self._notes(node, clip)
        return cast(NoteClip, self._put(id, arranging.legato(old, gap_ticks=gap_ticks, only=only), "legato"))

    # Takes

    def put_takes(self, node: End, recorded: Iterable[Recorded]) -> list[AudioClip]:
        """Put finished recordings on an `audio_clips` node where they belong, a take for each turn of the loop.

        The last take sounds; those before, and those of earlier recordings, are muted.
        """
        id = self._node_id(node)
        new: list[AudioClip] = []
        for one in recorded:
            muted = [replace(clip, muted=True) for clip in new]
            new = [*muted, *takes.clips_of_take(one, self.document.timeline, [*self._clips(id), *muted])]
            self.document.foreign.discard(os.fspath(one.path))
        before: list[Edit] = [
            SetClip(id, clip.id, {"muted": True})
            for clip in self._clips(id)
            if new and clip.name.startswith((takes.TAKE, takes.COMP)) and not clip.muted
        ]
        self.history.apply((*before, *(PutClip(id, clip) for clip in new)), "put takes")
        return new

    def choose_take(self, node: End, take: str, start_ticks: int, end_ticks: int) -> None:
        """Let a take sound between two ticks, as part of the comp; "" lets none. See `graphdaw.graph.takes`."""
        id = self._node_id(node)
        old, timeline = self._clips(id), self.document.timeline
        new = takes.choose(old, Region(start_ticks, end_ticks, take), timeline, self.document.sample_rate)
        self.history.apply(takes.edits_between(id, old, new), f"choose {take or 'no take'}")

    # Strips

    def add_strip(self, name: str = "") -> Strip:
        """Add a mixer strip; see `graphdaw.graph.strips`."""
        from graphdaw.graph import strips

        return strips.add_strip(cast("Graph", self), name)

    def add_bus(self, name: str, *, into: str = "") -> Strip:
        """Add a bus with a strip, into another bus or the output; strips reach it by `send`."""
        from graphdaw.graph import strips

        return strips.add_bus(cast("Graph", self), name, into=into)

    def add_track(self, name: str, instrument: End | None = None, *, bus: str = "", **values: float | str) -> Track:
        """Add a track of recordings, or of notes for an instrument, with a strip, into a bus or the output.

        >>> import graphdaw as gd
        >>> g = gd.Graph()
        >>> bass = g.add_track("Bass", instrument="saw")
        >>> bass.clips.type, bass.strip.part("fader").type
        ('notes', 'gain')
        """
        from graphdaw.graph import strips

        return strips.add_track(cast("Graph", self), name, instrument, bus=bus, **values)

    # Ends

    def _node_id(self, node: End) -> str:
        id = node if isinstance(node, str) else node.id if hasattr(node, "id") else node.node.id
        return node_of(self.document, id).id

    def _clips(self, id: str) -> Sequence[Clip]:
        return node_of(self.document, id).clips

    def _clip(self, id: str, clip: str) -> Clip:
        return clip_of(node_of(self.document, id), clip)

    def _found(self, node: End, clip: str) -> tuple[str, Clip]:
        id = self._node_id(node)
        return id, self._clip(id, clip)

    def _notes(self, node: End, clip: str) -> tuple[str, NoteClip]:
        id = self._node_id(node)
        return id, note_clip_of(node_of(self.document, id), clip)

    def _new_clip_id(self, node: str, stem: str) -> str:
        return arranging.fresh_id([clip.id for clip in self._clips(node)], stem)

    def _put(self, node: str, clip: Clip, label: str) -> Clip:
        self.history.apply((PutClip(node, clip),), label)
        return self._clip(node, clip.id)

    def _length_s(self, media: str) -> float:
        """How long a recording is, also one inside the project."""
        from graphdaw.graph.project.media import media_path

        if measure is None:
            raise MediaError(f"The length of {media} cannot be read here; give the clip's length.")
        with tempfile.TemporaryDirectory(prefix="graphdaw-") as folder:
            return measure(str(media_path(self.document, media, folder)))
