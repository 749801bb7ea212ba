"""Input tracks: the everyday way to record what comes in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from graphdaw.errors import EngineError
from graphdaw.graph.handles import NodeHandle
from graphdaw.host.tape import Take

if TYPE_CHECKING:
    from graphdaw.host.session import Session


class InputTrack:
    """Channels of the device's input, through a `record` node, to the output while they are monitored.

    `channels` are those of the device as its `inputs` map them, from 0, next to each other. The nodes are ordinary ones
    of the session's graph, made in one undo step. A take lies where it was played: what is played along with is heard
    late by the device's output latency and the graph's own, and what is played comes in late by the input latency, so
    the sum of the three, less what the graph holds the input itself back, is taken from its time (`late_frames`).

    >>> import tempfile
    >>> import graphdaw as gd
    >>> with tempfile.TemporaryDirectory() as folder, gd.Session(gd.Graph(), device="hand") as s:
    ...     track = InputTrack(s, channels=(0, 1))
    ...     s.play()
    ...     track.arm(f"{folder}/guitar.wav", preroll_s=0.1)
    ...     _ = s.step(100)
    ...     track.punch_in()
    ...     _ = s.step(200)
    ...     track.punch_out()
    ...     _ = s.step(10)
    ...     [(take.path.name, take.channels, take.frames, take.preroll_frames) for take in track.disarm()]
    [('guitar.wav', 2, 30400, 4800)]
    """

    def __init__(self, session: Session, channels: Sequence[int] = (0,), *, monitor: bool = False) -> None:
        first, count = _run_of(channels)
        graph = session.graph
        self._session = session
        with graph.transaction("input track"):
            self.input = graph.add("input", first=f"in{first + 1}", channels=count)
            self.record = graph.add("record", recording=0.0)
            self.monitor_level = graph.add("gain", level=1.0 if monitor else 0.0)
            self._output = None  # of its own
            output = next((NodeHandle(graph, id) for id, node in graph.nodes.items() if node.type == "output"), None)
            if output is None:
                output = self._output = graph.add("output")
            graph.connect(self.input, self.record)
            graph.connect(self.record, self.monitor_level)
            graph.connect(self.monitor_level, output)

    @property
    def monitor(self) -> bool:
        """Whether the input is heard; turning it on and off never clicks."""
        return float(self.monitor_level.params["level"]) > 0.0

    @monitor.setter
    def monitor(self, on: bool) -> None:
        self._session.graph.set(self.monitor_level, level=1.0 if on else 0.0)

    @property
    def late_frames(self) -> int | None:
        """How much later a sound comes in than what it was played to was made; None without a device or the node."""
        session = self._session
        if not session.playing:
            return None
        into, out = session.driver.latency_frames
        engine = session.engine
        try:
            held_back = engine.latency_frames(self.record.id)
        except KeyError:  # an undo has taken the node away
            return None
        return into + out + max(0, engine.latency_frames() - held_back)

    def arm(self, path: str | os.PathLike[str], *, bit_depth: int | None = None, preroll_s: float = 0.0) -> None:
        """Choose the file of the next takes; they begin at `punch_in`, and `preroll_s` before. See `Engine.record`."""
        self._session.engine.record(
            self.record.id, path, bit_depth=bit_depth, preroll_s=preroll_s, late_frames=lambda: self.late_frames
        )

    def punch_in(self) -> None:
        """A take begins."""
        self._session.graph.set(self.record, recording=1.0)

    def punch_out(self) -> None:
        """The take ends; the next `punch_in` begins another one."""
        self._session.graph.set(self.record, recording=0.0)

    def disarm(self) -> list[Take]:
        """Complete what is being recorded and return the takes since `arm`; waits for the disk."""
        takes = self._session.engine.stop_recording(self.record.id)
        self.punch_out()
        return takes

    def remove(self) -> None:
        """Take the track's nodes out of the graph, and the output it added if nothing else needs it; takes are kept."""
        graph = self._session.graph
        with graph.transaction("remove input track"):
            for node in (self.input, self.record, self.monitor_level):
                if node.id in graph.nodes:
                    graph.remove(node)
            output = self._output.id if self._output is not None else ""
            if output in graph.nodes and not any(wire.target == output for wire in graph.wires.values()):
                graph.remove(output)


def _run_of(channels: Sequence[int]) -> tuple[int, int]:
    """First and number of channels that follow each other."""
    numbers = list(channels)
    if not numbers or numbers != list(range(numbers[0], numbers[0] + len(numbers))) or not 0 <= numbers[0] <= 63:
        raise EngineError(
            f"A track cannot record the channels {numbers}: give some that follow each other, such as (2, 3); which "
            "inputs of the device they are, DeviceSettings(inputs=...) says."
        )
    return numbers[0], len(numbers)
