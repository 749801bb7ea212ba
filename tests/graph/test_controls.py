"""Controls in documents: edits and their undo, files, text, differences and patches."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from graphdaw.errors import GraphError, NameFormError, PatchError, ProjectError, TextError
from graphdaw.graph import codec, patch, text
from graphdaw.graph.controls import Control, KeySource, MidiSource, OscSource, OtherSource
from graphdaw.graph.differences import difference
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import Document
from graphdaw.graph.vocabulary import AddNode, SetControl

KNOB = Control("knob", MidiSource("cc", 74), "lp1.cutoff_hz", mode="jump")


def with_controls(*rows: dict[str, Any]) -> bytes:
    """A file that holds these, whoever wrote it."""
    return msgspec.msgpack.encode({"format": "graphdaw", "version": codec.VERSION, "controls": list(rows)})


def row(**changes: Any) -> dict[str, Any]:
    source = {"from": "midi", "kind": "cc", "number": 74}
    return {"id": "knob", "source": source, "target": "lp1.cutoff_hz", **changes}


def kept(document: Document) -> list[dict[str, Any]]:
    """The controls of the file that a document makes."""
    return msgspec.msgpack.decode(codec.encode(document))["controls"]  # type: ignore[no-any-return]


def test_a_control_is_put_replaced_dropped_and_all_undone() -> None:
    graph = Graph()
    graph.put_control(KNOB)
    graph.put_control(msgspec.structs.replace(KNOB, target="tempo"))
    assert graph.controls["knob"].target == "tempo"
    graph.drop_control("knob")
    assert dict(graph.controls) == {}

    for expected in ("tempo", "lp1.cutoff_hz"):
        graph.undo()
        assert graph.controls["knob"].target == expected
    graph.undo()
    assert not graph.controls
    graph.redo()
    assert graph.controls["knob"] == KNOB


def test_equal_controls_make_equal_files() -> None:
    first, second = Graph(), Graph()
    first.control(MidiSource("cc", 1), "tempo", lo=60, hi=120, step=0.5 / 64, acceleration=0)
    second.control(MidiSource("cc", 1), "tempo", lo=60.0, hi=120.0)

    assert first.document == second.document
    assert codec.encode(first.document) == codec.encode(second.document)
    assert codec.encode(codec.decode(codec.encode(first.document), "x")) == codec.encode(first.document)


def test_a_document_without_controls_is_written_as_before() -> None:
    assert b"controls" not in codec.encode(Graph().document)


@pytest.mark.parametrize(
    "other",
    (
        row(zone={"a": [1, None]}),
        row(source={"from": "gaze", "eye": "left"}),
        row(source={"from": "midi", "kind": "mpe", "number": 1}),
        row(source={"from": "osc", "address": "/x", "tuple": 2}),
        row(mode="orbit"),
        row(target="lp1#3"),
        row(lo=math.nan),
        row(source={"from": "other", "raw": b"\x80"}),
        row(source=3),
    ),
)
def test_what_only_a_newer_version_knows_is_kept(other: dict[str, Any]) -> None:
    document = codec.decode(with_controls(other), "x")
    again = codec.decode(codec.encode(document), "y")
    read = text.parse(text.show(document))

    assert again == document and read.controls == document.controls
    assert repr(kept(document)) == repr([other])
    unknown = isinstance(document.controls["knob"].source, OtherSource)
    assert unknown == ("zone" not in other)
    graph = Graph(document=document)
    graph.drop_control("knob")
    graph.undo()
    assert repr(kept(document)) == repr([other])


@pytest.mark.parametrize(
    "rows",
    ((row(), row()), ({"target": "tempo"},), (row(id=""),), (row(id="a b"),), (row(id=7),), ([1],), (3,)),
)
def test_what_is_no_table_of_controls_is_refused(rows: tuple[Any, ...]) -> None:
    with pytest.raises(ProjectError, match=r"^x is damaged or no project: .*\. Open an earlier version of it\.$"):
        codec.decode(with_controls(*rows), "x")


def test_text_is_stable_and_reads_back() -> None:
    lines = """graph 48000
