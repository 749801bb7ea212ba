"""The calls of a graph that are about tracks: one undo step each, and the length of a recording is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.errors import ClipKindError, MediaError, UnknownClipError
from graphdaw.graph.clips import Note, NoteClip
from graphdaw.graph.timeline import Tempo, Timeline
from graphdaw.graph.vocabulary import PutClip, SetTimeline
from tests.audio_tracks import noise, recorded, track

NODE = "audio_clips1"


@pytest.fixture
def path(tmp_path: Path) -> str:
    return recorded(tmp_path / "a.wav", noise(48_000))


def test_a_recording_is_put_as_long_as_it_is(path: str) -> None:
    graph = track()
    graph.apply([SetTimeline(Timeline((Tempo(0, 60.0, ramp=True), Tempo(960, 120.0))))])

    assert graph.put_audio(NODE, path).length_ticks == -int(-graph.document.timeline.ticks(1.0) // 1)
    assert graph.put_audio(graph[NODE], path, 960, start_s=0.5, speed=2.0).length_ticks == 480
    assert graph.put_audio(NODE, path, media_bpm=90.0, follows_tempo=True).length_ticks == 1440
    assert [clip.id for clip in graph.nodes[NODE].clips] == ["audio1", "audio3", "audio2"]
    with pytest.raises(MediaError, match="ends before 2 s"):
        graph.put_audio(NODE, path, start_s=2.0)
    with pytest.raises(MediaError, match=r"none\.wav is missing"):
        graph.put_audio(NODE, "none.wav")


def test_clips_are_cut_moved_copied_joined_and_turned_by_calls_that_can_be_undone(path: str) -> None:
    graph = track()
    graph.put_audio(NODE, path)
    states = [graph.nodes[NODE].clips]

    left, right = graph.split_clip(NODE, "audio1", 960)
    states.append(graph.nodes[NODE].clips)
    graph.duplicate_clip(NODE, right.id)
    graph.move_clip(NODE, right.id, 3000)
    graph.trim_clip(NODE, right.id, 3100, 3500)
    graph.move_clip(NODE, right.id, 960)
    graph.undo(), graph.undo(), graph.undo(), graph.undo()
    assert graph.nodes[NODE].clips == states.pop()
    graph.reverse_clip(NODE, left.id)
    graph.undo()
    assert graph.join_clips(NODE, left.id, right.id) == states[0][0]
    with pytest.raises(UnknownClipError):
        graph.split_clip(NODE, "audio9", 5)
    with pytest.raises(ClipKindError, match="two clips"):
        graph.join_clips(NODE, "audio1")


def test_a_reversed_recording_inside_a_project_is_measured_there(path: str, tmp_path: Path) -> None:
    graph = track()
    graph.put_audio(NODE, path, length_ticks=960, start_s=0.25)
    graph.save(tmp_path / "song.gdaw")
    Path(path).unlink()
    graph = gd.load(str(tmp_path / "song.gdaw"))

    assert graph.reverse_clip(NODE, "audio1").start_s == pytest.approx(0.25)


def test_notes_are_shaped_by_calls() -> None:
    graph = gd.Graph()
    graph.add("notes")
    graph.apply([PutClip("notes1", NoteClip("c1", 0, 960, notes=(Note(1, 5, 10, 60.0), Note(2, 250, 10, 62.0))))])

    graph.quantise("notes1", "c1", 240)
    graph.transpose("notes1", "c1", 12)
    clip = graph.legato("notes1", "c1")

    assert [(n.at_ticks, n.length_ticks, n.key) for n in clip.notes] == [(0, 240, 72.0), (240, 10, 74.0)]
    graph.undo(), graph.undo(), graph.undo()
    assert [n.at_ticks for n in graph.nodes["notes1"].clips[0].notes] == [5, 250]


def test_what_is_put_is_heard(path: str) -> None:
    graph = track()
    graph.put_audio(NODE, path, 480, gain_db=-6.0)

    assert np.abs(gd.render(graph, seconds=1.5)).max() == pytest.approx(0.5 * 10 ** (-6 / 20), rel=0.01)
