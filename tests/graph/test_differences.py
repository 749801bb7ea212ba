"""The difference of two documents as edits: it leads from one to the other, whatever they hold, and no further."""

from __future__ import annotations

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from graphdaw.graph import codec, text
from graphdaw.graph.differences import adopt, difference
from graphdaw.graph.edits import replay
from graphdaw.graph.flatten import Flat
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import Document, Opaque
from graphdaw.graph.vocabulary import AddNode, Edit, Move, RemoveNode, SetDepth, SetValues
from tests.graph.random_edits import act, grown
from tests.graph.test_project import odd_project

seeds = st.integers(0, 2**32)
lengths = st.integers(0, 150)


def led_to(old: Document, new: Document) -> Document:
    """`old` after the edits that should make it `new`."""
    document = old.copy()
    edits = difference(old, new)
    adopt(document, new)
    replay(document, edits)
    return document


def indexes(document: Document) -> dict[str, object]:
    """What a document keeps beside its content to find things quickly, without what is empty."""
    found: dict[str, object] = {name: getattr(document, name) for name in ("ends", "ports", "exposed")}
    for name in ("incoming", "outgoing", "members"):
        found[name] = {key: set(ids) for key, ids in getattr(document, name).items() if ids}
    return found


def same(a: Document, b: Document) -> None:
    assert (a.nodes, a.wires, a.sample_rate, a.media) == (b.nodes, b.wires, b.sample_rate, b.media)
    assert a.timeline == b.timeline
    assert indexes(a) == indexes(codec.decode(codec.encode(b), "memory"))


@settings(max_examples=150, deadline=None)
@given(seeds, lengths, seeds, lengths)
def test_the_difference_leads_from_any_document_to_any_other(a: int, n: int, b: int, m: int) -> None:
    old, new = grown(a, n).document, grown(b, m).document
    same(led_to(old, new), new)
    same(led_to(new, old), old)
    assert difference(new, new.copy()) == []


@settings(max_examples=150, deadline=None)
@given(seeds, lengths, st.integers(1, 60))
def test_what_happened_since_can_be_taken_back_and_that_taken_back(seed: int, before: int, since: int) -> None:
    graph, dice = grown(seed, before), random.Random(seed + 1)
    target = graph.document.copy()
    for _ in range(since):
        act(graph, dice)
    present = graph.document.copy()
    flat = Flat(graph.document)
    graph.observe(flat.apply)
    graph.apply(difference(graph.document, target), "restore", trusted=True)
    same(graph.document, target)
    assert text.show(graph.document) == text.show(target)
    assert flat == Flat(graph.document), "what plays follows"
    if present != target:
        graph.undo()
    assert graph.document == present and flat == Flat(graph.document)


@settings(max_examples=60, deadline=None)
@given(seeds, lengths, st.integers(1, 20))
def test_edits_survive_the_journal(seed: int, before: int, since: int) -> None:
    graph, dice = grown(seed, before), random.Random(seed)
    target = graph.document.copy()
    for _ in range(since):
        act(graph, dice)
    edits = difference(graph.document, target)
    written = msgspec.msgpack.decode(msgspec.msgpack.encode(edits), type=list[Edit])
    replay(graph.document, written)
    same(graph.document, target)


def test_a_document_of_a_newer_program_is_reached_with_all_it_holds() -> None:
    new = codec.decode(odd_project(), "memory")
    old = grown(5, 60).document
    there = led_to(old, new)
    same(there, new)
    assert there.sketches["t_future"] == new.sketches["t_future"]
    assert isinstance(there.nodes["new"].values["ext"], Opaque)
    same(led_to(new, old), old)


def test_only_what_differs_is_touched() -> None:
    graph = Graph()
    osc, lp, out = graph.add("t_osc"), graph.add("t_filter", q=2.0), graph.add("t_output")
    wire = graph.connect(osc, lp)
    graph.connect(lp, out)
    before = graph.document.copy()
    graph.set(lp, q=3.0, mode="highpass")
    graph.set_depth(wire, 0.5)
    assert difference(graph.document, before) == [SetValues(lp.id, {"mode": None, "q": 2.0}), SetDepth(wire.id, 1.0)]


def test_grouping_is_taken_back_without_a_node_being_made_anew() -> None:
    graph = Graph()
    osc, lp, out = graph.add("t_osc"), graph.add("t_filter"), graph.add("t_output")
    osc >> lp >> out
    before = graph.document.copy()
    graph.group([osc, lp], "voice")
    edits = difference(graph.document, before)
    assert not any(isinstance(edit, AddNode) for edit in edits), "what sounds would start again"
    assert {edit.ids for edit in edits if isinstance(edit, Move)} == {(osc.id,), (lp.id,)}
    assert [edit.id for edit in edits if isinstance(edit, RemoveNode)] == ["group1"]


def test_a_group_inside_out() -> None:
    """Two groups that change places: neither can move first while the other holds it."""
    graph = Graph()
    outer = graph.add("group")
    inner = graph.add_inside(outer, "group")
    graph.add_inside(inner, "t_osc")
    old = graph.document
    new = old.copy()
    replay(new, [Move(("group2",), ""), Move(("group1",), "group2")])
    same(led_to(old, new), new)


def test_a_path_that_came_with_a_file_stays_closed() -> None:
    graph, other = Graph(), Graph()
    graph.add("t_file", file="/mine.wav")
    other.add("t_file", file="/theirs.wav")
    target = other.document
    target.foreign = {"/theirs.wav", "/mine.wav"}
    edits = difference(graph.document, target)
    adopt(graph.document, target)
    graph.apply(edits, "restore", trusted=True)
    assert graph.document.foreign == {"/theirs.wav"}
