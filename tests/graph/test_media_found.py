"""Recordings that were moved, renamed, deleted or damaged: found again by what they hold, and never lost by a save."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import wave
import zipfile
from pathlib import Path

import pytest

import graphdaw as gd
from graphdaw.errors import MediaError
from graphdaw.graph import Graph, project
from graphdaw.graph.edits import apply
from graphdaw.graph.project import found as finding
from graphdaw.graph.project import generations, missing_media, relink
from graphdaw.graph.project.found import settings_of
from graphdaw.graph.validate import validate


def recording(path: Path, seed: int = 1, size: int = 4000) -> tuple[Path, str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes((i * seed * 7 + i // 256) % 256 for i in range(size)))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def without(path: Path, hash: str) -> None:
    """Take a recording out of a project file, as a careless tool would."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist() if name != f"media/{hash}"}
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)


@pytest.fixture
def bare(tmp_path: Path) -> tuple[Path, Path, str]:
    """A project whose recording is gone from it, the recording elsewhere under another name, and its hash."""
    take, hash = recording(tmp_path / "take.wav")
    graph = Graph()
    graph.add("t_file", file=str(take))
    graph.add("t_file", file=str(take))
    (tmp_path / "song").mkdir()
    graph.save(tmp_path / "song" / "a.gdaw")
    without(tmp_path / "song" / "a.gdaw", hash)
    moved = tmp_path / "archive" / "deep" / "other name.aif"
    moved.parent.mkdir(parents=True)
    take.rename(moved)
    return tmp_path / "song" / "a.gdaw", moved, hash


def test_a_recording_is_found_by_its_content_whatever_it_is_called_now(bare: tuple[Path, Path, str]) -> None:
    path, moved, hash = bare
    decoy, _ = recording(moved.parent.parent / "take.wav", seed=5)
    document = project.load(path)
    [missing] = missing_media(document)
    assert (missing.name, missing.hash, missing.size) == ("take.wav", hash, 4000)
    assert missing.nodes == (("t_file1", "file"), ("t_file2", "file"))
    assert str(missing) == "'take.wav' of t_file1.file, t_file2.file"
    [found] = relink(document, moved.parent.parent)
    assert (found.path, found.certain) == (str(moved), True), f"not {decoy}, which only has the name"
    assert missing_media(document) == [] and settings_of([found]) == []
    project.save(document, path)
    content = moved.read_bytes()
    shutil.rmtree(moved.parent.parent)
    again = project.load(path)
    assert missing_media(again) == [] and validate(again) == []
    assert project.media_path(again, hash, path.parent).read_bytes() == content


def test_the_usual_folders_are_searched_unasked(bare: tuple[Path, Path, str]) -> None:
    path, moved, hash = bare
    document = project.load(path)
    assert relink(document) == []
    (path.parent / "Media").mkdir()
    moved.rename(path.parent / "Media" / "x")
    assert [one.path for one in relink(document)] == [str(path.parent / "Media" / "x")]


def test_a_recording_inside_another_project_is_found(bare: tuple[Path, Path, str], tmp_path: Path) -> None:
    path, moved, hash = bare
    other = Graph()
    other.add("t_file", file=str(moved))
    other.save(path.parent / "other.gdaw")
    content = moved.read_bytes()
    moved.unlink()
    document = project.load(path)
    assert [one.path for one in relink(document)] == [str(path.parent / "other.gdaw")]
    project.save(document, path)
    (path.parent / "other.gdaw").unlink()
    assert project.media_path(project.load(path), hash, tmp_path).read_bytes() == content


def test_a_recording_inside_an_earlier_version_is_found(tmp_path: Path) -> None:
    take, hash = recording(tmp_path / "take.wav")
    graph = Graph()
    graph.add("t_file", file=str(take))
    path = tmp_path / "a.gdaw"
    graph.save(path)
    graph.save(path)
    take.unlink()
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)
    without(path, hash)
    document = project.load(path)
    assert [one.path for one in relink(document)] == [generations(path)[0].path]


