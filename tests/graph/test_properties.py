"""What holds for every list of edits: undo and redo are exact, views and files agree, refusals change nothing."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import networkx as nx  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphdaw.errors import GraphdawError
from graphdaw.graph import codec, structure, text
from graphdaw.graph.edits import apply, replay
from graphdaw.graph.flatten import Flat
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import Document
from graphdaw.graph.ports import breaks_loops
from graphdaw.graph.validate import validate
from graphdaw.graph.vocabulary import Edit
from tests.graph.random_edits import act, grown, random_edits

seeds = st.integers(0, 2**32)
lengths = st.integers(1, 150)


def rebuilt(document: Document) -> Document:
    """The same content with its indexes made anew."""
    return codec.decode(codec.encode(document), "memory")


@settings(max_examples=150, deadline=None)
@given(seeds, lengths)
def test_undo_and_redo_give_identical_documents_and_bytes(seed: int, actions: int) -> None:
    graph, dice = Graph(), random.Random(seed)
    states = [codec.content_bytes(graph.document)]
    for _ in range(actions):
        if act(graph, dice):
            states.append(codec.content_bytes(graph.document))
    final = graph.document.copy()
    assert len(graph.history.past) == len(states) - 1
    for state in reversed(states[:-1]):
        graph.undo()
        assert codec.content_bytes(graph.document) == state
    assert graph.document == Document()
    for state in states[1:]:
        graph.redo()
        assert codec.content_bytes(graph.document) == state
    assert graph.document == final


@settings(max_examples=100, deadline=None)
@given(seeds, lengths)
def test_refused_edits_change_nothing(seed: int, actions: int) -> None:
    graph, dice = Graph(), random.Random(seed)
    for _ in range(actions):
        before = graph.document.copy()
        if not act(graph, dice):
            assert graph.document == before
    twin = rebuilt(graph.document)
    assert twin.weight == graph.document.weight
    for index in ("members", "ends", "ports", "exposed"):
        assert getattr(twin, index) == getattr(graph.document, index)
    for index in ("incoming", "outgoing"):
        kept = {node: set(ids) for node, ids in getattr(graph.document, index).items() if ids}
        assert {node: set(ids) for node, ids in getattr(twin, index).items()} == kept


@settings(max_examples=150, deadline=None)
@given(seeds, lengths)
def test_flat_view_kept_up_to_date_equals_a_fresh_one(seed: int, actions: int) -> None:
    graph, dice = Graph(), random.Random(seed)
    flat = Flat(graph.document)
    nodes, wires = dict(flat.nodes), dict(flat.wires)

    def follow(edits: list[Edit]) -> None:
        delta = flat.apply(edits)
        for node in delta.nodes_removed:
            del nodes[node.id]
        nodes.update((node.id, node) for node in delta.nodes_added)
        for wire in delta.wires_removed:
            del wires[wire.key]
        wires.update((wire.key, wire) for wire in delta.wires_added)

    graph.observe(follow)
    for _ in range(actions):
        if dice.random() < 0.15 and graph.history.past:
            graph.undo()
        elif dice.random() < 0.1 and graph.history.future:
            graph.redo()
        else:
            act(graph, dice)
        assert flat == Flat(graph.document)
        assert wires == flat.wires
        assert nodes.keys() == flat.nodes.keys()


@settings(max_examples=60, deadline=None)
@given(seeds, lengths)
def test_values_told_by_the_flat_view_lead_to_the_present_settings(seed: int, actions: int) -> None:
    graph, dice = Graph(), random.Random(seed)
    flat = Flat(graph.document)
    heard: dict[str, dict[str, object]] = {}

    def follow(edits: list[Edit]) -> None:
        delta = flat.apply(edits)
        for node in delta.nodes_removed:
            del heard[node.id]
        for node in delta.nodes_added:
            heard[node.id] = dict(graph.document.settings(node.id))
        for id, name, value in delta.values_set:
            heard[id][name] = value

    graph.observe(follow)
    for _ in range(actions):
        act(graph, dice)
    assert heard == {id: graph.document.settings(id) for id in flat.nodes}


@settings(max_examples=100, deadline=None)
@given(seeds, lengths)
def test_edits_written_down_and_replayed_on_a_copy_give_the_same_document(seed: int, actions: int) -> None:
    graph, dice = Graph(), random.Random(seed)
    journal: list[list[Edit]] = []
    graph.observe(journal.append)
    for _ in range(actions):
        act(graph, dice)
    twin = Document()
    for edits in journal:
        written = msgspec.msgpack.encode(edits)
        assert msgspec.json.decode(msgspec.json.encode(edits), type=list[Edit]) == edits
        replay(twin, msgspec.msgpack.decode(written, type=list[Edit]))
    assert twin == graph.document


@settings(max_examples=100, deadline=None)
@given(seeds, lengths)
def test_text_gives_the_document_back(seed: int, actions: int) -> None:
    document = grown(seed, actions).document
    shown = text.show(document)
    assert text.parse(shown) == document
    assert text.show(text.parse(shown)) == shown


@settings(max_examples=100, deadline=None)
@given(seeds, lengths)
def test_bytes_give_the_document_back_and_are_stable(seed: int, actions: int) -> None:
    document = grown(seed, actions).document
    data = codec.encode(document)
    again = codec.decode(data, "memory")
    assert again == document
    assert codec.encode(again) == data
    assert structure.fault(list(document.nodes.values()), list(document.wires.values())) == ""


@settings(max_examples=60, deadline=None)
@given(seeds, lengths)
def test_diff_is_empty_exactly_for_equal_documents(seed: int, actions: int) -> None:
    graph = grown(seed, actions)
    before = graph.document.copy()
    assert text.diff(before, graph.document) == ""
    if act(graph, random.Random(seed + 1)):
        assert (text.diff(before, graph.document) == "") == (before == graph.document)


@settings(max_examples=100, deadline=None)
@given(seeds, lengths)
def test_no_accepted_edits_leave_a_loop_without_a_delay(seed: int, actions: int) -> None:
    document = grown(seed, actions).document
    flat = Flat(document)
    plain = nx.MultiDiGraph()
    for wire in flat.wires.values():
        if not breaks_loops(flat.nodes[wire.target], wire.target_port):
            plain.add_edge(wire.source, wire.target)
    assert nx.is_directed_acyclic_graph(plain)
    assert {p.code for p in validate(document) if p.severity == "error"} <= {"missing_media"}


@settings(max_examples=80, deadline=None)
@given(seeds, lengths)
def test_grouping_and_ungrouping_change_no_sound(seed: int, actions: int) -> None:
    graph, dice = grown(seed, actions), random.Random(seed)
    level = [n.id for n in graph.document.inside()]
    if not level:
        return
    flat = Flat(graph.document)
    told = []
    graph.observe(lambda edits: told.append(flat.apply(edits)))
    group = graph.group([graph[id] for id in dice.sample(level, min(len(level), 4))], "part")
    assert not told[0], "neither a plain node nor a wire between plain nodes has changed"
    sums = _sums(flat)
    graph.ungroup(group)
    assert _sums(flat) == pytest.approx(sums)


def _sums(flat: Flat) -> dict[tuple[str, str, str, str], float]:
    sums: dict[tuple[str, str, str, str], float] = {}
    for w in flat.wires.values():
        ends = (w.source, w.source_port, w.target, w.target_port)
        sums[ends] = sums.get(ends, 0.0) + w.depth
    return sums


@settings(max_examples=60, deadline=None)
@given(seeds, lengths)
def test_apply_returns_the_exact_inverse(seed: int, actions: int) -> None:
    graph, dice = grown(seed, actions), random.Random(seed + 7)
    for _ in range(10):
        before = graph.document.copy()
        try:
            inverse = apply(graph.document, random_edits(graph, dice))
        except GraphdawError:
            continue
        apply_back = graph.document.copy()
        redo = replay(apply_back, inverse)
        assert apply_back == before
        replay(apply_back, redo)
        assert apply_back == graph.document


def test_files_give_the_document_back(tmp_path: Path) -> None:
    for seed in range(12):
        graph = grown(seed, 60)
        graph.save(tmp_path / "a.gdaw")
        first = (tmp_path / "a.gdaw").read_bytes()
        again = Graph.load(tmp_path / "a.gdaw")
        assert again.document == graph.document
        again.save(tmp_path / "b.gdaw")
        assert (tmp_path / "b.gdaw").read_bytes() == first
