"""Clicks: random edits and A/B toggles on sustained tones leave nothing above 6 kHz, where a hard cut leaves a lot."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import graphdaw as gd
from graphdaw.host.offline import Renderer
from tests.host.test_live_edits import edit_at_random, residue_dbfs

LIMIT_DBFS = -90.0
SETTLED = 4_096  # frames, after which what the start made has rung out


def tones(graph: gd.Graph, count: int, low_hz: float) -> str:
    """Sines of the same level into a mix that stays below full scale; its id."""
    mix = graph.add("mix", gain1_db=-6.0 - 20.0 * np.log10(count))
    for k in range(count):
        graph.add("sine", frequency_hz=low_hz * (1.0 + 0.37 * k)) >> mix
    return mix.id


def joined(pieces: list[np.ndarray]) -> np.ndarray:
    width = max(piece.shape[0] for piece in pieces)
    return np.concatenate([np.broadcast_to(piece, (width, piece.shape[1])) for piece in pieces], axis=1)


def test_a_hard_cut_would_be_seen() -> None:
    """The measure's own check: two tones at full scale, one of which stops at its peak."""
    t = np.arange(48_000) / 48_000
    first, second = 0.5 * np.sin(2 * np.pi * 200 * t), 0.5 * np.sin(2 * np.pi * 331 * t)
    cut = np.where(np.arange(48_000) < 24_060, second, 0.0)  # 24,060 is a quarter turn of the first past whole ones

    assert -26.0 < residue_dbfs(first + cut, after=SETTLED) < -15.0
    assert residue_dbfs(first + second, after=SETTLED) < -120.0


def test_random_edits_never_click(long_form: bool, record_property: Callable[[str, object], None]) -> None:
    edits = 1_000 if long_form else 200
    random = np.random.default_rng(11)
    graph = gd.Graph()
    bus = graph.add("gain", gain_db=-24.0)
    bus >> graph.add("output")
    for k in range(6):
        graph.add("sine", frequency_hz=80.0 + 60 * k) >> bus
    with Renderer(graph) as renderer:
        pieces = [renderer.render(SETTLED)]
        for _ in range(edits):
            edit_at_random(graph, random)
            pieces.append(renderer.render(int(random.integers(64, 900))))
        swaps = renderer.engine.stats()["swaps"]
    audio = joined(pieces)
    loudest = residue_dbfs(audio, after=512)

    record_property("figures", f"{loudest:.1f} dBFS")
    assert swaps > edits / 2
    assert np.abs(audio[:, SETTLED:]).max() > 0.05
    assert loudest <= LIMIT_DBFS


def test_toggles_never_click(long_form: bool, record_property: Callable[[str, object], None]) -> None:
    """A switch between two chords, turned at random moments, also while it still turns."""
    toggles = 500 if long_form else 100
    random = np.random.default_rng(12)
    graph = gd.Graph()
    route = graph.add("switch")
    graph.connect(f"{tones(graph, 3, 110.0)}.out", route["in1"])
    graph.connect(f"{tones(graph, 4, 173.0)}.out", route["in2"])
    route >> graph.add("output")
    heard = []
    with Renderer(graph) as renderer:
        pieces = [renderer.render(SETTLED)]
        for toggle in range(toggles):
            graph.set(route, select=float((toggle + 1) % 2))
            pieces.append(renderer.render(int(random.integers(64, 4_000))))
            heard.append(pieces[-1][0, -1])
    audio = joined(pieces)
    loudest = residue_dbfs(audio, after=512)

    record_property("figures", f"{loudest:.1f} dBFS")
    assert len(set(heard)) > toggles * 0.9
    assert 0.2 < np.abs(audio[:, SETTLED:]).max() < 1.0
    assert loudest <= LIMIT_DBFS


def test_both_sides_of_a_switch_are_heard() -> None:
    graph = gd.Graph()
    route = graph.add("switch")
    graph.connect(graph.add("sine", frequency_hz=200.0), route["in1"])
    graph.connect(graph.add("sine", frequency_hz=310.0), route["in2"])
    route >> graph.add("output")
    with Renderer(graph) as renderer:
        first = renderer.render(9_600)
        graph.set(route, select=1.0)
        second = renderer.render(9_600)
    t = np.arange(19_200) / 48_000

    np.testing.assert_allclose(first[0], np.sin(2 * np.pi * 200 * t[:9_600]), atol=2e-5)
    np.testing.assert_allclose(second[0, 2_400:], np.sin(2 * np.pi * 310 * t)[12_000:], atol=2e-5)
