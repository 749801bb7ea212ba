"""Recording what keyboards play: events of an outlet, with the places in the piece at which they were heard."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from graphdaw._core import lib
from graphdaw.errors import EngineError
from graphdaw.graph.performance import Passage, Played
from graphdaw.host.taps import Ear

if TYPE_CHECKING:
    from graphdaw.graph.timeline import Timeline
    from graphdaw.host.engine import Engine
    from graphdaw.host.journey import Journey

LANES = {lib.GD_BEND: "bend", lib.GD_PRESSURE: "pressure", lib.GD_TIMBRE: "timbre", lib.GD_PROGRAM: "program"}


class NoteTape:
    """One recording of notes: where they are to go, and what has been heard so far, by all that was played."""

    def __init__(self, target: str, ear: Ear, begin: int, late_frames: int) -> None:
        self.target = target
        self.ear = ear
        self.begin = begin
        self.late_frames = late_frames
        self.played: list[Played] = []


class NoteRecorder:
    """The recordings of notes of an engine that are under way. Control threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tapes: dict[str, NoteTape] = {}
        self._reading = threading.Lock()  # one reader of a ring at a time; nobody holds it who waits for anything

    def targets(self) -> list[str]:
        """The tracks that are being recorded."""
        return list(self._tapes)

    def start(self, target: str, source: tuple[str, str], late_frames: int) -> NoteTape:
        """Hear an outlet from now on, for a track; what is heard was played so many frames earlier."""
        if target in self._tapes:
            raise EngineError(f"Node {target!r} is being recorded already; stop that first.")
        tape = NoteTape(target, self._engine.overhear(source), self._engine.time_frames, late_frames)
        self._tapes[target] = tape
        return tape

    def stop(self, target: str) -> tuple[NoteTape, int]:
        """End the recording of a track; returns it, and when that was."""
        tape = self._tapes.get(target)
        if tape is None:
            raise EngineError(f"Node {target!r} is not being recorded; start that first.")
        end = self._engine.time_frames
        self.hear()
        del self._tapes[target]
        self._engine.untap(tape.ear)
        return tape, end

    def hear(self) -> None:
        """Take what has come out of the rings; often enough that they do not run over."""
        begun = self._engine.begun_frames
        with self._reading:
            for tape in list(self._tapes.values()):
                tape.played += [_played(begun + time - tape.late_frames, event) for time, event in tape.ear.read()]


def _played(frame: int, event: Any) -> Played:
    if event.kind == lib.GD_NOTE_ON:
        return Played(frame, "on", event.note, event.key, event.value)
    if event.kind == lib.GD_NOTE_OFF:
        return Played(frame, "off", event.note, event.key, event.value)
    if event.kind == lib.GD_ALL_OFF:
        return Played(frame, "all off")
    kind = LANES.get(event.kind, f"cc{event.number}")
    return Played(frame, kind, event.note, value=float(event.number) if kind == "program" else event.value)


def passages(journey: Journey, timeline: Timeline, sample_rate: int, begin: int, end: int) -> list[Passage]:
    """When the piece went on between two frames of all that was played, and which ticks they were."""

    def ticks_of(since: int, position: int) -> Callable[[int], float]:
        return lambda frame: timeline.ticks((position + frame - since) / sample_rate)

    return [
        Passage(since, until, ticks_of(since, position)) for since, until, position in journey.stretches(begin, end)
    ]
