"""Many channels: recordings with more of them than one pack has lanes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

import graphdaw as gd


@pytest.mark.parametrize("channels", [1, 2, 5, 16, 17, 40, 64])
def test_every_channel_of_a_recording_reaches_its_own_output(channels: int, tmp_path: Path) -> None:
    recording = np.random.default_rng(1).uniform(-0.5, 0.5, (2000, channels)).astype(np.float32)
    soundfile.write(tmp_path / "many.wav", recording, 48_000, subtype="FLOAT")
    graph = gd.Graph()
    player = graph.add("audio_file", file=str(tmp_path / "many.wav"))
    player >> graph.add("gain") >> graph.add("output")

    audio = gd.render(graph, seconds=2000 / 48_000)

    np.testing.assert_allclose(audio, recording.T, atol=1e-6)
