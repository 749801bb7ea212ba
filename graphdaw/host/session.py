"""A session: one graph, the engine that plays it, and the device that calls the engine."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from types import TracebackType

from graphdaw.errors import EngineError
from graphdaw.graph.graph import Graph, NodeHandle
from graphdaw.host.device import Device, DeviceSettings, HandDevice, forced
from graphdaw.host.driver import Driver
from graphdaw.host.engine import Engine
from graphdaw.host.tape import Take
from graphdaw.host.tracks import InputTrack

TICK_S = 0.002  # while a change waits for the fade before it
FEED_S = 0.1


class Session:
    """A running engine; edits of `session.graph` are heard at once, each faded in.

    `device` is "null" (a timer, no sound), "hand" (plays when stepped), a sound card's name or number, or None for the
    default; `DeviceSettings` say more, and `driver` changes it while it plays. The engine runs from `play` to `stop`;
    position and sound go on from where they were.

    >>> import graphdaw as gd
    >>> g = gd.Graph(sample_rate=48_000)
    >>> osc = g.add("sine", frequency_hz=110.0)
    >>> osc >> g.add("output")
    <output output1>
    >>> with gd.Session(g, device="null") as s:
    ...     s.play()
    ...     s.graph.set(osc, frequency_hz=220.0)
    ...     s.stop()
    """

    def __init__(
        self,
        graph: Graph,
        device: str | int | DeviceSettings | None = None,
        *,
        block_frames: int | None = None,
        channels: int | None = None,
        threads: int = 1,
    ) -> None:
        self.graph = graph
        self.engine = Engine(graph, threads=threads, missing="silence")
        self.driver = Driver(self.engine)
        self._settings = (
            device
            if isinstance(device, DeviceSettings)
            else DeviceSettings(
                device if device is not None else forced(),
                block_frames,
                outputs=tuple(range(channels)) if channels else None,
            )
        )
        self._quit = threading.Event()
        self._woken = threading.Event()
        self._forget = graph.observe(lambda _: self._woken.set())
        self._keeper = threading.Thread(target=self._keep_up, name="graphdaw-session", daemon=True)
        self._keeper.start()

    @property
    def device(self) -> Device | None:
        """What calls the engine now; None while stopped."""
        return self.driver.device

    @property
    def playing(self) -> bool:
        """True between `play` and `stop`."""
        return self.device is not None

    @property
    def time_s(self) -> float:
        """How much has been played, in seconds."""
        return self.engine.time_frames / self.engine.sample_rate

    def play(self) -> None:
        """Open the device and start the sound; raises EngineError where it cannot be opened."""
        if self._quit.is_set():
            raise EngineError("The session is closed; make a new one.")
        if self.device is None:
            self.engine.feed()
            self.driver.open(self._settings)

    def stop(self) -> None:
        """Stop the sound and close the device."""
        self.driver.close()

    def step(self, blocks: int = 1) -> list[list[float]]:
        """On the "hand" device: play blocks and return the last one; edits that wait are taken up as soon as may be."""
        if not isinstance(self.device, HandDevice):
            raise EngineError('Only a session on device="hand" that plays can be stepped.')
        last = self.device.step(0)
        for _ in range(blocks):
            self.engine.commit()
            self.engine.feed()
            self.engine.catch_up()
            last = self.device.step()
        return last

    def record(
        self,
        node: str | NodeHandle,
        path: str | os.PathLike[str],
        *,
        bit_depth: int | None = None,
        preroll_s: float = 0.0,
    ) -> None:
        """Write what flows through a `record` node to a file while its gate is open; see `Engine.record`."""
        id = node if isinstance(node, str) else node.id
        self.engine.record(id, path, bit_depth=bit_depth, preroll_s=preroll_s)

    def record_input(
        self,
        path: str | os.PathLike[str],
        channels: Sequence[int] = (0,),
        *,
        monitor: bool = False,
        bit_depth: int | None = None,
    ) -> InputTrack:
        """Record channels of the device's input from now on: a new track, armed and punched in; see `InputTrack`."""
        track = InputTrack(self, channels, monitor=monitor)
        track.arm(path, bit_depth=bit_depth)
        track.punch_in()
        return track

    def stop_recording(self, node: str | NodeHandle) -> list[Take]:
        """Complete what a `record` node records, and return its takes; waits for the disk."""
        return self.engine.stop_recording(node if isinstance(node, str) else node.id)

    def settled(self, timeout_s: float = 1.0) -> bool:
        """Wait until every edit made so far is heard in full; False if that takes longer than `timeout_s`."""
        waiting = threading.Event()
        for _ in range(max(1, int(timeout_s / TICK_S))):
            self.engine.commit()
            if self.engine.settled():
                return True
            waiting.wait(TICK_S)
        return False

    def close(self) -> None:
        """Stop and free everything; the graph stays."""
        self.stop()
        self._quit.set()
        self._woken.set()
        self._keeper.join()
        self._forget()
        self.engine.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _keep_up(self) -> None:
        """Publish edits that had to wait for a fade, and keep the disk ahead of the sound."""
        while not self._quit.is_set():
            try:
                behind = not self.engine.commit() or not self.engine.settled()
            except EngineError as error:  # what sounds goes on; the next edit tries again
                self.engine.problems["graph"] = str(error)
                behind = False
            self.engine.feed()
            self.driver.watch()
            self._woken.wait(TICK_S if behind and self.playing else FEED_S)
            self._woken.clear()
