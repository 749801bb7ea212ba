"""The OSC server over real datagrams, written and read by python-osc alone on the other side."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage as Theirs
from pythonosc.osc_message_builder import OscMessageBuilder

import graphdaw as gd
from graphdaw.errors import EngineError
from graphdaw.graph.controls import OscSource
from graphdaw.graph.vocabulary import AddNode
from graphdaw.host.osc import server as server_module
from graphdaw.host.osc import wire
from graphdaw.host.osc.server import OscServer


class Client:
    """Another program."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(5.0)

    def send(self, address: str, *arguments: Any) -> None:
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument)
        self.socket.send(builder.build().dgram)

    def hear(self) -> tuple[Any, ...]:
        message = Theirs(self.socket.recv(65536))
        return message.address, *message.params

    def ask(self, address: str, *arguments: Any) -> tuple[Any, ...]:
        self.send(address, *arguments)
        return self.hear()

    def silent(self, seconds: float = 0.15) -> bool:
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(65536)
            return False
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(5.0)


@pytest.fixture
def session() -> Iterator[gd.Session]:
    graph = gd.Graph()
    graph.apply([AddNode("s", "saw"), AddNode("lp1", "filter", {"cutoff_hz": 900.0}, label="Tone")])
    graph.apply([AddNode("f", "audio_file"), AddNode("o", "output")])
    graph["s"] >> graph["lp1"] >> graph["o"]
    with gd.Session(graph, device="hand") as session:
        yield session


@pytest.fixture
def server(session: gd.Session) -> Iterator[OscServer]:
    with OscServer(session, 0) as server:
        yield server


@pytest.fixture
def client(server: OscServer) -> Iterator[Client]:
    client = Client(server.port)
    yield client
    client.socket.close()


def test_it_hears_this_machine_only(server: OscServer) -> None:
    assert server.host == "127.0.0.1"


def test_parameters_are_asked_and_set(session: gd.Session, client: Client) -> None:
    assert client.ask("/node/lp1/cutoff_hz") == ("/node/lp1/cutoff_hz", 900.0, 10.0, 20_000.0, "Hz")
    assert client.ask("/node/lp1/cutoff_hz", 1200.0) == ("/ok", "/node/lp1/cutoff_hz", 1200.0)
    assert client.ask("/node/lp1/cutoff_hz", 1500) == ("/ok", "/node/lp1/cutoff_hz", 1500)
    assert session.graph["lp1"].params["cutoff_hz"] == 1500.0

    assert client.ask("/node/lp1/mode")[:3] == ("/node/lp1/mode", "lowpass", "lowpass")
    assert client.ask("/node/lp1/mode", "notch")[0] == "/ok" and session.graph["lp1"].params["mode"] == "notch"
    assert client.ask("/node/lp1/mode", 1)[0] == "/ok" and session.graph["lp1"].params["mode"] == "highpass"
    assert client.ask("/node/lp1/type") == ("/node/lp1/type", "filter")
    assert set(client.ask("/node/lp1")[1:]) >= {"cutoff_hz", "mode", "slope", "q", "bypass"}


def test_a_stream_of_values_is_one_undo_step(session: gd.Session, client: Client) -> None:
    for k in range(20):
        assert client.ask("/node/lp1/q", 1.0 + k)[0] == "/ok"
    assert client.ask("/graph/undo") == ("/ok", "/graph/undo")
    assert session.graph["lp1"].params["q"] == pytest.approx(0.7071)
    assert client.ask("/graph/redo")[0] == "/ok" and session.graph["lp1"].params["q"] == 20.0
    assert client.ask("/graph/redo") == ("/error", "There is nothing to redo.", "/graph/redo")


def test_nodes_are_listed_and_found(client: Client) -> None:
    listed = client.ask("/nodes")
    assert listed == ("/nodes", 4, 0, "s", "saw", "lp1", "filter", "f", "audio_file", "o", "output")
    assert client.ask("/nodes", 3) == ("/nodes", 4, 3, "o", "output")
    assert client.ask("/find", "tone") == ("/find", 1, 0, "lp1", "filter")


