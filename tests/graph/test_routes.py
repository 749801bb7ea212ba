"""Routes while a document is edited: what is told of each change leads to what a fresh look at the document gives."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphdaw.errors import ValueKindError
from graphdaw.graph import Graph, text
from graphdaw.graph.differences import difference
from graphdaw.graph.flatten import Delta, Flat
from graphdaw.graph.model import FLAGS, Node
from graphdaw.graph.routes import Routes
from graphdaw.graph.vocabulary import AddNode, Connect, Edit, SetFlags
from graphdaw.nodes.base import In, Out, Param, registry
from graphdaw.nodes.base import Node as Declared
from graphdaw.nodes.through import DELAY, THROUGH
from tests.graph.random_edits import act

seeds, lengths = st.integers(0, 1 << 32), st.integers(1, 40)


CHAIN = [("t_osc", "t_amp"), ("t_amp", "t_filter"), ("t_filter", "t_late")]
CHAINED = [(f"{a}1", f"{b}1") for a, b in CHAIN]


class TLate(Declared, kernel=""):
    """Says that it is late."""

    in_ = In()
    out = Out()
    late_s = Param(0.0, lo=0.0, hi=10.0)

    @staticmethod
    def latency_frames(values: dict[str, float], sample_rate_hz: int) -> int:
        return round(values["late_s"] * sample_rate_hz)


del registry["t_late"]


@pytest.fixture(autouse=True)
def late_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry, "t_late", TLate.type)


class Follower:
    """What one knows who hears of every change."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.routes = graph, Routes(Flat(graph.document))
        self.nodes, self.wires = dict(self.routes.nodes), dict(self.routes.wires)
        graph.observe(self.follow)
        self.delta = Delta()

    def follow(self, edits: list[Edit]) -> None:
        delta = self.delta = self.routes.apply(edits)
        for node in delta.nodes_removed:
            del self.nodes[node.id]
        for node in delta.nodes_added:
            assert node.id not in self.nodes
            self.nodes[node.id] = node
        for wire in delta.wires_removed:
            del self.wires[wire.key]
        for wire in delta.wires_added:
            assert wire.key not in self.wires
            self.wires[wire.key] = wire
        for id, name, value in delta.values_set:
            if self.nodes[id].type == THROUGH:
                assert name == DELAY
                self.nodes[id] = Node(id, THROUGH, {DELAY: value}, self.nodes[id].parent, self.nodes[id].order)

    def check(self) -> None:
        fresh = Routes(Flat(self.graph.document))
        assert self.routes.nodes == fresh.nodes
        assert self.routes.wires == fresh.wires == self.wires
        assert {id: node.type for id, node in self.nodes.items()} == {id: n.type for id, n in fresh.nodes.items()}
        assert all(self.nodes[id].values == n.values for id, n in fresh.nodes.items() if n.type == THROUGH)


@settings(max_examples=150, deadline=None)
@given(seeds, lengths)
def test_what_is_told_leads_to_what_is_there(seed: int, actions: int) -> None:
    graph, dice = Graph(), random.Random(seed)
    for _ in range(25):
        act(graph, dice)
    follower = Follower(graph)
    for _ in range(actions):
        if dice.random() < 0.2 and graph.document.nodes:
            flags = {name: dice.random() < 0.7 for name in FLAGS if dice.random() < 0.5}
            graph.apply([SetFlags(dice.choice(list(graph.document.nodes)), **flags)])
        elif dice.random() < 0.15 and graph.history.past:
            graph.undo()
        else:
            act(graph, dice)
        follower.check()


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_flags_are_undone_written_and_compared_like_anything_else(seed: int) -> None:
    graph, dice = Graph(), random.Random(seed)
    for _ in range(30):
        act(graph, dice)
    before = graph.document.copy()
    ids = list(graph.document.nodes) or [graph.add("t_osc").id]
    made = graph.apply([SetFlags(dice.choice(ids), **{dice.choice(FLAGS): True}) for _ in range(3)])

    assert text.parse(text.show(graph.document)) == graph.document
    other = Graph(document=before.copy())
    if before.nodes:
        other.apply(difference(before, graph.document), trusted=True)
        assert other.document == graph.document
        assert bool(text.diff(before, graph.document)) == (before != graph.document)
        graph.undo()
        assert graph.document == before
    assert len(made) == 3


