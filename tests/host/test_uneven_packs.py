"""Nodes that share a pack but not their wiring: each hears its own wires and nothing else."""

from __future__ import annotations

import numpy as np

import graphdaw as gd
from graphdaw.host.offline import Renderer


def rendered(inlets: tuple[str, ...]) -> np.ndarray:
    """Mixes of one pack, each with a sine at the inlet named."""
    graph = gd.Graph()
    out = graph.add("output")
    for k, inlet in enumerate(inlets):
        mix = graph.add("mix")
        graph.connect(graph.add("sine", frequency_hz=220.0 * (k + 1)), mix[inlet])
        graph.connect(mix, out)
    with Renderer(graph) as renderer:
        return renderer.render(960)


def test_an_inlet_wired_in_one_lane_is_silent_in_its_neighbours() -> None:
    same = rendered(("in1", "in1", "in1"))

    assert np.abs(same).max() > 0.5
    assert np.array_equal(rendered(("in1", "in2", "in2")), same)
    assert np.array_equal(rendered(("in3", "in2", "in1")), same)
