"""Nodes that go by the tempo of the piece, through ramps, places, loops and standing still."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import soundfile
from scipy import signal

import graphdaw as gd
from graphdaw.graph.timeline import Loop, Signature, Tempo, Timeline
from graphdaw.graph.vocabulary import SetTimeline
from graphdaw.host.offline import Renderer

RATE = 48_000
RAMP = Timeline((Tempo(0, 90.0, True), Tempo(3840, 180.0), Tempo(5760, 60.0)))


def beats_at(frames: np.ndarray) -> np.ndarray:
    """Where RAMP is, by its differential equation: a straight line over ticks is an exponential over time."""
    seconds = frames / RATE
    slope = (180.0 - 90.0) / 4.0  # beats a minute more each beat
    first = 90.0 / slope * np.expm1(slope / 60.0 * seconds)
    ramp_s = 60.0 / slope * math.log(2.0)
    then = 4.0 + (seconds - ramp_s) * 3.0
    last = 6.0 + (seconds - ramp_s - 2.0 / 3.0) * 1.0
    return np.where(seconds < ramp_s, first, np.where(seconds < ramp_s + 2.0 / 3.0, then, last))


def song(node: str, timeline: Timeline = RAMP, outlet: str = "out", **values: float | str) -> gd.Graph:
    graph = gd.Graph(sample_rate=RATE)
    graph.connect(graph.add(node, **values)[outlet], graph.add("output"))
    graph.apply([SetTimeline(timeline)])
    return graph


def sound_of(graph: gd.Graph, frames: int, block: int = 1024) -> np.ndarray:
    with Renderer(graph, block_frames=block) as renderer:
        return renderer.render(frames)[0]


def rises(gate: np.ndarray) -> list[int]:
    return np.flatnonzero(np.diff(gate > 0.5, prepend=False) & (gate > 0.5)).tolist()


@pytest.mark.parametrize("block", [1024, 100])
@pytest.mark.parametrize(("outlet", "beats"), [("out", 0.25), ("fourfold", 0.0625), ("half", 0.5), ("bar", 4.0)])
def test_a_clock_beats_on_the_frames_of_a_ramp(outlet: str, beats: float, block: int) -> None:
    frames = 200_000
    found = rises(sound_of(song("clock", outlet=outlet), frames, block))

    place = beats_at(np.arange(frames)) / beats + 1e-8
    expected = np.flatnonzero(np.diff(np.floor(place), prepend=-1.0)).tolist()
    assert found == expected


@pytest.mark.parametrize("shape", ["sine", "triangle"])
def test_an_lfo_turns_with_a_ramp(shape: str) -> None:
    frames = 200_000
    found = sound_of(song("lfo", sync="1/8", shape=shape), frames)

    turns = beats_at(np.arange(frames)) / 0.5
    expected = np.sin(2 * np.pi * turns) if shape == "sine" else signal.sawtooth(2 * np.pi * (turns + 0.25), 0.5)
    np.testing.assert_allclose(found, expected, atol=2e-5)
    held = sound_of(song("lfo", sync="1/8", shape=shape, rate="block"), frames)
    np.testing.assert_allclose(held, expected[np.arange(frames) // 128 * 128], atol=2e-5)


def test_a_tremolo_turns_with_a_ramp() -> None:
    graph = gd.Graph(sample_rate=RATE)
    one = graph.add("expression", formula="1")
    one >> graph.add("tremolo", sync="1/8", depth=1.0, smooth_s=0.0001) >> graph.add("output")
    graph.apply([SetTimeline(RAMP)])
    found = sound_of(graph, 150_000)

    expected = 0.5 + 0.5 * np.sin(2 * np.pi * beats_at(np.arange(150_000)) / 0.5)
    np.testing.assert_allclose(found[100:], expected[100:], atol=3e-3)


def test_random_takes_its_numbers_with_the_piece() -> None:
    frames = 200_000
    found = sound_of(song("random", sync="1/16", shape="stepped", stride=1.0), frames)

    place = np.floor(beats_at(np.arange(frames)) / 0.25 + 1e-8)
    assert np.flatnonzero(np.diff(found)).tolist() == np.flatnonzero(np.diff(place)).tolist()


def test_an_echo_is_as_late_as_the_tempo_says(tmp_path: object) -> None:
    graph = gd.Graph(sample_rate=RATE)
    sound = np.zeros(RATE)
    sound[100] = 1.0
    path = f"{tmp_path}/click.wav"
    soundfile.write(path, sound, RATE, subtype="FLOAT")
    echo = graph.add("echo", sync="1/8", feedback=0.0, mix=1.0, high_cut_hz=20_000.0, low_cut_hz=10.0)
    graph.add("audio_file", file=path) >> echo >> graph.add("output")
    graph.apply([SetTimeline(Timeline((Tempo(0, 150.0),)))])

    assert np.argmax(np.abs(sound_of(graph, 20_000))) == 100 + 9_600


@pytest.mark.parametrize(("node", "values"), [
    ("clock", {"rate": "1/8t"}), ("lfo", {"sync": "1/4."}),
    ("lfo", {"sync": "1/4", "shape": "smooth", "rate": "block"}),
])  # fmt: skip
def test_at_the_usual_tempo_it_is_as_with_that_tempo_of_its_own(node: str, values: dict[str, str]) -> None:
    own, piece = (sound_of(song(node, Timeline(), **values, tempo_bpm=bpm), 100_000) for bpm in (120.0, 0.0))

    np.testing.assert_allclose(own, piece, atol=1e-4)


def test_after_a_locate_all_is_where_it_would_be() -> None:
    for node, values in (("clock", {}), ("lfo", {"sync": "1/4", "shape": "saw"})):
        graph = song(node, RAMP, **values)
        whole = sound_of(graph, 200_000)
        with Renderer(graph) as renderer:
            renderer.render(12_800)
            renderer.engine.locate(100_003)
            there = renderer.render(12_800)[0]
        np.testing.assert_array_equal(there[256:], whole[100_003 + 256 : 100_003 + 12_800])


def test_a_loop_leads_a_clock_to_the_beats_of_its_beginning() -> None:
    graph = song("clock", Timeline(loop=Loop(0, 1200)), rate="1/4", width=0.1)  # a beat and a quarter

    assert rises(sound_of(graph, 100_000)) == [0, 24_000, 30_000, 54_000, 60_000, 84_000, 90_000]


def standing(graph: gd.Graph) -> np.ndarray:
    """It rolls for 12,800 frames, stands for as many, and goes on."""
    with Renderer(graph) as renderer:
        parts = [renderer.render(12_800)[0]]
        for rolls in (False, True):
            renderer.engine.roll(rolls)
            parts.append(renderer.render(12_800)[0])
    return np.concatenate(parts)


@pytest.mark.parametrize("bpm", [0.0, 120.0])
def test_clocks_stand_where_the_piece_stands_and_go_on_with_it(bpm: float) -> None:
    graph = song("clock", Timeline(), tempo_bpm=bpm, outlet="fourfold")
    found, whole = standing(graph), sound_of(graph, 25_600)

    assert not found[12_800:25_600].any()
    np.testing.assert_array_equal(np.r_[found[:12_800], found[25_600:]], whole)


def test_lfos_in_time_go_on_where_the_piece_stands_and_join_it_again() -> None:
    graph = song("lfo", Timeline(), sync="1/8")
    found = standing(graph)

    np.testing.assert_allclose(found[:25_600], np.sin(2 * np.pi * np.arange(25_600) / 12_000), atol=2e-5)
    np.testing.assert_allclose(found[25_600:], np.sin(2 * np.pi * np.arange(12_800, 25_600) / 12_000), atol=2e-5)


def test_free_lfos_do_not_notice() -> None:
    graph = song("lfo", Timeline(), rate_hz=3.0)

    np.testing.assert_array_equal(standing(graph), sound_of(graph, 38_400))


def test_a_trigger_begins_the_turn_anew_at_the_tempo_of_the_piece() -> None:
    graph = song("lfo", RAMP, sync="1/4", shape="saw")
    graph.connect(graph.add("expression", formula="t >= 0.5"), graph["lfo1"]["trigger"])
    found = sound_of(graph, 60_000)

    turns = beats_at(np.arange(60_000))
    turns[24_000:] -= turns[24_000]
    expected = 2 * (turns % 1.0) - 2 * ((turns % 1.0) >= 0.5)
    jumps = np.abs(found - expected) > 1e-3
    assert np.count_nonzero(jumps) <= 4


def test_a_clock_that_comes_to_the_tempo_of_the_piece_is_in_step_with_it() -> None:
    graph = song("clock", RAMP, tempo_bpm=77.0)
    with Renderer(graph) as renderer:
        renderer.render(12_800)
        graph.set("clock1", tempo_bpm=0.0)
        found = renderer.render(51_200)[0]

    np.testing.assert_array_equal(found[256:], sound_of(song("clock", RAMP), 64_000)[13_056:])


# transport

OUTLETS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "position_beats": lambda beats: beats,
    "beat": lambda beats: beats % 1.0,
    "bar": lambda beats: beats / 4.0 % 1.0,
    "rolling": np.ones_like,
    "tempo_bpm": lambda beats: np.where(beats < 4.0, 90.0 + 22.5 * beats, np.where(beats < 6.0, 180.0, 60.0)),
}


@pytest.mark.parametrize("outlet", OUTLETS)
def test_a_transport_says_where_the_piece_is(outlet: str) -> None:
    frames = 200_000
    found = sound_of(song("transport", outlet=outlet), frames)

    error = np.abs(found - OUTLETS[outlet](beats_at(np.arange(frames))))
    assert np.count_nonzero(error > 1e-4) <= 3  # where a phase begins anew, a frame may lie on either side


@pytest.mark.parametrize("block", [1024, 100, 1])
def test_a_bar_starts_where_signatures_say(block: int) -> None:
    timeline = Timeline(signatures=(Signature(0, 3, 4), Signature(2880, 5, 8)), loop=Loop(0, 2880 + 4800))
    found = sound_of(song("transport", timeline, "bar_start"), 200_000, block)

    bars = [0, 72_000, 72_000 + 60_000, 192_000]
    assert rises(found) == [bar for bar in bars if bar < 200_000]
    assert found[:49].sum() == 48  # a millisecond


def test_where_the_piece_stands_so_does_the_transport() -> None:
    beats = standing(song("transport", Timeline(), "position_beats"))
    np.testing.assert_allclose(beats, np.r_[:12_800, [12_800] * 12_800, 12_800:25_600] / 24_000, rtol=1e-6)
    assert (
        standing(song("transport", Timeline(), "rolling")).tolist() == [1.0] * 12_800 + [0.0] * 12_800 + [1.0] * 12_800
    )