def test_a_path_is_found_by_name_and_choosing_it_is_an_edit(tmp_path: Path) -> None:
    gone = tmp_path / "was" / "Bässe.WAV"
    graph = Graph()
    node = graph.add("t_file", file=str(gone))
    near, _ = recording(tmp_path / "now" / "ba\u0308sse.wav")
    [found] = relink(graph.document, tmp_path / "now")
    assert (found.path, found.certain, found.missing.hash) == (str(near), False, "")
    graph.apply(settings_of([found]), "relink")
    assert node.params["file"] == str(near) and missing_media(graph.document) == []
    graph.undo()
    assert node.params["file"] == str(gone)


def test_a_path_that_came_with_a_file_is_only_found_where_the_user_says(tmp_path: Path) -> None:
    graph = Graph()
    graph.add("t_file", file="C:\\Samples\\kick.wav")
    path = tmp_path / "a.gdaw"
    graph.save(path)
    recording(tmp_path / "kick.wav")
    document = project.load(path)
    assert document.foreign and relink(document) == []
    [found] = relink(document, tmp_path)
    apply(document, settings_of([found]))
    assert missing_media(document) == [] and str(tmp_path / "kick.wav") not in document.foreign


def test_a_recording_deleted_after_the_save_is_in_the_next_save_too(tmp_path: Path) -> None:
    take, hash = recording(tmp_path / "take.wav")
    content = take.read_bytes()
    graph = Graph()
    node = graph.add("t_file", file=str(take))
    graph.save(tmp_path / "a.gdaw")
    take.unlink()
    assert validate(graph.document) == [] and missing_media(graph.document) == []
    assert project.media_path(graph.document, str(take), tmp_path).read_bytes() == content
    graph.add("t_amp")
    graph.save(tmp_path / "a.gdaw")
    again = Graph.load(tmp_path / "a.gdaw")
    assert again[node.id].params["file"] == hash
    assert project.media_path(again.document, hash, tmp_path).read_bytes() == content


def test_in_an_open_project_too(tmp_path: Path) -> None:
    take, hash = recording(tmp_path / "take.wav")
    content = take.read_bytes()
    with gd.open(tmp_path / "a.gdaw", create=True) as opened:
        opened.graph.add("t_file", file=str(take))
        opened.save()
        take.unlink()
        assert project.media_path(opened.graph.document, str(take), tmp_path).read_bytes() == content
        opened.graph.add("t_amp")
        assert opened.save().left_out == ()
    (tmp_path / hash).unlink()
    assert project.media_path(project.load(tmp_path / "a.gdaw"), hash, tmp_path).read_bytes() == content


def test_a_project_deleted_while_it_is_open_is_saved_with_its_recordings(tmp_path: Path) -> None:
    take, hash = recording(tmp_path / "take.wav")
    path = tmp_path / "a.gdaw"
    graph = Graph()
    graph.add("t_file", file=str(take))
    graph.save(path)
    graph.save(path)
    content = take.read_bytes()
    take.unlink(), path.unlink()
    saved = project.save(graph.document, path)
    assert saved.left_out == (), "an earlier version has them"
    assert project.media_path(project.load(path), hash, tmp_path).read_bytes() == content


def test_a_damaged_recording_does_not_keep_the_rest_from_being_saved(tmp_path: Path) -> None:
    take, _ = recording(tmp_path / "take.wav")
    path = tmp_path / "a.gdaw"
    graph = Graph()
    graph.add("t_file", file=str(take))
    graph.save(path)
    data = bytearray(path.read_bytes())
    data[data.index(take.read_bytes()[:500]) + 1000] ^= 1
    path.write_bytes(data)
    again = Graph.load(path)
    again.add("t_amp")
    saved = project.save(again.document, path)
    assert (
        saved.left_out == ("'take.wav'",)
        and "left out, because it cannot be read any more: 'take.wav'" in saved.sentence
    )
    assert len(Graph.load(path).nodes) == 2
    assert bytes(data) == Path(generations(path)[0].path).read_bytes(), "what can be rescued from it is kept"


