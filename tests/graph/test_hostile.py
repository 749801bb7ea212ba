"""Files from strangers: whatever they hold, loading ends quickly, in a document or in a ProjectError."""

from __future__ import annotations

import contextlib
import io
import os
import random
import resource
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphdaw.errors import MediaError, ProjectError, TextError
from graphdaw.graph import Graph, codec, edits, limits, parse, project, text
from graphdaw.graph.flatten import Flat
from graphdaw.graph.model import Document
from graphdaw.graph.validate import validate
from graphdaw.graph.vocabulary import AddNode, ReplaceNode, SetValues
from tests.graph.random_edits import grown

HEAD = {"format": "graphdaw", "version": 1}


def survives(data: bytes) -> Document | None:
    """The document these bytes give, used as a program would use it, or None when they are refused."""
    try:
        document = codec.decode(data, "memory")
    except ProjectError:
        return None
    validate(document)
    Flat(document)
    assert text.parse(text.show(document)) == document
    assert codec.decode(codec.encode(document), "memory") == document
    for id in document.nodes:
        document.settings(id)
    return document


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data: bytes) -> None:
    assert survives(data) is None


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=5) | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(["a", "b", "g", "h", "", "t_osc", "t_amp", "group", "in", "out", "x y", "\x00", "é"])
fields = {
    "id": names,
    "type": names,
    "parent": names,
    "order": st.integers(-2, 9),
    "place": plain,
    "label": st.text(max_size=4) | plain,
    "values": st.dictionaries(st.sampled_from(["gain_db", "frequency_hz", "zz"]), plain, max_size=3) | plain,
    "ports": st.lists(
        st.fixed_dictionaries(
            {
                "name": names,
                "direction": st.sampled_from(["in", "out", "up"]),
                "type": st.sampled_from(["audio", "event", "tea"]),
                "inner": st.lists(st.tuples(names, names), max_size=2),
            }
        ),
        max_size=2,
    ),
    "source": names,
    "source_port": names,
    "target": names,
    "target_port": names,
    "depth": st.floats() | plain,
    "more": plain,
}
some_fields = st.fixed_dictionaries({}, optional=fields)


@settings(max_examples=250, deadline=None)
@given(st.lists(some_fields, max_size=5), st.lists(some_fields, max_size=4), st.dictionaries(st.text(), plain))
def test_well_formed_nonsense_ends_in_a_document_or_a_project_error(nodes: Any, wires: Any, more: Any) -> None:
    survives(msgspec.msgpack.encode({**more, **HEAD, "nodes": nodes, "wires": wires}))


def test_mutated_documents_end_in_a_document_or_a_project_error() -> None:
    dice = random.Random(1)
    originals = [codec.encode(grown(seed, 40).document) for seed in range(6)]
    outcomes = {True: 0, False: 0}
    for _ in range(3000):
        data = bytearray(dice.choice(originals))
        for _ in range(dice.choice([1, 1, 2, 8])):
            at = dice.randrange(len(data))
            match dice.randrange(4):
                case 0:
                    data[at] = dice.randrange(256)
                case 1:
                    data[at] ^= 1 << dice.randrange(8)
                case 2:
                    del data[at : at + dice.randrange(1, 20)]
                case 3:
                    data[at:at] = data[: dice.randrange(30)]
            data = data or bytearray(b"\x00")
        outcomes[survives(bytes(data)) is None] += 1
    assert min(outcomes.values()) > 100, "both ends must have been reached"


def test_mutated_files_end_in_a_document_or_a_project_error(tmp_path: Path) -> None:
    dice = random.Random(2)
    grown(3, 60).save(tmp_path / "a.gdaw")
    original = (tmp_path / "a.gdaw").read_bytes()
    file = tmp_path / "b.gdaw"
    reasons: list[str] = []
    for _ in range(1500):
        data = bytearray(original)
        for _ in range(dice.choice([1, 2, 5])):
            at = dice.choice([dice.randrange(len(data)), len(data) - 1 - dice.randrange(min(90, len(data)))])
            data[at] = dice.randrange(256)
        if dice.random() < 0.2:
            del data[dice.randrange(len(data)) :]
        file.write_bytes(data)
        try:
            project.load(file)
        except ProjectError as error:
            reasons.append(str(error))
    assert len(reasons) > 1000 and all(str(file) in reason for reason in reasons)


