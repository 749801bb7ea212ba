"""What the compiler makes of drawn graphs: order, packs, mixes, latency, cycles."""

from __future__ import annotations

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.host.engine import Engine
from graphdaw.host.offline import Renderer
from tests.drawing import draw
from tests.reference import CELL, LOOP


def kernels(graph: gd.Graph) -> list[tuple[str, list[str]]]:
    """The plan's kernel steps: name, and the node of each lane."""
    with Engine(graph) as engine:
        return [(name, [id for id, _ in lanes]) for name, _, _, lanes in engine.steps() if lanes]


def names(graph: gd.Graph) -> list[str]:
    """The plan's steps by name."""
    with Engine(graph) as engine:
        return [name for name, *_ in engine.steps()]


def test_steps_follow_wires() -> None:
    graph, n = draw("""
        sine a -> gain b -> output o
        noise c -> b
    """)

    steps = names(graph)

    assert steps.index("gain") > steps.index("sine")
    assert steps.index("gain") > steps.index("noise")
    assert steps[-1] == "output"


def test_lanes_of_one_kernel_at_one_depth_share_a_pack() -> None:
    graph, n = draw("""
        sine a -> gain x -> output o
        sine b -> gain y -> o
        sine c -> gain z -> o
    """)

    packs = dict(kernels(graph))

    assert packs["sine"] == [n["a"].id, n["b"].id, n["c"].id]
    assert packs["gain"] == [n["x"].id, n["y"].id, n["z"].id]


def test_wires_between_packs_that_line_up_cost_nothing() -> None:
    graph = gd.Graph()
    mix = graph.add("gain")
    mix >> graph.add("output")
    for k in range(16):
        graph.add("sine", frequency_hz=100.0 + k) >> graph.add("gain") >> mix

    assert names(graph) == ["sine", "gain", "mix", "gain", "output"]


def test_lanes_lie_in_the_order_of_the_pack_that_feeds_them() -> None:
    graph = gd.Graph()
    out = graph.add("output")
    gains = [graph.add("gain") for _ in range(4)]
    for gain in reversed(gains):
        graph.add("sine") >> gain >> out

    packs = dict(kernels(graph))

    assert packs["gain"] == [g.id for g in reversed(gains)]


def test_seventeen_lanes_take_two_packs() -> None:
    graph = gd.Graph()
    out = graph.add("output")
    for _ in range(17):
        graph.add("sine") >> out

    assert [len(lanes) for name, lanes in kernels(graph) if name == "sine"] == [16, 1]


def test_nodes_that_depend_on_each_other_never_share_a_pack() -> None:
    graph, n = draw("noise a -> gain b -> gain c -> gain d -> output o")

    assert [lanes for name, lanes in kernels(graph) if name == "gain"] == [[n["b"].id], [n["c"].id], [n["d"].id]]


def test_different_choices_never_share_a_pack() -> None:
    graph, n = draw("""
        noise a -> filter b(mode=lowpass) -> output o
        a -> filter c(mode=highpass) -> o
    """)

    assert sorted(lanes for name, lanes in kernels(graph) if name == "filter") == [[n["b"].id], [n["c"].id]]


def test_channels_follow_the_cables() -> None:
    graph, n = draw("noise a -> pan p -> gain b -> output o")

    lanes = [lanes for name, lanes in kernels(graph) if name == "gain"]

    assert lanes == [[n["b"].id, n["b"].id]]
    assert gd.render(graph, seconds=0.01).shape[0] == 2


def test_packs_that_hear_one_lane_share_its_copies() -> None:
    graph = gd.Graph()
    gate, other, out = graph.add("lfo", rate_hz=2.0), graph.add("lfo", rate_hz=3.0), graph.add("output")
    voices = [graph.add("adsr") for _ in range(48)]
    for voice in voices[:32]:
        graph.connect(gate, voice["gate"])
    for voice in voices[32:]:
        graph.connect(other, voice["gate"])
    for voice in voices:
        graph.connect(voice, out)

    steps = names(graph)
    last_envelope = max(k for k, name in enumerate(steps) if name == "adsr")

    assert steps[:last_envelope].count("mix") == 2


