"""Earlier versions of a project: kept by every save, listed, named when the present file is damaged."""

from __future__ import annotations

import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graphdaw.errors import ProjectError
from graphdaw.graph import Graph, codec, project
from graphdaw.graph.project import checkpoints, kept
from graphdaw.graph.project.kept import Generation, generation, generations


def saved_times(path: Path, times: int) -> Graph:
    """A project saved over and over; the version after save n has n nodes."""
    graph = Graph()
    for _ in range(times):
        graph.add("t_amp")
        project.save(graph.document, path)
    return graph


def test_every_save_keeps_the_version_before(tmp_path: Path) -> None:
    path = tmp_path / "a.gdaw"
    graph = Graph()
    first = project.save(graph.document, path)
    assert (first.generation, first.durable, first.sentence) == (None, True, f"Saved {path}.")
    assert generations(path) == [] and os.listdir(tmp_path) == ["a.gdaw"]
    before = path.read_bytes()
    graph.add("t_amp")
    assert project.save(graph.document, path).generation == 1
    [one] = generations(path)
    assert Path(one.path).read_bytes() == before and one.size == len(before)
    assert abs(one.saved_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert len(Graph.load(path).nodes) == 1 and Graph.load(one.path).nodes == {}


def test_the_last_ten_are_kept_and_numbers_only_grow(tmp_path: Path) -> None:
    saved_times(tmp_path / "a.gdaw", 14)
    known = generations(tmp_path / "a.gdaw")
    assert [one.number for one in known] == list(range(13, 3, -1))
    assert [len(Graph.load(one.path).nodes) for one in known] == list(range(13, 3, -1))
    with pytest.raises(ProjectError, match=r"has no generation 2; it has 13, 12, 11, 10, 9, 8, 7, 6, 5, 4\."):
        generation(tmp_path / "a.gdaw", 2)
    with pytest.raises(ProjectError, match="has no generation 2; none is kept"):
        generation(tmp_path / "other.gdaw", 2)


def test_huge_versions_are_fewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MAX_KEPT_BYTES", 1)
    saved_times(tmp_path / "a.gdaw", 6)
    assert [one.number for one in generations(tmp_path / "a.gdaw")] == [5, 4]


def test_an_earlier_version_can_be_restored_and_the_present_one_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.gdaw"
    saved_times(path, 4)
    saved = project.restore_generation(path, 2)
    assert len(Graph.load(path).nodes) == 2 and saved.generation == 4
    assert len(Graph.load(generation(path, 4).path).nodes) == 4
    project.restore_generation(path, 4)
    assert len(Graph.load(path).nodes) == 4


def test_restoring_follows_no_journal_and_keeps_all_parts(tmp_path: Path) -> None:
    path = tmp_path / "a.gdaw"
    graph = Graph()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("document.msgpack", codec.encode(graph.document))
        archive.writestr("plugins/x", b"state")
    graph = Graph.load(path)
    project.save(graph.document, path, mark=project.JournalMark("j1", 7))
    graph.add("t_amp")
    project.save(graph.document, path, mark=project.JournalMark("j1", 9))
    assert project.mark(path) == project.JournalMark("j1", 9)
    project.restore_generation(path, 2)
    assert project.mark(path) is None, "the journal must not be played on top of it"
    with zipfile.ZipFile(path) as archive:
        assert archive.read("plugins/x") == b"state"
    assert Graph.load(path).nodes == {}


def test_checkpoints_made_since_an_earlier_version_survive_going_back_to_it(tmp_path: Path) -> None:
    path, take = tmp_path / "a.gdaw", tmp_path / "take.wav"
    take.write_bytes(b"sound" * 999)
    graph, marks = Graph(), project.Checkpoints()
    project.save(graph.document, path)
    marks.add(graph.document, "one")
    project.save(graph.document, path, checkpoints=marks)
    player = graph.add("t_file", file=str(take))
    marks.add(graph.document, "two")
    project.save(graph.document, path, checkpoints=marks)
    take.unlink()
    assert project.restore_generation(path, 2).left_out == ()
    known = checkpoints.read(path)
    assert [one.label for one in known] == ["one", "two"]
    again = Graph.load(path)
    assert again.nodes == {}
    project.restore(again, known, 2)
    found = project.media_path(again.document, str(again[player.id].params["file"]), tmp_path)
    assert found.read_bytes() == b"sound" * 999
    project.restore_generation(path, 1)
    assert len(checkpoints.read(path)) == 2, "also to a version from before there were any"


def test_a_damaged_file_names_the_newest_version_that_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.gdaw"
    saved_times(path, 4)
    newest, second, _ = generations(path)
    Path(newest.path).write_bytes(b"PK\x03\x04 torn")
    path.write_bytes(path.read_bytes()[:100])
    time = second.saved_at.astimezone().strftime("%H:%M")
    with pytest.raises(ProjectError) as failure:
        project.load(path)
    sentence = str(failure.value)
    assert f"{path} is damaged or no project" in sentence and "Open an earlier version" not in sentence
    assert sentence.endswith(f"restore generation 2, saved {time}, with `graphdaw generations {path} --restore 2`.")
    path.unlink()
    with pytest.raises(ProjectError, match=r"does not exist; .*, or restore generation 2"):
        project.load(path)
    project.restore_generation(path, 2)
    assert len(Graph.load(path).nodes) == 2


def test_a_damaged_recording_makes_a_version_not_whole(tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    take.write_bytes(os.urandom(5000))
    graph = Graph()
    graph.add("t_file", file=str(take))
    path = tmp_path / "a.gdaw"
    for _ in range(3):
        project.save(graph.document, path)
    [newer, older] = generations(path)
    data = bytearray(Path(newer.path).read_bytes())
    data[data.index(take.read_bytes()[:100]) + 2000] ^= 1
    Path(newer.path).unlink()
    Path(newer.path).write_bytes(data)
    path.unlink()
    with pytest.raises(ProjectError, match=f"restore generation {older.number}, saved"):
        project.load(path)


def test_where_links_cannot_be_made_a_copy_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    path = tmp_path / "a.gdaw"
    saved_times(path, 3)
    assert [len(Graph.load(one.path).nodes) for one in generations(path)] == [2, 1]
    assert all(os.stat(one.path).st_ino != os.stat(path).st_ino for one in generations(path))
    assert len(os.listdir(kept.folder_of(path))) == 2


def test_a_version_that_cannot_be_kept_is_told_and_does_not_stop_the_save(tmp_path: Path) -> None:
    path = tmp_path / "a.gdaw"
    graph = saved_times(path, 1)
    Path(kept.folder_of(path)).write_text("in the way")
    graph.add("t_amp")
    saved = project.save(graph.document, path)
    assert saved.generation is None and "the version before could not be kept surely" in saved.sentence
    assert len(Graph.load(path).nodes) == 2


def test_a_link_in_the_place_of_the_folder_leads_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "a.gdaw"
    graph = saved_times(path, 1)
    (tmp_path / "elsewhere").mkdir()
    os.symlink(tmp_path / "elsewhere", kept.folder_of(path))
    assert project.save(graph.document, path).generation is None
    assert os.listdir(tmp_path / "elsewhere") == []


def test_a_save_that_died_before_its_rename_leaves_no_second_version(tmp_path: Path) -> None:
    path = tmp_path / "a.gdaw"
    graph = saved_times(path, 2)
    assert kept.keep(str(path)).number == 2, "as a save does just before its rename"
    assert [one.number for one in generations(path)] == [1], "what is there now is no earlier version"
    assert project.save(graph.document, path).generation == 2
    assert [one.number for one in generations(path)] == [2, 1]


def test_files_of_others_among_the_versions_are_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.gdaw"
    saved_times(path, 2)
    folder = Path(kept.folder_of(path))
    for name in ("notes.txt", "000009.99999999T999999Z.gdaw", "000001.gdaw"):
        (folder / name).write_text("mine")
    saved_times(path, 14)
    assert {"notes.txt", "000009.99999999T999999Z.gdaw", "000001.gdaw"} <= set(os.listdir(folder))
    assert len(generations(path)) == 10 and all(isinstance(one, Generation) for one in generations(path))
