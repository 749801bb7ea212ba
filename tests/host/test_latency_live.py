"""Latency compensation while a graph is edited: what it holds back is neither lost nor doubled."""

from __future__ import annotations

import numpy as np

from tests.drawing import draw
from tests.host.test_live_edits import play, residue_dbfs

GRAPH = """
    sine a(frequency_hz=200) -> late b(delay_frames=300) -> output o
    a -> gain c -> o
"""


def test_an_edit_elsewhere_keeps_what_is_held_back() -> None:
    still, _ = draw(GRAPH)
    expected = play(still, lambda: None)
    graph, n = draw(GRAPH)

    def edit() -> None:
        graph.add("sine") >> graph.add("gain", gain_db=-50.0) >> graph.add("filter")

    assert np.array_equal(play(graph, edit), expected)


def test_a_latency_that_changes_is_faded_and_then_exact() -> None:
    graph, n = draw(GRAPH)

    audio = play(graph, lambda: graph.set(n["b"], delay_frames=420.0), gap=4800)

    t = np.arange(audio.shape[1]) / 48_000
    for first, last, late in ((1000, 4800, 300), (7000, 20_000, 420)):
        np.testing.assert_allclose(
            audio[0, first:last], 2 * np.sin(2 * np.pi * 200 * (t[first:last] - late / 48_000)), atol=1e-3
        )
    assert residue_dbfs(audio, after=1000) < -80


def test_a_late_node_that_is_removed_takes_its_latency_along() -> None:
    graph, n = draw(GRAPH)

    audio = play(graph, lambda: graph.remove(n["b"]), gap=4800)

    t = np.arange(audio.shape[1]) / 48_000
    np.testing.assert_allclose(audio[0, 7000:], np.sin(2 * np.pi * 200 * t[7000:]), atol=1e-3)
    assert residue_dbfs(audio, after=1000) < -80
