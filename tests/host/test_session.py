"""Sessions on devices without sound: every order of play, edit, stop, undo and close."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw.errors import EngineError, GraphError
from graphdaw.host.device import DeviceSettings
from graphdaw.host.events import Problem
from graphdaw.host.offline import Renderer
from tests.drawing import draw
from tests.playing import played, tone
from tests.random_documents import random_graph
from tests.waiting import wait

RATE_HZ = 48_000
DEVICES = ("null", "hand")


@pytest.fixture
def hand() -> Iterator[gd.Session]:
    with gd.Session(tone(), device="hand", block_frames=64) as session:
        yield session


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("order", [*itertools.permutations(("play", "stop", "edit", "undo"))], ids="-".join)
def test_any_order_ends_well(device: str, order: tuple[str, ...]) -> None:
    graph = tone()
    graph.set("gain1", gain_db=-12.0)
    with gd.Session(graph, device=device) as session:
        for action in order:
            match action:
                case "play":
                    session.play()
                case "stop":
                    session.stop()
                case "edit":
                    graph.add("saw", frequency_hz=80.0) >> graph["gain1"]
                case "undo":
                    graph.undo()
            if device == "hand" and session.playing:
                session.step(8)
        session.play()
        if device == "hand":
            session.step(64)
        assert session.settled(5.0)
        assert session.playing
    assert not session.playing
    with Renderer(graph) as renderer:  # the graph is as good as before
        assert renderer.render(64).shape == (1, 64)


def test_the_keeper_survives_whatever_it_runs_into(hand: gd.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Problem] = []
    fails = threading.Event()
    fails.set()

    def watch() -> None:
        if fails.is_set():
            raise RuntimeError("nobody has thought of this")

    monkeypatch.setattr(hand.driver, "watch", watch)
    hand.observe(told.append, kind=Problem)
    assert wait(lambda: told)
    fails.clear()

    assert [problem.sentence for problem in told] == [
        "The session could not be looked after: RuntimeError: nobody has thought of this"
    ]
    assert hand._keeper.is_alive()


def test_a_step_is_the_sound_of_a_render(hand: gd.Session) -> None:
    hand.play()
    blocks = np.array([hand.step() for _ in range(40)])[:, 0].reshape(-1)

    with Renderer(hand.graph) as renderer:
        assert np.array_equal(blocks.astype(np.float32), renderer.render(40 * 64)[0])


def test_mono_is_heard_on_both_channels(hand: gd.Session) -> None:
    hand.play()
    left, right = hand.step(10)

    assert left == right
    assert np.abs(left).max() > 0.1


def test_only_a_hand_that_plays_can_be_stepped(hand: gd.Session) -> None:
    with pytest.raises(EngineError, match="hand"):
        hand.step()
    with gd.Session(tone(), device="null") as session:
        session.play()
        with pytest.raises(EngineError, match="hand"):
            session.step()


def test_edits_while_stopped_sound_from_the_next_play(hand: gd.Session) -> None:
    hand.play()
    hand.step(10)
    hand.stop()
    before = hand.time_s
    hand.graph.remove("sine1")
    hand.graph.add("sine", frequency_hz=900.0) >> hand.graph["filter1"]
    assert hand.time_s == before
    hand.play()
    hand.step(20)
    assert hand.settled()
    sound = np.array([hand.step()[0] for _ in range(75)]).reshape(-1)

    assert np.argmax(np.abs(np.fft.rfft(sound))) == 90  # 4,800 frames: 10 Hz a bin
    assert hand.time_s == pytest.approx((10 + 20 + 75) * 64 / RATE_HZ)


def test_undo_while_playing_brings_the_sound_back(hand: gd.Session) -> None:
    hand.play()
    hand.step(10)
    hand.graph.remove("gain1")
    hand.step(20)
    assert not np.any(hand.step())
    hand.graph.undo()
    hand.step(20)

    assert np.abs(hand.step()).max() > 0.1


def test_settled_says_when_the_last_edit_is_heard_in_full(hand: gd.Session) -> None:
    hand.play()
    hand.step()
    assert hand.settled()
    hand.graph.add("noise") >> hand.graph["gain1"]
    assert not hand.settled(0.02)  # nobody steps the device
    hand.step(2 * 256 // 64 + 4)  # the node, then its wire
    assert hand.settled(0.02)


def test_many_edits_on_the_null_device_settle_by_themselves() -> None:
    graph = tone()
    with gd.Session(graph, device="null") as session:
        session.play()
        for k in range(50):
            graph.add("sine", frequency_hz=100.0 + k) >> graph["gain1"]
        assert session.settled(5.0)
        assert wait(lambda: session.engine.stats()["swaps"] >= 2)


def test_time_and_counters_grow_while_playing_and_rest_while_stopped() -> None:
    with gd.Session(tone(), device="null", block_frames=64) as session:
        assert session.time_s == 0.0
        session.play()
        assert wait(lambda: session.time_s > 0.1)
        session.stop()
        stats, stopped_s = session.engine.stats(), session.time_s
        threading.Event().wait(0.05)

        assert session.time_s == stopped_s
        assert stats["frames"] == round(stopped_s * RATE_HZ)
        assert stats["callbacks"] * 64 == stats["frames"]
        assert 0.0 < stats["work_mean_s"] <= stats["work_peak_s"]
        session.play()
        assert wait(lambda: session.engine.stats()["callbacks"] > stats["callbacks"])


def test_the_null_device_keeps_time() -> None:
    with gd.Session(tone(), device="null") as session:
        start = time.monotonic()
        session.play()
        assert wait(lambda: session.time_s >= 0.5, 10.0)
        took_s = time.monotonic() - start

    assert took_s > 0.45  # a busy machine may be late, but never early


def test_two_sessions_at_once_do_not_hear_each_other() -> None:
    one, other = tone(), tone()
    other.set("sine1", frequency_hz=700.0)
    with (
        gd.Session(one, device="hand", block_frames=64) as a,
        gd.Session(other, device="hand", block_frames=64) as b,
        gd.Session(one, device="null") as same,
    ):
        for session in (a, b, same):
            session.play()
        first = [(a.step()[0], b.step()[0]) for _ in range(20)]
        one.set("gain1", gain_db=-90.0)
        quiet, loud = a.step(20)[0], b.step(20)[0]

    with Renderer(tone()) as renderer:
        expected = renderer.render(20 * 64)[0]
    assert np.array_equal(np.array([x for x, _ in first], np.float32).reshape(-1), expected)
    assert np.abs(quiet).max() < 1e-3 < 0.1 < np.abs(loud).max()


def test_an_edit_that_is_refused_leaves_the_session_playing(hand: gd.Session) -> None:
    hand.play()
    hand.step()
    with pytest.raises(GraphError):
        hand.graph.connect("gain1", "filter1")

    assert np.abs(hand.step(10)).max() > 0.1


@pytest.mark.parametrize("seed", range(3))
def test_random_graphs_play_on_the_null_device(seed: int) -> None:
    with gd.Session(random_graph(seed, 25, RATE_HZ), device="null", threads=2) as session:
        session.play()
        assert wait(lambda: session.time_s > 0.05)
        assert session.engine.stats()["not_finite"] == 0


def test_a_graph_without_output_plays_silence() -> None:
    with gd.Session(gd.Graph(), device="hand") as session:
        session.play()
        assert not np.any(session.step(4))
        session.graph.add("noise") >> session.graph.add("output")
        session.step(8)
        assert np.any(session.step())


def test_readings_of_a_meter_follow_the_sound() -> None:
    graph, _ = draw("sine s(frequency_hz=1000) -> gain g(level=0.5) -> meter m -> output o")
    with gd.Session(graph, device="hand", block_frames=480) as session:
        session.play()
        session.step(100)
        peak, rms, held = session.engine.readings("meter1")

    assert peak == pytest.approx(0.5, rel=1e-2)
    assert rms == pytest.approx(0.5 / np.sqrt(2) * np.sqrt(1 - np.exp(-1 / 0.3)), rel=1e-2)
    assert held == pytest.approx(0.5, rel=1e-3)


def test_what_was_edited_before_the_first_sound_is_heard_from_the_first_frame() -> None:
    graph = tone()
    with gd.Session(graph, device="hand") as session:
        graph.set("gain1", gain_db=-20.0)
        graph.remove("filter1")
        graph.connect("sine1", "gain1")
        session.play()
        sound = played(session, 40)

    with Renderer(graph) as renderer:
        assert np.array_equal(sound, renderer.render(40 * 128)[0])


def test_undo_and_redo_run_through_the_graph_and_are_heard() -> None:
    graph = tone()
    with gd.Session(graph, device="hand") as session:
        session.play()
        graph.set("gain1", gain_db=-80.0)
        session.step(40)
        assert np.abs(session.step()).max() < 1e-3
        session.graph.undo()
        session.step(40)
        assert np.abs(session.step()).max() > 0.1
        session.graph.redo()
        session.step(40)
        assert np.abs(session.step()).max() < 1e-3


def test_an_opened_project_is_played_and_its_edits_are_heard(tmp_path: Path) -> None:
    with gd.open(tmp_path / "song.gdaw", create=True) as project:
        osc, out = project.graph.add("sine", frequency_hz=300.0), project.graph.add("output")
        with gd.Session(project, device="hand") as session:
            session.play()
            osc >> out
            session.step(10)
            assert np.abs(session.step()).max() > 0.5
        project.close(discard=True)


def test_at_another_rate_it_goes_on_at_the_same_place_with_its_taps() -> None:
    graph = gd.Graph(sample_rate=RATE_HZ)
    graph.add("clock", tempo_bpm=60.0, rate="1/4") >> graph.add("output")
    with gd.Session(graph, device="null") as session, session.tap("clock1.phase") as tap:
        session.locate(10.0)
        session.play()
        assert wait(lambda: session.position_s > 10.1)
        session.change_device(DeviceSettings("null", sample_rate_hz=96_000))
        assert session.engine.sample_rate == 96_000
        moved_s = session.position_s
        tap.read()
        assert wait(lambda: session.position_s > moved_s + 0.2)
        phase = tap.read()[0]
        assert 10.1 < moved_s < 20.0
        assert graph.sample_rate == RATE_HZ
        assert wait(lambda: np.isclose(np.diff(tap.latest(200)[0]), 1.0 / 96_000, atol=2e-7).all())
    assert phase.size


def test_a_device_at_another_rate_stands_and_counts_in_as_it_was_asked_to() -> None:
    graph = gd.Graph(sample_rate=RATE_HZ)
    graph.add("sine") >> graph.add("output")
    slower = DeviceSettings("hand", sample_rate_hz=44_100, block_frames=147)
    with gd.Session(graph, device=slower) as session:
        session.listen()
        session.step(100)
        assert not session.rolling and session.position_s == 0.0
        session.change_device(DeviceSettings("hand", sample_rate_hz=96_000))
        session.step(100)
        assert not session.rolling and session.position_s == 0.0
        session.stop()
        session.change_device(slower)
        session.play(count_in_bars=1)  # two seconds
        session.step(599)
        assert not session.rolling and session.position_s == 0.0
        session.step(3)
        assert session.rolling and session.position_s == pytest.approx(2 * 147 / 44_100, abs=147 / 44_100)


def test_a_take_goes_on_in_the_next_file_when_it_all_begins_anew(tmp_path: Path) -> None:
    graph, n = draw("sine s(frequency_hz=300) -> record r -> output o")
    with gd.Session(graph, device="hand") as session:
        session.record(n["r"], tmp_path / "take.wav")
        session.play()
        first = played(session, 100)
        session.stop()
        session.locate(0.0)
        session.play()
        second = played(session, 50)
        takes = session.stop_recording(n["r"])

    assert len(takes) == 2
    for take, sound in zip(takes, (first, second), strict=True):
        np.testing.assert_allclose(soundfile.read(take.path, dtype="float32")[0], sound, atol=2e-7)  # 24 bits


def test_its_numbers_can_be_read_and_printed() -> None:
    with gd.Session(tone(), device="hand") as session:
        assert session.stats().device == ""
        session.locate(61.5)
        session.play()
        session.step(375)
        stats = session.stats()

    assert (stats.device, stats.position_s, stats.played_s, stats.callbacks) == ("hand", 62.5, 1.0, 375)
    assert "hand at 1:02.500, 1.0 s played" in str(stats)
    assert re.search(r"375 callbacks; late by the piece \d+, by the computer \d+", str(stats))  # a busy machine is late


def test_a_recording_begun_before_the_first_sound_is_one_take_whatever_is_edited_then(tmp_path: Path) -> None:
    graph, n = draw("sine s(frequency_hz=300) -> record r -> output o")
    with gd.Session(graph, device="hand") as session:
        session.record(n["r"], tmp_path / "take.wav")
        graph.set(n["s"], frequency_hz=500.0)
        graph.add("noise") >> n["r"]
        session.play()
        sound = played(session, 100)
        (take,) = session.stop_recording(n["r"])

    np.testing.assert_allclose(soundfile.read(take.path, dtype="float32")[0], np.clip(sound, -1, 1), atol=2e-7)
    assert take.path.name == "take.wav"


def test_a_device_at_another_rate_that_cannot_be_had_leaves_everything_as_it_was() -> None:
    gone = DeviceSettings("no such sound card, surely", sample_rate_hz=96_000)
    with gd.Session(tone(), device=gone) as session:
        with pytest.raises(EngineError, match=r"surely|PortAudio"):
            session.play()
        assert not session.playing
        assert session.engine.sample_rate == RATE_HZ
        session.change_device("hand")
        session.play()
        session.step(4)
        with pytest.raises(EngineError, match=r"surely|PortAudio"):
            session.change_device(gone)
        assert session.playing
        assert np.abs(session.step(10)).max() > 0.1


@pytest.mark.parametrize("wrong", ("song.gdaw", None))
def test_what_has_no_graph_is_refused_in_a_sentence(wrong: object) -> None:
    with pytest.raises(EngineError, match="plays a graph or an open project, not"):
        gd.Session(wrong)  # type: ignore[arg-type]
    with pytest.raises(EngineError, match="A device is a name, a number or None, not"):
        gd.Session(tone(), device=2.5)  # type: ignore[arg-type]


def test_observing_what_is_no_kind_is_refused_at_once(hand: gd.Session) -> None:
    with pytest.raises(TypeError):
        hand.observe(print, kind="Started")  # type: ignore[arg-type]
