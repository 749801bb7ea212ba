"""The OSC server: datagrams in, replies out, and news for those who listen. A thread of its own, no files."""

from __future__ import annotations

import logging
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from graphdaw.errors import EngineError, GraphdawError
from graphdaw.host.controls.desk import Desk
from graphdaw.host.controls.transport import SessionTransport
from graphdaw.host.osc import wire
from graphdaw.host.osc.tree import Tree
from graphdaw.host.osc.wire import Argument, OscMessage
from graphdaw.host.session import Session

LOOPBACK = "127.0.0.1"
PORT = 9010
NEWS_S = 0.02  # between looks at what has changed
MOST_CLIENTS = 32
MOST_LISTENED = 256  # addresses a client
FORGOTTEN_S = 60.0  # after which a client that has said nothing hears nothing more
MOST_A_SECOND = 2000  # messages of a client
BURST = 500
POSITION = "/transport/position"
POSITION_S = 0.1
LISTENABLE = ("/node/", "/nodes", "/transport/")

Place = tuple[Any, ...]


@dataclass(slots=True)
class _Client:
    """Who has sent something lately."""

    heard_s: float
    credit: float = BURST
    refused_s: float = 0.0
    listens: dict[str, tuple[Argument, ...] | None] = field(default_factory=dict)  # address -> what it was last told
    told_position_s: float = 0.0


class OscServer:
    """Serves a session's graph under the addresses of `graphdaw.host.osc.tree`; close it when done.

    It hears this machine only unless another `host` is named. Besides those addresses there are `/listen ADDRESS`,
    after which the address is told whenever it changes, and `/unlisten ADDRESS`; who has said nothing for a minute
    (`/ping` does) is forgotten. Controls of the graph hear their addresses; it takes a desk that is there already.
    Raises EngineError where the port is in use.
    """

    def __init__(self, session: Session, port: int = PORT, host: str = LOOPBACK, desk: Desk | None = None) -> None:
        try:
            self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind((host, port))
        except (OSError, OverflowError, ValueError) as error:
            self._socket.close()
            why = getattr(error, "strerror", None) or error
            raise EngineError(f"OSC cannot be heard at port {port} of {host}: {why}; choose another port.") from error
        self._socket.settimeout(NEWS_S)
        self.host, self.port = self._socket.getsockname()[:2]
        self._own_desk = desk is None
        self.desk = Desk(session.graph, SessionTransport(session)) if desk is None else desk
        self.tree = Tree(self.desk)
        self.lost = 0  # replies and news that could not be sent
        self._clients: dict[Place, _Client] = {}
        self._edited = threading.Event()
        self._forget = session.graph.observe(lambda _: self._edited.set())
        self._told_s = 0.0
        self._quit = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="graphdaw-osc", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._quit.is_set():
            try:
                data, place = self._socket.recvfrom(wire.MAX_BYTES + 1)
            except TimeoutError:
                data, place = b"", ("", 0)
            except OSError:
                self._quit.wait(NEWS_S)
                continue
            try:
                if data:
                    for reply in self.take(data, place, time.monotonic()):
                        self._send(reply, place)
                if time.monotonic() - self._told_s >= NEWS_S:
                    self._told_s = time.monotonic()
                    self._tell_news(self._told_s)
            except Exception:  # the next datagram must be answered all the same
                logging.getLogger("graphdaw").exception("The OSC server failed at a datagram, and goes on.")

    def take(self, data: bytes, place: Place, now_s: float) -> list[OscMessage]:
        """The replies to a datagram of unknown origin."""
        client = self._client(place, now_s)
        if client is None:
            return [OscMessage("/error", (f"{MOST_CLIENTS} others are being served; try again in a minute.", ""))]
        try:
            messages = wire.parse(data)
        except ValueError as error:
            return [OscMessage("/error", (f"This is no OSC that is understood: {error}.", ""))]
        if not _allowed(client, len(messages)):
            if now_s - client.refused_s < 1.0:
                return []
            client.refused_s = now_s
            return [
                OscMessage("/error", (f"More than {MOST_A_SECOND} messages a second are not heard; send fewer.", ""))
            ]
        return [reply for message in messages for reply in self._answer(message, client)]

    def _client(self, place: Place, now_s: float) -> _Client | None:
        for other in [p for p, one in self._clients.items() if now_s - one.heard_s > FORGOTTEN_S]:
            del self._clients[other]
        client = self._clients.get(place)
        if client is None:
            if len(self._clients) >= MOST_CLIENTS:
                silent = [p for p, one in self._clients.items() if not one.listens]
                if not silent:
                    return None
                del self._clients[min(silent, key=lambda p: self._clients[p].heard_s)]
            client = self._clients[place] = _Client(now_s)
        client.credit = min(BURST, client.credit + (now_s - client.heard_s) * MOST_A_SECOND)
        client.heard_s = now_s
        return client

    def _answer(self, message: OscMessage, client: _Client) -> list[OscMessage]:
        if message.address not in ("/listen", "/unlisten"):
            return self.tree.answer(message)
        address = str(message.arguments[0]) if message.arguments else ""
        try:
            if message.address == "/unlisten":
                client.listens.pop(address, None)
                return [OscMessage("/ok", ("/unlisten", address))]
            if not address.startswith(LISTENABLE):
                raise EngineError(
                    f"{address[:99]!r} cannot be listened to; name a parameter or something of the transport."
                )
            said = self.tree.ask(address)
            if len(client.listens) >= MOST_LISTENED and address not in client.listens:
                raise EngineError(f"{MOST_LISTENED} addresses are listened to; /unlisten one of them first.")
        except GraphdawError as error:
            return [OscMessage("/error", (str(error), "/listen"))]
        client.listens[address] = said
        return [OscMessage("/ok", ("/listen", address)), OscMessage(address, said)]

    def _tell_news(self, now_s: float) -> None:
        edited = self._edited.is_set()
        self._edited.clear()
        said: dict[str, tuple[Argument, ...] | None] = {}
        for place, client in list(self._clients.items()):
            if now_s - client.heard_s > FORGOTTEN_S:
                continue
            for address, before in client.listens.items():
                if not edited and not address.startswith("/transport/"):
                    continue
                if address not in said:
                    said[address] = self._asked(address)
                new = said[address]
                if new == before or (address == POSITION and now_s - client.told_position_s < POSITION_S):
                    continue
                client.listens[address] = new
                if address == POSITION:
                    client.told_position_s = now_s
                if new is not None:
                    self._send(OscMessage(address, new), place)

    def _asked(self, address: str) -> tuple[Argument, ...] | None:
        try:
            return self.tree.ask(address)
        except GraphdawError:
            return None  # the node is gone, and told of again once it is back

    def _send(self, message: OscMessage, place: Place) -> None:
        try:
            self._socket.sendto(wire.build(message.address, *message.arguments), place)
        except OSError:
            self.lost += 1

    def close(self) -> None:
        """Hear nothing more."""
        self._quit.set()
        if self._thread is not threading.current_thread():
            self._thread.join()
        self._socket.close()
        self._forget()
        if self._own_desk:
            self.desk.close()

    def __enter__(self) -> OscServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _allowed(client: _Client, count: int) -> bool:
    if client.credit < count:
        return False
    client.credit -= count
    return True
