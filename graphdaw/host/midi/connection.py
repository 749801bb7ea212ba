"""A MIDI port of ours, connected to another's for as long as that is there, and again when it is back."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

from graphdaw.errors import EngineError
from graphdaw.host.devices import jack
from graphdaw.host.midi import systems
from graphdaw.host.midi.systems import Port

State = Literal["open", "lost"]

LOOK_S = 1.0  # between looks at whether the other side is still there


def _abandon(client: Any) -> None:
    """Keep a client of a JACK server that has ended, for good.

    Closing it would hold up all of Python for a second, and could free again what the next server's client has freed.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(client))


class Connection:
    """RtMidi's client with one port; `using` is held by who uses it. `look` is to be called now and then.

    A `virtual` port is one that others connect to. Raises EngineError where the port cannot be opened.
    """

    def __init__(self, port: Port, *, virtual: bool, changed: Callable[[State], object] | None = None) -> None:
        self.port, self.virtual = port, virtual
        self.using = threading.Lock()
        self.client: Any = None  # None while there is no server to be a client of
        self.state: State = "open"
        self._changed = changed
        self._looked_s = time.monotonic()
        self._server = self._server_mark()
        try:
            self._open()
        except systems.FAULTS as error:
            raise EngineError(f"MIDI port {port.name!r} cannot be opened ({error}); choose another.") from error

    def _server_mark(self) -> object:
        """What tells this run of a JACK server from the next one of its name."""
        return jack.run_of(jack.default_server()) if self.port.system == "jack" else None

    def _open(self) -> None:
        client = systems.client(self.port.direction, self.port.system)
        try:
            if self.virtual:
                client.open_virtual_port(self.port.name)
            else:
                client.open_port(client.get_ports().index(self.port.name), self.port.direction)
        except BaseException:
            client.delete()
            raise
        self.client = client

    def look(self) -> None:
        """Every second, see whether the other side is still there, or there again."""
        if time.monotonic() - self._looked_s < LOOK_S:
            return
        before = self.state
        lives = systems.lives(self.port.system)
        with self.using:
            self._abandon_dead(lives)
            self.state = self._followed(lives)
        self._looked_s = time.monotonic()
        if self.state != before and self._changed is not None:
            self._changed(self.state)

    def _abandon_dead(self, lives: bool) -> None:
        mark = self._server_mark()
        if (not lives or mark != self._server) and self.client is not None:
            _abandon(self.client)
            self.client = None
        self._server = mark

    def _followed(self, lives: bool) -> State:
        """Be connected if that is possible."""
        if not lives:
            return "lost"
        try:
            if self.client is None:
                self._open()
            elif not self.virtual and self.port.name not in self.client.get_ports():
                return "lost"
            elif self.state == "lost":
                self._let_go()
                self._open()
        except systems.FAULTS:
            return "lost"
        return "open"

    def _let_go(self) -> None:
        client, self.client = self.client, None
        if client is not None:
            client.delete()

    def close(self) -> None:
        """Let go of the port, for good."""
        lives = systems.usable(self.port.system)
        with self.using:
            self._abandon_dead(lives)
            self._let_go()
            self.state = "lost"
