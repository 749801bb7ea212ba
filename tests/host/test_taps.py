"""Taps and meters: they hear exactly what flows, change nothing, and nobody waits for anybody."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.errors import UnknownNodeError, UnknownPortError
from graphdaw.host.offline import render
from tests.drawing import draw

RATE_HZ = 48_000


def patch() -> tuple[gd.Graph, dict[str, gd.graph.graph.NodeHandle]]:
    return draw("noise n -> filter f(cutoff_hz=700) -> delay d(time_s=0.05, feedback=0.4) -> output o")


def sound_of(session: gd.Session, blocks: int) -> np.ndarray:
    return np.array([session.step() for _ in range(blocks)], np.float32).transpose(1, 0, 2).reshape(2, -1)


def test_a_tap_hears_what_flows_frame_for_frame() -> None:
    graph, n = patch()
    with gd.Session(graph, device="hand") as session, session.tap(n["o"]) as tap:
        session.play()
        heard, played = [tap.read()], []
        for _ in range(50):
            played.append(sound_of(session, 7))
            heard.append(tap.read())

    before = np.concatenate([part for part in heard if part.size], axis=1)
    assert before.shape == (1, 50 * 7 * 128 - 128)  # the last slice may still be worked on
    assert np.array_equal(before[0], np.concatenate(played, axis=1)[0, : before.shape[1]])
    assert tap.missed == 0


def test_taps_that_come_and_go_while_it_plays_change_no_sample() -> None:
    graph, n = patch()
    with gd.Session(graph, device="hand") as session:
        session.play()
        played = []
        for k in range(40):
            tap = session.tap(n["fdn"[k % 3]])
            played.append(sound_of(session, 5))
            if k % 4:
                tap.close()
        played = np.concatenate(played, axis=1)

    assert np.array_equal(played[0], render(graph, seconds=played.shape[1] / RATE_HZ)[0])


def test_a_tap_begins_with_the_sound_as_it_is_and_without_a_fade() -> None:
    graph, n = draw("sine s(frequency_hz=1000) -> output o")
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.step(10)
        tap = session.tap(n["s"])
        session.step(20)
        heard = tap.read()[0]

    frames = 10 * 128 + np.arange(len(heard))
    np.testing.assert_allclose(heard, np.sin(2 * np.pi * 1000.0 * frames / RATE_HZ), atol=1e-4)
    assert len(heard) == 19 * 128


def test_the_document_knows_nothing_of_a_tap() -> None:
    graph, n = patch()
    before, past = repr(graph.document), len(graph.history.past)
    with gd.Session(graph, device="hand") as session:
        session.tap(n["f"])
        assert (repr(graph.document), len(graph.history.past)) == (before, past)


def test_a_tap_follows_an_outlet_through_edits_that_replace_its_node() -> None:
    graph, n = draw("sine s -> filter f(mode=lowpass, cutoff_hz=20000) -> output o")
    with gd.Session(graph, device="hand") as session:
        tap = session.tap(n["f"])
        session.play()
        session.step(20)
        graph.set(n["f"], mode="highpass", cutoff_hz=30.0)  # another kernel: a new node in its place
        session.step(20)
        tap.read()
        graph.remove(n["s"])
        session.step(200)
        assert not np.any(tap.read()[:, -1_000:])
        graph.remove(n["f"])
        session.step(20)
        assert not np.any(tap.read())
        graph.undo()
        graph.undo()
        session.step(40)
        tap.read()
        played = sound_of(session, 40)
        assert np.array_equal(tap.read()[0, 128:], played[0, : 39 * 128])
        assert np.abs(played).max() > 0.1


def test_a_tap_hears_outlets_of_groups_and_inside_them() -> None:
    graph, n = draw("sine s(frequency_hz=500) -> gain a(level=0.5) -> gain b(level=0.5) -> output o")
    group = graph.group([n["a"], n["b"]])
    with gd.Session(graph, device="hand") as session:
        inside, outside, named = session.tap(n["a"]), session.tap(group), session.tap(f"{n['s'].id}.out")
        session.play()
        session.step(10)
        source = named.read()
        assert np.array_equal(inside.read(), 0.5 * source)
        assert np.array_equal(outside.read(), 0.25 * source)
        graph.ungroup(group)
        session.step(10)
        assert np.array_equal(inside.read(), 0.5 * named.read())


def test_all_channels_are_heard_as_they_come() -> None:
    graph, n = draw("noise n -> pan p(pan=0.3) -> output o")
    with gd.Session(graph, device="hand") as session, session.tap(n["o"]) as tap:
        session.play()
        played = sound_of(session, 20)
        assert np.array_equal(tap.read(), played[:, : 19 * 128])


def test_who_reads_too_late_loses_the_oldest_and_is_told_how_much() -> None:
    graph, n = draw("lfo l(rate_hz=0.01) -> output o")
    with gd.Session(graph, device="hand", block_frames=1024) as session, session.tap(n["l"]) as tap:
        session.play()
        played = sound_of(session, 200)[0]
        heard = tap.read()[0]
        assert tap.missed + len(heard) == 200 * 1024 - 128
        assert tap.missed > 0
        assert np.array_equal(heard, played[tap.missed : 200 * 1024 - 128])


def test_the_latest_frames_can_be_looked_at_again_and_again() -> None:
    graph, n = patch()
    with gd.Session(graph, device="hand") as session, session.tap(n["o"]) as tap:
        session.play()
        assert tap.latest(100).shape[1] == 0
        played = sound_of(session, 50)[0, : 49 * 128]
        assert np.array_equal(tap.latest(1_000)[0], played[-1_000:])
        assert np.array_equal(tap.latest(300)[0], played[-300:])
        assert tap.latest(10**9).shape == (1, 49 * 128)
        assert np.array_equal(tap.read()[0], played)


def test_reading_waits_for_no_lock_of_the_engine() -> None:
    """Another thread holds the engine's lock until the reader has read."""
    graph, n = patch()
    with gd.Session(graph, device="hand") as session, session.tap(n["o"]) as tap, session.meter(n["f"]) as meter:
        session.play()
        session.step(20)
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with session.engine._lock:
                held.set()
                assert done.wait(30.0)

        holder = threading.Thread(target=hold)
        holder.start()
        assert held.wait(30.0)
        got: list[object] = []
        reader = threading.Thread(target=lambda: got.extend((tap.read(), tap.latest(64), meter.read())))
        reader.start()
        reader.join(20.0)
        read_while_held = not reader.is_alive() and not done.is_set()
        done.set()
        holder.join()
        reader.join()

    assert read_while_held
    assert len(got) == 3


