"""The engine as Python holds it: what it tells, and what it does when a recording breaks while it plays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw.errors import MediaError
from graphdaw.host.engine import Engine
from graphdaw.host.events import Settled, Swapped
from graphdaw.host.media import MediaStream
from graphdaw.host.offline import Renderer
from graphdaw.host.streams import RING_FRAMES
from tests.drawing import draw
from tests.reference import CELL


def test_the_audio_thread_tells_when_an_edit_is_heard() -> None:
    graph, n = draw("sine a -> output o")
    with Renderer(graph) as renderer:
        renderer.render(64)
        renderer.engine.news()
        graph.connect(n["a"], graph.add("gain"))
        renderer.render(1024)

        told = renderer.engine.news()

    assert told == [Swapped(CELL), Settled(CELL + 256)]


def broken_graph(folder: Path, monkeypatch: pytest.MonkeyPatch) -> gd.Graph:
    """A long recording whose disk fails after the rings were filled once."""
    soundfile.write(folder / "long.wav", np.full(4 * RING_FRAMES, 0.25), 48_000, subtype="FLOAT")
    read, reads = MediaStream.read, []

    def fail_later(self: MediaStream, frames: int) -> np.ndarray:
        reads.append(frames)
        if len(reads) > 2:
            raise MediaError(f"{self.path} is damaged: the disk is gone.")
        return read(self, frames)

    monkeypatch.setattr(MediaStream, "read", fail_later)
    graph = gd.Graph()
    graph.add("audio_file", file=str(folder / "long.wav")) >> graph.add("output")
    return graph


def test_a_recording_that_breaks_ends_a_render_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Renderer(broken_graph(tmp_path, monkeypatch)) as renderer, pytest.raises(MediaError, match=r"long\.wav"):
        renderer.render(4 * RING_FRAMES)


def test_a_recording_that_breaks_falls_silent_in_a_session_and_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = broken_graph(tmp_path, monkeypatch)
    with gd.Session(graph, device="hand", block_frames=4096) as session:
        session.play()
        last = session.step(2 * RING_FRAMES // 4096)

    assert not np.any(last)
    assert session.engine.problems == {"audio_file1": f"{tmp_path / 'long.wav'} is damaged: the disk is gone."}


def test_closing_an_engine_twice_is_harmless() -> None:
    graph, _ = draw("sine a -> output o")
    engine = Engine(graph)

    engine.close()
    engine.close()

    graph.add("gain")  # nobody follows any more
