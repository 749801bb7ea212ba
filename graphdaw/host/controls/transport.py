"""The transport as remote controls see it: a narrow door to a session, which grows with what sessions can do."""

from __future__ import annotations

import math
from typing import Any, Protocol, runtime_checkable

from graphdaw.errors import EngineError
from graphdaw.graph.graph import Graph
from graphdaw.graph.timeline import BPM
from graphdaw.host.session import Session


class Transport(Protocol):
    """What can be asked of whatever plays; each raises EngineError where it cannot be done."""

    @property
    def playing(self) -> bool:
        """Whether it plays."""

    @property
    def position_s(self) -> float:
        """Where it is in the piece."""

    def play(self) -> None:
        """Play."""

    def stop(self) -> None:
        """Stop."""

    def locate(self, seconds: float) -> None:
        """Go to a place."""

    def tempo_bpm(self) -> float | None:
        """Quarters a minute at this place; None where the piece has no tempo."""

    def set_tempo(self, bpm: float) -> None:
        """Set them."""

    def looping(self) -> bool:
        """Whether the loop is on."""

    def set_loop(self, on: bool) -> None:
        """Turn the loop on or off."""

    def recording(self) -> bool:
        """Whether what is armed is being recorded."""

    def set_recording(self, on: bool) -> None:
        """Begin or end that."""


@runtime_checkable
class HasTimeline(Protocol):
    """A graph whose document has a timeline."""

    timeline: Any

    def set_tempo(self, bpm: float, at_ticks: int = 0) -> object:
        """Set the tempo from a tick on."""

    def set_loop(self, start_ticks: int, end_ticks: int, on: bool = True) -> object:
        """Set what is played over and over."""


@runtime_checkable
class HasRecording(Protocol):
    """A session that can begin and end recording of all that is armed."""

    recording: bool

    def set_recording(self, on: bool) -> object:
        """Begin or end."""


class SessionTransport:
    """A session as a `Transport`; what it or its graph cannot do is said in one sentence."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def graph(self) -> Graph:
        """The session's graph."""
        return self.session.graph

    @property
    def playing(self) -> bool:
        """Whether it plays."""
        return self.session.playing

    @property
    def position_s(self) -> float:
        """Where it is in the piece."""
        return self.session.position_s

    def play(self) -> None:
        """Play, from where it is."""
        self.session.play()

    def stop(self) -> None:
        """Stop; the position stays."""
        self.session.stop()

    def locate(self, seconds: float) -> None:
        """Go to a place in the piece."""
        self.session.locate(seconds)

    def tempo_bpm(self) -> float | None:
        """Quarters a minute where it is; None where the graph has no timeline."""
        graph: object = self.graph
        if not isinstance(graph, HasTimeline):
            return None
        return float(graph.timeline.bpm(graph.timeline.ticks(self.position_s)))

    def set_tempo(self, bpm: float) -> None:
        """Set the tempo that holds here, from where it begins."""
        timeline = self._timeline("tempo")
        if not (math.isfinite(bpm) and BPM[0] <= bpm <= BPM[1]):
            raise EngineError(f"A tempo of {bpm} bpm is not possible; choose {BPM[0]:g} to {BPM[1]:g}.")
        here = timeline.timeline.ticks(self.position_s)
        timeline.set_tempo(bpm, max(tempo.at_ticks for tempo in timeline.timeline.tempos if tempo.at_ticks <= here))

    def looping(self) -> bool:
        """Whether the piece has a loop that is on."""
        graph: object = self.graph
        loop = graph.timeline.loop if isinstance(graph, HasTimeline) else None
        return bool(loop is not None and loop.on)

    def set_loop(self, on: bool) -> None:
        """Turn the piece's loop on or off."""
        timeline = self._timeline("loop")
        loop = timeline.timeline.loop
        if loop is None:
            raise EngineError("The piece has no loop to turn on; set its start and end first.")
        timeline.set_loop(loop.start_ticks, loop.end_ticks, on)

    def recording(self) -> bool:
        """Whether what is armed is being recorded."""
        session: object = self.session
        return isinstance(session, HasRecording) and session.recording

    def set_recording(self, on: bool) -> None:
        """Begin or end recording of what is armed."""
        session: object = self.session
        if not isinstance(session, HasRecording):
            raise EngineError("Nothing is armed to be recorded; arm an input first.")
        session.set_recording(on)

    def _timeline(self, what: str) -> HasTimeline:
        graph: object = self.graph
        if not isinstance(graph, HasTimeline):
            raise EngineError(f"This piece has no {what} of its own; its nodes have parameters for that.")
        return graph
