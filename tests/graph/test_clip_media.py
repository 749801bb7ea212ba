"""Recordings that clips name travel, are found, and stay closed like those of a node's settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import graphdaw as gd
from graphdaw.errors import MediaError
from graphdaw.graph import project, text
from graphdaw.graph.clips import AudioClip
from graphdaw.graph.graph import Graph
from graphdaw.graph.opened import Project
from graphdaw.graph.project import missing_media, relink
from graphdaw.graph.project.found import settings_of
from graphdaw.graph.validate import validate
from graphdaw.graph.vocabulary import PutClip, SetClip
from tests.graph.crashing import crashed
from tests.graph.test_media_found import recording


def with_takes(*paths: Path | str) -> tuple[Graph, str]:
    graph = Graph()
    node = graph.add("t_regions")
    for number, path in enumerate(paths):
        graph.put_clip(node, AudioClip(f"c{number}", 960 * number, 960, media=str(path)))
    return graph, node.id


def media_of(graph: Graph, node: str) -> list[str]:
    return [clip.media for clip in graph[node].clips if isinstance(clip, AudioClip)]


def test_a_save_takes_recordings_of_clips_in_and_a_load_has_them(tmp_path: Path) -> None:
    take, hash = recording(tmp_path / "take.wav")
    graph, node = with_takes(take, take)
    before = take.read_bytes()
    graph.save(tmp_path / "a.gdaw")
    assert media_of(graph, node) == [str(take)] * 2
    take.unlink()

    again = Graph.load(tmp_path / "a.gdaw")
    assert media_of(again, node) == [hash, hash] and list(again.document.media) == [hash]
    assert again.document.foreign == set() and validate(again.document) == [] and missing_media(again.document) == []
    assert project.media_path(again.document, hash, tmp_path).read_bytes() == before
    assert graph.document.collected[str(take)][0] == hash


def test_a_group_file_and_the_clipboard_carry_recordings_of_clips(tmp_path: Path) -> None:
    take, hash = recording(tmp_path / "take.wav")
    graph, node = with_takes(take)
    project.save_group(graph.document, node, tmp_path / "part.gdaw")
    other = Graph()
    other.apply(project.insert_group(other.document, tmp_path / "part.gdaw"))
    assert media_of(other, "t_regions1") == [hash] and missing_media(other.document) == []
    graph.apply(text.paste(graph.document, text.copy(graph.document, [node])))
    assert media_of(graph, "t_regions2") == [str(take)] and validate(graph.document) == []


def test_a_recording_of_a_clip_that_was_moved_is_found_by_name_and_chosen_by_an_edit(tmp_path: Path) -> None:
    graph, node = with_takes(tmp_path / "was" / "take.wav", "")
    near, _ = recording(tmp_path / "now" / "take.wav")
    (missing,) = missing_media(graph.document)
    assert str(missing) == "'take.wav' of t_regions1.clips.c0"
    assert [problem.code for problem in validate(graph.document)] == ["missing_media"]
    graph.apply(settings_of(relink(graph.document, tmp_path / "now")), "relink")
    assert media_of(graph, node) == [str(near), ""] and missing_media(graph.document) == []
    graph.undo()
    assert media_of(graph, node)[0].endswith("was/take.wav")


def test_a_recording_of_a_clip_that_is_gone_from_the_file_is_found_by_its_content(tmp_path: Path) -> None:
    take, hash = recording(tmp_path / "take.wav")
    graph, _ = with_takes(take)
    graph.save(tmp_path / "a.gdaw")
    document = graph.document.copy()
    document.media, document.media_files = {}, {}
    take.rename(tmp_path / "moved.wav")
    (found,) = relink(document, tmp_path)
    assert found.certain and found.missing.hash == hash


@pytest.mark.parametrize("way", ["a group file", "the clipboard", "an edit", "fields of a clip", "undo"])
def test_only_the_user_makes_a_path_readable_that_came_with_a_clip(tmp_path: Path, way: str) -> None:
    (tmp_path / "secret.wav").write_bytes(b"RIFF of somebody else")
    secret = str(tmp_path / "secret.wav")
    evil, _ = with_takes(secret)
    evil.document.foreign = {secret}
    evil.save(tmp_path / "evil.gdaw")
    graph = Graph()
    if way == "a group file":
        graph.apply(project.insert_group(graph.document, tmp_path / "evil.gdaw"))
    elif way == "the clipboard":
        graph.apply(text.paste(graph.document, text.show(evil.document)))
    else:
        graph = Graph.load(tmp_path / "evil.gdaw")
        (node,) = graph.nodes
        if way == "an edit":
            graph.apply([PutClip(node, AudioClip("c9", 0, 1, media=secret))])
            graph.take_clip(node, "c9")
        elif way == "fields of a clip":
            graph.set_clip(node, "c0", gain_db=-3.0)
            graph.apply([SetClip(node, "c0", {"media": ""}), SetClip(node, "c0", {"media": secret})])
        else:
            graph.remove(node)
            graph.undo()
    (node,) = graph.nodes
    assert [problem.code for problem in validate(graph.document)] == ["foreign_media"]
    with pytest.raises(MediaError, match="choose it yourself"):
        project.media_path(graph.document, secret, tmp_path)

    graph.set_clip(node, "c0", media=secret)
    assert project.media_path(graph.document, secret, tmp_path) == Path(secret)


def test_what_the_user_chose_for_a_clip_is_chosen_after_a_crash_too(project: Project, tmp_path: Path) -> None:
    take, _ = recording(tmp_path / "take.wav")
    node = project.graph.add("t_regions")
    project.graph.document.foreign = {str(take), "/foreign.wav"}
    project.graph.put_clip(node, AudioClip("mine", 0, 1, media=str(take)))
    project.graph.apply([PutClip(node.id, AudioClip("theirs", 0, 1, media="/foreign.wav"))])
    again = gd.load(str(crashed(project, tmp_path)))
    assert again.document.foreign == {"/foreign.wav"}
    assert again[node.id].clips == node.clips


def test_a_text_file_finds_the_recordings_of_its_clips_beside_it(tmp_path: Path) -> None:
    (tmp_path / "loop.wav").write_bytes(b"RIFF")
    path = tmp_path / "song.txt"
    path.write_text(
        'node a t_regions\n  clip c audio media="loop.wav" @length=5\n  clip d audio media="../x" @length=5\n'
    )
    graph = Graph.load(path)
    assert media_of(graph, "a") == [os.path.realpath(tmp_path / "loop.wav"), "../x"]
    assert graph.document.foreign == {"../x"}