def test_a_tap_of_a_playing_device_misses_nothing_and_outlives_the_session() -> None:
    graph, n = draw("sine s(frequency_hz=100) -> output o")
    parts = []
    with gd.Session(graph, device="null") as session:
        tap = session.tap(n["s"])
        session.play()
        for _ in range(30):
            threading.Event().wait(0.01)
            parts.append(tap.read())
    parts.append(tap.read())
    tap.close()
    heard = np.concatenate([part for part in parts if part.size], axis=1)[0]

    assert tap.missed == 0
    np.testing.assert_allclose(heard, np.sin(2 * np.pi * 100.0 * np.arange(len(heard)) / RATE_HZ), atol=1e-3)


def test_after_a_new_beginning_a_tap_hears_that() -> None:
    graph, n = draw("sine s(frequency_hz=100) -> output o")
    with gd.Session(graph, device="hand") as session, session.tap(n["s"]) as tap:
        for _ in range(3):
            session.play()
            session.step(10)
            session.stop()
            session.locate(0.0)
        session.play()
        played = sound_of(session, 30)
        assert np.array_equal(tap.read()[0], played[0, : 29 * 128])


def test_a_meter_tells_peak_and_rms_since_last_asked() -> None:
    graph, n = draw("sine s(frequency_hz=480) -> gain g(level=0.5) -> output o")
    with gd.Session(graph, device="hand", block_frames=100) as session, session.meter(n["g"]) as meter:
        session.play()
        assert meter.read().frames == 0
        session.step(96)
        levels = meter.read()
        assert levels.frames == pytest.approx(9_600, abs=128)
        assert levels.peak_dbfs == pytest.approx((-6.0206,), abs=1e-2)
        assert levels.rms_dbfs == pytest.approx((-9.0309,), abs=0.1)
        graph.set(n["g"], level=0.0)
        session.step(96)
        meter.read()
        session.step(10)
        assert meter.read().peak_dbfs == (-np.inf,)


def test_an_end_that_is_none_is_refused_in_one_sentence() -> None:
    graph, n = patch()
    with gd.Session(graph, device="hand") as session:
        with pytest.raises(UnknownNodeError, match="nobody"):
            session.tap("nobody")
        with pytest.raises(UnknownPortError, match="wet"):
            session.tap(f"{n['f'].id}.wet")
