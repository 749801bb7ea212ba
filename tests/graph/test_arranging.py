"""Cutting and joining clips loses nothing, and tools for notes do what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphdaw as gd
from graphdaw.errors import ClipKindError, OutOfRangeError
from graphdaw.graph.arranging import (
    duplicate_clip,
    end_of,
    fresh_id,
    heard_notes,
    join_clips,
    legato,
    quantise_notes,
    reverse_clip,
    scale_velocities,
    split_clip,
    stretch_notes,
    transpose_notes,
    trim_clip,
)
from graphdaw.graph.clips import AudioClip, CurveClip, Lane, Note, NoteClip, Point
from graphdaw.graph.timeline import Tempo, Timeline
from graphdaw.nodes.prepare.curve import at as value_at
from graphdaw.nodes.prepare.curve import curve_of_clips
from tests.audio_tracks import RATE, noise, recorded, sine, track

SONG = Timeline((Tempo(0, 97.3, ramp=True), Tempo(2000, 141.0)))
NODE = "audio_clips1"


def played(clips: list[AudioClip], rate: int = RATE, seconds: float = 1.5) -> np.ndarray:
    return gd.render(track(*clips, sample_rate=rate, tempos=SONG.tempos), seconds=seconds)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"start_s": 0.123456},
        {"offset_ticks": 333},
        {"loop_ticks": 500, "offset_ticks": 777},
        {"reversed": True, "start_s": 0.1},
        {"gain_db": -3.0, "fade_in_s": 0.1, "fade_out_s": 0.1},
    ],
    ids=str,
)
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_parts_of_a_clip_sound_as_the_whole_does_to_the_bit(tmp_path: Path, more: dict, rate: int) -> None:
    path = recorded(tmp_path / "a.wav", noise(3 * rate, 2), rate)
    whole = AudioClip("c1", 101, 2500, media=path, **more)
    left, right = split_clip(whole, 1037, "c2", SONG, rate)
    middle, right = split_clip(right, 1501, "c3", SONG, rate)

    np.testing.assert_array_equal(played([whole], rate), played([left, middle, right], rate))


def test_a_sine_that_is_cut_at_another_speed_goes_on(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.wav", sine(200_000, 997.0))
    whole = AudioClip("c1", 0, 2500, media=path, speed=1.234567)

    difference = played([whole]) - played([*split_clip(whole, 1037, "c2", SONG, RATE)])

    assert 20 * np.log10(np.abs(difference).max() + 1e-12) < -100.0


@given(st.integers(1, 999), st.integers(0, 3000), st.integers(0, 700))
def test_joining_the_parts_of_a_split_gives_the_clip_back(cut: int, at: int, milliseconds: int) -> None:
    clip = AudioClip("c1", at, 1000, media="a.wav", start_s=milliseconds / 1000, gain_db=-1.0, name="verse")
    left, right = split_clip(clip, at + cut, "c2", SONG, RATE)

    again = join_clips([right, left], SONG, RATE)

    assert again.start_s == pytest.approx(clip.start_s, abs=0.51 / RATE)
    assert msgspec_equal_but_start(again, clip)


def msgspec_equal_but_start(a: AudioClip, b: AudioClip) -> bool:
    return all(getattr(a, name) == getattr(b, name) for name in a.__struct_fields__ if name != "start_s")


def test_recordings_that_do_not_go_on_are_not_joined() -> None:
    left = AudioClip("c1", 0, 960, media="a.wav")
    for right in (
        AudioClip("c2", 960, 960, media="b.wav", start_s=0.5),
        AudioClip("c2", 960, 960, media="a.wav"),
        AudioClip("c2", 970, 960, media="a.wav", start_s=0.5),
    ):
        with pytest.raises(ClipKindError, match="no parts of one recording"):
            join_clips([left, right], Timeline(), RATE)
    with pytest.raises(ClipKindError, match="different kinds"):
        join_clips([left, NoteClip("n1", 0, 960)], Timeline(), RATE)  # type: ignore[type-var]


def test_trimming_moves_edges_and_nothing_else(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.wav", noise(96_000))
    clip = AudioClip("c1", 480, 480, media=path, start_s=0.25)
    whole = played([trim_clip(clip, 480, 1200, SONG, RATE)])
    begin, end = (SONG.frame(tick, RATE) for tick in (700, 900))

    np.testing.assert_array_equal(played([trim_clip(clip, 700, 900, SONG, RATE)])[:, begin:end], whole[:, begin:end])
    first = trim_clip(clip, 0, 960, SONG, RATE)  # a quarter of a second before it there is no recording any more
    assert 0 < first.at_ticks < 480 and first.start_s < 0.001
    with pytest.raises(OutOfRangeError, match="let it last"):
        trim_clip(clip, 700, 700, SONG, RATE)


def test_notes_and_curves_that_begin_earlier_keep_what_they_hold_in_its_place() -> None:
    notes = NoteClip("n", 960, 960, notes=(Note(1, 100, 50, 60.0),), lanes=(Lane("bend", (Point(10, 1.0),)),))
    curve = CurveClip("n", 960, 960, points=(Point(100, 1.0), Point(200, 2.0)))

    earlier = trim_clip(notes, 480, 1920, SONG, RATE)
    assert [note.at_ticks for note in heard_notes(earlier)] == [1060]
    assert earlier.lanes[0].points[0].at_ticks == 490
    assert [p.at_ticks for p in trim_clip(curve, 480, 1920, SONG, RATE).points] == [580, 680]


def test_split_notes_play_where_they_were_and_end_at_the_cut() -> None:
    clip = NoteClip("n", 100, 1000, notes=(Note(1, 0, 800, 60.0), Note(2, 500, 100, 62.0)))
    left, right = split_clip(clip, 500, "m", SONG, RATE)

    assert [(n.at_ticks, n.length_ticks) for n in heard_notes(left)] == [(100, 400)]
    assert [(n.at_ticks, n.length_ticks) for n in heard_notes(right)] == [(600, 100)]
    assert trim_clip(left, 100, 1100, SONG, RATE).notes == clip.notes


def test_joined_notes_sound_as_before_with_their_turns() -> None:
    first = NoteClip("n", 0, 960, loop_ticks=400, notes=(Note(1, 0, 300, 60.0), Note(2, 350, 300, 61.0)))
    second = NoteClip("m", 1200, 500, offset_ticks=100, notes=(Note(1, 50, 9, 70.0), Note(2, 150, 9, 71.0)))

    whole = join_clips([second, first], SONG, RATE)

    def heard(clips: list[NoteClip]) -> list[tuple]:
        return sorted((n.at_ticks, n.length_ticks, n.key) for clip in clips for n in heard_notes(clip))

    assert heard([whole]) == heard([first, second])
    assert len({note.id for note in whole.notes}) == len(whole.notes) == 6
    assert (whole.at_ticks, end_of(whole), whole.id) == (0, 1700, "n")


def test_joined_curves_have_the_values_they_had() -> None:
    first = CurveClip("a", 0, 1000, points=(Point(0, 0.0), Point(2000, 1.0)))
    second = CurveClip("b", 1000, 600, loop_ticks=200, points=(Point(0, 5.0, "smooth"), Point(200, 7.0)))
    whole = join_clips([first, second], SONG, RATE)

    for tick in range(0, 1_600, 7):
        clip = first if tick < 1000 else second
        content = tick if tick < 1000 else (tick - 1000) % 200
        if content not in (0, 199) and tick != 999:
            assert value_at(whole.points, tick) == pytest.approx(value_at(clip.points, content), abs=0.01)
    assert len(curve_of_clips([whole])) > 0


def test_a_reversed_part_is_the_same_part_backwards_and_twice_gives_it_back(tmp_path: Path) -> None:
    x = noise(48_000)
    path = recorded(tmp_path / "a.wav", x)
    clip = AudioClip("c1", 0, 960, media=path, start_s=0.25)
    turned = reverse_clip(clip, Timeline(), RATE, 1.0)

    y = gd.render(track(turned), seconds=0.5)[0]

    np.testing.assert_array_equal(y, x[0, 12_000:36_000][::-1])
    assert reverse_clip(turned, Timeline(), RATE, 1.0) == clip


def test_quantising_moves_as_far_as_it_is_told() -> None:
    clip = NoteClip("n", 0, 960, notes=(Note(1, 250, 100, 60.0), Note(2, 355, 10, 62.0), Note(3, 365, 10, 62.0)))

    assert [n.at_ticks for n in quantise_notes(clip, 240).notes] == [240, 240, 480]
    assert [n.at_ticks for n in quantise_notes(clip, 240, strength=0.5).notes] == [245, 298, 422]
    assert [n.at_ticks for n in quantise_notes(clip, 240, only=[3]).notes] == [250, 355, 480]
    assert [(n.at_ticks, n.length_ticks) for n in quantise_notes(clip, 120, ends=True).notes] == [
        (240, 120),
        (360, 120),
        (360, 120),
    ]
    with pytest.raises(OutOfRangeError):
        quantise_notes(clip, 0)


def test_tools_for_notes() -> None:
    clip = NoteClip("n", 0, 960, notes=(Note(1, 0, 10, 60.0, 0.5), Note(2, 480, 10, 64.0, 0.9)))

    assert [n.key for n in transpose_notes(clip, -12).notes] == [48.0, 52.0]
    assert [n.velocity for n in scale_velocities(clip, 2.0, offset=-0.2).notes] == [0.8, 1.0]
    assert [n.length_ticks for n in legato(clip, gap_ticks=20).notes] == [460, 10]
    long = stretch_notes(clip, 2.0)
    assert (long.length_ticks, [(n.at_ticks, n.length_ticks) for n in long.notes]) == (1920, [(0, 20), (960, 20)])
    assert duplicate_clip(clip, "m").at_ticks == 960
    assert fresh_id({"c1", "c3"}, "c1") == "c2"
