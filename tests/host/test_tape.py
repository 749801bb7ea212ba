"""record nodes in running engines: files that hold what was heard, to the frame."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw.errors import EngineError, MediaError
from graphdaw.host.events import RecordingStopped
from graphdaw.host.offline import Renderer
from tests.drawing import draw

RATE_HZ = 48_000


def patch(gate_hz: float | None = None) -> gd.Graph:
    """A stereo sound through a record node; with `gate_hz` a square wave opens and closes its gate."""
    graph, nodes = draw("noise n -> pan p(pan=0.3) -> record r(recording=0) -> output o", RATE_HZ)
    if gate_hz is None:
        graph.set(nodes["r"], recording=1.0)
    else:
        graph.connect(graph.add("lfo", shape="square", rate_hz=gate_hz), nodes["r"]["recording"])
    return graph


def read(path: Path) -> np.ndarray:
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE_HZ
    return np.asarray(audio).T


@pytest.mark.parametrize(
    ("name", "depth", "step"), [("a.wav", 32, 0.0), ("a.wav", None, 2**-23), ("a.flac", 24, 2**-23)]
)
def test_a_take_is_what_was_heard(tmp_path: Path, name: str, depth: int | None, step: float) -> None:
    path = tmp_path / name
    with Renderer(patch()) as renderer:
        renderer.engine.record("record1", path, bit_depth=depth)
        audio = renderer.render(2 * RATE_HZ + 77)
        assert not path.exists()

    np.testing.assert_allclose(read(path), audio, atol=step)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_each_opening_of_the_gate_is_a_take_exact_to_the_frame(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    with Renderer(patch(gate_hz=3.7)) as renderer:
        renderer.engine.record("record1", path, bit_depth=32)
        audio = renderer.render(RATE_HZ)
        takes = renderer.engine.stop_recording("record1")

    opened = (np.arange(RATE_HZ) * 3.7 / RATE_HZ) % 1 < 0.5
    edges = np.flatnonzero(np.diff(opened)) + 1
    assert [take.path.name for take in takes] == ["take.wav", "take-2.wav", "take-3.wav", "take-4.wav"]
    for k, take in enumerate(takes[:3]):
        begin = 0 if k == 0 else edges[2 * k - 1]
        np.testing.assert_array_equal(read(take.path), audio[:, begin : edges[2 * k]])


def test_recording_can_begin_and_end_while_it_plays(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    with Renderer(patch()) as renderer:
        renderer.render(10_240)
        renderer.engine.record("record1", path, bit_depth=32)
        audio = renderer.render(12_800)
        (take,) = renderer.engine.stop_recording("record1")
        renderer.render(12_800)

    assert (take.start_frame, take.frames, take.lost_frames, take.complete) == (10_240, 12_800, 0, True)
    np.testing.assert_array_equal(read(path), audio)


def test_a_removed_node_completes_its_take(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    graph = patch()
    with Renderer(graph) as renderer:
        renderer.engine.record("record1", path, bit_depth=32)
        audio = renderer.render(25_600)
        graph.remove("record1", heal=True)
        renderer.render(2_560)

    np.testing.assert_array_equal(read(path), audio)


def test_a_session_records_what_its_device_plays(tmp_path: Path) -> None:
    graph = patch()
    with gd.Session(graph, device="hand", block_frames=128) as session:
        session.play()
        session.record("record1", tmp_path / "take.flac")
        session.step(400)
    assert read(tmp_path / "take.flac").shape == (2, 400 * 128)


def test_a_full_disk_ends_the_take_in_one_sentence_and_the_sound_goes_on(tmp_path: Path) -> None:
    """The system refuses a file of more than 300,000 bytes, as it would when the disk is full."""
    path = tmp_path / "take.wav"
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with Renderer(patch()) as renderer:
        renderer.engine.record("record1", path)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, before[1]))
            renderer.render(2 * RATE_HZ)
            takes = renderer.engine.stop_recording("record1")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
        told = renderer.engine.problems["record1"]
        news = renderer.engine.news()
        audio = renderer.render(4_800)

    assert told.startswith(f"{path} could not be written: ") and told.endswith("kept, and the sound goes on.")
    assert RecordingStopped("record1", told) in news
    assert np.abs(audio).max() > 0.1
    (take,) = takes
    kept = read(path)
    assert (kept.shape[1], take.complete) == (take.frames, False)
    assert (300_000 - 1_000) // 6 < take.frames < 300_000 // 6


@pytest.mark.parametrize(
    ("node", "path", "error", "words"),
    [
        ("noise1", "take.wav", EngineError, "is no record node"),
        ("gone", "take.wav", EngineError, "is no record node"),
        ("record1", "take.xyz", MediaError, "is no format GraphDAW writes"),
        ("record1", "no/folder/take.wav", MediaError, "does not exist"),
    ],
)
def test_what_cannot_be_recorded_is_told_at_once(
    tmp_path: Path, node: str, path: str, error: type[Exception], words: str
) -> None:
    with Renderer(patch()) as renderer, pytest.raises(error, match=words):
        renderer.engine.record(node, tmp_path / path)
    assert not list(tmp_path.iterdir())
