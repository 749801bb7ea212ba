"""The engine as Python holds it: follows a graph's edits, publishes plans, and feeds recordings from disk.

Every call into the core's control side goes through one lock; the audio thread knows nothing of it.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from graphdaw._core import ffi, lib
from graphdaw.errors import EngineError, MediaError
from graphdaw.graph.flatten import Flat
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import Node, settings
from graphdaw.graph.project import media_path
from graphdaw.graph.vocabulary import Edit
from graphdaw.host.lowering import Lowering
from graphdaw.host.media import MediaStream
from graphdaw.host.prepared import PreparedMedia
from graphdaw.host.recorder import Recorder
from graphdaw.host.tape import Take
from graphdaw.nodes import registry

RING_FRAMES = 1 << 16
FEED_FRAMES = 1 << 13
NEWS = {
    lib.GD_NEWS_SWAPPED: "swapped",
    lib.GD_NEWS_SETTLED: "settled",
    lib.GD_NEWS_NOT_FINITE: "not_finite",
    lib.GD_NEWS_OVER_BUDGET: "over_budget",
}
WHY = {
    lib.GD_NO_MEMORY: "There is not enough memory to compile the graph; remove nodes or shorten delays.",
    lib.GD_CYCLE: "The wires close a circle without a delay; put a delay or feedback node into it.",
    lib.GD_BAD_PLAN: "The compiled graph failed its own check and was not played; please report it.",
    lib.GD_TOO_LARGE: "A wire has more than 64 channels; split it.",
}


class Engine:
    """Plays one graph; somebody else (a device, a render) calls for its sound.

    With `missing="silence"` a recording that cannot be read is silent and listed in `problems`; with "error" it raises
    `MediaError`.
    """

    def __init__(self, graph: Graph, *, threads: int = 1, missing: str = "error") -> None:
        self.graph = graph
        self.sample_rate = graph.sample_rate
        self.problems: dict[str, str] = {}
        self._missing = missing
        self._lock = threading.RLock()
        self._streams: dict[int, MediaStream] = {}
        self.recorder = Recorder(self)
        self._told: list[tuple[str, int, int]] = []
        self._prepared = PreparedMedia(graph.sample_rate)
        self._unpacked: tempfile.TemporaryDirectory[str] | None = None
        self._flat = Flat(graph.document)
        self._lowering = Lowering(self._flat, float(self.sample_rate), self._fill)
        try:
            self._lowering.lower()
        except BaseException:
            self._lowering.close()
            self._let_go()
            raise
        self._engine = lib.gd_engine_new(self._lowering.graph, threads)
        if self._engine == ffi.NULL:
            raise MemoryError("no memory for the engine")
        self._behind = True
        self._forget = graph.observe(self._follow)
        try:
            self.commit()
        except BaseException:
            self.close()
            raise

    @property
    def pointer(self) -> Any:
        """The core's engine, for what calls it."""
        return self._engine

    def close(self) -> None:
        """Free everything; nothing may call for sound any more."""
        with self._lock:
            if self._engine is None:
                return
            self._forget()
            self.problems.update(self.recorder.close())
            lib.gd_engine_free(self._engine)
            self._engine = None
            self._lowering.close()
            self._let_go()

    def _let_go(self) -> None:
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()
        self._prepared.close()
        if self._unpacked is not None:
            self._unpacked.cleanup()

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
            delta = self._flat.apply(edits)
            for node, param, value in self._lowering.follow(delta):
                if not lib.gd_engine_set(self._engine, node, param, value):
                    self._behind = True  # the ring is full: the value is in the graph, the next plan carries it
            self._close_streams_of_removed()
            self.recorder.follow(self._lowering.nodes)
            if delta.nodes_added or delta.nodes_removed or delta.wires_added or delta.wires_removed or delta.values_set:
                self._behind = True
                self.commit()

    def commit(self) -> bool:
        """Publish the graph as it is; False while an earlier change is still being faded in, then call again."""
        with self._lock:
            if not self._behind:
                return True
            status = lib.gd_engine_commit(self._engine)
            if status == lib.GD_BUSY:
                return False
            if status != lib.GD_OK:
                raise EngineError(WHY[status])
            self._behind = False
            return True

    def settled(self) -> bool:
        """True when the graph as it is sounds, and no fade is under way."""
        with self._lock:
            return not self._behind and bool(lib.gd_engine_settled(self._engine))

    # Recordings

    def _fill(self, node: Node, values: dict[str, Any], index: int) -> None:
        kind, document = registry[node.type], self.graph.document
        for name in kind.media or ("",):
            value = str(values.get(name, ""))
            try:
                path = str(media_path(document, value, self._folder())) if value else ""
                if kind.media_memory is not None:
                    label = document.media[value].name if value in document.media else value
                    self._prepared.lend(self._lowering.graph, index, kind, values, path, label)
                elif path:
                    self._stream(
                        index, path, loop=values.get("loop") == "on", start_s=float(values.get("start_s", 0.0))
                    )
            except MediaError as error:
                if self._missing == "error":
                    raise
                self.problems[node.id] = str(error)

    def _folder(self) -> str:
        """Where recordings from inside the project file are unpacked while they play."""
        if self._unpacked is None:
            self._unpacked = tempfile.TemporaryDirectory(prefix="graphdaw-")
        return self._unpacked.name

    def _stream(self, index: int, path: str, *, loop: bool, start_s: float) -> None:
        stream = MediaStream(path, self.sample_rate, loop=loop)
        if start_s > 0:
            stream.seek(round(start_s * self.sample_rate))
        graph = self._lowering.graph
        if not lib.gd_graph_stream(graph, index, stream.channels, RING_FRAMES):
            raise MemoryError(f"no memory for {os.fspath(path)}")
        lib.gd_graph_channels(graph, index, stream.channels)
        old = self._streams.pop(index, None)
        if old is not None:
            old.close()
        self._streams[index] = stream
        self._feed_one(index, stream)

    def _close_streams_of_removed(self) -> None:
        if not self._streams:
            return
        playing = {
            index
            for id, index in self._lowering.nodes.items()
            if any(media.streamed for media in registry[self._flat.nodes[id].type].media.values())
        }
        for index in self._streams.keys() - playing:
            self._streams.pop(index).close()

    def feed(self) -> None:
        """Fill every ring as far as it goes, and look after tapes; call at least every half second of sound."""
        with self._lock:
            for id, problem in self.recorder.sweep():
                self.problems[id] = problem
                self._told.append(("recording_stopped", 1, self.time_frames))
            for index, stream in list(self._streams.items()):
                try:
                    self._feed_one(index, stream)
                except MediaError as error:
                    self._end_stream(index, stream)
                    if self._missing == "error":
                        raise
                    self.problems[self._name_of(index)] = str(error)

    def _feed_one(self, index: int, stream: MediaStream) -> None:
        graph = self._lowering.graph
        while (room := lib.gd_stream_room(graph, index)) >= FEED_FRAMES:
            block = stream.read(min(room, RING_FRAMES // 2))
            if block.shape[1] == 0:
                self._end_stream(index, stream)
                return
            lib.gd_stream_write(graph, index, ffi.from_buffer("float[]", block), block.shape[1])

    def _end_stream(self, index: int, stream: MediaStream) -> None:
        """Nothing more comes: what is in the rings is played, then silence."""
        lib.gd_stream_end(self._lowering.graph, index)
        stream.close()
        self._streams.pop(index, None)

    # Tapes

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
            index = self._lowering.nodes.get(id)
            if index is None or not registry[self._flat.nodes[id].type].taped:
                raise EngineError(f"Node {id!r} is no record node that plays; add one where you want to record.")
            reach_s = float(settings(self._flat.nodes[id])["buffer_s"])
            self.recorder.start(
                id, index, path, bit_depth=bit_depth, preroll_s=preroll_s, late_frames=late_frames, reach_s=reach_s
            )

    def stop_recording(self, id: str) -> list[Take]:
        """Complete what a node records, and return its takes; an empty list where it did not. Waits for the disk."""
        with self._lock:
            tape = self.recorder.stop(id)
        if tape is None:
            return []
        tape.join()
        self.feed()
        return tape.takes

    def catch_up(self) -> None:
        """Where time does not run by itself: wait until tapes have room again."""
        self.recorder.catch_up()

    def _name_of(self, index: int) -> str:
        return next((id for id, node in self._lowering.nodes.items() if node == index), "")

    # Numbers

    @property
    def channels(self) -> int:
        """How many channels are wired into the outputs; 0 before anything is."""
        return int(lib.gd_engine_channels(self._engine))

    @property
    def time_frames(self) -> int:
        """Frames played since the start."""
        return int(lib.gd_engine_time(self._engine))

    def stats(self) -> dict[str, float]:
        """The audio thread's counters: callbacks, load, work and gap peaks in seconds, late callbacks, bad samples."""
        stats = ffi.new("GdStats *")
        lib.gd_engine_stats(self._engine, stats)
        return {name: getattr(stats, name) for name, _ in ffi.typeof("GdStats").fields}

    def reset_stats(self) -> None:
        """Let peaks and percentiles begin anew; counts go on."""
        lib.gd_engine_stats_reset(self._engine)

    def news(self) -> list[tuple[str, int, int]]:
        """What happened since last asked: kind ("swapped", "settled", "recording_stopped", ...), count and frame."""
        told, self._told = self._told, []
        item = ffi.new("GdNews *")
        with self._lock:
            while lib.gd_engine_news(self._engine, item):
                told.append((NEWS[item.kind], int(item.count), int(item.time)))
        return told

    def profile(self, on: bool) -> None:
        """Measure what each node costs, in every 16th cell of 128 frames."""
        lib.gd_engine_profile(self._engine, on)

    def node_cost(self, id: str) -> tuple[float, float] | None:
        """Mean and peak seconds a slice takes for a node; None where it is not playing."""
        mean, peak = ffi.new("double *"), ffi.new("double *")
        with self._lock:
            index = self._lowering.nodes.get(id, -1)
            if not lib.gd_engine_node_cost(self._engine, index, mean, peak):
                return None
        return mean[0], peak[0]

    def readings(self, id: str, channel: int = 0, count: int = 3) -> list[float] | None:
        """The first words of a node's memory, such as a meter's readings; None where there are none."""
        words = ffi.new("float[]", count)
        with self._lock:
            index = self._lowering.nodes.get(id)
            if index is None or not lib.gd_graph_peek(self._lowering.graph, index, channel, words, count):
                return None
        return list(words)

    def latency_frames(self, id: str | None = None) -> int:
        """Latency at a node's outlets, or of the whole graph, as compensated."""
        if id is None:
            return int(self.plan()["latency_frames"])
        with self._lock:
            return int(lib.gd_plan_latency(self._engine, self._lowering.nodes[id]))

    def plan(self) -> dict[str, int]:
        """Sizes of the newest plan: steps, packs, buffers, workers, lanes, bytes, latency_frames, slice_frames..."""
        info = ffi.new("GdPlanInfo *")
        with self._lock:
            lib.gd_plan_info(self._engine, info)
        return {name: int(getattr(info, name)) for name, _ in ffi.typeof("GdPlanInfo").fields}

    def steps(self) -> list[tuple[str, int, int, list[tuple[str, int]]]]:
        """The newest plan's steps in order: (kernel or kind, width, worker, [(node id, channel) a lane])."""
        names = {index: id for id, index in self._lowering.nodes.items()}
        info = ffi.new("GdStepInfo *")
        found: list[tuple[str, int, int, list[tuple[str, int]]]] = []
        with self._lock:
            while lib.gd_plan_step(self._engine, len(found), info):
                name = ffi.string(info.name).decode()
                lanes = [
                    (names.get(info.nodes[lane], ""), info.channels[lane])
                    for lane in range(info.lanes if name not in ("mix", "sum", "modulate") else 0)
                ]
                found.append((name, int(info.width), int(info.worker), lanes))
        return found
