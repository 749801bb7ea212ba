"""Bypass, mute and solo of random graphs, against paths that are walked one by one and graphs that are cut by hand."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress

import msgspec
import networkx as nx
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from graphdaw.errors import CycleError, GraphdawError
from graphdaw.graph import Graph, text
from graphdaw.graph.buses import ends_of
from graphdaw.graph.flatten import Flat, FlatWire
from graphdaw.graph.model import GROUP, Document
from graphdaw.graph.ports import breaks_loops, outlets
from graphdaw.graph.routing import THROUGH, Flags, first_ports, is_side, latency_within, routed
from graphdaw.graph.vocabulary import Connect, DeclarePort
from tests.graph.random_edits import act

seeds, lengths = st.integers(0, 1 << 32), st.integers(10, 60)
OUTPUT = "output"
replace = msgspec.structs.replace


def random_graph(seed: int, actions: int) -> tuple[Graph, random.Random]:
    """Whatever random edits make, and ways out of some of it."""
    graph, dice = Graph(), random.Random(seed)
    for _ in range(actions):
        act(graph, dice)
    for parent in dice.sample(["", *groups(graph.document)], 1):
        out = graph.add_inside(parent, OUTPUT) if parent else graph.add(OUTPUT)
        level = [node for node in graph.document.inside(parent) if "out" in outlets(graph.document, node)]
        for node in dice.sample(level, min(3, len(level))):
            with suppress(GraphdawError):
                graph.connect(f"{node.id}.out", out)
    return graph, dice


def groups(document: Document) -> list[str]:
    return [id for id, node in document.nodes.items() if node.type == GROUP]


def some(dice: random.Random, document: Document, most: int = 2, groups: bool = True) -> frozenset[str]:
    ids = [id for id, node in document.nodes.items() if groups or node.type != GROUP]
    return frozenset(dice.sample(ids, min(len(ids), dice.randint(1, most))))


def plain(graph: Graph, ids: frozenset[str]) -> set[str]:
    found = set()
    for id in ids:
        node = graph.document.nodes[id]
        found |= {n.id for n in graph.document.below(id)} if node.type == GROUP else {id}
    return found


def main(flat: Flat) -> list[FlatWire]:
    return [wire for wire in flat.wires.values() if not is_side(flat.nodes[wire.target], wire.target_port)]


def paths(wires: list[FlatWire]) -> Iterator[list[FlatWire]]:
    """Every way from a node that hears nothing to an output, no node twice."""
    out: dict[str, list[FlatWire]] = {}
    for wire in wires:
        out.setdefault(wire.source, []).append(wire)
    heard = {wire.target for wire in wires}

    def walk(id: str, path: list[FlatWire]) -> Iterator[list[FlatWire]]:
        if path:
            yield list(path)
        for wire in out.get(id, ()):
            if wire.target not in {w.source for w in path}:
                yield from walk(wire.target, [*path, wire])

    for id in sorted({wire.source for wire in wires} - heard):
        yield from walk(id, [])


@settings(max_examples=100, deadline=None)
@given(seeds, lengths)
def test_without_flags_nothing_is_cut(seed: int, actions: int) -> None:
    graph, _ = random_graph(seed, actions)
    flat = Flat(graph.document)

    left = routed(flat, Flags())

    assert (left.nodes, left.wires) == (flat.nodes, flat.wires)


@settings(max_examples=150, deadline=None)
@given(seeds, lengths)
def test_a_muted_node_or_group_gives_nothing_to_what_is_outside(seed: int, actions: int) -> None:
    graph, dice = random_graph(seed, actions)
    document, flat = graph.document, Flat(graph.document)
    muted = some(dice, document)

    left = routed(flat, Flags(muted=muted)).wires

    def is_cut(wire: FlatWire) -> bool:
        for id in muted:
            inside = plain(graph, frozenset({id}))
            way_out = document.nodes[wire.target].type == OUTPUT and wire.target in inside
            around = wire.source in inside and (document.nodes[id].type != GROUP or wire.target not in inside)
            if way_out or around:
                return True
        return False

    assert left == {key: wire for key, wire in flat.wires.items() if not is_cut(wire)}


@settings(max_examples=200, deadline=None)
@given(seeds, lengths)
def test_with_one_node_soloed_exactly_the_ways_through_it_are_heard(seed: int, actions: int) -> None:
    graph, dice = random_graph(seed, actions)
    flat = Flat(graph.document)
    soloed = some(dice, graph.document, most=1, groups=False)
    (one,) = soloed

    left = routed(flat, Flags(soloed=soloed)).wires

    ways = nx.DiGraph([(wire.source, wire.target) for wire in main(flat)])
    if one in ways:  # in a circle, what has not been through it yet cannot be told from what has
        assume(not nx.ancestors(ways, one) & nx.descendants(ways, one))
    for count, path in enumerate(paths(main(flat))):
        through = one in {path[0].source, *(wire.target for wire in path)}
        is_there = all(wire.key in left for wire in path)
        if through:
            assert is_there
        elif flat.nodes[path[-1].target].type == OUTPUT:
            assert not is_there
        assume(count < 3_000)


@settings(max_examples=150, deadline=None)
@given(seeds, lengths)
def test_ways_through_any_soloed_node_or_member_are_heard_and_side_wires_stay(seed: int, actions: int) -> None:
    graph, dice = random_graph(seed, actions)
    flat = Flat(graph.document)
    soloed = some(dice, graph.document, most=3)

    left = routed(flat, Flags(soloed=soloed)).wires

    members = plain(graph, soloed)
    for count, path in enumerate(paths(main(flat))):
        if members & {path[0].source, *(wire.target for wire in path)}:
            assert all(wire.key in left for wire in path)
        assume(count < 3_000)
    assert all(key in left for key, wire in flat.wires.items() if wire not in main(flat))


@settings(max_examples=200, deadline=None)
@given(seeds, lengths)
def test_a_bypass_is_what_a_plain_wire_in_its_place_would_be(seed: int, actions: int) -> None:
    graph, dice = random_graph(seed, actions)
    flat = Flat(graph.document)
    bypassed = some(dice, graph.document, most=3)
    assume(not any(graph.document.nodes[id].type == "return" for id in bypassed))  # by hand it would lose its bus
    left = routed(flat, Flags(bypassed=bypassed))

    by_hand, stand_ins = Graph(document=graph.document.copy()), {}
    try:
        for id in sorted(bypassed, key=lambda id: -depth_of(graph.document, id)):
            stand_ins[id] = replaced_by_hand(by_hand, id)
    except CycleError:
        assume(False)

    drawn = [wire for wire in left.wires.values() if ends_of(wire.key) is None]
    assert {ends(wire, {}) for wire in drawn} == {
        ends(wire, stand_ins) for wire in Flat(by_hand.document).wires.values() if ends_of(wire.key) is None
    }
    for key, wire in flat.wires.items():
        if ends_of(key) is not None:
            left_groups = {id for id in bypassed if wire.source in (plain(graph, frozenset({id})) - {id, wire.target})}
            left_groups = {id for id in left_groups if wire.target not in plain(graph, frozenset({id}))}
            assert (key in left.wires) == (not left_groups and wire.source not in bypassed)
    assert set(left.nodes) >= {end for wire in left.wires.values() for end in (wire.source, wire.target)}


@settings(max_examples=200, deadline=None)
@given(seeds, lengths)
def test_no_bypass_closes_a_circle(seed: int, actions: int) -> None:
    graph, dice = random_graph(seed, actions)
    bypassed = some(dice, graph.document, most=6)

    left = routed(Flat(graph.document), Flags(bypassed=bypassed))

    open_ = nx.DiGraph()
    for wire in left.wires.values():
        if left.nodes[wire.target].type == THROUGH or not breaks_loops(left.nodes[wire.target], wire.target_port):
            open_.add_edge(wire.source, wire.target)
    assert nx.is_directed_acyclic_graph(open_)


def depth_of(document: Document, id: str) -> int:
    parent = document.nodes[id].parent
    return 1 + depth_of(document, parent) if parent else 0


def ends(wire: FlatWire, stand_ins: dict[str, str]) -> tuple[object, ...]:
    """A wire without its key, pass-throughs under the name of what they stand for."""
    back = {new: old for old, new in stand_ins.items()}
    source, target = back.get(wire.source, wire.source), back.get(wire.target, wire.target)
    return source, wire.source_port, target, wire.target_port, wire.depth, wire.order


def replaced_by_hand(graph: Graph, id: str) -> str:
    """Put an amplifier in the place of a node, or beside a group, and cut everything else that leaves; its id."""
    document = graph.document
    node = document.nodes[id]
    if node.type == OUTPUT:
        return id
    into, out = first_ports(document, node) or ("", "")
    stays = node.type == GROUP
    new = (graph.add_inside(node.parent, "t_amp") if node.parent else graph.add("t_amp")).id
    parent = document.nodes[node.parent] if node.parent else None
    for port in parent.ports if parent else ():
        inner = list(port.inner)
        first = (id, into if port.direction == "in" else out)
        if first in inner:
            inner.append((new, port.direction))
        if port.direction == "out" or not stays:
            inner = [end for end in inner if end[0] != id]
        if tuple(inner) != port.inner:
            graph.apply([DeclarePort(parent.id, replace(port, inner=tuple(inner)))], trusted=True)
    for wire in document.wires_from(id):
        graph.disconnect(wire)
        if wire.source_port == out and (stays or wire.target != id):
            graph.apply([Connect(wire.id, new, "out", wire.target, wire.target_port, wire.depth, wire.order)])
    for wire in document.wires_into(id):
        if not stays:
            graph.disconnect(wire)
        if wire.target_port == into and wire.source != new:
            name = document.issue("v")
            graph.apply([Connect(name, wire.source, wire.source_port, new, "in", wire.depth, wire.order)])
    return new


NESTED = """\
node osc t_osc
node fx group
  port in in audio -> a.in b.in
  port out out audio -> c.out
  node a t_amp
  node b t_amp
  node c t_filter
  wire w1 a.out -> c.in
  wire w2 b.out -> c.cutoff_hz
node end output
wire w3 osc.out -> fx.in @depth=0.5
wire w4 fx.out -> end.in
"""


def test_a_bypassed_group_goes_on_hearing_and_is_passed_by() -> None:
    flat = Flat(text.parse(NESTED))

    left = routed(flat, Flags(bypassed=frozenset({"fx"})))

    assert sorted(f"{w.key}: {w.source} -> {w.target} {w.depth:g}" for w in left.wires.values()) == [
        "w1: a -> c 1", "w2: b -> c 1", "w3#1: osc -> b 0.5", "w3: osc -> a 0.5", "w3@fx: osc -> fx 0.5",
        "w4: fx -> end 1",
    ]  # fmt: skip
    assert left.nodes["fx"].type == THROUGH


def test_the_latency_of_a_group_is_that_of_its_longest_way() -> None:
    flat = Flat(text.parse(NESTED))
    late = {"a": 100, "b": 30, "c": 7, "osc": 1_000, "end": 1_000}

    assert latency_within(flat, "fx", lambda node: late[node.id]) == 107
    loose = Flat(text.parse(NESTED.replace("-> c.out", "->")))
    assert latency_within(loose, "fx", lambda node: late[node.id]) == 0