def test_the_transport_plays_and_goes_to_places(session: gd.Session, client: Client) -> None:
    assert client.ask("/transport/locate", 2.5)[0] == "/ok" and client.ask("/transport/position")[1] == 2.5
    assert client.ask("/transport/play") == ("/ok", "/transport/play")
    assert session.playing and client.ask("/transport/playing")[1] is True
    assert client.ask("/transport/stop")[0] == "/ok" and not session.playing
    assert client.ask("/transport/locate", -1.0)[:2] == ("/error", "Cannot go to -1.0 seconds; a piece begins at 0.")


def test_changes_are_told_to_who_listens(session: gd.Session, client: Client) -> None:
    assert client.ask("/listen", "/node/lp1/cutoff_hz") == ("/ok", "/listen", "/node/lp1/cutoff_hz")
    assert client.hear()[1] == 900.0
    session.graph.set("lp1", cutoff_hz=440.0)
    assert client.hear()[:2] == ("/node/lp1/cutoff_hz", 440.0)

    session.graph.remove("lp1")
    assert client.silent()
    session.graph.undo()
    assert client.hear()[:2] == ("/node/lp1/cutoff_hz", 440.0)

    assert client.ask("/unlisten", "/node/lp1/cutoff_hz")[0] == "/ok"
    session.graph.set("lp1", cutoff_hz=880.0)
    assert client.silent()


def test_the_position_is_told_ten_times_a_second(client: Client) -> None:
    client.ask("/listen", "/transport/position")
    client.hear()
    client.ask("/transport/locate", 1.0)
    assert client.hear() == ("/transport/position", 1.0)


def test_the_tree_is_described_as_oscquery_has_it(client: Client) -> None:
    tree = json.loads(client.ask("/query")[1])
    described = tree["CONTENTS"]["node"]["CONTENTS"]["lp1"]["CONTENTS"]["cutoff_hz"]

    assert described == {
        "FULL_PATH": "/node/lp1/cutoff_hz",
        "TYPE": "f",
        "VALUE": [900.0],
        "ACCESS": 3,
        "RANGE": [{"MIN": 10.0, "MAX": 20_000.0}],
        "UNIT": ["Hz"],
    }
    assert json.loads(client.ask("/query", "/node/lp1/mode")[1])["RANGE"][0]["VALS"][0] == "lowpass"
    assert json.loads(client.ask("/query", "/node/f/file")[1])["ACCESS"] == 1
    assert client.ask("/query", "/node/nobody")[0] == "/error"


def test_a_large_graph_is_described_only_as_far_as_it_fits(session: gd.Session, client: Client) -> None:
    session.graph.apply([AddNode(f"gain{k}", "gain") for k in range(5_000)])
    begin = time.monotonic()

    assert "CONTENTS" not in json.loads(client.ask("/query")[1])["CONTENTS"]["node"]
    assert client.ask("/query", "/node")[:2] == (
        "/error",
        "What lies below '/node' does not fit into a reply; page through /nodes instead.",
    )
    assert time.monotonic() - begin < 2.0


@pytest.mark.parametrize(
    "address, arguments, sentence",
    (
        ("/node/lp2/q", (), "There is no node 'lp2'"),
        ("/node/lp1/cutof_hz", (1.0,), "Node 'lp1' (filter) has no 'cutof_hz'; did you mean 'cutoff_hz'?"),
        ("/node/lp1/q", (1e6,), "its range is 0.3 to 40."),
        ("/node/lp1/q", ("loud",), "lp1.q needs a number, not 'loud'."),
        ("/node/lp1/mode", (77,), "lp1.mode has no option 77; name it, or count from 0 to 8."),
        ("/node/lp1/mode", ("brown",), "brown"),
        ("/node/f/file", ("/etc/passwd",), "f.file is a recording or a text, which cannot be set from outside"),
        ("/transport/record", (1,), "Nothing is armed"),
        ("/nowhere", (), "There is no address '/nowhere'"),
        ("/", (), "There is no address '/'"),
        ("/find", (), "/find needs a text"),
        ("/listen", ("/query",), "'/query' cannot be listened to"),
        ("/listen", (), "'' cannot be listened to"),
    ),
)
def test_what_cannot_be_done_is_answered_in_one_sentence(
    client: Client, address: str, arguments: tuple[Any, ...], sentence: str
) -> None:
    answer = client.ask(address, *arguments)

    assert answer[0] == "/error" and sentence in answer[1] and answer[1].endswith((".", "?")), answer


