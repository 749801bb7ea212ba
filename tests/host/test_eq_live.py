"""The equaliser in a playing graph: what is turned glides, and what stands still leaves every bit alone."""

from __future__ import annotations

import numpy as np
from scipy import signal

import graphdaw as gd
from graphdaw.host.offline import Renderer


def test_turning_a_band_while_it_plays_is_heard_without_clicks() -> None:
    graph = gd.Graph()
    tone, eq, out = graph.add("sine", frequency_hz=200.0), graph.add("eq"), graph.add("output", gain_db=-20.0)
    graph.connect(tone, eq["in"])
    graph.connect(eq, out)
    turns = (
        {"gain2_db": 12.0},
        {"frequency2_hz": 1500.0, "q2": 4.0},
        {"type2": 6.0},
        {"type2": 2.0, "gain2_db": -9.0},
        {"gain2_db": 0.0},
    )
    with Renderer(graph) as renderer:
        parts = [renderer.render(2400)]
        for values in turns:
            graph.set(eq.id, **values)
            parts.append(renderer.render(2400))
    sound = np.concatenate(parts, axis=1)[0].astype(float)
    over = signal.sosfilt(signal.butter(10, 6000, "high", fs=48_000, output="sos"), sound)
    assert 20 * np.log10(np.abs(over[2000:]).max()) < -70
    levels = [20 * np.log10(np.abs(part[0][1200:]).max()) + 20 for part in parts]
    assert abs(levels[1] - 12.0) < 0.6  # the middle of the bell is at 180 Hz
    assert abs(levels[-1]) < 1e-3


def test_an_equaliser_at_rest_passes_its_source_bit_for_bit() -> None:
    sounds = []
    for with_eq in (False, True):
        graph = gd.Graph()
        last = graph.add("noise")
        if with_eq:
            eq = graph.add("eq")
            graph.connect(last, eq["in"])
            last = eq
        graph.connect(last, graph.add("output"))
        with Renderer(graph) as renderer:
            sounds.append(renderer.render(1000))
    np.testing.assert_array_equal(*sounds)
