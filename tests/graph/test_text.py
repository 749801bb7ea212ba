"""The text form: readable, exact, comparable, and safe to paste."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphdaw.errors import GraphdawError, TextError, UnknownTypeError
from graphdaw.graph import Graph, text
from tests.graph.random_edits import grown

PATCH = """\
graph 44100
node osc1 t_osc frequency_hz=110.0 @order=1
node voice group @order=2 @place=10.0,-2.5 @label="Le \\"Lead\\"" @comment="two\\nlines"
  port in in audio -> lp.in
  node lp t_filter cutoff_hz=900.0 mode=highpass @order=3
wire w1 osc1.out -> voice.in @depth=0.5 @order=4
"""


def test_text_is_shown_as_it_was_written() -> None:
    assert text.show(text.parse(PATCH)) == PATCH


def test_lines_may_leave_out_the_order() -> None:
    document = text.parse("node a t_osc\nnode b gain\nwire w a.out -> b.in\n")
    assert [n.id for n in document.inside()] == ["a", "b"]
    assert document.wires["w"].order > document.nodes["b"].order > document.nodes["a"].order


def test_json_holds_the_same_graph_for_other_programs() -> None:
    shown = json.loads(text.show_json(text.parse(PATCH)))
    assert shown["sample_rate"] == 44_100 and set(shown["nodes"]) == {"osc1", "voice", "lp"}
    assert shown["nodes"]["lp"]["values"] == {"cutoff_hz": 900.0, "mode": "highpass"}
    assert shown["wires"]["w1"]["depth"] == 0.5


def test_diff_reads_like_a_list_of_changes() -> None:
    a = text.parse(PATCH)
    b = Graph(document=a.copy())
    b.set("lp", cutoff_hz=1200.0, mode=None)
    b.set_depth("w1", 0.25)
    b.look("osc1", label="Bass")
    b.add("gain")
    assert text.diff(a, b.document).split("\n") == [
        '~ osc1 label "" -> "Bass"',
        "~ lp.cutoff_hz 900.0 -> 1200.0 Hz",
        "~ lp.mode highpass -> default",
        "+ node gain1 gain @order=5",
        "~ w1 depth 0.5 -> 0.25",
        "",
    ]


def test_pasting_gives_fresh_ids_and_can_be_undone() -> None:
    graph = Graph(document=text.parse(PATCH))
    before = graph.document.copy()
    graph.apply(text.paste(graph.document, text.copy(graph.document, ["voice", "osc1"])), "paste")
    assert {"osc2", "voice1", "lp1"} < set(graph.nodes)
    assert graph.nodes["voice1"].place == (30.0, 17.5)
    assert graph.nodes["voice1"].ports[0].inner == (("lp1", "in"),)
    assert graph.nodes["lp1"].values == {"cutoff_hz": 900.0, "mode": "highpass"}
    graph.undo()
    assert graph.document == before


def test_pasted_text_is_checked_like_any_edit() -> None:
    graph = Graph()
    with pytest.raises(UnknownTypeError):
        graph.apply(text.paste(graph.document, "node a no_such_type\n"))
    with pytest.raises(GraphdawError, match="range"):
        graph.apply(text.paste(graph.document, "node a t_filter q=9999.0\n"))
    assert not graph.nodes


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ("nod a gain", 1),
        ("node a gain\n   node b gain", 2),
        ("node a gain\n\nnode b", 3),
        ("node a gain gain_db=loud=2", 1),
        ("node a gain gain_db=1e999", 1),
        ("wire w a.out -> b", 1),
        ("node a gain @size=3", 1),
        ("graph 0", 1),
        ('node "\\ud800" gain', 1),
        ("node a gain x=raw(AAA)", 1),
    ],
)
def test_faults_name_their_line(lines: str, number: int) -> None:
    with pytest.raises(TextError, match=f"Line {number}: ") as caught:
        text.parse(lines)
    assert caught.value.line == number


@pytest.mark.parametrize(
    "lines",
    [
        "node a gain\nnode a gain",
        'node "" gain',
        "node a gain\nwire w a.out -> b.in",
        "node a gain\n  node b gain",
        "node a group\n  node b gain\nnode c gain\nwire w c.out -> b.in",
        "port in in audio ->",
        "node a gain\n  port in in audio ->",
    ],
)
def test_text_that_is_no_graph_is_refused(lines: str) -> None:
    with pytest.raises(TextError, match="The text is no graph"):
        text.parse(lines)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 500), st.integers(0, 10_000), st.text(max_size=6))
def test_damaged_text_raises_nothing_but_text_errors(seed: int, at: int, put: str) -> None:
    shown = text.show(grown(seed, 25).document)
    at %= len(shown)
    for damaged in (shown[:at] + put + shown[at:], shown[:at] + put + shown[at + len(put) :], shown[:at]):
        try:
            document = text.parse(damaged)
        except TextError:
            continue
        assert text.parse(text.show(document)) == document
