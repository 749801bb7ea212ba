"""Checking whole documents: every problem is found and named, sound documents have none."""

from __future__ import annotations

from typing import Any

import msgspec

from graphdaw.graph import codec
from graphdaw.graph.model import Document
from graphdaw.graph.validate import validate


def loaded(nodes: list[dict[str, Any]], *wires: str) -> Document:
    """A document as a file may hold it, wires written as "a.out b.in"."""
    ends = [(*a.split("."), *b.split(".")) for a, b in (wire.split() for wire in wires)]
    made = [
        {"id": f"w{i}", "source": s, "source_port": sp, "target": t, "target_port": tp, "order": 100 + i}
        for i, (s, sp, t, tp) in enumerate(ends, 1)
    ]
    for order, node in enumerate(nodes, 1):
        node["order"] = order
    data = {"format": "graphdaw", "version": 1, "nodes": nodes, "wires": made}
    return codec.decode(msgspec.msgpack.encode(data), "memory")


def found(document: Document) -> list[tuple[str, str, str]]:
    return [(p.code, p.node, p.wire) for p in validate(document)]


def test_values_out_of_place_are_found() -> None:
    document = loaded(
        [
            {"id": "a", "type": "t_filter", "values": {"cutoff_hz": 1e9, "q": float("nan"), "mode": "soft"}},
            {"id": "b", "type": "gain", "values": {"gain_db": "loud"}},
            {"id": "c", "type": "gain", "values": {"gian_db": 1.0}},
            {"id": "d", "type": "t_gone", "values": {"x": [1, 2]}},
        ]
    )
    assert found(document) == [
        ("out_of_range", "a", ""),
        ("value_kind", "a", ""),
        ("value_kind", "a", ""),
        ("value_kind", "b", ""),
        ("unknown_parameter", "c", ""),
        ("unknown_type", "d", ""),
    ]
    assert document.settings("a") == {"cutoff_hz": 20_000.0, "q": 0.7, "order": 2.0, "mode": "lowpass"}
    assert document.settings("b") == {"gain_db": 0.0}


def test_wires_that_cannot_be_are_found() -> None:
    nodes = [{"id": "n", "type": "t_notes"}, {"id": "g", "type": "gain"}, {"id": "f", "type": "t_filter"}]
    document = loaded(nodes, "n.notes g.in", "g.out f.nothing", "g.wet f.in", "g.out f.order")
    assert found(document) == [
        ("type_mismatch", "g", "w1"),
        ("unknown_port", "f", "w2"),
        ("unknown_port", "g", "w3"),
        ("unknown_port", "f", "w4"),
    ]


def test_loops_are_named_and_loops_through_delays_are_not() -> None:
    nodes = [{"id": id, "type": "gain"} for id in "abc"] + [{"id": "d", "type": "t_delay"}]
    document = loaded(nodes, "a.out b.in", "b.out c.in", "c.out a.in", "b.out d.in", "d.out a.in", "c.out c.gain_db")
    problems = validate(document)
    assert [(p.code, p.wire) for p in problems] == [("cycle", "w3"), ("cycle", "w6")]
    assert problems[0].message == (
        "There is a loop without a delay: 'w1' (a.out -> b.in), then 'w2' (b.out -> c.in), then 'w3' (c.out -> a.in); "
        "put a delay or feedback node into it."
    )


def test_a_long_chain_is_checked_without_recursion() -> None:
    nodes = [{"id": f"n{i}", "type": "gain"} for i in range(5000)]
    chain = [f"n{i}.out n{i + 1}.in" for i in range(4999)]
    assert validate(loaded(nodes, *chain)) == []
    assert found(loaded(nodes, *chain, "n4999.out n0.in")) == [("cycle", "n0", "w5000")]


def test_ports_of_groups_are_checked() -> None:
    port = {"name": "in", "direction": "in", "type": "event", "inner": [["a", "in"]]}
    group = {"id": "g", "type": "group", "ports": [port]}
    document = loaded([group, {"id": "a", "type": "gain", "parent": "g"}])
    assert found(document) == [("type_mismatch", "g", "")]
