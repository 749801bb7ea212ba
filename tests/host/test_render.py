"""Renders against closed forms, and the promise that block size and threads change no bit."""

from __future__ import annotations

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.errors import EngineError
from graphdaw.host.offline import Renderer
from tests.drawing import draw
from tests.reference import LOOP

RICH = """
    saw s(frequency_hz=110) -> filter f(mode=lowpass, cutoff_hz=900, q=4) -> gain v(level=0)
    v -> pan p(pan=-0.3) -> gain bus
    lfo gate(shape=square, rate_hz=3) -> adsr e(attack_s=0.01, release_s=0.2)
    lfo slow(rate=block, rate_hz=0.7) -> f.cutoff_hz * 700
    e -> v.level
    noise n(color=pink) -> gain q(gain_db=-30) -> delay d(time_s=0.11, feedback=0.5) -> bus -> output o
    feedback fb -> gain back(gain_db=-12) -> bus
    bus -> fb
    sine m(frequency_hz=30) -> sine c(frequency_hz=300) -> bus
    m -> c.frequency_hz * 50
"""


def test_sine_through_gain_is_its_closed_form() -> None:
    graph, _ = draw("sine s(frequency_hz=1000) -> gain g(gain_db=-6) -> output o")

    audio = gd.render(graph, seconds=0.5)

    t = np.arange(24_000) / 48_000
    np.testing.assert_allclose(audio[0], np.sin(2 * np.pi * 1000 * t) * 10 ** (-6 / 20), atol=1e-4)


@pytest.mark.parametrize("block", [1, 64, 100, 1024])
def test_block_size_changes_no_bit(block: int) -> None:
    graph, _ = draw(RICH)

    assert np.array_equal(gd.render(graph, seconds=0.5), gd.render(graph, seconds=0.5, block_frames=block))


@pytest.mark.parametrize("block", [1, 64, 100, 1024])
def test_feedback_is_64_frames_late_at_any_block_size(block: int) -> None:
    """Without the loop slices are twice as long, and the bits must be the same."""
    graph, _ = draw("noise s -> output o")
    heard = gd.render(graph, seconds=0.1, block_frames=block)[0]
    graph, _ = draw("noise s -> feedback f -> output o")
    late = gd.render(graph, seconds=0.1, block_frames=block)[0]

    assert np.array_equal(late[LOOP:], heard[:-LOOP])
    assert not late[:LOOP].any()


@pytest.mark.parametrize("block", [1, 64, 100, 1024])
def test_a_comb_of_feedback_rings_at_750_hz_at_any_block_size(block: int) -> None:
    graph, _ = draw("""
        noise s -> gain sum -> output o
        sum -> feedback f -> gain half(level=0.5) -> sum
    """)
    dry, _ = draw("noise s -> output o")
    expected = gd.render(dry, seconds=0.1).astype(np.float64)[0]
    for k in range(LOOP, len(expected)):
        expected[k] += 0.5 * expected[k - LOOP]

    audio = gd.render(graph, seconds=0.1, block_frames=block)[0]

    np.testing.assert_allclose(audio, expected, atol=2e-6)
    assert np.array_equal(audio, gd.render(graph, seconds=0.1)[0])


def test_two_renders_are_the_same_bits() -> None:
    graph, _ = draw(RICH)

    assert gd.render(graph, seconds=1.0).tobytes() == gd.render(graph, seconds=1.0).tobytes()


def big_graph() -> gd.Graph:
    """Enough work for several threads, with a shared bus, a loop and modulation."""
    graph, n = draw(RICH)
    for k in range(600):
        graph.add("saw", frequency_hz=40.0 + k) >> graph.add("filter", cutoff_hz=300.0 + 9 * k) >> n["bus"]
    return graph


def test_threads_change_no_bit() -> None:
    graph = big_graph()

    alone = gd.render(graph, seconds=0.3)

    with Renderer(graph, threads=2) as renderer:
        assert renderer.engine.plan()["workers"] == 2
    assert alone.tobytes() == gd.render(graph, seconds=0.3, threads=2).tobytes()
    assert alone.tobytes() == gd.render(graph, seconds=0.3, threads=4, block_frames=100).tobytes()


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 9, 16, 17, 31, 33, 129, 300])
def test_sums_of_any_size_are_right(count: int) -> None:
    graph = gd.Graph()
    out = graph.add("output")
    frequencies = [100.0 + 11 * k for k in range(count)]
    for hz in frequencies:
        graph.add("sine", frequency_hz=hz) >> graph.add("gain", gain_db=-40.0) >> out

    audio = gd.render(graph, seconds=0.05)[0]

    t = np.arange(len(audio)) / 48_000
    expected = sum(np.sin(2 * np.pi * hz * t) for hz in frequencies) / 100
    np.testing.assert_allclose(audio, expected, atol=1e-6 * count)


def test_where_a_lane_lies_changes_no_bit() -> None:
    """One saw and filter alone, and the same pair among thirty others."""
    alone, _ = draw("saw s(frequency_hz=123) -> filter f(cutoff_hz=777, q=9) -> output o")
    crowd, n = draw("saw s(frequency_hz=123) -> filter f(cutoff_hz=777, q=9) -> output o")
    for k in range(30):
        crowd.add("saw", frequency_hz=50.0 + k) >> crowd.add("filter", cutoff_hz=400.0 + k) >> crowd.add("gain")

    assert np.array_equal(gd.render(alone, seconds=0.3), gd.render(crowd, seconds=0.3))


def test_a_graph_without_output_says_so() -> None:
    graph, _ = draw("sine s -> gain g")

    with pytest.raises(EngineError, match="no output node"):
        gd.render(graph, seconds=1.0)


def test_an_empty_output_is_silence() -> None:
    graph, _ = draw("output o")

    assert not gd.render(graph, seconds=0.1).any()


def test_unwired_nodes_are_silent_and_harmless() -> None:
    graph, _ = draw("""
        sine s -> output o
        filter f -> delay d
    """)
    alone, _ = draw("sine s -> output o")

    assert np.array_equal(gd.render(graph, seconds=0.1), gd.render(alone, seconds=0.1))


def test_modulation_adds_in_the_parameters_unit() -> None:
    graph, _ = draw("""
        sine s(frequency_hz=500) -> gain g(gain_db=-20) -> output o
        sine m(frequency_hz=3) -> g.gain_db * 6
    """)

    audio = gd.render(graph, seconds=0.5)[0]

    t = np.arange(len(audio)) / 48_000
    level = 10 ** ((-20 + 6 * np.sin(2 * np.pi * 3 * t)) / 20)
    np.testing.assert_allclose(audio, level * np.sin(2 * np.pi * 500 * t), atol=2e-5)


def test_a_modulated_parameter_stays_in_its_range() -> None:
    graph, _ = draw("""
        sine s -> gain g(gain_db=20) -> output o
        lfo m(shape=square, rate_hz=1) -> g.gain_db * 100
    """)

    audio = gd.render(graph, seconds=0.25)[0]

    assert np.abs(audio).max() == pytest.approx(10 ** (24 / 20), rel=1e-4)
