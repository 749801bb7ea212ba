"""The MIDI controllers of this machine at a desk: every port is heard, and told where things stand."""

from __future__ import annotations

import fnmatch
import threading
from contextlib import suppress
from typing import Protocol

from graphdaw.errors import EngineError
from graphdaw.host.controls.desk import Desk
from graphdaw.host.controls.transport import SessionTransport
from graphdaw.host.midi.messages import MidiMessage
from graphdaw.host.midi.ports import MidiInput, MidiOutput, Port, open_input, open_output, ports
from graphdaw.host.rounds import Rounds
from graphdaw.host.session import Session

LOOK_S = 3.0


class Played(Protocol):
    """Who plays what comes in, beside the controls: the events of the engine."""

    def __call__(self, message: MidiMessage, when_s: float) -> object:
        """Take a message; the time is of `time.monotonic`."""


class Controllers(Rounds):
    """Hears all MIDI inputs, also those that come later, for the controls of a session's graph; close it when done.

    Feedback goes to outputs whose names fit a control's port, or are those of the input that moved it. `played` gets
    every message too. Where there is no MIDI, nothing comes in.
    """

    def __init__(self, session: Session, played: Played | None = None) -> None:
        self.desk = Desk(session.graph, SessionTransport(session), send=self._send)
        self._played = played
        self._inputs: dict[str, MidiInput] = {}
        self._outputs: dict[str, MidiOutput] = {}
        self._change = threading.Lock()
        self.look()
        super().__init__("graphdaw-controllers", LOOK_S)

    @property
    def inputs(self) -> list[str]:
        """The names of the ports that are heard."""
        with self._change:
            return list(self._inputs)

    def look(self) -> None:
        """Open ports that are new."""
        for port in ports():
            with self._change, suppress(EngineError):  # one that is just going away
                self._open(port)

    def _open(self, port: Port) -> None:
        if port.direction == "in" and port.name not in self._inputs:
            self._inputs[port.name] = open_input(port.name, self._sink(port.name), system=port.system)
        elif port.direction == "out" and port.name not in self._outputs:
            self._outputs[port.name] = open_output(port.name, system=port.system)

    def _sink(self, name: str) -> Played:
        desk = self.desk.sink(name)

        def take(message: MidiMessage, when_s: float) -> None:
            if self._played is not None:
                self._played(message, when_s)
            desk(message, when_s)

        return take

    def _send(self, wanted: str, message: MidiMessage) -> None:
        with self._change:
            known = [name for name in self._outputs if wanted != "*" or name in self._inputs]
            for name in known:
                if name == wanted or fnmatch.fnmatchcase(name, wanted):
                    self._outputs[name].send(message)

    def _round(self, _now_s: float) -> None:
        self.look()

    def close(self) -> None:
        """Hear and tell nothing more."""
        super().close()
        self.desk.close()
        for heard in self._inputs.values():
            heard.close()
        for told in self._outputs.values():
            told.close()

    def __enter__(self) -> Controllers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
