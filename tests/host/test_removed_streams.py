"""A streamed recording whose node is taken out while it plays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

import graphdaw as gd
from graphdaw._core import ffi, lib
from graphdaw.host.engine import Engine


def test_feeding_goes_on_after_a_streaming_node_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    soundfile.write(path, np.random.default_rng(1).uniform(-0.1, 0.1, (5 * 48_000, 2)), 48_000)
    graph = gd.Graph()
    out = graph.add("output")
    gone, stays = (graph.add("audio_file", file=str(path)) for _ in range(2))
    graph.connect(gone, out)
    graph.connect(stays, out)
    planes = ffi.new("float[]", 2 * 4096)
    with Engine(graph) as engine:
        lib.gd_engine_render(engine.pointer, planes, 2, 4096, 64)
        graph.remove("audio_file1")
        for _ in range(40):
            lib.gd_engine_render(engine.pointer, planes, 2, 4096, 64)
            assert engine.settled()
            engine.feed()

        heard = np.frombuffer(ffi.buffer(planes), np.float32)

    assert np.abs(heard).max() > 0.05
