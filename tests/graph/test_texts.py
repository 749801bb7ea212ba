"""Text settings of nodes: stored like choices, checked by their type."""

from __future__ import annotations

import msgspec
import pytest

import graphdaw as gd
from graphdaw.errors import ValueKindError
from graphdaw.graph import codec, text
from graphdaw.graph.validate import validate

STRANGE = 'a "quoted" x\\y\n\tü = 2 -> 3'


def test_a_text_is_set_undone_and_returned_to_its_default() -> None:
    graph = gd.Graph()
    bus = graph.add("t_bus")
    assert graph.document.settings(bus.id)["bus"] == "a"
    graph.set(bus, bus="drums")
    graph.set(bus, bus=STRANGE)
    graph.undo()
    assert graph.document.settings(bus.id)["bus"] == "drums"
    graph.set(bus, bus=None)
    assert graph.document.settings(bus.id)["bus"] == "a"


@pytest.mark.parametrize("value", ["", "word", STRANGE, "2.5", "#" * 64, "raw(aaaa)"])
def test_a_text_survives_files_and_the_text_form(value: str) -> None:
    graph = gd.Graph()
    graph.add("t_bus", bus=value)
    assert codec.decode(codec.encode(graph.document), "x").nodes == graph.document.nodes
    assert text.parse(text.show(graph.document)).nodes == graph.document.nodes


def test_a_text_its_type_refuses_names_the_node_and_the_way_out() -> None:
    graph = gd.Graph()
    bus = graph.add("t_bus")
    with pytest.raises(ValueKindError, match=r"Text 'bus' of node .*t_bus.*: 'LOUD' has capital letters; write it in"):
        graph.set(bus, bus="LOUD")
    with pytest.raises(ValueKindError, match="put it in quotes"):
        graph.set(bus, bus=3.0)
    with pytest.raises(ValueKindError):
        graph.add("t_bus", bus="LOUD")


def test_a_refused_text_in_a_file_is_reported_and_counts_as_not_set() -> None:
    graph = gd.Graph()
    graph.add("t_bus", bus="quiet")
    content = msgspec.msgpack.decode(codec.encode(graph.document))
    content["nodes"][0]["values"]["bus"] = "LOUD"
    document = codec.decode(msgspec.msgpack.encode(content), "x")
    id = next(iter(document.nodes))
    assert document.settings(id)["bus"] == "a"
    assert [problem.code for problem in validate(document)] == ["value_kind"]
    assert "LOUD" in text.show(document)


def test_replacing_a_node_keeps_a_text_both_types_know() -> None:
    graph = gd.Graph()
    bus = graph.replace(graph.add("t_bus", bus="drums"), "t_bus")
    assert graph.document.settings(bus.id)["bus"] == "drums"
