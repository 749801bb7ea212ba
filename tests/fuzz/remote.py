"""MIDI streams and OSC datagrams as the fuzzer feeds them: seeds, and how each is read."""

from __future__ import annotations

import functools
import struct
from pathlib import Path

from graphdaw.graph.controls import Control, MidiSource, OscSource
from graphdaw.graph.graph import Graph
from graphdaw.graph.vocabulary import AddNode
from graphdaw.host.controls.desk import Desk
from graphdaw.host.controls.transport import SessionTransport
from graphdaw.host.midi.clock import ClockFollower
from graphdaw.host.midi.messages import Decoder, encode
from graphdaw.host.midi.pairs import Pairs
from graphdaw.host.osc import wire
from graphdaw.host.osc.tree import Tree
from graphdaw.host.session import Session

ANY_MIDI = "".join((
    "90 3c 64 f8 3e 50 80 3c 40 f8 b0 07 40 27 01 07 41 63 02 62 05 06 10 26 20 60 00 65 00 64 00 06 02 e3 00 40 c1 05",
    " d2 33 a1 3c 20 fa f8 f8 f2 10 02 fb fc f0 7e 7f 06 01 f7 f1 33 f3 05 f6 95 30 00 31 10",
))  # fmt: skip


def midi_stream_seeds() -> list[bytes]:
    return [bytes.fromhex(ANY_MIDI), bytes.fromhex(ANY_MIDI)[::-1]]


def read_midi_stream(data: bytes, _folder: Path) -> None:
    decoder, pairs, follower = Decoder(), Pairs(), ClockFollower()
    half = len(data) // 2
    found = decoder.feed(data[:half]) + decoder.feed(data[half:])
    assert found == Decoder().feed(data)
    for k, message in enumerate(found):
        encode(message)
        follower.handle(message, k * 0.02)
        for made in pairs.feed(message):
            encode(made)
    assert follower.bpm is None or follower.bpm > 0.0


@functools.cache
def _tree() -> Tree:
    """A graph that can be asked and told everything; what it is told is taken back after each datagram."""
    graph = Graph()
    graph.apply([AddNode("saw1", "saw"), AddNode("lp1", "filter", label="Tone"), AddNode("file1", "audio_file")])
    graph.apply([AddNode("out1", "output")])
    graph["saw1"] >> graph["lp1"] >> graph["out1"]
    group = graph.group(["saw1", "lp1"])
    graph.declare(group, "bright", "in", "lp1.cutoff_hz", type="control")
    graph.history.past.clear()
    controls = [
        Control("a", OscSource("/1/fader"), "lp1.q"),
        Control("b", MidiSource("cc", 7), "play", mode="toggle"),
    ]
    session = Session(graph, device="hand")
    return Tree(Desk(graph, SessionTransport(session), controls))


def osc_seeds() -> list[bytes]:
    id = next(id for id, node in _tree().graph.nodes.items() if node.type == "group")
    single = [
        wire.build("/node/lp1/cutoff_hz", 440.0),
        wire.build("/node/lp1/cutoff_hz"),
        wire.build("/node/lp1/mode", "notch"),
        wire.build("/node/lp1/mode", 3, None, True),
        wire.build("/node/file1/file", "/etc/hostname"),
        wire.build(f"/node/{id}/bright", 0.5),
        wire.build("/nodes", 1),
        wire.build("/find", "Tone"),
        wire.build("/query", "/node/lp1"),
        wire.build("/transport/locate", 2.5),
        wire.build("/transport/play"),
        wire.build("/graph/undo"),
        wire.build("/1/fader", 0.25),
    ]
    bundle = b"#bundle\0" + bytes(7) + b"\1" + b"".join(struct.pack(">i", len(one)) + one for one in single[:4])
    return [*single, bundle, b"#bundle\0" + bytes(8) + struct.pack(">i", len(bundle)) + bundle]


def read_osc(data: bytes, _folder: Path) -> None:
    messages, tree = wire.parse(data), _tree()
    try:
        for message in messages:
            replies = tree.answer(message)
            assert len(replies) == 1
            for reply in replies:
                assert len(wire.build(reply.address, *reply.arguments)) <= wire.MAX_REPLY_BYTES
    finally:
        tree.desk.settle()
        while tree.graph.history.past:
            tree.graph.undo()
        tree.graph.history.future.clear()
    assert tree.graph.nodes["file1"].values == {}