BOMBS = {
    "huge array": b"\xdd\xff\xff\xff\xff" + b"\xc0" * 100,
    "huge map": b"\xdf\x7f\xff\xff\xff" + b"\xc0" * 100,
    "huge text": b"\xdb\xff\xff\xff\xff" + b"a" * 100,
    "deep": b"\x91" * 1_000_000 + b"\xc0",
    "deep map": b"\x81\xa1a" * 300_000 + b"\xc0",
    "many empty maps": b"\xdd\x00\x50\x00\x00" + b"\x80" * 0x500000,
    "many small arrays": b"\xdc\xff\xff" + (b"\xdc\x00\xff" + b"\x90" * 255) * 65535,
    "reserved byte": b"\xc1",
    "two values": b"\x80\x80",
    "cut off": b"\x92\x01",
    "nothing": b"",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_before_they_unfold(name: str) -> None:
    began = time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ProjectError):
        codec.decode(BOMBS[name], "memory")
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 64 * 1024 and time.process_time() - began < 10


@pytest.mark.parametrize(
    "bomb",
    [
        "\n" * parse.MAX_TEXT,
        'node a t_amp x="' + '\\"' * 3_900_000,
        "node a t_amp " + "x=1 " * 2_000_000,
        "#" * 9_000_000,
    ],
    ids=["lines", "a text that never ends", "words", "length"],
)
def test_texts_that_are_bombs_cost_little(bomb: str) -> None:
    began = time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with contextlib.suppress(TextError):
        parse.parse(bomb)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 128 * 1024
    assert time.process_time() - began < 2.0


def test_bombs_of_groups_are_refused() -> None:
    nodes: list[dict[str, Any]] = [{"id": "src", "type": "t_osc"}]
    for level in range(40):
        ends = [(f"g{level + 1}", "a"), (f"g{level + 1}", "b")]
        ports = [{"name": n, "direction": "in", "type": "audio", "inner": ends} for n in "ab"]
        parent = f"g{level - 1}" if level else ""
        nodes.append({"id": f"g{level}", "type": "group", "parent": parent, "ports": ports})
    nodes.append({"id": "g40", "type": "group", "parent": "g39", "ports": []})
    wire = {"id": "w", "source": "src", "source_port": "out", "target": "g0", "target_port": "a"}
    assert survives(msgspec.msgpack.encode({**HEAD, "nodes": nodes, "wires": [wire]})) is not None
    nodes[-1]["ports"] = [{"name": n, "direction": "in", "type": "audio", "inner": [("end", "in")]} for n in "ab"]
    nodes.append({"id": "end", "type": "t_amp", "parent": "g40"})
    with pytest.raises(ProjectError, match="more than 1000000 inlets"):
        codec.decode(msgspec.msgpack.encode({**HEAD, "nodes": nodes, "wires": [wire]}), "memory")


@pytest.mark.parametrize(
    ("nodes", "fault"),
    [
        ([{"id": "a", "type": "t_amp"}] * 2, "an id is used twice"),
        ([{"id": "a", "type": "group", "parent": "a"}], "inside itself"),
        (
            [{"id": "a", "type": "group", "parent": "b"}, {"id": "b", "type": "group", "parent": "a"}],
            "inside itself",
        ),
        ([{"id": "a", "type": "t_amp", "parent": "b"}], "which is not a group"),
        ([{"id": f"n{i}", "type": "group", "parent": f"n{i - 1}" if i else ""} for i in range(70)], "nested"),
        ([{"id": "a"}], "a node needs an id"),
        ([{"id": "a" * 300, "type": "t_amp"}], "256 characters"),
        ([{"id": "a", "type": "t_amp", "place": [1.0, float("inf")]}], "finite"),
        ([{"id": "a", "type": "t_amp", "order": 2**63}], "order"),
    ],
)
def test_parts_that_do_not_fit_are_refused_with_the_reason(nodes: Any, fault: str) -> None:
    with pytest.raises(ProjectError, match=fault):
        codec.decode(msgspec.msgpack.encode({**HEAD, "nodes": nodes}), "memory")


def test_more_nodes_than_memory_is_meant_for_are_refused_before_any_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphdaw.graph.structure.MAX_PARTS", 2)
    nodes = [{"id": f"n{k}"} for k in range(3)]  # no node lacks its type once it is read
    with pytest.raises(ProjectError, match="more than 2 nodes and wires"):
        codec.decode(msgspec.msgpack.encode({**HEAD, "nodes": nodes}), "memory")


def archive(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], compress: int = zipfile.ZIP_STORED) -> Path:
    """A zip with these members after a sound document."""
    with zipfile.ZipFile(path, "w", compress) as out:
        out.writestr("document.msgpack", codec.encode(Document()))
        for name, data in members:
            out.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "media/../../evil", "C:/evil", "a//b", "media/./x"])
