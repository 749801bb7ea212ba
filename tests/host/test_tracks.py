"""Input tracks: what comes in, recorded where it was played, heard or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.errors import EngineError, MediaError
from graphdaw.graph.handles import NodeHandle
from graphdaw.host.device import DeviceSettings, HandDevice
from graphdaw.host.tracks import InputTrack
from tests.drawing import draw
from tests.host.test_tape import RATE_HZ, read

BLOCK = 128
FOUR_INPUTS = DeviceSettings("hand", inputs=(0, 1, 2, 3), outputs=(0, 1))
HEARD = np.random.default_rng(3).uniform(-0.5, 0.5, (4, 200 * BLOCK)).astype(np.float32)


def step(session: gd.Session, heard: np.ndarray) -> np.ndarray:
    """Play as many blocks as come in; returns what went out."""
    device = session.device
    assert isinstance(device, HandDevice)
    out = []
    for at in range(0, heard.shape[1], BLOCK):
        session.engine.commit()
        session.engine.feed()
        out.append(device.step(1, heard[:, at : at + BLOCK].tolist()))
    return np.concatenate([np.array(block, np.float32) for block in out], axis=1)


def test_the_channels_that_were_asked_for_are_recorded_to_the_frame(tmp_path: Path) -> None:
    with gd.Session(gd.Graph(sample_rate=RATE_HZ), device=FOUR_INPUTS) as session:
        session.play()
        first = session.record_input(tmp_path / "a.wav", bit_depth=32)
        pair = session.record_input(tmp_path / "b.wav", (2, 3), bit_depth=32)
        session.settled()
        out = step(session, HEARD)
        takes = [*first.disarm(), *pair.disarm()]

    assert [take.channels for take in takes] == [1, 2]
    for take, channels in zip(takes, (HEARD[:1], HEARD[2:]), strict=True):
        fade = 512 - take.start_frame  # a new node's wires are faded in
        np.testing.assert_array_equal(read(take.path)[:, fade:], channels[:, 512 : take.start_frame + take.frames])
    assert np.abs(out).max() == 0.0  # nothing is monitored


def test_punching_in_and_out_makes_takes_and_monitoring_is_heard(tmp_path: Path) -> None:
    with gd.Session(gd.Graph(sample_rate=RATE_HZ), device=FOUR_INPUTS) as session:
        track = InputTrack(session, (1,))
        session.play()
        step(session, HEARD[:, : 20 * BLOCK])
        track.arm(tmp_path / "take.wav", bit_depth=32, preroll_s=0.01)
        for _ in range(2):
            step(session, HEARD[:, : 20 * BLOCK])
            track.punch_in()
            step(session, HEARD[:, 20 * BLOCK : 50 * BLOCK])
            track.punch_out()
            step(session, HEARD[:, 50 * BLOCK : 60 * BLOCK])
        takes = track.disarm()
        assert not track.monitor
        track.monitor = True
        step(session, HEARD[:, : 40 * BLOCK])
        out = step(session, HEARD[:, 40 * BLOCK : 60 * BLOCK])

    assert [take.path.name for take in takes] == ["take.wav", "take-2.wav"]
    for take in takes:
        assert (take.preroll_frames, take.frames) == (480, 480 + 30 * BLOCK)
        np.testing.assert_array_equal(read(take.path)[0], HEARD[1, 20 * BLOCK - 480 : 50 * BLOCK])
    np.testing.assert_array_equal(out[0], HEARD[1, 40 * BLOCK : 60 * BLOCK])


@pytest.mark.parametrize("late_frames", [0, 700])
def test_a_take_lies_where_it_was_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late_frames: int) -> None:
    """A musician who plays exactly what is heard, over a device that is late both ways, in a graph with latency."""
    into, out_of = 333, 500
    monkeypatch.setattr(HandDevice, "latency_frames", (into, out_of))
    graph, _ = draw(f"noise n -> late l(delay_frames={late_frames}) -> output o", RATE_HZ)
    trip = into + out_of
    with gd.Session(graph, device=DeviceSettings("hand", inputs=(0,), outputs=(0,))) as session:
        track = InputTrack(session, (0,))
        track.arm(tmp_path / "take.wav", bit_depth=32)
        assert track.late_frames is None
        session.play()
        assert track.late_frames == trip + late_frames
        played = np.zeros((1, trip), np.float32)
        for block in range(200):
            if block == 100:
                track.punch_in()
            played = np.concatenate([played, step(session, played[:, -trip:][:, :BLOCK])], axis=1)
        (take,) = track.disarm()

    source, _ = draw("noise n -> output o", RATE_HZ)
    expected = gd.render(source, seconds=200 * BLOCK / RATE_HZ)
    heard = read(take.path)
    assert take.frames == 100 * BLOCK - trip - late_frames and take.start_frame == 100 * BLOCK
    np.testing.assert_array_equal(heard[0], expected[0, take.start_frame :][: take.frames])


def test_a_track_is_one_step_of_undo_and_uses_the_output_that_is_there() -> None:
    graph, _ = draw("noise n -> output o", RATE_HZ)
    before = set(graph.nodes)
    with gd.Session(graph, device="hand") as session:
        InputTrack(session, (0, 1), monitor=True)
        assert sorted(graph.nodes[id].type for id in set(graph.nodes) - before) == ["gain", "input", "record"]
        graph.undo()
        assert set(graph.nodes) == before


@pytest.mark.parametrize("channels", [(), (0, 2), (1, 0), (-1,), (64,)])
def test_channels_that_no_track_can_have_are_refused(channels: tuple[int, ...]) -> None:
    graph = gd.Graph()
    with gd.Session(graph, device="hand") as session, pytest.raises(EngineError, match="give some that follow"):
        InputTrack(session, channels)
    assert not graph.nodes


def test_a_file_that_cannot_be_written_leaves_no_track_behind(tmp_path: Path) -> None:
    with gd.Session(gd.Graph(sample_rate=RATE_HZ), device="hand") as session:
        for wrong in (tmp_path / "nowhere" / "a.wav", tmp_path / "a.xyz"):
            with pytest.raises(MediaError, match="cannot be written"):
                session.record_input(wrong)

        assert not session.graph.nodes


def test_a_track_that_cannot_be_armed_leaves_nothing_in_the_graph(tmp_path: Path) -> None:
    graph = gd.Graph()
    with gd.Session(graph, device="hand") as session:
        with pytest.raises(MediaError, match="is no format"):
            session.record_input(tmp_path / "a.xyz")
        assert not graph.nodes and not graph.wires

        track = InputTrack(session)
        (output,) = [id for id, node in graph.nodes.items() if node.type == "output"]
        graph.add("sine") >> NodeHandle(graph, output)
        track.remove()
        assert {node.type for node in graph.nodes.values()} == {"sine", "output"}


def test_a_track_that_is_undone_while_it_waits_for_its_device_ends_and_hurts_nobody(tmp_path: Path) -> None:
    with gd.Session(gd.Graph(), device="hand") as session:
        track = session.record_input(tmp_path / "a.wav")
        while session.graph.nodes:
            session.graph.undo()
        session.play()
        session.step(10)
        session.engine.feed()

        assert track.late_frames is None
        assert track.record.id not in session.graph.nodes
        assert session.stop_recording(track.record) == []
