"""Random graphs: the engine against the interpreter in double precision, and what must change no bit."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphdaw as gd
from graphdaw.errors import CycleError
from graphdaw.graph.validate import validate
from graphdaw.host.offline import Renderer
from graphdaw.nodes import registry
from tests.drawing import draw
from tests.interpreter import Interpreter, interpret
from tests.random_documents import RATES, add_wire, random_graph
from tests.reference import LOOP

FRAMES = 1_500  # 11 cells and a piece of one
TOLERANCE = 1e-6  # of the peak: -120 dB
SHAKE = 1.2e-7  # the last bit of a number in single precision, up or down
MARGIN = 32.0  # a node rounds more than once, and each shake is only one throw of the dice

seeds = st.integers(0, 2**32 - 1)
counts = st.integers(1, 25)
rates = st.sampled_from(RATES)


def heard(graph: gd.Graph, frames: int = FRAMES, block: int = 1024, threads: int = 1) -> np.ndarray:
    with Renderer(graph, block_frames=block, threads=threads) as renderer:
        return renderer.render(frames)


def assert_heard_as_interpreted(graph: gd.Graph) -> None:
    """To -120 dB of the peak, or to what rounding the last bit of each sample does to this very document.

    Most documents stay below -120 dB. Wider is what a resonant filter, a steep jump at a moving pitch, or a loop that
    modulates itself makes of rounding; the interpreter measures that by shaking its own numbers.
    """
    audio, expected = heard(graph), interpret(graph.document, FRAMES)
    assert audio.shape == expected.shape
    peak = float(np.abs(expected).max())
    moved = float(np.abs(interpret(graph.document, FRAMES, SHAKE) - expected).max())
    assert np.abs(audio - expected).max() <= max(TOLERANCE * peak, MARGIN * moved)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds, counts, rates)
def test_a_random_graph_sounds_as_interpreted(seed: int, count: int, rate: int) -> None:
    assert_heard_as_interpreted(random_graph(seed, count, rate))


def test_the_margin_for_rounding_is_rarely_needed() -> None:
    """Else the comparison would say little: half of all graphs agree to -120 dB, and nearly all to -80."""
    away = []
    for seed in range(24):
        graph = random_graph(seed, 1 + seed % 20, RATES[seed % len(RATES)])
        expected = interpret(graph.document, FRAMES)
        peak = float(np.abs(expected).max()) or 1.0
        away.append(float(np.abs(heard(graph) - expected).max()) / peak)

    assert np.median(away) <= TOLERANCE
    assert np.quantile(away, 0.9) <= 1e-4


def test_the_interpreter_hears_what_the_tests_ask_of_it() -> None:
    """Its own check, against closed forms: a sum, a depth, a loop that comes back 64 frames later."""
    graph, _ = draw("""
        sine s(frequency_hz=1000) -> gain g(level=0.5) -> output o
        g -> feedback f -> g
        s -> o
    """)
    t = np.arange(FRAMES) / 48_000
    sine = np.sin(2 * np.pi * 1_000 * t)
    expected = 1.5 * sine
    for _ in range(24):
        expected = 1.5 * sine + 0.5 * np.concatenate([np.zeros(LOOP), expected - sine])[:FRAMES]

    np.testing.assert_allclose(interpret(graph.document, FRAMES)[0], expected, atol=1e-4)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seeds, counts, rates)
def test_blocks_and_threads_change_no_bit_of_a_random_graph(seed: int, count: int, rate: int) -> None:
    graph = random_graph(seed, count, rate)
    expected = heard(graph)

    for block in (1, 64, 100):
        assert np.array_equal(heard(graph, block=block), expected)
    assert np.array_equal(heard(graph, threads=2), expected)


@pytest.mark.parametrize("seed", [0, 2, 5])  # in others, a saw more shifts all packs, and nothing is left to share out
def test_threads_change_no_bit_of_a_big_random_graph(seed: int) -> None:
    graph = random_graph(seed, 40, 48_000)
    output = graph.add("output")
    for k in range(900):  # enough that can be done side by side for two threads to pay
        graph.add("saw", frequency_hz=40.0 + k) >> graph.add("filter", cutoff_hz=300.0 + 9 * k) >> output
    with Renderer(graph, threads=2) as renderer:
        assert np.array_equal(renderer.render(3_000), heard(graph, 3_000))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds, counts, rates)
def test_skipping_silence_changes_no_bit(seed: int, count: int, rate: int) -> None:
    """A constant zero on every inlet, which is no silence to the engine, keeps every step running."""
    graph = random_graph(seed, count, rate)
    expected = heard(graph)
    for parent in {node.parent for node in graph.nodes.values() if node.type != "group"}:
        values: dict[str, float | str] = {"amount": 0.0, "offset": 0.0}
        zero = graph.add_inside(parent, "lfo", **values) if parent else graph.add("lfo", **values)
        for id, node in list(graph.nodes.items()):
            if node.parent == parent and node.type != "group" and id != zero.id:
                for inlet in registry[node.type].inputs:
                    graph.connect(zero, f"{id}.{inlet}")

    assert np.array_equal(heard(graph), expected)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds, counts)
def test_every_graph_that_edits_allow_compiles(seed: int, count: int) -> None:
    """Wire by wire into a playing graph, with many tries at loops: an edit is refused, or it plays."""
    dice = random.Random(seed)
    graph = random_graph(seed, count, 48_000)
    with Renderer(graph) as renderer:
        for _ in range(30):
            add_wire(graph, dice)
            assert np.isfinite(renderer.render(640)).all()
    assert [problem for problem in validate(graph.document) if problem.severity == "error"] == []


def test_a_loop_through_nothing_but_the_time_of_a_delay_is_refused() -> None:
    graph, n = draw("noise s -> delay d -> gain g -> output o")
    with Renderer(graph) as renderer:
        with pytest.raises(CycleError, match="put a delay or feedback node into it"):
            graph.connect(n["g"], n["d"]["time_s"], depth=0.001)
        renderer.render(512)
        graph.connect(n["g"], n["d"]["feedback"], depth=0.1)
        graph.connect(n["g"], n["d"]["mix"], depth=0.1)
        graph.connect(n["g"], n["d"]["in"], depth=0.1)
        assert np.isfinite(renderer.render(4_096)).all()


def test_a_delay_in_a_loop_is_at_least_64_frames_and_all_wet() -> None:
    graph, _ = draw("""
        sine s(frequency_hz=700) -> delay d(time_s=0.0005, feedback=0.3, mix=0.2) -> output o
        d -> gain g(level=0.5) -> d
    """)

    assert Interpreter(graph.document, FRAMES, 0.0).in_loop == {"delay1"}
    assert not heard(graph)[0, :LOOP].any()
    assert_heard_as_interpreted(graph)


def test_a_lane_after_one_that_hears_nothing_hears_its_own_wires() -> None:
    """Found by the random graphs: the second mix shared the first's empty sum on its second inlet."""
    graph, n = draw("""
        sine a(frequency_hz=300) -> mix m -> output o
        sine b(frequency_hz=500) -> mix k -> o
    """)
    for name in ("a", "b"):
        graph.connect(n[name], n["k"]["in2"], depth=0.5)

    assert_heard_as_interpreted(graph)


def test_a_set_value_glides_bit_for_bit_beside_a_neighbour_that_is_moved_once_a_cell() -> None:
    """The neighbour shares the pack, and its wire has one row a cell; the glide needs one a frame."""
    found = []
    for wire in ("", " -> a.gain_db * 3"):
        graph, n = draw(f"""
            sine s(frequency_hz=200) -> gain b -> output o
            sine t(frequency_hz=300) -> gain a
            lfo l(rate=block){wire}
        """)
        with Renderer(graph) as renderer:
            before = renderer.render(640)
            graph.set(n["b"], gain_db=-20.0)
            found.append(np.concatenate([before, *(renderer.render(100) for _ in range(20))], axis=1))

    assert np.array_equal(*found)
    assert np.abs(np.diff(found[0][0])).max() < 0.03  # the sine's own steepest step is 0.026
