"""The engine as Python holds it: follows a graph's edits, publishes plans, and feeds recordings from disk.

Every call into the core's control side goes through one lock; the audio thread knows nothing of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import Any

from graphdaw._core import ffi, lib
from graphdaw.errors import EngineError, MediaError
from graphdaw.graph.flatten import Flat
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import Node, settings
from graphdaw.graph.routes import Routes
from graphdaw.graph.vocabulary import Edit
from graphdaw.graph.voicing import Voiced
from graphdaw.host.arranged import Arranging
from graphdaw.host.events import Event, Located, Looped, RecordingStopped, Rolling, Standing, TakeFinished
from graphdaw.host.journey import Journey
from graphdaw.host.lowering import Lowering
from graphdaw.host.news import event_of
from graphdaw.host.note_recorder import NoteRecorder
from graphdaw.host.recorder import Recorder
from graphdaw.host.recordings import Recordings
from graphdaw.host.tape import Take
from graphdaw.host.taps import Ear, Tap, Taps
from graphdaw.nodes.base import find

WHY = {
    lib.GD_NO_MEMORY: "There is not enough memory to compile the graph; remove nodes or shorten delays.",
    lib.GD_CYCLE: "The wires close a circle without a delay; put a delay or feedback node into it.",
    lib.GD_BAD_PLAN: "The compiled graph failed its own check and was not played; please report it.",
    lib.GD_TOO_LARGE: "A wire has more than 64 channels; split it.",
}


def is_placed(node: Node) -> bool:
    """True if where the node begins depends on the place in the piece."""
    kind = find(node.type)
    return kind is not None and kind.placed is not None and kind.placed(settings(node))


def is_taped(node: Node) -> bool:
    """True if the node can be recorded."""
    kind = find(node.type)
    return kind is not None and kind.taped


def is_streamed(node: Node) -> bool:
    """True if the node plays from disk."""
    kind = find(node.type)
    return kind is not None and any(media.streamed for media in kind.media.values())


class Engine(Arranging):
    """Plays one graph; somebody else (a device, a render) calls for its sound.

    With `missing="silence"` a recording that cannot be read is silent and listed in `problems`; with "error" it raises
    `MediaError`.
    """

    def __init__(
        self, graph: Graph, *, threads: int = 1, missing: str = "error", sample_rate_hz: int | None = None
    ) -> None:
        super().__init__()
        self.graph = graph
        self.sample_rate = sample_rate_hz or graph.sample_rate
        self._missing = missing
        self._wanted: int | None = None  # a position that the next plan goes to
        self._begin_at = 0  # where in the piece nodes begin that are made now
        self._unsent: dict[tuple[str, int], float] = {}  # (node, parameter): the newest value, while the ring is full
        self._edited = False  # since the last beginning
        self.recorder = Recorder(self)
        self.journey = Journey()
        self.notes = NoteRecorder(self)
        with graph.history.turn:  # no edit of another thread falls between the first look and what is followed
            self._flat = Voiced(Routes(Flat(graph.document), self.sample_rate))
            self._lowering = Lowering(self._flat, float(self.sample_rate), self._fill, self._arrange)
            self._recordings = Recordings(self._lowering.graph, self.sample_rate)
            self._taps = Taps(self._lowering)
            self._begin(threads)
            self._forget = graph.observe(self._follow)
        try:
            self.commit()
        except BaseException:
            self.close()
            raise

    def _begin(self, threads: int) -> None:
        try:
            self._lowering.lower()
            self._engine = lib.gd_engine_new(self._lowering.graph, threads)
            if self._engine == ffi.NULL:
                raise MemoryError("no memory for the engine")
            self._send_timeline(self._flat.timeline)
        except BaseException:
            self._lowering.close()
            self._recordings.close()
            raise
        self._behind = True

    def close(self) -> None:
        """Free everything; nothing may call for sound any more."""
        with self._lock:
            if self._engine is None:
                return
            self._forget()
            for id, problem in self.recorder.close():
                self.problems[id] = problem
                self._told.append(RecordingStopped(id, problem))
            _ = self.clock_frames, self.position_frames  # what is told from now on
            with self._being_there:
                engine, self._engine = self._engine, None
            lib.gd_engine_free(engine)
            self._lowering.close()
            self._recordings.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Edits

    def _follow(self, edits: list[Edit]) -> None:
        with self._lock:
            if self._engine is None:
                return
            self._edited = True
            delta = self._flat.apply(edits)
            for removed in delta.nodes_removed:
                self._forget_values(removed.id)
            if delta.timeline is not None:
                self._send_timeline(delta.timeline)
            self._behind |= not self._lowering.whole  # so is what an earlier change has left out
            try:
                messages = self._lowering.follow(delta)
                if delta.timeline is not None:
                    self._arrange_timed()
            except MemoryError as error:
                self._behind = True
                raise EngineError(WHY[lib.GD_NO_MEMORY]) from error
            for id, param, value in messages:
                self._send(id, param, value)
            self._behind |= self._taps.aim()
            self._close_streams_of_removed()
            self.recorder.follow(self._lowering.nodes)
            if delta.nodes_added or delta.nodes_removed or delta.wires_added or delta.wires_removed or delta.values_set:
                self._behind = True
            self._note_width()
            if self._behind:
                self.commit()

    def _send(self, id: str, param: int, value: float) -> None:
        """Values travel in a ring, in order; while that is full, the newest one of each parameter waits here."""
        node = self._lowering.nodes[id]
        if self._unsent:
            self._unsent.pop((id, param), None)
            self._unsent[id, param] = value
            lib.gd_graph_set(self._lowering.graph, node, param, value)
        elif not lib.gd_engine_set(self._engine, node, param, value):
            self._unsent[id, param] = value

    def _send_rest(self) -> None:
        for (id, param), value in list(self._unsent.items()):
            if not lib.gd_engine_set(self._engine, self._lowering.nodes[id], param, value):
                return
            del self._unsent[id, param]

    def _forget_values(self, removed: str) -> None:
        for key in [key for key in self._unsent if key[0] == removed]:
            del self._unsent[key]

    def keep_up(self) -> bool:
        """Do what waits: publish edits, feed recordings. True if there is nothing more to wait for."""
        try:
            self._arrange_waiting()
            behind = not self.commit() or not self.settled()
        except EngineError as error:  # what sounds goes on; the next edit tries again
            self._note("", error)
            behind = False
        self.feed()
        return not behind

    def commit(self) -> bool:
        """Publish the graph as it is; False while an earlier change is still being faded in, then call again."""
        with self._lock:
            if self._engine is None:
                return True
            self._mend()
            self._send_rest()
            if not self._behind:
                return True
            if self._wanted is not None:
                if not lib.gd_engine_settled(self._engine):
                    return False
                self._go_to(self._wanted)
            status = lib.gd_engine_commit(self._engine)
            if status == lib.GD_BUSY:
                return False
            if status != lib.GD_OK:
                raise EngineError(WHY[status])
            self._behind = False
            return True

    def _mend(self) -> None:
        """Follow what an earlier change could not, such as for want of memory."""
        if self._lowering.whole:
            return
        try:
            for id, param, value in self._lowering.mend():
                self._send(id, param, value)
        except MemoryError as error:
            raise EngineError(WHY[lib.GD_NO_MEMORY]) from error
        self._behind = True

    def settled(self) -> bool:
        """True when the graph as it is sounds, and no fade is under way."""
        with self._lock:
            return self._engine is None or (
                not self._behind and not self._unsent and bool(lib.gd_engine_settled(self._engine))
            )

    # Transport

    def locate(self, position_frames: int) -> None:
        """Go to a frame of the piece while it plays: recordings are cross-faded, clocks jump, tails ring on.

        A newer call before that has happened takes its place; `Located` is told when it has.
        """
        with self._lock:
            self._wanted, self._behind = position_frames, True
            self.commit()

    def begin(self) -> None:
        """Before the first sound, while nothing calls for it: edits made so far are heard from the first frame on."""
        with self._lock:
            if self._edited and not self.clock_frames:
                self.restart(self.position_frames)

    def restart(self, position_frames: int = 0) -> None:
        """Begin anew at a frame of the piece, with nothing of what has sounded; only while nothing calls for sound."""
        with self._lock:
            self._check_open()
            end = self.clock_frames
            self._told = self.news()
            self.recorder.pause()
            self._lowering.renew([id for id, node in self._flat.nodes.items() if is_taped(node)])
            self._go_to(position_frames)
            self._unsent.clear()  # all values are in the graph
            lib.gd_engine_restart(self._engine, position_frames)
            self.notes.hear()
            self._restarted_at += end
            self.journey.turn(self._restarted_at, position_frames, self.rolls)
            self.recorder.follow_from(self._lowering.nodes, end, position_frames, self.rolls)
            self._edited, self._behind = False, True
            self.commit()

    def _go_to(self, position_frames: int) -> None:
        """Make new what begins at its place in the piece, and tell the core."""
        self._wanted, self._begin_at = None, position_frames
        try:
            self._lowering.renew([id for id, node in self._flat.nodes.items() if is_placed(node)])
        finally:
            self._begin_at = 0
        self._close_streams_of_removed()
        self._taps.aim()
        lib.gd_engine_locate(self._engine, position_frames)

    # Taps

    def tap(self, end: tuple[str, str]) -> Tap:
        """Listen to an outlet, also of a group, until the tap is closed; the document knows nothing of it."""
        with self._lock:
            self._check_open()
            tap = Tap(self, end)
            self._taps.add(tap)
            self._edited = True
            self._taps_changed()
            return tap

    def overhear(self, end: tuple[str, str]) -> Ear:
        """Listen to an outlet of events, until `untap`; the document knows nothing of it."""
        with self._lock:
            self._check_open()
            ear = Ear(self, end)
            self._taps.add(ear)
            self._edited = True
            self._taps_changed()
            return ear

    def untap(self, tap: Tap | Ear) -> None:
        """Let go of a tap; what was heard can still be read."""
        with self._lock:
            if self._engine is not None and self._taps.drop(tap):
                self._taps_changed()

    def take_taps(self, other: Engine) -> None:
        """Go on with the taps of an engine that nothing calls any more."""
        with other._lock, self._lock:
            for tap in other._taps.hand_over():
                self._taps.add(tap)
                tap.engine = self
            self._taps_changed()

    def _taps_changed(self) -> None:
        self._taps.aim()
        self._behind = True
        self.commit()

    # Recordings

    def _fill(self, node: Node, values: dict[str, Any], index: int) -> None:
        kind = find(node.type)
        for name in (kind.media if kind is not None else ()) or ("",):
            value = str(values.get(name, ""))
            try:
                self._recordings.fill(self.graph.document, node.type, value, values, index, self._begin_at)
            except MediaError as error:
                if self._missing == "error":
                    raise
                self._note(node.id, error)
                # a kernel finds memory of the form it expects, for no recording
                self._recordings.fill(self.graph.document, node.type, "", values, index, self._begin_at)

    def _close_streams_of_removed(self) -> None:
        if not self._recordings.streams:
            return
        playing = {index for id, index in self._lowering.nodes.items() if is_streamed(self._flat.nodes[id])}
        self._recordings.streams.keep(playing)

    def feed(self) -> None:
        """Fill every ring as far as it goes, look after tapes, let go of what is not played any more.

        Call it at least every half second of sound.
        """
        with self._lock:
            self.notes.hear()
            for id, told in self.recorder.sweep():
                if isinstance(told, str):
                    self.problems[id] = told
                self._told.append(RecordingStopped(id, told) if isinstance(told, str) else TakeFinished(id, told))
            self._recordings.streams.feed(self._note_media)
            if self._engine is not None:
                lib.gd_graph_sweep(self._lowering.graph)

    def _note_media(self, index: int, error: MediaError) -> None:
        if self._missing == "error":
            raise error
        self._note(next((id for id, node in self._lowering.nodes.items() if node == index), ""), error)

    # Recording

    def record(
        self,
        id: str,
        path: str | os.PathLike[str],
        *,
        bit_depth: int | None = None,
        preroll_s: float = 0.0,
        late_frames: Callable[[], int | None] = lambda: 0,
    ) -> None:
        """Write what flows through a `record` node to a file while its gate is open, from now on; see `Tape`.

        A take begins `preroll_s` before the gate opened, or before this call where it is open. `late_frames` gives by
        how much what is heard is later than what it belongs to, or None while that is not known: takes are moved by
        that. Raises `MediaError` where the file cannot be made, and `EngineError` where the node is no `record` node or
        does not remember so much.
        """
        self.stop_recording(id)
        with self._lock:
            self._check_open()
            index = self._lowering.nodes.get(id)
            if index is None or not is_taped(self._flat.nodes[id]):
                raise EngineError(f"Node {id!r} is no record node that plays; add one where you want to record.")
            reach_s = float(settings(self._flat.nodes[id])["buffer_s"])
            self.recorder.start(
                id, index, path, bit_depth=bit_depth, preroll_s=preroll_s, late_frames=late_frames, reach_s=reach_s
            )

    def stop_recording(self, id: str) -> list[Take]:
        """Complete what a node records, and return its takes; an empty list where it did not. Waits for the disk."""
        with self._lock:
            self._told = self.news()  # where the piece was when
            tape = self.recorder.stop(id)
            if tape is None:
                return self.recorder.takes(id)
        tape.join()
        self.feed()
        return list(tape.takes)

    def take_recordings(self, other: Engine) -> None:
        """Go on recording what an engine recorded that nothing calls any more."""
        with other._lock, self._lock:
            self.recorder.go_on_with(other.recorder, self._lowering.nodes)

    def catch_up(self) -> None:
        """Where time does not run by itself: wait until tapes have room again."""
        self.recorder.catch_up()

    # News

    @property
    def underruns(self) -> int:
        """How often a recording that plays had to be silent, because the disk was late."""
        with self._lock:
            return self._recordings.streams.underruns() if self._engine is not None else 0

    def news(self) -> list[Event]:
        """What happened since last asked, the oldest first."""
        item = ffi.new("GdNews *")
        with self._lock:
            told, self._told = self._told, []
            while self._engine is not None and lib.gd_engine_news(self._engine, item):
                told.append(self._event(item))
        return told

    def _event(self, item: Any) -> Event:
        frame, position = int(item.time) + self._restarted_at, int(item.position)
        event = event_of(item, frame, self.sample_rate)
        if isinstance(event, Located | Looped | Rolling | Standing):
            rolls = None if isinstance(event, Located | Looped) else isinstance(event, Rolling)
            self.journey.turn(frame, position, rolls)
            self.recorder.turn(int(item.time), position, rolls)
        return event