def test_controls_of_the_document_hear_their_addresses(session: gd.Session) -> None:
    session.graph.control(OscSource("/1/fader1"), "lp1.q", mode="jump")
    with OscServer(session, 0) as server:
        client = Client(server.port)
        assert client.ask("/1/fader1", 1.0) == ("/ok", "/1/fader1", 1.0)
        client.socket.close()

    assert session.graph["lp1"].params["q"] == 40.0


def test_bundles_are_done_in_order(session: gd.Session, client: Client) -> None:
    bundle = OscBundleBuilder(IMMEDIATELY)
    for value in (2.0, 3.0):
        message = OscMessageBuilder("/node/lp1/q")
        message.add_arg(value)
        bundle.add_content(message.build())
    client.socket.send(bundle.build().dgram)

    assert [client.hear()[2] for _ in range(2)] == [2.0, 3.0]


@pytest.mark.parametrize(
    "datagram",
    (
        b"hello",
        b"/x",
        b"/x\0\0,i\0\0",
        b"/x\0\0,b\0\0\xff\xff\xff\xff",
        b"/x\0\0," + b"i" * 5000,
        b"/x\0\0,f\0\0\x7f\x80\0\0",
        b"/\xff\0\0",
        b"#bundle\0",
        b"#bundle\0" + bytes(8) + struct.pack(">i", -4),
        b"#bundle\0" + bytes(8) + struct.pack(">i", 2**31 - 1),
        (b"#bundle\0" + bytes(8) + struct.pack(">i", 16)) * 500,
        b"/x\0\0" * 4000,
    ),
)
def test_what_is_no_osc_is_answered_too(client: Client, datagram: bytes) -> None:
    client.socket.send(datagram)
    if datagram == b"#bundle\0":
        assert client.silent()  # an empty bundle asks nothing
    else:
        assert client.hear()[0] == "/error"
    assert client.ask("/ping") == ("/ok", "/ping")


def test_who_sends_too_fast_is_told_so_and_heard_again_later(server: OscServer) -> None:
    ping = wire.build("/ping")
    answers = [server.take(ping, ("somebody", 1), 100.0) for _ in range(1000)]
    assert sum(bool(a) and a[0].address == "/ok" for a in answers) == 500
    assert [a[0].arguments[0] for a in answers if a and a[0].address == "/error"] == [
        "More than 2000 messages a second are not heard; send fewer."
    ]
    assert server.take(ping, ("somebody", 1), 101.0)[0].address == "/ok"


def test_listeners_are_limited_and_forgotten(server: OscServer) -> None:
    listen = wire.build("/listen", "/node/lp1/q")
    for k in range(server_module.MOST_CLIENTS):
        assert server.take(listen, ("127.0.0.1", 50_000 + k), 100.0)[0].address == "/ok"
    assert server.take(listen, ("127.0.0.1", 1), 110.0)[0].address == "/error"
    assert server.take(listen, ("127.0.0.1", 1), 200.0)[0].address == "/ok"


def test_a_port_that_is_taken_is_refused_in_a_sentence(session: gd.Session, server: OscServer) -> None:
    with pytest.raises(
        EngineError, match=rf"^OSC cannot be heard at port {server.port} of 127.0.0.1: .*; choose another"
    ):
        OscServer(session, server.port)
