"""Takes and comps: which take sounds where, without gaps, clicks or losses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

import graphdaw as gd
from graphdaw.errors import UnknownClipError
from graphdaw.graph.clips import AudioClip, Note, NoteClip
from graphdaw.graph.takes import Region, choose, clips_of_take, regions_of, takes_of
from graphdaw.graph.timeline import Loop, Timeline
from graphdaw.graph.vocabulary import PutClip, SetTimeline
from tests.audio_tracks import BEAT, RATE, noise, recorded, track

NODE = "audio_clips1"


@dataclass(frozen=True)
class Recording:
    path: str
    start_frame: int
    frames: int
    sample_rate_hz: int = RATE


def take(number: int, media: str, length: int = 7680) -> AudioClip:
    return AudioClip(f"t{number}", 0, length, media=media, name=f"take {number}", muted=number > 1)


def comped(tmp_path: Path) -> tuple[gd.Graph, list[np.ndarray]]:
    waves = [noise(192_000, seed=number)[0] for number in (1, 2, 3)]
    graph = track(*(take(k + 1, recorded(tmp_path / f"{k}.wav", wave)) for k, wave in enumerate(waves)))
    return graph, waves


def test_each_part_plays_the_take_that_was_chosen_and_meets_the_next_in_a_cross_fade(tmp_path: Path) -> None:
    graph, (one, two, _) = comped(tmp_path)
    graph.choose_take(NODE, "take 1", 0, 7680)
    graph.choose_take(NODE, "take 2", 1920, 3840)

    y = gd.render(graph, seconds=4.0)[0]

    fade = 475  # frames before each line: 10 ms are 19 ticks
    np.testing.assert_array_equal(y[: 2 * BEAT - fade], one[: 2 * BEAT - fade])
    np.testing.assert_array_equal(y[2 * BEAT : 4 * BEAT - fade], two[2 * BEAT : 4 * BEAT - fade])
    np.testing.assert_array_equal(y[4 * BEAT :], one[4 * BEAT : 8 * BEAT])
    rise = np.sin(np.pi / 2 * np.arange(fade) / fade)
    fall = np.sin(np.pi / 2 * np.arange(fade, 0, -1) / fade)
    meet = slice(2 * BEAT - fade, 2 * BEAT)
    np.testing.assert_allclose(y[meet], one[meet] * fall + two[meet] * rise, atol=1e-6)


def test_choosing_is_one_step_back_and_leaves_the_takes_whole(tmp_path: Path) -> None:
    graph, _ = comped(tmp_path)
    before = graph.nodes[NODE].clips
    graph.choose_take(NODE, "take 3", 0, 960)

    assert all(clip.muted for clips in takes_of(graph.nodes[NODE].clips).values() for clip in clips)
    graph.undo()
    assert graph.nodes[NODE].clips == before
    with pytest.raises(UnknownClipError, match="no take 'take 4'"):
        graph.choose_take(NODE, "take 4", 0, 960)


@given(
    st.lists(
        st.tuples(st.integers(0, 95), st.integers(1, 40), st.sampled_from(["take 1", "take 2", "take 3", ""])),
        min_size=1,
        max_size=12,
    )
)
def test_a_comp_always_plays_what_was_chosen_last(choices: list[tuple[int, int, str]]) -> None:
    clips = [take(number, "a.wav", 13_500) for number in (1, 2, 3)]
    wanted = [""] * 135
    for start, length, name in choices:
        clips = choose(clips, Region(100 * start, 100 * (start + length), name), Timeline(), RATE)
        wanted[start : start + length] = [name] * length

    heard = [""] * 135
    for region in regions_of(clips):
        for place in range(region.start_ticks // 100, region.end_ticks // 100):
            assert heard[place] == ""
            heard[place] = region.take
    assert heard == wanted
    assert len({clip.id for clip in clips}) == len(clips)


def test_parts_that_stay_keep_their_ids() -> None:
    clips = [take(number, "a.wav") for number in (1, 2)]
    clips = choose(clips, Region(0, 960, "take 1"), Timeline(), RATE)
    kept = {clip for clip in clips if clip.name == "comp take 1"}

    assert kept <= set(choose(clips, Region(1920, 2880, "take 2"), Timeline(), RATE))


def test_takes_of_notes_are_comped_too() -> None:
    graph = gd.Graph()
    graph.add("notes")
    for number in (1, 2):
        notes = tuple(Note(k, 240 * k, 200, 60.0 + number) for k in range(8))
        graph.apply([PutClip("notes1", NoteClip(f"t{number}", 0, 1920, notes=notes, name=f"take {number}"))])
    graph.choose_take("notes1", "take 1", 0, 1920)
    graph.choose_take("notes1", "take 2", 480, 960)

    assert regions_of(graph.nodes["notes1"].clips) == [
        Region(0, 480, "take 1"),
        Region(480, 960, "take 2"),
        Region(960, 1920, "take 1"),
    ]


def test_a_recording_over_a_loop_becomes_a_take_a_turn_each_sample_where_it_was_heard(tmp_path: Path) -> None:
    x = noise(3 * BEAT + 5_000)
    path = recorded(tmp_path / "a.wav", x)
    song = Timeline(loop=Loop(960, 1920))

    takes = clips_of_take(Recording(path, BEAT + 4_321, x.shape[1]), song)

    assert [clip.name for clip in takes] == ["take 1", "take 2", "take 3", "take 4"]
    assert [clip.muted for clip in takes] == [True, True, True, False]
    lengths = [BEAT - 4_321, BEAT, BEAT, 9_321]
    begins = np.cumsum([0, *lengths[:-1]])
    for clip, begin, length in zip(takes, begins, lengths, strict=True):
        graph = track(AudioClip("c1", clip.at_ticks, clip.length_ticks, media=path, start_s=clip.start_s))
        y = gd.render(graph, seconds=2.0)[0]
        heard = np.flatnonzero(y)
        at = BEAT + (4_321 if begin == 0 else 0)
        assert at <= heard[0] < at + 25 and abs(heard[-1] + 1 - at - length) <= 25  # a tick is 25 frames
        np.testing.assert_array_equal(y[at + 25 : at + length - 25], x[0, begin + 25 : begin + length - 25])


def test_a_recording_without_a_loop_is_one_take_and_the_next_has_the_next_number(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.wav", noise(50_000))
    graph = track()

    first = graph.put_takes(NODE, [Recording(path, 0, 50_000)])
    second = graph.put_takes(NODE, [Recording(path, 1_000, 40_000)])

    assert [clip.name for clip in first + second] == ["take 1", "take 2"]
    assert [clip.muted for clip in graph.nodes[NODE].clips] == [True, False]
    graph.undo()
    assert [clip.muted for clip in graph.nodes[NODE].clips] == [False]


def test_what_a_session_records_over_a_loop_plays_where_it_was_heard(tmp_path: Path) -> None:
    graph = gd.Graph(sample_rate=RATE)
    graph.add("noise") >> graph.add("record") >> graph.add("output")
    graph.add("audio_clips")
    graph.apply([SetTimeline(Timeline(loop=Loop(0, 960)))])
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.step(10)
        session.record("record1", tmp_path / "take.wav")
        session.step(500)
        recorded_takes = session.stop_recording("record1")
    graph.put_takes(NODE, recorded_takes)
    (one,) = recorded_takes
    x = soundfile.read(one.path, dtype="float32")[0]

    assert (one.start_frame, one.frames) == (10 * 128, 500 * 128)
    takes = graph.nodes[NODE].clips
    assert len(takes) == 3
    for number, clip in enumerate(sorted(takes, key=lambda clip: clip.name)):
        y = gd.render(track(msgspec.structs.replace(clip, muted=False)), seconds=0.5)[0]
        first, last = (1_300 if number == 0 else 0), min(BEAT, one.start_frame + one.frames - number * BEAT) - 25
        begin = number * BEAT - one.start_frame
        np.testing.assert_array_equal(y[first:last], x[begin + first : begin + last])
