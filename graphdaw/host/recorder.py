"""The recorder of an engine: which of its nodes are on tape. Control thread, under the engine's lock but to wait."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from graphdaw.errors import EngineError
from graphdaw.host.tape import Positions, Take, Tape, TapeSettings, TapeState

if TYPE_CHECKING:
    from graphdaw.host.engine import Engine

CLOSE_S = 15.0  # a disk that takes longer is left to write on by itself; a full ring takes it less than a second


class Recorder:
    """Tapes by the id of the node that they record."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tapes: dict[str, Tape] = {}
        self._ending: list[tuple[str, Tape]] = []
        self._ended: dict[str, list[Take]] = {}  # of tapes that nobody stopped
        self._positions = Positions()

    def start(
        self,
        id: str,
        index: int,
        path: str | os.PathLike[str],
        *,
        bit_depth: int | None = None,
        preroll_s: float = 0.0,
        late_frames: Callable[[], int | None] = lambda: 0,
        reach_s: float = 0.0,
    ) -> None:
        """Record a node from now on; `reach_s` is how far back its memory goes."""
        if not 0.0 <= preroll_s <= reach_s:
            raise EngineError(
                f"A pre-roll of {preroll_s:g} s cannot be had: node {id!r} remembers {reach_s:g} s; set its buffer_s."
            )
        rate = self._engine.sample_rate
        settings = TapeSettings(Path(os.fspath(path)).absolute(), rate, bit_depth, round(preroll_s * rate), late_frames)
        now = self._engine.clock_frames
        self._ended.pop(id, None)
        self._tapes[id] = Tape(self._engine.pointer, index, settings, self._positions, from_frame=now)

    def go_on_with(self, other: Recorder, nodes: dict[str, int]) -> None:
        """Record what another engine's recorder does, which plays no more: the next takes join its own."""
        now = self._engine.clock_frames
        for id, tape in other._tapes.items():
            if id in nodes and not tape.ended():
                settings = replace(tape.settings, sample_rate_hz=self._engine.sample_rate)
                self._tapes[id] = Tape(
                    self._engine.pointer, nodes[id], settings, self._positions, from_frame=now, takes=tape.takes
                )

    def stop(self, id: str) -> Tape | None:
        """Let a node's tape end here; None where it has none. Wait for it without the engine's lock."""
        tape = self._tapes.pop(id, None)
        if tape is not None:
            tape.hear_late()
            tape.stop(self._engine.clock_frames)
            self._ending.append((id, tape))
        return tape

    def follow(self, nodes: dict[str, int]) -> None:
        """Nodes that are gone end their takes; those that were replaced go on in a new one."""
        for id, tape in list(self._tapes.items()):
            if id in nodes:
                tape.follow(nodes[id], self._engine.clock_frames)
            else:
                self.stop(id)

    def pause(self) -> None:
        """Time is about to begin anew: takes end here; `follow_from` goes on in the next."""
        for tape in self._tapes.values():
            tape.stop(self._engine.clock_frames)

    def follow_from(self, nodes: dict[str, int], end: int, position: int, rolls: bool) -> None:
        """Time has begun anew after that frame, at a place in the piece."""
        self._positions = Positions(position, rolls)
        for id, tape in self._tapes.items():
            tape.positions = self._positions
            tape.follow(nodes[id], end, begins=0)

    def turn(self, frame: int, position: int, rolls: bool | None) -> None:
        """The transport has jumped, set off or come to a stand while it played."""
        self._positions.turn(frame, position, rolls)

    def sweep(self) -> list[tuple[str, Take | str]]:
        """Give back what has ended; returns what there is to tell of nodes: a finished take, or why one had to stop."""
        told: list[tuple[str, Take | str]] = []
        tapes = [*self._tapes.items(), *self._ending]
        ended = [tape for _, tape in tapes if tape.ended()]  # before the rest is asked, or its last words were missed
        for id, tape in tapes:
            tape.hear_late()
            tape.free()
            told += [(id, take) for take in tape.new_takes()]
            if tape.problem:
                told.append((id, tape.problem))
                tape.problem = ""
        for id in [id for id, tape in self._tapes.items() if tape in ended]:
            self._ended[id] = self._tapes.pop(id).takes
        self._ending = [(id, tape) for id, tape in self._ending if tape not in ended]
        return told

    def catch_up(self, share: float = 0.25) -> None:
        """Wait until no more than that share of a ring waits for the disk; for where time waits too, as in renders."""
        for tape in list(self._tapes.values()):
            tape.hear_late()
            tape.catch_up(share)

    def state(self, id: str) -> TapeState | None:
        """How the tape of a node is doing; None where it has none."""
        tape = self._tapes.get(id)
        return tape.state() if tape is not None else None

    def takes(self, id: str) -> list[Take]:
        """What a node has recorded since it was put on tape, finished takes only."""
        tape = self._tapes.get(id)
        return list(tape.takes if tape is not None else self._ended.get(id, []))

    def close(self) -> list[tuple[str, str]]:
        """Complete every take; returns what there is to tell."""
        for id in list(self._tapes):
            self.stop(id)
        late = [(id, tape) for id, tape in self._ending if not tape.join(CLOSE_S)]
        unfinished = "is still being written, because the disk is slow: let the program run until it is there."
        problems = [(id, told) for id, told in self.sweep() if isinstance(told, str)]
        return problems + [(id, f"{tape.settings.path} {unfinished}") for id, tape in late]
