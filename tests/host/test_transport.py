"""The transport: going to places of a piece, at rest and while it plays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw.errors import EngineError
from graphdaw.host.engine import Engine
from graphdaw.host.events import Located
from graphdaw.host.offline import Renderer, render
from tests.drawing import draw
from tests.host.test_live_edits import residue_dbfs
from tests.random_documents import random_graph
from tests.reference import CELL

RATE_HZ = 48_000
FADE = 256


def played(session: gd.Session, blocks: int) -> np.ndarray:
    """What the hand device plays next, first channel, float32."""
    return np.array([session.step()[0] for _ in range(blocks)], np.float32).reshape(-1)


def player(path: Path, seconds: float = 4.0, *, of: str = "count", **values: object) -> gd.Graph:
    """A graph that plays a recording that counts its frames, or a sine."""
    frames = np.arange(round(seconds * RATE_HZ))
    sound = frames / len(frames) if of == "count" else 0.5 * np.sin(2 * np.pi * 300.0 * frames / RATE_HZ)
    soundfile.write(path, sound, RATE_HZ, subtype="FLOAT")
    graph = gd.Graph(sample_rate=RATE_HZ)
    graph.add("audio_file", file=str(path), **values) >> graph.add("output")
    return graph


def rich(folder: Path) -> gd.Graph:
    """All kinds of memory: phases, noise by time, delay lines, spectra, envelopes, clocks, a recording, latency."""
    graph = player(folder / "tone.wav", of="sine")
    out = graph["output1"]
    clock, steps, tone = graph.add("clock", tempo_bpm=150.0), graph.add("sequencer", value2=7.0), graph.add("pluck")
    clock >> steps["trigger"]
    steps["gate"] >> tone
    tone >> graph.add("delay", time_s=0.11, feedback=0.5, mix=0.5) >> out
    graph.add("noise") >> graph.add("pitch_shift", pitch_semitones=5.0) >> graph.add("reverb") >> out
    graph.add("sine", frequency_hz=90.0) >> graph.add("limiter") >> out
    graph.connect(graph.add("lfo", sync="1/4", rate="block"), out["gain_db"], 6.0)
    return graph


def test_from_rest_at_the_start_it_sounds_as_a_render_to_the_bit(tmp_path: Path) -> None:
    graph = rich(tmp_path)
    with gd.Session(graph, device="hand", block_frames=100) as session:
        session.play()
        session.step(333)
        graph.set("delay1", time_s=0.2)
        graph.add("saw", frequency_hz=61.0) >> graph["output1"]
        session.step(100)
        graph.remove("limiter1")
        session.step(1)  # in the middle of a fade
        session.stop()
        session.locate(0.0)
        session.play()
        sound = played(session, 480)

    assert np.abs(sound).max() > 0.01
    assert np.array_equal(sound, render(graph, seconds=1.0)[0])


@pytest.mark.parametrize("seed", range(6))
def test_any_graph_begins_anew_to_the_bit(seed: int) -> None:
    graph = random_graph(seed, 30, RATE_HZ)
    with gd.Session(graph, device="hand", block_frames=256, threads=1 + seed % 2) as session:
        for _ in range(2):
            session.play()
            session.step(20)
            session.stop()
            session.locate(0.0)
        session.play()
        sound = np.array([session.step() for _ in range(40)], np.float32).transpose(1, 0, 2).reshape(2, -1)

    expected = render(graph, seconds=40 * 256 / RATE_HZ)
    for channel in range(2):
        assert np.array_equal(sound[channel], expected[min(channel, len(expected) - 1)])


def test_from_rest_a_recording_begins_at_the_place(tmp_path: Path) -> None:
    with gd.Session(player(tmp_path / "count.wav"), device="hand") as session:
        session.locate(1.25)
        assert session.position_s == 1.25
        session.play()
        sound = played(session, 8) * 4.0

    np.testing.assert_allclose(sound, 1.25 + np.arange(1024) / RATE_HZ, atol=1e-6)


def test_while_it_plays_a_recording_goes_on_from_the_place_to_the_frame(tmp_path: Path) -> None:
    with gd.Session(player(tmp_path / "count.wav"), device="hand") as session:
        session.play()
        session.step(30)
        session.locate(3.0)
        assert session.position_s == pytest.approx(30 * 128 / RATE_HZ)  # until the next cell
        sound = played(session, 20)
        assert session.position_s == 3.0 + 20 * 128 / RATE_HZ

    assert sound[0] * 4.0 == pytest.approx(30 * 128 / RATE_HZ, abs=1e-3)  # the fade begins
    expected = (3.0 + np.arange(20 * 128) / RATE_HZ) / 4.0
    np.testing.assert_allclose(sound[FADE:], expected[FADE:], atol=1e-6)


@pytest.mark.parametrize(("values", "place_s", "first_s"), [
    ({"start_s": 0.5}, 1.0, 1.5),
    ({"speed": 0.5}, 1.0, 0.5),
    ({"loop": "on"}, 9.0, 1.0),
])  # fmt: skip
def test_start_speed_and_loop_count_from_the_start_of_the_piece(
    tmp_path: Path, values: dict[str, object], place_s: float, first_s: float
) -> None:
    with gd.Session(player(tmp_path / "count.wav", **values), device="hand") as session:
        session.locate(place_s)
        session.play()
        assert played(session, 1)[0] * 4.0 == pytest.approx(first_s, abs=1e-4)


def test_past_its_end_a_recording_is_silent_and_back_inside_it_plays_again(tmp_path: Path) -> None:
    with gd.Session(player(tmp_path / "count.wav"), device="hand") as session:
        session.play()
        session.step(4)
        session.locate(5.0)
        session.step(4)
        assert not np.any(played(session, 50))
        session.locate(2.0)
        session.step(4)
        assert played(session, 1)[0] * 4.0 == pytest.approx(2.0 + 4 * 128 / RATE_HZ, abs=1e-4)


def test_a_locate_does_not_click(tmp_path: Path) -> None:
    graph = player(tmp_path / "sine.wav", of="sine")
    with gd.Session(graph, device="hand") as session:
        session.play()
        parts = [played(session, 40)]
        for place_s in (1.2345, 0.10004, 3.0, 0.7):
            session.locate(place_s)
            parts.append(played(session, 40))

    assert residue_dbfs(np.concatenate(parts)[None]) < -90.0


def test_a_locate_that_is_cut_hard_would_have_been_found(tmp_path: Path) -> None:
    """What the test above compares with."""
    sine = 0.5 * np.sin(2 * np.pi * 300.0 * np.arange(9_600) / RATE_HZ)
    cut = np.concatenate([sine[:4_820], sine[4_820 + 57 :]])
    assert residue_dbfs(cut[None]) > -50.0


def test_tails_ring_on_where_they_are(tmp_path: Path) -> None:
    sound = np.zeros(2 * RATE_HZ)
    sound[1_000] = 1.0
    soundfile.write(tmp_path / "click.wav", sound, RATE_HZ, subtype="FLOAT")
    graph = gd.Graph(sample_rate=RATE_HZ)
    late = graph.add("delay", time_s=0.1, feedback=0.0, mix=1.0)
    graph.add("audio_file", file=str(tmp_path / "click.wav")) >> late >> graph.add("output")
    with gd.Session(graph, device="hand") as session:
        session.play()
        before = played(session, 20)  # the click went in
        session.locate(1.0)
        after = played(session, 40)

    heard = np.concatenate([before, after])
    assert np.argmax(np.abs(heard)) == 1_000 + 4_800
    assert heard[5_800] == pytest.approx(1.0, abs=1e-5)


def rises(gate: np.ndarray) -> list[int]:
    return [int(i) for i in np.flatnonzero(np.diff(gate >= 0.5, prepend=False) & (gate >= 0.5))]


def clock_graph(outlet: str = "out") -> gd.Graph:
    graph = gd.Graph(sample_rate=RATE_HZ)
    graph.connect(graph.add("clock", tempo_bpm=120.0, rate="1/16")[outlet], graph.add("output"))
    return graph


@pytest.mark.parametrize("rest", [True, False])
@pytest.mark.parametrize(("outlet", "every_frames"), [("out", 6_000), ("bar", 96_000), ("half", 12_000)])
def test_a_clock_beats_where_it_would_had_it_run_from_the_start(outlet: str, every_frames: int, rest: bool) -> None:
    width_frames = 12_000 if outlet == "bar" else every_frames // 2  # half a beat, half the time
    place = 10 * RATE_HZ + 12_345
    with gd.Session(clock_graph(outlet), device="hand") as session:
        if not rest:
            session.play()
            session.step(50)
        session.locate(place / RATE_HZ)
        session.play()
        sound = played(session, 900)

    beats = [k * every_frames - place for k in range(200) if 0 < k * every_frames - place < len(sound)]
    assert [beat for beat in rises(sound) if beat] == beats
    assert sound[0] == float(place % every_frames < width_frames)


def test_a_clock_that_is_added_later_is_in_step() -> None:
    graph = gd.Graph(sample_rate=RATE_HZ)
    out = graph.add("output")
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.step(100)
        graph.add("clock", tempo_bpm=120.0, rate="1/16") >> out
        first = played(session, 300)

    assert [beat + 12_800 for beat in rises(first) if beat > 4 * FADE] == [k * 6_000 for k in range(3, 9)]


def test_a_clock_that_stands_still_begins_with_a_bar_when_it_is_set_running() -> None:
    graph = clock_graph("bar")
    graph.set("clock1", run=0.0)
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.step(77)
        graph.set("clock1", run=1.0)
        sound = played(session, 800)

    assert rises(sound) == [0, 96_000]


def test_a_locate_puts_a_sequencer_before_its_first_step() -> None:
    graph = gd.Graph(sample_rate=RATE_HZ)
    steps = graph.add("sequencer", length=4.0)
    graph.connect(graph.add("clock", tempo_bpm=120.0, rate="1/16"), steps["trigger"])
    graph.connect(steps["step"], graph.add("output"))
    with gd.Session(graph, device="hand") as session:
        session.play()
        assert played(session, 120)[-1] == 3.0  # 15,360 frames of 6,000 each
        session.locate(2.0)
        sound = played(session, 120)

    assert [sound[at] for at in (0, 5_999, 6_000, 12_000)] == [1.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("rate", ["frame", "block"])
def test_an_lfo_in_time_with_the_tempo_turns_with_the_piece(rate: str) -> None:
    graph = gd.Graph(sample_rate=RATE_HZ)
    graph.add("lfo", sync="1/4", tempo_bpm=90.0, rate=rate) >> graph.add("output")
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.step(31)
        session.locate(7.77)
        place = round(7.77 * RATE_HZ)
        sound = played(session, 300)

    frames = place + np.arange(len(sound))
    if rate == "block":
        frames = place + np.arange(len(sound)) // CELL * CELL
    expected = np.sin(2 * np.pi * 1.5 * frames / RATE_HZ)
    np.testing.assert_allclose(sound[FADE:], expected[FADE:], atol=2e-5)


def test_a_free_lfo_does_not_notice() -> None:
    graph = gd.Graph(sample_rate=RATE_HZ)
    graph.add("lfo", rate_hz=3.0) >> graph.add("output")
    with gd.Session(graph, device="hand") as session:
        session.play()
        sound = [played(session, 50)]
        session.locate(7.77)
        sound.append(played(session, 50))

    assert np.array_equal(np.concatenate(sound), render(graph, seconds=12_800 / RATE_HZ)[0])


def test_of_many_locates_at_once_the_last_one_counts(tmp_path: Path) -> None:
    with gd.Session(player(tmp_path / "count.wav"), device="hand") as session:
        heard: list[object] = []
        session.observe(heard.append, kind=Located)
        session.play()
        session.step(10)
        session.locate(1.0)
        session.step(1)  # its fade has begun
        for k in range(200):
            session.locate(1.0 + k / 100.0)
        session.step(20)
        assert session.settled()
        end_s = 2.99 + (10 + 20 - 10 - 2) * 128 / RATE_HZ
        assert abs(session.position_s - end_s) < 3 * 128 / RATE_HZ
        session.close()

    assert [event.position_s for event in heard] == [1.0, 2.99]  # type: ignore[attr-defined]


def test_edits_and_a_locate_go_out_together(tmp_path: Path) -> None:
    graph = player(tmp_path / "count.wav")
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.step(10)
        graph.add("sine") >> graph["output1"]
        session.locate(2.0)
        graph.remove("sine1")
        graph.set("audio_file1", gain_db=-6.0)
        session.step(40)
        assert session.settled()
        place_s = session.position_s
        expected = place_s / 4.0 * 10 ** (-6.0 / 20)
        assert played(session, 1)[0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("seconds", [-0.1, float("nan"), float("inf"), 1e12])
def test_a_place_that_is_none_is_refused_in_one_sentence(seconds: float) -> None:
    with gd.Session(gd.Graph(), device="hand") as session, pytest.raises(EngineError, match="begins at 0"):
        session.locate(seconds)


def test_time_goes_on_evenly_whatever_the_position_does(tmp_path: Path) -> None:
    with gd.Session(player(tmp_path / "count.wav"), device="hand") as session:
        session.play()
        session.step(10)
        session.locate(3.0)
        session.step(10)
        session.stop()
        session.locate(0.5)
        session.play()
        session.step(10)
        assert session.engine.time_frames == 30 * 128
        assert session.position_s == 0.5 + 10 * 128 / RATE_HZ


def test_an_engine_may_run_at_another_rate_than_the_document() -> None:
    graph, _ = draw("sine s(frequency_hz=440) -> output o")
    with Engine(graph, sample_rate_hz=96_000) as engine, Renderer(graph) as renderer:
        renderer.engine, own = engine, renderer.engine
        sound = renderer.render(9_600)[0]
        renderer.engine = own

    np.testing.assert_allclose(sound, np.sin(2 * np.pi * 440.0 * np.arange(9_600) / 96_000), atol=1e-4)
