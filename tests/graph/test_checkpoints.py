"""Checkpoints: states with a label that travel in the file and come back as one step of a live graph."""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from pathlib import Path

import msgspec
import pytest

from graphdaw.errors import ProjectError
from graphdaw.graph import Graph, codec, project
from graphdaw.graph.project import Checkpoints, JournalMark, checkpoints, restore
from tests.graph.random_edits import grown


def members(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return sorted(archive.namelist())


def test_a_checkpoint_survives_saving_and_comes_back_as_one_undo_step(tmp_path: Path) -> None:
    graph, marks = grown(7, 80), Checkpoints()
    then = graph.document.copy()
    made = marks.add(graph.document, "before the drop", "claude", "make it darker")
    assert abs(made.made_at - time.time()) < 60
    for _ in range(3):
        graph.add("t_amp")
    project.save(graph.document, tmp_path / "a.gdaw", checkpoints=marks)
    again, known = Graph.load(tmp_path / "a.gdaw"), checkpoints.read(tmp_path / "a.gdaw")
    [one] = known
    assert (one.id, one.label, one.author, one.prompt) == (1, "before the drop", "claude", "make it darker")
    assert one.made_at == made.made_at
    now = again.document.copy()
    told: list[int] = []
    again.observe(lambda edits: told.append(len(edits)))
    restore(again, known, one.id, "claude")
    assert (again.document.nodes, again.document.wires) == (then.nodes, then.wires)
    assert len(told) == 1 and len(again.history.past) == 1
    assert (again.history.past[0].label, again.history.past[0].author) == ("restore before the drop", "claude")
    again.undo()
    assert again.document == now


def test_equal_states_are_stored_once_under_the_hash_of_their_bytes(tmp_path: Path) -> None:
    graph, marks = Graph(), Checkpoints()
    node = graph.add("t_amp", gain_db=-6.0)
    marks.add(graph.document, "one")
    graph.set(node, gain_db=-9.0)
    marks.add(graph.document, "two")
    graph.undo()
    marks.add(graph.document, "one again")
    path = tmp_path / "a.gdaw"
    project.save(graph.document, path, checkpoints=marks)
    stored = [name for name in members(path) if name.startswith("history/") and name != "history/checkpoints.msgpack"]
    assert len(stored) == 2
    with zipfile.ZipFile(path) as archive:
        for name in stored:
            assert hashlib.sha256(archive.read(name)).hexdigest() == name.removeprefix("history/")
            assert archive.getinfo(name).compress_type == zipfile.ZIP_DEFLATED
    assert [one.label for one in checkpoints.read(path)] == ["one", "two", "one again"]


def test_plain_saves_and_copies_keep_checkpoints_and_what_they_need(tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    take.write_bytes(os.urandom(3000))
    graph, marks = Graph(), Checkpoints()
    player = graph.add("t_file", file=str(take))
    marks.add(graph.document, "with the take")
    graph.remove(player)
    project.save(graph.document, tmp_path / "a.gdaw", checkpoints=marks)
    hash = hashlib.sha256(take.read_bytes()).hexdigest()
    content = take.read_bytes()
    take.unlink()
    graph.add("t_amp")
    graph.save(tmp_path / "a.gdaw")
    again = Graph.load(tmp_path / "a.gdaw")
    again.save(tmp_path / "b.gdaw")
    (tmp_path / "a.gdaw").unlink()
    third = Graph.load(tmp_path / "b.gdaw")
    assert hash not in third.document.media, "the present state does not need it"
    restore(third, checkpoints.read(tmp_path / "b.gdaw"), 1)
    assert third[player.id].params["file"] == hash
    assert project.media_path(third.document, hash, tmp_path).read_bytes() == content
    third.save(tmp_path / "c.gdaw")
    (tmp_path / "b.gdaw").unlink()
    assert project.media_path(Graph.load(tmp_path / "c.gdaw").document, hash, tmp_path / "..").read_bytes() == content


def test_a_forgotten_checkpoint_leaves_the_file_and_its_number_is_not_given_again(tmp_path: Path) -> None:
    graph, marks = Graph(), Checkpoints()
    for label in ("one", "two"):
        graph.add("t_amp")
        marks.add(graph.document, label)
    path = tmp_path / "a.gdaw"
    project.save(graph.document, path, checkpoints=marks)
    held = len(members(path))
    marks.remove(1)
    project.save(graph.document, path, checkpoints=marks)
    assert len(members(path)) == held - 1
    assert marks.add(graph.document, "three").id == 3
    with pytest.raises(ProjectError, match=r"There is no checkpoint 1; the project has 2, 3\."):
        marks.remove(1)


def test_a_failed_save_forgets_no_checkpoint(tmp_path: Path) -> None:
    graph, marks = Graph(), Checkpoints()
    marks.add(graph.document, "one")
    with pytest.raises(ProjectError):
        project.save(graph.document, tmp_path / "no folder" / "a.gdaw", checkpoints=marks)
    project.save(graph.document, tmp_path / "a.gdaw", checkpoints=marks)
    assert len(checkpoints.read(tmp_path / "a.gdaw")) == 1
    assert marks.document(1) == graph.document


def test_a_damaged_checkpoint_does_not_keep_the_rest_from_being_saved(tmp_path: Path) -> None:
    graph, marks, path = grown(8, 60), Checkpoints(), tmp_path / "a.gdaw"
    marks.add(graph.document, "one")
    graph.add("t_amp")
    marks.add(graph.document, "two")
    project.save(graph.document, path, checkpoints=marks)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("history/" + marks[1].document)
    data = bytearray(path.read_bytes())
    data[info.header_offset + 150] ^= 255
    path.write_bytes(data)
    saved = project.save(graph.document, path, checkpoints=marks)
    assert saved.left_out == ("checkpoint 'one'",)
    assert [one.label for one in marks] == ["two"] == [one.label for one in checkpoints.read(path)]
    assert checkpoints.read(path).document(2) == graph.document


def forged(path: Path, index: bytes, **documents: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("document.msgpack", codec.encode(Graph().document))
        archive.writestr("history/checkpoints.msgpack", index)
        for name, data in documents.items():
            archive.writestr(f"history/{name}", data)
    return path


def test_a_forged_checkpoint_is_refused(tmp_path: Path) -> None:
    name = "a" * 64
    index = msgspec.msgpack.encode([{"id": 1, "label": "x", "made_at": 0.0, "document": name}])
    path = forged(tmp_path / "a.gdaw", index, **{name: codec.encode(Graph().document)})
    with pytest.raises(ProjectError, match=r"Checkpoint 1 in .* is damaged"):
        checkpoints.read(path).document(1)
    assert len(checkpoints.read(forged(tmp_path / "b.gdaw", index))) == 0, "a document that is not there"
    for data in (b"", b"\xdd\xff\xff\xff\xff", msgspec.msgpack.encode([{"id": "x"}])):
        path = forged(tmp_path / "c.gdaw", data)
        with pytest.raises(ProjectError, match=r"checkpoints in .* are damaged"):
            checkpoints.read(path)
        graph = Graph.load(path)
        saved = project.save(graph.document, path)
        assert saved.left_out == (f"checkpoints in {path}",) and "left out" in saved.sentence


def test_the_journal_mark_is_of_one_save_only(tmp_path: Path) -> None:
    graph, path = Graph(), tmp_path / "a.gdaw"
    project.save(graph.document, path, mark=JournalMark("0f" * 16, 1234))
    assert project.mark(path) == JournalMark("0f" * 16, 1234)
    assert project.load_marked(path)[1] == JournalMark("0f" * 16, 1234)
    graph.save(path)
    assert project.mark(path) is None and members(path) == ["document.msgpack"]
    for data in (b"", b"\x92\xa1a\xff", b"\x91\xa1a", b"\xc0", b"x" * 100_000):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("document.msgpack", codec.encode(graph.document))
            archive.writestr("history/journal.msgpack", data)
        if len(data) < 5000:
            assert project.mark(path) is None and project.load(path) == graph.document
        else:
            with pytest.raises(ProjectError):
                project.mark(path)
