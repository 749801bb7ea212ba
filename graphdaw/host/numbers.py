"""Numbers of an engine: its clock and place, its counters, what nodes cost, and what the newest plan looks like."""

from __future__ import annotations

import threading
from typing import Any

from graphdaw._core import ffi, lib
from graphdaw.errors import EngineError
from graphdaw.host.lowering import Lowering


class Numbers:
    """What one may ask an engine that plays; each answer is of the moment it is asked for."""

    _engine: Any
    _lowering: Lowering

    def __init__(self) -> None:
        self._lock = threading.RLock()  # of the core's control side
        self._being_there = threading.Lock()  # for a look at its numbers, which waits for no other work
        self._restarted_at = 0  # frames played before time began anew
        self._clock = self._position = 0  # as last looked at

    @property
    def pointer(self) -> Any:
        """The core's engine, for what calls it; raises EngineError once it is closed."""
        self._check_open()
        return self._engine

    def _check_open(self) -> None:
        if self._engine is None:
            raise EngineError("The session is closed; make a new one.")

    @property
    def channels(self) -> int:
        """How many channels are wired into the outputs; 0 before anything is."""
        with self._lock:
            return int(lib.gd_engine_channels(self.pointer))

    @property
    def time_frames(self) -> int:
        """Frames played since the start."""
        return self._restarted_at + self.clock_frames

    @property
    def begun_frames(self) -> int:
        """Frames played before the last beginning, from which on the clock counts."""
        return self._restarted_at

    @property
    def clock_frames(self) -> int:
        """What the core counts all by: frames played since the last beginning."""
        with self._being_there:
            if self._engine is not None:
                self._clock = int(lib.gd_engine_time(self._engine))
            return self._clock

    @property
    def position_frames(self) -> int:
        """Where the transport is: the next frame's place in the piece."""
        with self._being_there:
            if self._engine is not None:
                self._position = int(lib.gd_engine_position(self._engine))
            return self._position

    def stats(self) -> dict[str, float]:
        """The audio thread's counters: callbacks, load, work and gap peaks in seconds, late callbacks, bad samples."""
        stats = ffi.new("GdStats *")
        with self._being_there:
            if self._engine is not None:
                lib.gd_engine_stats(self._engine, stats)
        return {name: getattr(stats, name) for name, _ in ffi.typeof("GdStats").fields}

    def reset_stats(self) -> None:
        """Let peaks and percentiles begin anew; counts go on."""
        with self._being_there:
            lib.gd_engine_stats_reset(self.pointer)

    def profile(self, on: bool) -> None:
        """Measure what each node costs, in every 16th cell of 128 frames."""
        with self._being_there:
            lib.gd_engine_profile(self.pointer, on)

    def node_cost(self, id: str) -> tuple[float, float] | None:
        """Mean and peak seconds a slice takes for a node, all its voices together; None where it is not playing."""
        mean, peak = ffi.new("double *"), ffi.new("double *")
        costs = []
        with self._lock:
            for index in self._lowering.all_of(id):
                if lib.gd_engine_node_cost(self.pointer, index, mean, peak):
                    costs.append((mean[0], peak[0]))
        return (sum(mean for mean, _ in costs), sum(peak for _, peak in costs)) if costs else None

    def readings(self, id: str, channel: int = 0, count: int = 3) -> list[float] | None:
        """The first words of a node's (first voice's) memory, such as a meter's readings; None where there are none."""
        words = ffi.new("float[]", count)
        with self._lock:
            self._check_open()
            index = next(iter(self._lowering.all_of(id)), None)
            if index is None or not lib.gd_graph_peek(self._lowering.graph, index, channel, words, count):
                return None
        return list(words)

    def latency_frames(self, id: str | None = None) -> int:
        """Latency at a node's outlets, or of the whole graph; raises KeyError for a node that does not play."""
        if id is None:
            return int(self.plan()["latency_frames"])
        with self._lock:
            for index in self._lowering.all_of(id):
                return int(lib.gd_plan_latency(self.pointer, index))
        raise KeyError(id)

    def plan(self) -> dict[str, int]:
        """Sizes of the newest plan: steps, packs, buffers, workers, lanes, bytes, latency_frames, slice_frames..."""
        info = ffi.new("GdPlanInfo *")
        with self._lock:
            lib.gd_plan_info(self.pointer, info)
        return {name: int(getattr(info, name)) for name, _ in ffi.typeof("GdPlanInfo").fields}

    def steps(self) -> list[tuple[str, int, int, list[tuple[str, int]]]]:
        """The newest plan's steps in order: (kernel or kind, width, worker, [(node id, channel) a lane])."""
        info = ffi.new("GdStepInfo *")
        found: list[tuple[str, int, int, list[tuple[str, int]]]] = []
        with self._lock:
            names = {index: id for id, index in self._lowering.nodes.items()}
            while lib.gd_plan_step(self.pointer, len(found), info):
                name = ffi.string(info.name).decode()
                lanes = [
                    (names.get(info.nodes[lane], ""), info.channels[lane])
                    for lane in range(info.lanes if name not in ("mix", "sum", "modulate") else 0)
                ]
                found.append((name, int(info.width), int(info.worker), lanes))
        return found