control any program -> filter1.mode @mode=jump
control fader osc "/1/fader" -> tempo @lo=60.0 @hi=180.0 @mode=scaled
control knob cc 74 -> filter1.cutoff_hz @channel=3 @port="nano*" @lo=5000.0 @hi=100.0 @curve=linear @steps=9
control push note 36 -> "filter1@bypass" @channel=10 @mode=toggle
control turn cc 16 -> filter1.q @step=0.01 @acceleration=4.0 @mode=relative @encoding=offset @feedback=off
control wheel bend -> filter1.gain_db
"""
    document = text.parse(lines)

    assert text.show(document) == lines
    assert document.controls["knob"] == Control(
        "knob", MidiSource("cc", 74, 2, "nano*"), "filter1.cutoff_hz", 5000.0, 100.0, "linear", 9
    )
    assert (
        text.parse("graph 48000\ncontrol k key F5 -> play").controls
        == text.parse('graph 48000\ncontrol k key "F5" -> play').controls
    )


@pytest.mark.parametrize(
    "line, sentence",
    (
        ("control k cc 300 -> tempo", "Line 1: Control 'k' listens to cc 300 of channel -1; "),
        ("control k gaze 3 -> tempo", "Line 1: 'gaze' is none of cc, cc14, note, "),
        ("control k cc 3 -> tempi", "Line 1: Nothing can move 'tempi'; "),
        ("control k cc 3 -> tempo @mode=orbit", "Line 1: Invalid enum value 'orbit'"),
        ("control k cc 3 -> tempo @chanel=1", "Line 1: 'chanel' is none of channel, port, "),
        ("control k osc /1 -> tempo", "Line 1: text or word was expected, but '/'"),
        ('control k osc "/1" -> tempo @channel=1', "Line 1: 'channel' is none of channel, "),
        ("control k cc 3 -> tempo\ncontrol k cc 4 -> tempo", "Line 2: control 'k' is there twice"),
        ("control k raw(gA==)", "Line 1: raw() must hold control 'k' of a newer GraphDAW."),
    ),
)
def test_faults_of_text_name_their_line(line: str, sentence: str) -> None:
    with pytest.raises(TextError) as error:
        text.parse(line)

    assert str(error.value).startswith(sentence) and str(error.value).endswith(".")


def test_differences_are_shown_and_made_up_for() -> None:
    old, new = Graph(), Graph()
    old.put_control(KNOB)
    old.put_control(Control("gone", KeySource("F5"), "play"))
    new.put_control(msgspec.structs.replace(KNOB, steps=4))
    new.put_control(Control("came", OscSource("/x"), "stop"))

    assert text.diff(old.document, new.document).splitlines() == [
        '- control gone key "F5" -> play',
        "- control knob cc 74 -> lp1.cutoff_hz @mode=jump",
        '+ control came osc "/x" -> stop',
        "+ control knob cc 74 -> lp1.cutoff_hz @mode=jump @steps=4",
    ]
    old.apply(difference(old.document, new.document), trusted=True)
    assert old.document == new.document


def test_a_patch_brings_controls_of_the_nodes_it_adds() -> None:
    graph = Graph()
    control = Control("k", MidiSource("cc", 1), "$low.cutoff_hz")
    patch.apply(graph, patch.Patch((AddNode("$low", "filter"), SetControl("k", control))))
    assert graph.controls["k"].target == "low1.cutoff_hz"

    with pytest.raises(PatchError, match=r"^Edit 1: Nothing before it adds '\$low'"):
        patch.apply(graph, patch.Patch((SetControl("k", control),)))
    with pytest.raises(PatchError, match=r"^Edit 1: Nothing can move 'nothing'"):
        patch.apply(graph, patch.Patch((SetControl("k", msgspec.structs.replace(control, target="nothing")),)))
    other = Control("k", OtherSource(msgspec.msgpack.encode({"id": "k"})), "")
    with pytest.raises(PatchError, match=r"^Edit 1: Control 'k' has fields that GraphDAW does not know"):
        patch.apply(graph, patch.Patch((SetControl("k", other),)))


@pytest.mark.parametrize(
    "edit",
    (
        SetControl("other", KNOB),
        SetControl("k", Control("k", OtherSource(b"\xc1"), "")),
        SetControl("k", Control("k", OtherSource(msgspec.msgpack.encode({"id": "j"})), "")),
        SetControl("k", Control("k", OtherSource(msgspec.msgpack.encode({"id": "k"})), "tempo")),
        SetControl("k", Control("k", KeySource("F5"), "play", extra={"mode": b"\xc0"})),
        SetControl("k", Control("k", KeySource("F5"), "play", extra={"new": b"\xc1"})),
    ),
)
def test_edits_that_no_file_could_hold_are_refused(edit: SetControl) -> None:
    graph = Graph()
    with pytest.raises(GraphError, match=r"^[^\n]*\.$"):
        graph.apply([edit])
    assert not graph.controls


def test_there_are_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphdaw.graph.edits.MOST_CONTROLS", 2)
    graph = Graph()
    graph.control(KeySource("F1"), "play")
    graph.control(KeySource("F2"), "play")
    with pytest.raises(NameFormError, match=r"^A project holds up to 2 controls; remove one first\.$"):
        graph.control(KeySource("F3"), "play")
    with pytest.raises(NameFormError, match=r"^There is no control 'control3'; did you mean"):
        graph.drop_control("control3")