def test_a_chain_needs_few_buffers() -> None:
    graph, _ = draw("noise n -> gain a -> output o")
    last = graph["gain1"]
    graph.disconnect("gain1", "output1")
    for _ in range(100):
        gain = graph.add("gain")
        last >> gain
        last = gain
    last >> graph["output1"]

    with Engine(graph) as engine:
        assert engine.plan()["buffers"] <= 4


def test_large_sums_are_cut_into_chunks() -> None:
    graph = gd.Graph()
    out = graph.add("output")
    for k in range(300):
        graph.add("sine", frequency_hz=50.0 + k) >> out

    assert names(graph).count("sum") == 3


def test_a_delay_on_a_cycle_is_split_and_elsewhere_whole() -> None:
    loop, _ = draw("""
        noise n -> gain g -> delay d(time_s=0.1) -> output o
        d -> g
    """)
    line, _ = draw("noise n -> delay d(time_s=0.1) -> output o")

    assert {"delay_read", "delay_write"} <= set(names(loop))
    assert "delay" in names(line)


def test_the_earlier_way_waits_for_the_later_one() -> None:
    graph, n = draw("""
        noise a -> late b(delay_frames=100) -> output o
        a -> gain c -> o
    """)

    audio = gd.render(graph, seconds=0.1)[0]
    alone, _ = draw("noise a -> output o")
    source = gd.render(alone, seconds=0.1)[0]

    assert np.array_equal(audio[100:], 2 * source[:-100])
    with Engine(graph) as engine:
        assert engine.latency_frames() == 100
        assert engine.latency_frames(n["c"].id) == 0


@pytest.mark.parametrize("frames", [(1, 64), (500, 63), (4000, 1)])
def test_random_latencies_line_up_to_the_sample(frames: tuple[int, int]) -> None:
    graph, _ = draw(f"""
        noise a -> late b(delay_frames={frames[0]}) -> late c(delay_frames={frames[1]}) -> output o
        a -> late d(delay_frames=7) -> gain e -> o
        a -> o
    """)
    late = sum(frames)
    alone, _ = draw("noise a -> output o")

    audio, source = gd.render(graph, seconds=0.2)[0], gd.render(alone, seconds=0.2)[0]

    np.testing.assert_allclose(audio[late:], 3 * source[: len(source) - late], atol=1e-6)


def test_a_plan_for_two_threads_is_shared_out() -> None:
    graph = gd.Graph()
    out = graph.add("output")
    for k in range(2000):
        graph.add("sine", frequency_hz=50.0 + k) >> out

    with Engine(graph, threads=2) as engine:
        workers = [worker for _, _, worker, _ in engine.steps()]

    assert 0.25 < np.mean(workers) < 0.75


def test_a_strip_does_not_wait_for_the_end_of_the_strip_before() -> None:
    graph = gd.Graph()
    out = graph.add("output")
    for _ in range(64):
        graph.add("noise") >> graph.add("modal") >> graph.add("compressor") >> graph.add("gain") >> out

    with Engine(graph, threads=2) as engine:
        workers = [worker for name, _, worker, _ in engine.steps() if name == "modal"]

    assert sorted(workers) == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("drawing", "frames"),
    [
        ("noise a -> delay d -> gain g -> output o", CELL),
        ("noise a -> delay d -> gain g -> output o\ng -> d", LOOP),
        ("noise a -> feedback f -> output o", LOOP),
    ],
)
def test_slices_are_short_only_where_a_node_closes_a_loop(drawing: str, frames: int) -> None:
    graph, _ = draw(drawing)
    with Engine(graph) as engine:
        assert engine.plan()["slice_frames"] == frames


def test_slices_are_long_again_once_a_loop_has_gone() -> None:
    graph, n = draw("noise a -> feedback f -> output o")
    found = []
    with Renderer(graph) as renderer:
        renderer.render(CELL)
        found.append(renderer.engine.plan()["slice_frames"])
        graph.remove(n["f"])
        renderer.render(2048)
        found.append(renderer.engine.plan()["slice_frames"])

    assert found == [LOOP, CELL]
