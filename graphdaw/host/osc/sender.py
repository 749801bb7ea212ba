"""Values and levels of a session that go to the addresses of another program. A thread of its own."""

from __future__ import annotations

import math
import socket
from collections.abc import Mapping

from graphdaw.errors import EngineError
from graphdaw.graph.controls import Target, parse_target
from graphdaw.host.controls.targets import GraphTargets
from graphdaw.host.controls.transport import SessionTransport
from graphdaw.host.osc import wire
from graphdaw.host.osc.wire import Argument
from graphdaw.host.rounds import Rounds
from graphdaw.host.session import Session
from graphdaw.host.taps import Meter

EVERY_S = 0.02
LEVELS_S = 0.05
SILENCE_DB = -120.0  # what stands for silence, which in decibels is infinitely low
METER = "level "


class OscSender:
    """Sends messages to a program at a port; raises EngineError where there cannot be one."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(found[0], socket.SOCK_DGRAM)
        except (OSError, OverflowError, UnicodeError) as error:
            raise EngineError(f"OSC cannot be sent to port {port} of {host}: {error}; choose another.") from error
        self._place = found[4]
        self.lost = 0

    def send(self, address: str, *arguments: Argument) -> None:
        """Send a message; one that cannot be delivered is counted in `lost`."""
        try:
            self._socket.sendto(wire.build(address, *arguments), self._place)
        except OSError:
            self.lost += 1

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()


class OscMirror(Rounds):
    """Tells another program what changes: `what` maps its addresses to targets, as controls name them, or to levels.

    "lp1.cutoff_hz" is sent whenever it changes; "level saw1" or "level saw1.out" 20 times a second as peaks in decibels
    below full scale, one a channel. Raises NameFormError and UnknownNodeError; close it when done.
    """

    def __init__(self, session: Session, sender: OscSender, what: Mapping[str, str]) -> None:
        self._targets = GraphTargets(session.graph, SessionTransport(session))
        self._sender = sender
        ends = {address: name.removeprefix(METER) for address, name in what.items() if name.startswith(METER)}
        self._followed: dict[str, Target] = {a: parse_target(n) for a, n in what.items() if a not in ends}
        self._told: dict[str, float | None] = {}
        self._meters: dict[str, Meter] = {}
        try:
            for address, end in ends.items():
                self._meters[address] = session.meter(end)
        except BaseException:
            self._close_meters()
            raise
        self._levels_s = 0.0
        super().__init__("graphdaw-osc-out", EVERY_S)

    def _round(self, now_s: float) -> None:
        for address, target in self._followed.items():
            value = self._targets.value(target)
            if value is not None and value != self._told.get(address):
                self._told[address] = value
                self._sender.send(address, value)
        if now_s - self._levels_s < LEVELS_S:
            return
        self._levels_s = now_s
        for address, meter in self._meters.items():
            levels = [peak if math.isfinite(peak) else SILENCE_DB for peak in meter.read().peak_dbfs]
            if levels:
                self._sender.send(address, *levels)

    def _close_meters(self) -> None:
        for meter in self._meters.values():
            meter.close()

    def close(self) -> None:
        """Tell nothing more."""
        super().close()
        self._close_meters()

    def __enter__(self) -> OscMirror:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
