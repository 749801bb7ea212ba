"""Project files: exact, atomic, with their media inside, and kind to what a newer version wrote."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from graphdaw.errors import MediaError, ProjectError
from graphdaw.graph import Graph, codec, project, text
from graphdaw.graph.flatten import Flat
from graphdaw.graph.project import bundle
from graphdaw.graph.validate import validate


def packed(path: Path, document: bytes, **members: bytes) -> Path:
    """A project file with this document in it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("document.msgpack", document)
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def content(path: Path) -> dict[str, Any]:
    """The plain content of a project's document."""
    with zipfile.ZipFile(path) as archive:
        return dict(msgspec.msgpack.decode(archive.read("document.msgpack")))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A file that stands for a recording."""
    file = tmp_path / "take ü.wav"
    file.write_bytes(bytes(range(256)) * 5000)
    return file


def test_media_travel_inside_the_project(tmp_path: Path, recording: Path) -> None:
    g = Graph()
    a, b = g.add("t_file", file=str(recording)), g.add("t_file", file=str(recording))
    g.save(tmp_path / "a.gdaw")
    assert a.params["file"] == str(recording), "the document in memory keeps the path"
    hash = hashlib.sha256(recording.read_bytes()).hexdigest()
    with zipfile.ZipFile(tmp_path / "a.gdaw") as archive:
        assert sorted(archive.namelist()) == ["document.msgpack", f"media/{hash}"]
    content_was = recording.read_bytes()
    recording.unlink()
    again = Graph.load(tmp_path / "a.gdaw")
    assert again[b.id].params["file"] == hash
    assert again.document.media[hash].name == "take ü.wav"
    assert project.media_path(again.document, hash, tmp_path).read_bytes() == content_was
    assert validate(again.document) == []
    again.save(tmp_path / "b.gdaw")
    (tmp_path / "a.gdaw").unlink()
    third = Graph.load(tmp_path / "b.gdaw")
    assert third.document == again.document
    assert project.media_path(third.document, hash, tmp_path).read_bytes() == content_was


def test_missing_media_do_not_keep_a_project_from_being_saved(tmp_path: Path) -> None:
    g = Graph()
    g.add("t_file", file=str(tmp_path / "gone.wav"))
    g.save(tmp_path / "a.gdaw")
    assert [p.code for p in validate(g.document)] == ["missing_media"]
    with pytest.raises(MediaError, match=r"gone\.wav is missing"):
        project.media_path(g.document, str(tmp_path / "gone.wav"), tmp_path)


def test_a_file_cannot_make_us_collect_other_files(tmp_path: Path, recording: Path) -> None:
    secret = str(recording)
    node = {"id": "a", "type": "t_file", "values": {"file": secret}}
    data = msgspec.msgpack.encode({"format": "graphdaw", "version": 1, "nodes": [node]})
    g = Graph.load(packed(tmp_path / "evil.gdaw", data))
    assert [p.code for p in validate(g.document)] == ["foreign_media"]
    with pytest.raises(MediaError, match="outside the project"):
        project.media_path(g.document, secret, tmp_path)
    g.save(tmp_path / "b.gdaw")
    with zipfile.ZipFile(tmp_path / "b.gdaw") as archive:
        assert archive.namelist() == ["document.msgpack"]
    g.set("a", file=secret)
    assert project.media_path(g.document, secret, tmp_path) == recording
    g.save(tmp_path / "c.gdaw")
    with zipfile.ZipFile(tmp_path / "c.gdaw") as archive:
        assert len(archive.namelist()) == 2


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    g = Graph()
    g.add("t_osc")
    file = tmp_path / "a.gdaw"
    g.save(file)
    before = file.read_bytes()
    g.add("t_amp")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for function in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, function, full)
            with pytest.raises(ProjectError, match="cannot be written: No space left on device; free some space"):
                g.save(file)
        assert file.read_bytes() == before and os.listdir(tmp_path) == ["a.gdaw"]
    with monkeypatch.context() as patch:
        patch.setattr(bundle, "read_document", lambda *_: b"other")
        with pytest.raises(ProjectError, match="reads back differently"):
            g.save(file)
    assert file.read_bytes() == before and os.listdir(tmp_path) == ["a.gdaw"]
    with pytest.raises(ProjectError, match="cannot be written"):
        g.save(tmp_path / "no" / "such" / "folder.gdaw")


def test_saving_keeps_the_rights_and_follows_links(tmp_path: Path) -> None:
    g = Graph()
    real, link = tmp_path / "real.gdaw", tmp_path / "link.gdaw"
    g.save(real)
    real.chmod(0o600)
    link.symlink_to(real)
    g.add("t_amp")
    g.save(link)
    assert link.is_symlink() and real.stat().st_mode & 0o777 == 0o600
    assert len(Graph.load(real).nodes) == 1


def test_members_of_other_parts_of_the_program_are_kept(tmp_path: Path) -> None:
    g = Graph()
    g.add("t_amp")
    first = packed(tmp_path / "a.gdaw", codec.encode(g.document), **{"plugins/x": b"state", "history/1": b"old"})
    again = Graph.load(first)
    again.save(tmp_path / "b.gdaw")
    again.save(tmp_path / "b.gdaw")
    with zipfile.ZipFile(tmp_path / "b.gdaw") as archive:
        assert archive.read("plugins/x") == b"state" and archive.read("history/1") == b"old"
    Graph().save(tmp_path / "b.gdaw")
    with zipfile.ZipFile(tmp_path / "b.gdaw") as archive:
        assert archive.namelist() == ["document.msgpack"]


# msgpack in forms our own encoder does not choose: 5 as uint32, a text as str16, an extension, a nested map
ODD = {
    "as_uint32": b"\xce\x00\x00\x00\x05",
    "as_str16": b"\xda\x00\x02hi",
    "ext": b"\xd6\x07abcd",
    "nested": b"\x81\xa1a\x93\xc0\xc3\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
}


def odd_project() -> bytes:
    """A document by a newer program: a type and fields unknown here."""
    raw = {name: msgspec.Raw(data) for name, data in ODD.items()}
    nodes = [
        {"id": "osc", "type": "t_osc", "order": 1, **raw},
        {"id": "new", "type": "t_future", "values": {"drive": 1.5, **raw}, "order": 2, "zone": raw},
        {"id": "amp", "type": "t_amp", "values": {"gain_db": msgspec.Raw(b"\xfd")}, "order": 3},
    ]
    wires = [
        {"id": "w1", "source": "osc", "source_port": "out", "target": "new", "target_port": "in", "order": 4, **raw},
        {"id": "w2", "source": "new", "source_port": "wet", "target": "amp", "target_port": "in", "order": 5},
    ]
    return msgspec.msgpack.encode(
        {"format": "graphdaw", "version": 1, "nodes": nodes, "wires": wires, "media": {}, "marks": {}, **raw}
    )


def test_what_a_newer_version_wrote_survives_byte_for_byte() -> None:
    document = codec.decode(odd_project(), "memory")
    data = codec.encode(document)
    for raw in ODD.values():
        assert data.count(raw) == odd_project().count(raw)
    assert codec.encode(codec.decode(data, "memory")) == data
    assert text.parse(text.show(document)) == document
    assert codec.content_bytes(text.parse(text.show(document))) == codec.content_bytes(document)
    assert document.settings("amp") == {"gain_db": -3.0}, "a number is a number however it is written"


def test_unknown_types_are_placeholders_with_their_ports() -> None:
    g = Graph(document=codec.decode(odd_project(), "memory"))
    before = g.document.copy()
    assert [(p.code, p.severity) for p in validate(g.document)] == [("unknown_type", "warning")]
    g.connect("osc", "new.in", depth=0.5) if not g.wires else None
    extra = g.add("t_amp")
    g.connect("new.wet", extra)
    g.look("new", place=(1.0, 2.0))
    g.remove("new")
    g.undo()
    assert g.nodes["new"].values == before.nodes["new"].values
    assert g.nodes["new"].extra == before.nodes["new"].extra
    while g.history.past:
        g.undo()
    assert g.document == before and codec.content_bytes(g.document) == codec.content_bytes(before)
    assert "new" in Flat(g.document).nodes
    sketch = g.document.sketches["t_future"]
    assert (sketch.inputs, sketch.outputs) == ({"in": "audio"}, {"wet": "audio"})


def test_a_project_without_its_placeholders_can_be_saved(tmp_path: Path) -> None:
    g = Graph(document=codec.decode(odd_project(), "memory"))
    g.save(tmp_path / "a.gdaw")
    assert Graph.load(tmp_path / "a.gdaw").document == g.document
    g.remove("new")
    g.save(tmp_path / "a.gdaw")
    assert set(Graph.load(tmp_path / "a.gdaw").nodes) == {"osc", "amp"}


def test_older_versions_are_migrated_and_newer_ones_refused(tmp_path: Path) -> None:
    old = msgspec.msgpack.encode({"format": "graphdaw", "version": 0, "boxes": [{"id": "a", "type": "t_amp"}]})
    with pytest.raises(ProjectError, match="unknown version 0"):
        project.load(packed(tmp_path / "old.gdaw", old))

    @codec.migration(0)
    def boxes_became_nodes(plain: dict[str, Any]) -> dict[str, Any]:
        plain["nodes"] = plain.pop("boxes")
        return plain

    try:
        assert set(project.load(packed(tmp_path / "old.gdaw", old)).nodes) == {"a"}
    finally:
        del codec.migrations[0]
    new = msgspec.msgpack.encode({"format": "graphdaw", "version": 2})
    with pytest.raises(ProjectError, match=r"is of version 2, this GraphDAW reads up to 1; update GraphDAW\."):
        project.load(packed(tmp_path / "new.gdaw", new))


def test_bookkeeping_survives_so_that_ids_are_not_reused(tmp_path: Path) -> None:
    g = Graph()
    g.remove(g.add("t_amp"))
    g.save(tmp_path / "a.gdaw")
    assert Graph.load(tmp_path / "a.gdaw").add("t_amp").id == "t_amp2"
    assert content(tmp_path / "a.gdaw")["version"] == 1


def test_groups_are_reusable_as_files(tmp_path: Path, recording: Path) -> None:
    g = Graph()
    player, amp, other = g.add("t_file", file=str(recording)), g.add("t_amp", gain_db=-6.0), g.add("t_osc")
    player >> amp >> g.add("t_output")
    group = g.group([player, amp], "Player")
    project.save_group(g.document, group.id, tmp_path / "player.gdaw")
    target = Graph()
    home = target.add("group")
    before = target.document.copy()
    for _ in range(2):
        target.apply(project.insert_group(target.document, tmp_path / "player.gdaw", home.id), "insert")
    assert {n.label for n in target.document.inside(home.id)} == {"Player"}
    assert len(target.nodes) == 7 and other.id not in target.nodes
    assert validate(target.document) == []
    recording.unlink()
    target.save(tmp_path / "b.gdaw")
    (tmp_path / "player.gdaw").unlink()
    loaded = Graph.load(tmp_path / "b.gdaw")
    assert loaded.document == target.document and validate(loaded.document) == []
    target.undo()
    target.undo()
    assert target.document == before
