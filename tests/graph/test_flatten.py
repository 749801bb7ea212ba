"""The flat view on drawn graphs: ends resolved through groups, and deltas as small as the edit."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from graphdaw.graph import Graph, flatten, text
from graphdaw.graph.flatten import Delta, Flat, FlatWire, flat_wires
from graphdaw.graph.model import Document, Wire
from graphdaw.graph.vocabulary import Edit

NESTED = """\
node osc t_osc
node outer group
  port in in audio -> inner.in dry.in
  port out out audio -> inner.out
  node inner group
    port in in audio -> lp.in lp.cutoff_hz
    port out out audio -> lp.out
    port out idle audio ->
    node lp t_filter
  node dry gain
  wire w3 inner.out -> dry.gain_db @depth=3.0
node end t_output
wire w1 osc.out -> outer.in @depth=0.5
wire w2 outer.out -> end.in
"""


class Follower:
    """A graph with a flat view that follows it, and the last delta."""

    def __init__(self, drawing: str) -> None:
        self.graph = Graph(document=text.parse(drawing))
        self.flat = Flat(self.graph.document)
        self.delta = Delta()
        self.graph.observe(self.follow)

    def follow(self, edits: Iterable[Edit]) -> None:
        self.delta = self.flat.apply(edits)
        assert self.flat == Flat(self.graph.document)


def drawn(wires: Iterable[FlatWire]) -> list[str]:
    """Flat wires as lines, in order of their keys."""
    wires = sorted(wires, key=lambda w: w.key)
    return [f"{w.key}: {w.source}.{w.source_port} -> {w.target}.{w.target_port} * {w.depth:g}" for w in wires]


def test_wires_are_resolved_through_nested_groups() -> None:
    flat = Flat(text.parse(NESTED))
    assert set(flat.nodes) == {"osc", "lp", "dry", "end"}
    assert drawn(flat.wires.values()) == [
        "w1: osc.out -> lp.in * 0.5",
        "w1#1: osc.out -> lp.cutoff_hz * 0.5",
        "w1#2: osc.out -> dry.in * 0.5",
        "w2: lp.out -> end.in * 1",
        "w3: lp.out -> dry.gain_db * 3",
    ]


def test_a_depth_is_heard_as_a_wire_taken_out_and_put_in() -> None:
    f = Follower(NESTED)
    f.graph.set_depth("w2", 0.25)
    assert drawn(f.delta.wires_removed) == ["w2: lp.out -> end.in * 1"]
    assert drawn(f.delta.wires_added) == ["w2: lp.out -> end.in * 0.25"]
    f.graph.set_depth("w2", 0.25)
    assert not f.delta


def test_values_are_told_one_by_one_and_looks_not_at_all() -> None:
    f = Follower(NESTED)
    f.graph.set("lp", cutoff_hz=500.0, mode="highpass")
    assert f.delta == Delta(values_set=[("lp", "cutoff_hz", 500.0), ("lp", "mode", "highpass")])
    f.graph.undo()
    assert f.delta == Delta(values_set=[("lp", "cutoff_hz", 1000.0), ("lp", "mode", "lowpass")])
    f.graph.look("lp", place=(3, 4), label="Warm")
    assert not f.delta and f.flat.nodes["lp"].label == "Warm"
    f.graph.sample_rate = 96_000
    assert f.delta == Delta(sample_rate=96_000)


def test_an_inner_end_taken_from_a_port_takes_its_wires_only() -> None:
    f = Follower(NESTED)
    f.graph.declare("inner", "in", "in", "lp.in")
    assert drawn(f.delta.wires_removed) == [
        "w1#1: osc.out -> lp.cutoff_hz * 0.5",
        "w1#2: osc.out -> dry.in * 0.5",
    ]
    assert drawn(f.delta.wires_added) == ["w1#1: osc.out -> dry.in * 0.5"]
    f.graph.undo()
    assert len(f.flat.wires) == 5


def test_an_outlet_that_leads_nowhere_is_silent() -> None:
    f = Follower(NESTED)
    f.graph.connect("inner.idle", "dry.in")
    assert not f.delta
    f.graph.declare("inner", "idle", "out", "lp.out")
    assert drawn(f.delta.wires_added) == ["w4: lp.out -> dry.in * 1"]


def test_removing_a_group_removes_its_nodes_and_all_wires_that_reach_them() -> None:
    f = Follower(NESTED)
    f.graph.remove("outer")
    assert {n.id for n in f.delta.nodes_removed} == {"lp", "dry"}
    assert len(f.delta.wires_removed) == 5 and not f.delta.wires_added
    f.graph.undo()
    assert {n.id for n in f.delta.nodes_added} == {"lp", "dry"} and len(f.delta.wires_added) == 5


def test_regrouping_is_not_heard_at_all() -> None:
    f = Follower(NESTED)
    f.graph.ungroup("inner")
    assert not f.delta.nodes_added and not f.delta.nodes_removed
    f.graph.undo()
    f.graph.group(["osc"], "Source")
    assert not f.delta


def test_an_edit_costs_what_it_touches(monkeypatch: pytest.MonkeyPatch) -> None:
    g = Graph(
        document=text.parse(
            "node a t_osc\n" + "".join(f"node n{i} gain\nwire w{i} a.out -> n{i}.in\n" for i in range(500))
        )
    )
    flat = Flat(g.document)
    g.observe(flat.apply)
    resolved: list[str] = []

    def counted(document: Document, wire: Wire) -> list[FlatWire]:
        resolved.append(wire.id)
        return flat_wires(document, wire)

    monkeypatch.setattr(flatten, "flat_wires", counted)
    g.set_depth("w7", 0.5)
    g.set("n3", gain_db=-1.0)
    g.disconnect("w9")
    assert resolved == ["w7"]