def test_a_damaged_recording_is_taken_from_an_earlier_version(tmp_path: Path) -> None:
    take, hash = recording(tmp_path / "take.wav")
    path = tmp_path / "a.gdaw"
    graph = Graph()
    graph.add("t_file", file=str(take))
    for _ in range(3):
        graph.save(path)
    for file in (path, Path(generations(path)[0].path)):
        data = bytearray(file.read_bytes())
        data[data.index(take.read_bytes()[:500]) + 1000] ^= 1
        file.unlink()
        file.write_bytes(data)
    again = Graph.load(path)
    assert project.save(again.document, path).left_out == ()
    unpacked = project.media_path(Graph.load(path).document, hash, tmp_path)
    assert unpacked.read_bytes() == take.read_bytes()


def test_a_recording_nobody_may_read_does_not_keep_the_rest_from_being_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, _ = recording(tmp_path / "take.wav")

    def refused(path: str) -> None:
        raise MediaError("no") from PermissionError(13, "Permission denied")

    graph = Graph()
    graph.add("t_file", file=str(take))
    monkeypatch.setattr(project.media, "hash_file", refused)
    graph.save(tmp_path / "a.gdaw")
    assert Graph.load(tmp_path / "a.gdaw")["t_file1"].params["file"] == str(take)


def test_recordings_are_copied_as_they_lie_and_stay_the_same_bits(tmp_path: Path) -> None:
    take, hash = recording(tmp_path / "take.wav", size=3_000_000)
    graph = Graph()
    graph.add("t_file", file=str(take))
    graph.save(tmp_path / "0.gdaw")
    for turn in range(3):
        graph = Graph.load(tmp_path / f"{turn}.gdaw")
        graph.save(tmp_path / f"{turn + 1}.gdaw")
    with zipfile.ZipFile(tmp_path / "3.gdaw") as archive:
        assert archive.testzip() is None
        assert archive.read(f"media/{hash}") == take.read_bytes()
    if shutil.which("unzip"):
        assert subprocess.run(["unzip", "-tqq", tmp_path / "3.gdaw"], check=False).returncode == 0


def test_members_beyond_four_gigabytes_are_copied_in_the_form_they_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the limit of the short form at a thousand bytes, so that the test is quick."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    test_recordings_are_copied_as_they_lie_and_stay_the_same_bits(tmp_path)


def test_a_search_is_bounded_and_follows_no_links(
    bare: tuple[Path, Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, moved, hash = bare
    (path.parent / "elsewhere").symlink_to(moved.parent)
    (path.parent / "round").symlink_to(path.parent)
    os.mkfifo(path.parent / "take.wav")
    document = project.load(path)
    assert relink(document) == []
    monkeypatch.setattr(finding, "MAX_DEPTH", 0)
    assert relink(document, moved.parent.parent) == []
    monkeypatch.undo()
    monkeypatch.setattr(finding, "MAX_FILES", 0)
    assert relink(document, moved.parent.parent) == []


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "graphdaw.cli", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_line_lists_what_is_missing_and_finds_it(tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    with wave.open(str(take), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(48_000)
        file.writeframes(os.urandom(20_000))
    hash = hashlib.sha256(take.read_bytes()).hexdigest()
    graph = gd.Graph()
    graph.add("audio_file", file=str(take)) >> graph.add("output")
    path = tmp_path / "a.gdaw"
    graph.save(path)
    without(path, hash)
    (tmp_path / "far").mkdir()
    take.rename(tmp_path / "far" / "b.wav")
    run = command("check", path)
    assert run.returncode == 1 and "'take.wav'" in run.stdout and "graphdaw relink FILE FOLDER" in run.stdout
    (tmp_path / "empty").mkdir()
    run = command("relink", path, tmp_path / "empty")
    assert run.returncode == 1 and run.stdout == "missing: 'take.wav' of audio_file1.file\n"
    run = command("relink", path, tmp_path / "nowhere")
    assert run.returncode == 2 and "is no folder" in run.stderr
    run = command("relink", path, tmp_path / "far", "--json")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "found": [{"name": "take.wav", "path": str(tmp_path / "far" / "b.wav"), "certain": True}],
        "missing": [],
    }
    shutil.rmtree(tmp_path / "far")
    assert command("check", path).returncode == 0
    assert command("relink", path).stdout == f"{path} misses no recording.\n"
