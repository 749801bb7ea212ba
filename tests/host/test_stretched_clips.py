"""Clips that follow the tempo or are transposed: which copy is asked for, and when it is heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.errors import MediaError
from graphdaw.graph.clips import AudioClip, WarpMark
from graphdaw.graph.timeline import Tempo, Timeline
from graphdaw.graph.vocabulary import SetTimeline
from graphdaw.graph.warping import StretchMark, marks_of
from graphdaw.host.audio_tracks import AudioTracks
from graphdaw.nodes.base import Recording
from tests.audio_tracks import RATE, noise, recorded, track

NODE = "audio_clips1"


class Tape:
    """Stretches as a tape does: by reading on between the frames; it is ready from the n-th question on."""

    def __init__(self, ready_at: int = 0) -> None:
        self.ready_at = ready_at
        self.asked: list[tuple[tuple[StretchMark, ...], float]] = []

    def __call__(
        self, recording: Recording, marks: tuple[StretchMark, ...], pitch_semitones: float, *, wait: bool
    ) -> Recording | None:
        self.asked.append((marks, pitch_semitones))
        if len(self.asked) <= self.ready_at and not wait:
            return None
        places = np.arange(round(marks[-1].out_s * recording.rate_hz)) / recording.rate_hz
        media = np.interp(places, [m.out_s for m in marks], [m.media_s for m in marks]) * recording.rate_hz
        frames = np.arange(recording.samples.shape[1])
        planes = np.stack([np.interp(media, frames, plane) for plane in recording.samples]).astype(np.float32)
        return Recording(recording.name, planes, recording.rate_hz)


def session_with(graph: gd.Graph, tape: Tape | None) -> gd.Session:
    session = gd.Session(graph, device="hand")
    session.engine._recordings.tracks.stretcher = tape
    session.engine._arrange_again({NODE})
    return session


def ramp(seconds: float) -> np.ndarray:
    return np.linspace(0.0, 1.0, round(seconds * RATE), dtype=np.float32)[None]


def test_a_clip_that_follows_the_tempo_is_stretched_to_it_and_again_when_that_changes(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.wav", ramp(4.0))
    graph = track(AudioClip("c1", 0, 3840, media=path, media_bpm=60.0, follows_tempo=True))
    tape = Tape()
    with session_with(graph, tape) as session, session.tap(NODE) as tap:
        session.play()
        session.step(40)
        first = tap.read()[0]
        graph.apply([SetTimeline(Timeline((Tempo(0, 30.0),)))])
        session.step(40)

    assert tape.asked[0] == ((StretchMark(0.0, 0.0), StretchMark(4.0, 2.0)), 0.0)  # four beats at 60, played at 120
    assert tape.asked[-1] == ((StretchMark(0.0, 0.0), StretchMark(4.0, 8.0)), 0.0)
    np.testing.assert_allclose(first[:4_000], ramp(4.0)[0, :8_000:2], atol=1e-5)


def test_it_is_silent_and_says_so_until_the_copy_is_ready(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.wav", noise(48_000))
    graph = track(AudioClip("c1", 0, 3840, media=path, pitch_semitones=3.0))
    with session_with(graph, Tape(ready_at=2)) as session, session.tap(NODE) as tap:
        session.play()
        session.step(4)
        assert not tap.read().any()
        assert session.engine.problems[NODE].startswith("Clip 'c1' is silent while it is being stretched")
        session.engine.keep_up()
        session.engine.keep_up()
        session.step(8)
        assert np.abs(tap.read()).max() > 0.2
        assert NODE not in session.engine.problems


def test_offline_it_is_waited_for_and_without_a_stretcher_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recorded(tmp_path / "a.wav", noise(48_000))
    graph = track(AudioClip("c1", 0, 3840, media=path, pitch_semitones=3.0))

    with pytest.raises(MediaError, match="nothing that stretches"):
        gd.render(graph, seconds=0.1)
    monkeypatch.setattr(AudioTracks, "stretcher", Tape(ready_at=100))
    assert np.abs(gd.render(graph, seconds=0.1)).max() > 0.4


def test_turns_of_a_loop_share_one_copy(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.wav", ramp(4.0))
    graph = track(AudioClip("c1", 960, 9600, media=path, media_bpm=100.0, follows_tempo=True, loop_ticks=1920))
    tape = Tape()
    with session_with(graph, tape) as session:
        assert len(session.engine._recordings.prepared._held) == 1
    assert len(tape.asked) == 1


def test_marks_follow_warp_marks_and_ramps() -> None:
    warped = AudioClip("c1", 960, 1920, warp=(WarpMark(0, 0.5), WarpMark(960, 1.1), WarpMark(1920, 2.0)))
    assert marks_of(warped, Timeline(), 2.0) == (StretchMark(0.5, 0.0), StretchMark(1.1, 0.5), StretchMark(2.0, 1.0))

    song = Timeline((Tempo(0, 60.0, ramp=True), Tempo(1920, 180.0)))
    marks = marks_of(AudioClip("c1", 0, 3840, media_bpm=60.0, follows_tempo=True), song, 4.0)
    assert [mark.out_s for mark in marks] == pytest.approx([song.seconds(960 * mark.media_s) for mark in marks])
    assert len(marks) == 8 + 2

    single = marks_of(AudioClip("c1", 0, 960, warp=(WarpMark(480, 1.0),)), Timeline(), 1.25)
    assert single == (StretchMark(0.75, 0.0), StretchMark(1.0, 0.25), StretchMark(1.25, 0.5))
