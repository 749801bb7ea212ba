"""The same document at every level of processor: not a bit may differ, so a project sounds the same on any machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw._core import ffi, lib
from graphdaw.host.offline import Renderer, Samples
from tests.drawing import draw
from tests.kernel_probe import LEVELS
from tests.random_documents import RATES, random_graph

EVERY_NODE = """
    saw s(frequency_hz=110) -> filter f(mode=bandpass, cutoff_hz=900, q=4) -> gain v(level=0) -> pan p(pan=-0.3)
    p -> mix bus
    lfo gate(shape=square, rate_hz=9) -> adsr e(attack_s=0.01, release_s=0.02) -> v.level
    lfo slow(rate=block, shape=random, rate_hz=13) -> f.cutoff_hz * 700
    noise n(color=pink) -> delay d(time_s=0.011, feedback=0.5, interpolation=cubic) -> meter m -> bus
    sine wobble(frequency_hz=3) -> d.time_s * 0.002
    sine o1(frequency_hz=30) -> sine o2(frequency_hz=300) -> switch w(select=1) -> bus
    noise n2 -> w
    lfo pick(shape=triangle, rate_hz=2) -> w.select * 1
    o1 -> o2.frequency_hz * 50
    feedback fb -> gain back(gain_db=-12) -> bus -> output out
    bus -> fb
    sampler play(mode=loop, auto_start=on, pitch_semitones=3.7) -> bus
    audio_file stream(loop=on, gain_db=-6) -> bus
    saw many(frequency_hz=77) -> delay comb(time_s=0.004) -> output out2
    comb -> gain again(level=0.4) -> comb
"""


@pytest.fixture
def each_level() -> Iterator[list[str]]:
    """The levels this processor has; afterwards the best is in use again."""
    before = ffi.string(lib.gd_cpu_level()).decode()
    yield list(LEVELS)
    assert lib.gd_cpu_use_level(before.encode())


def at_every_level(graph: gd.Graph, levels: list[str], frames: int, threads: int = 1) -> dict[str, Samples]:
    found = {}
    for level in levels:
        assert lib.gd_cpu_use_level(level.encode())
        with Renderer(graph, threads=threads) as renderer:
            found[level] = renderer.render(frames)
    return found


def assert_all_the_same(found: dict[str, Samples]) -> None:
    assert np.abs(found["base"]).max() > 1e-3
    for level, audio in found.items():
        assert audio.tobytes() == found["base"].tobytes(), level


def test_every_node_is_the_same_at_every_level(tmp_path: Path, each_level: list[str]) -> None:
    path = tmp_path / "noise.wav"
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (9_000, 2))
    soundfile.write(path, noise, 44_100, subtype="FLOAT")
    graph, nodes = draw(EVERY_NODE)
    for name in ("play", "stream"):
        graph.set(nodes[name], file=str(path))

    assert_all_the_same(at_every_level(graph, each_level, 24_000))


def test_packs_of_every_width_are_the_same_at_every_level(each_level: list[str]) -> None:
    graph, nodes = draw("saw s(frequency_hz=90) -> filter f(q=6) -> pan p -> output o")
    for k in range(37):
        voice = graph.add("saw", frequency_hz=60.0 + 13 * k) >> graph.add("filter", cutoff_hz=300.0 + 40 * k, q=8.0)
        voice >> graph.add("pan", pan=-1 + k / 18) >> nodes["o"]

    assert_all_the_same(at_every_level(graph, each_level, 9_600))
    assert_all_the_same(at_every_level(graph, each_level, 4_800, threads=2))


@pytest.mark.parametrize("seed", [1, 2, 3, 5, 7, 8, 10, 11, 13, 14])
def test_random_graphs_are_the_same_at_every_level(seed: int, each_level: list[str]) -> None:
    graph = random_graph(seed, 8 + seed, RATES[seed % len(RATES)])

    assert_all_the_same(at_every_level(graph, each_level, 3_000))


def test_an_edit_is_the_same_at_every_level(each_level: list[str]) -> None:
    """The fade, and the states that move to packs of another width."""
    found = {}
    for level in each_level:
        assert lib.gd_cpu_use_level(level.encode())
        graph, nodes = draw("saw s -> filter f(q=3) -> delay d(time_s=0.003, feedback=0.7) -> pan p -> output o")
        with Renderer(graph) as renderer:
            pieces = [renderer.render(999)]
            graph.add("saw", frequency_hz=99.0) >> graph.add("filter", q=5.0) >> nodes["d"]
            pieces.append(renderer.render(999))
            graph.undo()
            pieces.append(renderer.render(999))
        found[level] = np.concatenate(pieces, axis=1)

    assert_all_the_same(found)
