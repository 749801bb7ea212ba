"""What a song says of itself, and loops unrolled: against a player that goes tick by tick."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphdaw.graph.clips import CurveClip, Note, NoteClip, Point
from graphdaw.graph.song import (
    MOST_SAID,
    Automation,
    Report,
    Song,
    SongTrack,
    Target,
    decibels,
    joined,
    level,
    unrolled,
)
from graphdaw.graph.timeline import Timeline

notes = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30)), max_size=6)


@given(notes, st.integers(0, 20), st.integers(1, 60), st.integers(0, 50), st.integers(0, 25))
def test_clips_unroll_as_a_player_that_goes_tick_by_tick(
    found: list[tuple[int, int]], at: int, length: int, offset: int, loop: int
) -> None:
    own = tuple(Note(k, *pair, 60.0) for k, pair in enumerate(sorted(found)))
    clip = NoteClip("a", at, length, offset, loop, notes=own)
    expected = []
    for tick in range(at, at + length):
        place = offset + tick - at
        place = place % loop if loop else place
        for note in own:
            if note.at_ticks == place:
                stop = min([at + length, *([tick + loop - place] if loop else [])])
                expected.append((tick, note.id, min(note.length_ticks, stop - tick)))

    assert sorted((note.at_ticks, note.id, note.length_ticks) for note in unrolled(clip)) == sorted(expected)


def test_joined_curves_follow_their_lines_and_hold_between_clips() -> None:
    rise = (Point(0, 0.0), Point(100, 1.0))
    looped = CurveClip("a", 1_000, 250, 50, 100, points=rise)
    later = CurveClip("b", 2_000, 100, points=(Point(0, 5.0, "hold"), Point(60, 6.0), Point(200, 8.0)))
    muted = CurveClip("c", 0, 100, muted=True, points=rise)

    points = joined((later, looped, muted))

    ticks, values = [point.at_ticks for point in points], [point.value for point in points]
    assert ticks == [1_000, 1_049, 1_050, 1_149, 1_150, 1_249, 2_000, 2_060, 2_099]
    at = [1_000, 1_025, 1_049, 1_050, 1_100, 1_200, 1_240]
    assert np.interp(at, ticks, values) == pytest.approx([0.5, 0.75, 0.99, 0.0, 0.5, 0.5, 0.9])
    assert values[-3:] == pytest.approx([5.0, 6.0, 6.0 + 2.0 * 39 / 140])
    assert [point.shape for point in points[-4:]] == ["hold", "hold", "line", "hold"]


@given(st.floats(-95.9, 24.0))
def test_decibels_and_factors_are_inverse(gain_db: float) -> None:
    assert decibels(level(gain_db)) == pytest.approx(gain_db)
    assert level(gain_db) == pytest.approx(np.power(10.0, gain_db / 20.0))


def test_a_song_knows_its_notes_and_its_end() -> None:
    clip = NoteClip("a", 960, 1_920, loop_ticks=480, notes=(Note(1, 0, 10, 60.0),))
    automation = (Automation(Target("song", "level"), (CurveClip("b", 4_000, 100),)),)
    song = Song("s", Timeline(), (SongTrack("t", "T", "notes", (clip, clip)),), automation)

    assert (song.note_count, song.end_ticks) == (2, 4_100)
    assert song.track("t") is song.tracks[0] and song.track("u") is None


def test_a_report_says_each_thing_once_and_not_too_much() -> None:
    report = Report()
    for k in range(MOST_SAID + 20):
        report.say(f"{k}")
        report.say("0")

    assert len(report.all()) == MOST_SAID + 1 and report.all()[-1] == "20 more things could not be carried over."
