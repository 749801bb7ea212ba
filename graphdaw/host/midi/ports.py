"""Hearing MIDI ports and playing to them, each on a thread of its own.

Input is polled, every millisecond while something comes, from the queue that RtMidi's own thread fills: with a callback
JACK's real-time thread would wait for Python. RtMidi stamps by its system's clock, so messages keep their distances
however late they are read; under JACK that is the beginning of the block in which they came.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

from graphdaw.errors import EngineError, suggestion
from graphdaw.host.midi import systems
from graphdaw.host.midi.connection import Connection, State
from graphdaw.host.midi.messages import Decoder, MidiMessage, Sink, encode
from graphdaw.host.midi.systems import Direction, Port, ports

__all__ = ["MidiInput", "MidiOutput", "Port", "State", "open_input", "open_output", "ports"]

POLL_S = 0.001
REST_POLL_S = 0.004  # once nothing has come for BUSY_S, so that a port at rest takes 1 % of a core
BUSY_S = 2.0
DRIFT_S = 10.0  # after so long a silence the two clocks are compared anew
LOOK_S = 0.25
MOST_WAITING = 65_536  # messages to be sent later

Changed = Callable[[State], object]


def open_input(
    name: str, sink: Sink, *, virtual: bool = False, system: str = "", changed: Changed | None = None
) -> MidiInput:
    """Hear a port, named in full or in part, or make a `virtual` one that others can play to.

    `sink(message, when_s)` is called on the port's thread. A port that goes is waited for, and `changed` is told.
    Raises EngineError.
    """
    return MidiInput(Connection(_chosen(name, "in", virtual, system), virtual=virtual, changed=changed), sink)


def open_output(name: str, *, virtual: bool = False, system: str = "", changed: Changed | None = None) -> MidiOutput:
    """Play to a port, named in full or in part, or make a `virtual` one that others can hear; the rest is the same."""
    return MidiOutput(Connection(_chosen(name, "out", virtual, system), virtual=virtual, changed=changed))


def _chosen(name: str, direction: Direction, virtual: bool, system: str) -> Port:
    usable = [one for one in systems.systems() if system in ("", one)]
    if not usable:
        raise systems.no_system(system)
    if virtual:
        return Port(name, direction, usable[0])
    there = [port for port in ports() if port.direction == direction and port.system in usable]
    fitting = [p for p in there if p.name == name] or [p for p in there if name.lower() in p.name.lower()]
    if not fitting:
        there_are = suggestion(name, [p.name for p in there], "ports") if there else "none is there; connect a device."
        kind = "to hear" if direction == "in" else "to play to"
        raise EngineError(f"There is no MIDI port {name!r} {kind}; {there_are}")
    return fitting[0]


class MidiInput:
    """A port that is heard; made by `open_input`. Close it when done."""

    def __init__(self, connection: Connection, sink: Sink) -> None:
        self.connection = connection
        self._sink = sink
        self._quit = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="graphdaw-midi-in", daemon=True)
        self._thread.start()

    @property
    def state(self) -> State:
        """Whether the port is there."""
        return self.connection.state

    def _listen(self) -> None:
        decoder, stamps, heard_s = Decoder(), _Stamps(), 0.0
        while not self._quit.wait(POLL_S if time.monotonic() - heard_s < BUSY_S else REST_POLL_S):
            self.connection.look()
            with self.connection.using:
                client = self.connection.client
                came = [] if client is None else list(iter(client.get_message, None))
            now_s = time.monotonic()
            heard_s = now_s if came else heard_s
            for data, after_s in came:
                when_s = stamps.stamp(after_s, now_s)
                for message in decoder.feed(bytes(data)):
                    self._give(message, when_s)

    def _give(self, message: MidiMessage, when_s: float) -> None:
        try:
            self._sink(message, when_s)
        except Exception:  # the next message must come through all the same
            logging.getLogger("graphdaw").exception("What takes MIDI messages failed at: %s", message)

    def close(self) -> None:
        """Hear no more; waits for a sink that is at work, unless it is the sink that calls."""
        self._quit.set()
        if self._thread is not threading.current_thread():
            self._thread.join()
        self.connection.close()

    def __enter__(self) -> MidiInput:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Stamps:
    """Turns times between messages, by the system's clock, into times of `time.monotonic`.

    The message that was read soonest after it came tells how the clocks stand to each other.
    """

    def __init__(self) -> None:
        self._theirs_s = 0.0
        self._offset_s = float("inf")

    def stamp(self, after_s: float, now_s: float) -> float:
        self._theirs_s += after_s
        if after_s > DRIFT_S:
            self._offset_s = float("inf")
        self._offset_s = min(self._offset_s, now_s - self._theirs_s)
        return self._theirs_s + self._offset_s


class MidiOutput:
    """A port that is played to; made by `open_output`. Close it when done."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.lost = 0  # messages that came too many, or while the port was not there
        self._waiting: list[tuple[float, int, bytes]] = []
        self._count = itertools.count()
        self._change = threading.Condition()
        self._quit = False
        self._thread = threading.Thread(target=self._play, name="graphdaw-midi-out", daemon=True)
        self._thread.start()

    @property
    def state(self) -> State:
        """Whether the port is there."""
        return self.connection.state

    def send(self, message: MidiMessage, at_s: float = 0.0) -> None:
        """Send at a time of `time.monotonic`, at once if that is over; raises ValueError for what MIDI has not."""
        data = encode(message)
        with self._change:
            if len(self._waiting) >= MOST_WAITING or self._quit:
                self.lost += 1
                return
            heapq.heappush(self._waiting, (at_s, next(self._count), data))
            if self._waiting[0][2] is data:
                self._change.notify()

    def clear(self) -> None:
        """Forget what waits, and end every note of the other side."""
        with self._change:
            self._waiting.clear()
        for channel in range(16):
            for controller in (64, 120, 123):  # pedal up, all sound off, all notes off
                self.send(MidiMessage("cc", channel, controller))

    def _play(self) -> None:
        while True:
            with self._change:
                wait_s = self._wait_s()
                while wait_s > 0.0 and not self._quit:
                    self._change.wait(min(wait_s, LOOK_S))
                    wait_s = self._wait_s()
                    if wait_s > LOOK_S:
                        break
                if self._quit:
                    return
                due = heapq.heappop(self._waiting)[2] if wait_s <= 0.0 else b""
            if due:
                self._send(due)
            else:
                self.connection.look()

    def _wait_s(self) -> float:
        return self._waiting[0][0] - time.monotonic() if self._waiting else float("inf")

    def _send(self, data: bytes) -> None:
        with self.connection.using:
            client = self.connection.client
            try:
                if client is not None and self.connection.state == "open":
                    for message in _apart(data):
                        client.send_message(message)
                    return
            except systems.FAULTS:
                pass
        self.lost += 1

    def close(self) -> None:
        """Send no more: what waits for its time is dropped."""
        with self._change:
            self._quit = True
            self._change.notify()
        if self._thread is not threading.current_thread():
            self._thread.join()
        self.connection.close()

    def __enter__(self) -> MidiOutput:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _apart(data: bytes) -> list[bytes]:
    """RtMidi takes one message at a time."""
    if data[0] == 0xF0 or len(data) <= 3:
        return [data]
    return [data[k : k + 3] for k in range(0, len(data), 3)]