def test_without_flags_the_flat_view_itself_is_used() -> None:
    graph = Graph()
    graph.add("t_osc") >> graph.add("t_amp")
    flat = Flat(graph.document)
    routes = Routes(flat)

    assert routes.nodes is flat.nodes and routes.wires is flat.wires
    graph.observe(routes.apply)
    graph.mute("t_osc1")
    assert not routes.wires and flat.wires
    graph.mute("t_osc1", False)
    assert routes.nodes is flat.nodes and routes.wires is flat.wires


def test_a_bypassed_node_stays_as_late_as_it_is() -> None:
    graph = Graph(sample_rate=1_000)
    graph.add("t_osc") >> graph.add("t_late", late_s=0.1)
    follower = Follower(graph)

    graph.bypass("t_late1")
    assert follower.nodes["t_late1"].values == {DELAY: 100.0}
    graph.set("t_late1", late_s=0.2)
    assert follower.delta.values_set == [("t_late1", DELAY, 200.0)]
    graph.set("t_late1", late_s=10.0)  # more than its line holds
    assert [node.id for node in follower.delta.nodes_added] == ["t_late1"]
    follower.check()
    graph.bypass("t_late1", False)
    assert follower.nodes["t_late1"].type == "t_late"


def test_what_is_frozen_is_not_there() -> None:
    graph = Graph()
    for node in ("t_osc", "t_amp", "t_filter", "t_late"):
        graph.add(node)
    graph.apply([Connect(f"w{k}", f"{a}1", "out", f"{b}1", "in") for k, (a, b) in enumerate(CHAIN)])
    follower = Follower(graph)
    inner = graph.group(["t_amp1", "t_filter1"])
    graph.bypass("t_filter1")

    graph.apply([SetFlags(inner.id, frozen=True)])

    assert set(follower.nodes) == {"t_osc1", "t_late1"} and not follower.wires
    graph.apply([SetFlags(inner.id, frozen=False), SetFlags("t_osc1", frozen=True, soloed=True)])
    assert set(follower.nodes) == {"t_amp1", "t_filter1", "t_late1"} and not follower.wires
    graph.solo("t_osc1", False)
    assert {(wire.source, wire.target) for wire in follower.wires.values()} == set(CHAINED[1:])
    follower.check()


def test_a_node_that_takes_the_place_of_another_keeps_its_flags() -> None:
    graph = Graph()
    graph.mute(graph.add("t_amp"))

    new = graph.replace("t_amp1", "t_filter")

    assert graph.nodes[new.id].muted


def test_copied_nodes_keep_their_flags() -> None:
    graph = Graph()
    graph.solo(graph.add("t_amp"))

    graph.apply(text.paste(graph.document, text.copy(graph.document, ["t_amp1"])))

    assert [node.soloed for node in graph.nodes.values()] == [True, True]


def test_a_flag_is_true_or_false() -> None:
    graph = Graph()
    graph.add("t_amp")
    for edit in (SetFlags("t_amp1", muted=1), AddNode("a", "t_amp", soloed="yes")):  # type: ignore[arg-type]
        with pytest.raises(ValueKindError, match="True or False"):
            graph.apply([edit])


def test_the_text_form_marks_flags() -> None:
    graph = Graph()
    graph.add("t_amp")
    graph.apply([SetFlags("t_amp1", bypassed=True, muted=True, soloed=True)])

    assert "@bypassed @muted @soloed" in text.show(graph.document)
    graph.mute("t_amp1", False)
    assert "~ t_amp1 muted True -> False" in text.diff(
        text.parse(text.show(graph.document).replace("@bypassed", "@bypassed @muted")), graph.document
    )
