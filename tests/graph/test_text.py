"""The text form: readable, exact, comparable, and safe to paste."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphdaw.errors import GraphdawError, MediaError, ProjectError, TextError, UnknownTypeError
from graphdaw.graph import Graph, examples, project, text
from graphdaw.graph.validate import validate
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
    document = text.parse("node a t_osc\nnode b t_amp\nwire w a.out -> b.in\n")
    assert [n.id for n in document.inside()] == ["a", "b"]
    assert document.wires["w"].order > document.nodes["b"].order > document.nodes["a"].order


def test_remarks_are_read_over_and_lines_still_counted() -> None:
    assert text.show(text.parse("# a remark\n" + PATCH.replace("  node lp", "    # another #\n  node lp"))) == PATCH
    with pytest.raises(TextError, match="Line 3: "):
        text.parse("# one\n# two\nnod a t_amp")


def test_a_text_file_is_a_graph_and_its_recordings_lie_beside_it(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "loop.wav").write_bytes(b"RIFF")
    path = tmp_path / "patch.txt"
    path.write_text('# mine\nnode a sampler file="media/loop.wav"\n')
    assert Graph.load(path).nodes["a"].values["file"] == str((tmp_path / "media" / "loop.wav").resolve())
    path.write_text('node a sampler file="media/voice.flac"\n')
    assert Graph.load(path).nodes["a"].values["file"] == str(examples.FOLDER / "media" / "voice.flac")


@pytest.mark.parametrize("name", ["../secret.wav", "/etc/passwd", "link.wav", "nothing.wav"])
def test_a_text_file_reads_nothing_that_lies_elsewhere(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.wav").write_bytes(b"RIFF")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link.wav").symlink_to(tmp_path / "secret.wav")
    path = tmp_path / "here" / "patch.txt"
    path.write_text(f'node a sampler file="{name}"\n')
    document = Graph.load(path).document
    assert [problem.code for problem in validate(document)] == ["foreign_media"]
    with pytest.raises(MediaError, match="outside"):
        project.media_path(document, name, tmp_path)


def test_a_text_file_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "patch.txt"
    path.write_text("graph 48000\nnod a sine\n")
    with pytest.raises(TextError, match=r"patch\.txt: Line 2"):
        Graph.load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TextError, match=r"patch\.txt is no text"):
        Graph.load(path)
    with pytest.raises(ProjectError, match=r"gone\.txt"):
        Graph.load(tmp_path / "gone.txt")


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
    b.add("t_amp")
    assert text.diff(a, b.document).split("\n") == [
        '~ osc1 label "" -> "Bass"',
        "~ lp.cutoff_hz 900.0 -> 1200.0 Hz",
        "~ lp.mode highpass -> default",
        "+ node t_amp1 t_amp @order=5",
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
        ("nod a t_amp", 1),
        ("node a t_amp\n   node b t_amp", 2),
        ("node a t_amp\n\nnode b", 3),
        ("node a t_amp gain_db=loud=2", 1),
        ("node a t_amp gain_db=1e999", 1),
        ("wire w a.out -> b", 1),
        ("node a t_amp @size=3", 1),
        ("graph 0", 1),
        ('node "\\ud800" t_amp', 1),
        ("node a t_amp x=raw(AAA)", 1),
    ],
)
def test_faults_name_their_line(lines: str, number: int) -> None:
    with pytest.raises(TextError, match=f"Line {number}: ") as caught:
        text.parse(lines)
    assert caught.value.line == number


@pytest.mark.parametrize(
    "lines",
    [
        "node a t_amp\nnode a t_amp",
        'node "" t_amp',
        "node a t_amp\nwire w a.out -> b.in",
        "node a t_amp\n  node b t_amp",
        "node a group\n  node b t_amp\nnode c t_amp\nwire w c.out -> b.in",
        "port in in audio ->",
        "node a t_amp\n  port in in audio ->",
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
