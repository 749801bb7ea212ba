"""Buses on drawn graphs: undrawn wires, their deltas, and the loops they close."""

from __future__ import annotations

import random

import pytest

import graphdaw as gd
from graphdaw.errors import CycleError, GraphdawError
from graphdaw.graph import structure, text
from graphdaw.graph.flatten import Flat
from graphdaw.graph.model import Node
from graphdaw.graph.validate import validate
from tests.graph.test_flatten import Follower, drawn

PATCH = """\
node osc sine
node voice group
  node dry gain
  node s1 send bus=reverb
  wire w2 dry.out -> s1.in
  port in in audio -> dry.in
  port out out audio -> s1.out
node r1 return bus=reverb
node r2 return bus=echo
node end output
wire w1 osc.out -> voice.in
wire w3 r1.out -> end.in
wire w4 voice.out -> end.in
"""
ALWAYS = ["w1: osc.out -> dry.in * 1", "w2: dry.out -> s1.in * 1", "w3: r1.out -> end.in * 1"]
ALWAYS += ["w4: s1.out -> end.in * 1"]


def test_a_send_feeds_every_return_of_its_name_through_the_walls_of_groups() -> None:
    flat = Flat(text.parse(PATCH))
    assert drawn(flat.wires.values()) == ["s1>r1: s1.sent -> r1.in * 1", *ALWAYS]


def test_a_new_name_is_heard_as_one_wire_less_and_one_more() -> None:
    f = Follower(PATCH)
    f.graph.set("s1", bus="echo")
    assert drawn(f.delta.wires_removed) == ["s1>r1: s1.sent -> r1.in * 1"]
    assert drawn(f.delta.wires_added) == ["s1>r2: s1.sent -> r2.in * 1"]
    f.graph.undo()
    assert drawn(f.delta.wires_added) == ["s1>r1: s1.sent -> r1.in * 1"]
    f.graph.set("r2", bus="reverb")
    assert drawn(f.delta.wires_added) == ["s1>r2: s1.sent -> r2.in * 1"] and not f.delta.wires_removed


def test_nodes_that_come_and_go_bring_and_take_their_undrawn_wires() -> None:
    f = Follower(PATCH)
    f.graph.remove("r1")
    assert "s1>r1" not in f.flat.wires and len(f.delta.wires_removed) == 2
    f.graph.undo()
    assert "s1>r1" in f.flat.wires
    back = f.graph.add("return", bus="reverb")
    assert [w.key for w in f.delta.wires_added] == [f"s1>{back.id}"]


def test_random_changes_of_names_keep_the_flat_view_equal_to_a_fresh_one() -> None:
    dice = random.Random(5)
    f = Follower("")
    for _ in range(300):
        there = [id for id, n in f.graph.nodes.items() if n.type in ("send", "return")]
        kind = dice.choice(("add", "add", "set", "remove", "undo", "both"))
        name = dice.choice(("a", "b", "c"))
        if kind == "add" or len(there) < 3:
            f.graph.add(dice.choice(("send", "return")), bus=name)
        elif kind == "set":
            f.graph.set(dice.choice(there), bus=name)
        elif kind == "remove":
            f.graph.remove(dice.choice(there))
        elif kind == "undo":
            f.graph.undo()
        else:
            with f.graph.transaction("both"):
                f.graph.set(there[0], bus=name)
                f.graph.remove(there[1])


def test_a_wire_that_closes_a_loop_through_a_bus_is_refused() -> None:
    graph = gd.Graph(document=text.parse(PATCH))
    with pytest.raises(CycleError, match=r"bus 'reverb' \(s1 -> r1\)"):
        graph.connect("r1", "voice")


def test_a_name_that_closes_a_loop_is_refused_and_a_delay_lets_it_pass() -> None:
    graph = gd.Graph()
    send, back, gain = graph.add("send", bus="a"), graph.add("return", bus="b"), graph.add("gain")
    graph.connect(back["out"], gain)
    wire = graph.connect(gain, send)
    for node, name in ((send, "b"), (back, "a")):
        with pytest.raises(CycleError, match="put a delay or feedback node into it"):
            graph.set(node.id, bus=name)
    assert graph.document.settings(send.id)["bus"] == "a"
    graph.disconnect(wire)
    delay = graph.add("delay")
    graph.connect(gain, delay)
    graph.connect(delay, send["in"])
    graph.set(send.id, bus="b")
    assert not validate(graph.document)


def test_a_loop_that_a_file_holds_is_reported_with_its_bus() -> None:
    document = text.parse("node s send\nnode r return\nwire w1 r.out -> s.in\n")
    assert any("bus 'main' (s -> r)" in problem.message for problem in validate(document))


def test_a_file_of_too_many_sends_and_returns_is_no_document() -> None:
    nodes = [Node(f"s{i}", "send", order=i) for i in range(1001)]
    nodes += [Node(f"r{i}", "return", order=2000 + i) for i in range(1001)]
    assert "buses lead to more than" in structure.fault(nodes, [])
    assert structure.fault(nodes[:900], []) == ""


def test_a_bus_needs_a_name() -> None:
    with pytest.raises(GraphdawError, match="a bus needs a name"):
        gd.Graph().add("send", bus=" ")