def test_members_with_unsafe_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProjectError, match="unsafe name"):
        project.load(archive(tmp_path / "a.gdaw", (name, b"x")))


def test_links_zip_bombs_and_foreign_compression_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("media/link")
    link.external_attr = 0o120777 << 16
    with pytest.raises(ProjectError, match="is a link"):
        project.load(archive(tmp_path / "a.gdaw", (link, b"/etc/passwd")))
    with pytest.raises(ProjectError, match="200 times its size"):
        project.load(archive(tmp_path / "b.gdaw", ("x", bytes(40_000_000)), compress=zipfile.ZIP_DEFLATED))
    with pytest.raises(ProjectError, match="unknown way"):
        project.load(archive(tmp_path / "c.gdaw", ("x", b"x"), compress=zipfile.ZIP_LZMA))


def test_a_directory_that_lies_about_sizes_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("document.msgpack", bytes(limits.MAX_BYTES + 10))
    data = bytearray(buffer.getvalue())
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 100)
    (tmp_path / "a.gdaw").write_bytes(data)
    with pytest.raises(ProjectError):
        project.load(tmp_path / "a.gdaw")


def test_what_is_no_project_is_named_and_refused(tmp_path: Path) -> None:
    (tmp_path / "text.gdaw").write_text("hello")
    (tmp_path / "empty.gdaw").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "other.gdaw", "w") as out:
        out.writestr("readme", "hello")
    with zipfile.ZipFile(tmp_path / "song.gdaw", "w") as out:
        out.writestr("document.msgpack", msgspec.msgpack.encode({"format": "song"}))
    os.mkfifo(tmp_path / "pipe.gdaw")
    for name in ("text", "empty", "other", "song", "pipe", "nothing"):
        with pytest.raises(ProjectError, match=f"{name}.gdaw"):
            project.load(tmp_path / f"{name}.gdaw")
    with pytest.raises(ProjectError, match="is not a file"):
        Graph.load(tmp_path)


@pytest.mark.parametrize("way", ["a group file", "the clipboard", "a replacement", "an edit of a patch", "undo"])
def test_only_the_user_makes_a_path_readable_that_came_with_a_file(tmp_path: Path, way: str) -> None:
    secret = str(tmp_path / "secret.wav")
    (tmp_path / "secret.wav").write_bytes(b"RIFF of somebody else")
    evil = Document()
    edits.apply(evil, AddNode("a", "t_file", {"file": secret}))
    evil.foreign = {secret}
    project.save(evil, tmp_path / "evil.gdaw")
    graph = Graph()
    if way == "a group file":
        graph.apply(project.insert_group(graph.document, tmp_path / "evil.gdaw"))
    elif way == "the clipboard":
        graph.apply(text.paste(graph.document, text.show(evil)))
    else:
        graph = Graph.load(tmp_path / "evil.gdaw")
        if way == "a replacement":
            graph.apply([ReplaceNode("a", "sampler")])
        elif way == "an edit of a patch":
            graph.apply([SetValues("a", {"file": None}), SetValues("a", {"file": secret})])
        else:
            graph.remove("a")
            graph.undo()

    graph.save(tmp_path / "mine.gdaw")

    assert [problem.code for problem in validate(graph.document)] == ["foreign_media"]
    with pytest.raises(MediaError, match="choose it yourself"):
        project.media_path(graph.document, secret, tmp_path)
    with zipfile.ZipFile(tmp_path / "mine.gdaw") as saved:
        assert saved.namelist() == ["document.msgpack"]

    (node,) = graph.nodes
    graph.set(node, file=secret)
    assert project.media_path(graph.document, secret, tmp_path) == Path(secret)


def test_a_copy_within_a_project_keeps_what_the_user_has_chosen(tmp_path: Path) -> None:
    (tmp_path / "voice.wav").write_bytes(b"RIFF")
    graph = Graph()
    node = graph.add("t_file", file=str(tmp_path / "voice.wav"))

    graph.apply(text.paste(graph.document, text.copy(graph.document, [node.id])))

    assert len(graph.nodes) == 2 and validate(graph.document) == []


def test_a_version_that_is_a_novel_is_not_quoted_in_full() -> None:
    """Found by the fuzzer."""
    with pytest.raises(ProjectError, match="unknown version") as refusal:
        codec.decode(msgspec.msgpack.encode({"format": "graphdaw", "version": ["saw"] * 5_000}), "memory")
    assert len(str(refusal.value)) < 500
