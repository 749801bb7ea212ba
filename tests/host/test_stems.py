from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphdaw as gd
from graphdaw.errors import CycleError
from graphdaw.graph.strips import add_bus, add_strip
from graphdaw.host.stems import OUTPUTS, TRACKS, stem_graphs, stem_path


@st.composite
def mixers(draw: st.DrawFn) -> gd.Graph:
    graph = gd.Graph()
    nodes = [graph.add("noise") for _ in range(draw(st.integers(1, 3)))]
    for _ in range(draw(st.integers(4, 10))):
        kind = draw(st.sampled_from(["gain", "gain", "send", "return", "noise"]))
        if kind == "send":
            node = graph.add("send", bus=draw(st.sampled_from("ab")), level_db=draw(st.sampled_from([-6.0, 0.0])))
        elif kind == "return":
            node = graph.add("return", bus=draw(st.sampled_from("ab")))
        else:
            node = graph.add(kind)
        if kind in ("gain", "send") or (kind == "return" and draw(st.integers(0, 3)) == 0):
            for source in draw(st.lists(st.sampled_from(nodes), max_size=2, unique=True)):
                with suppress(CycleError):  # through a bus
                    graph.connect(source["out"], node["in"], depth=draw(st.sampled_from([1.0, -0.5])))
        nodes.append(node)
    for _ in range(draw(st.integers(1, 2))):
        out = graph.add("output")
        sources = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=4, unique=True))
        returns = [node for node in nodes if node.type == "return" and draw(st.booleans())]
        end = out
        if draw(st.booleans()):  # a main bus
            end = graph.add("gain", gain_db=-3.0)
            end >> out
        for source in dict.fromkeys([*sources, *returns]):
            graph.connect(source["out"], end["in"])
    if draw(st.booleans()):
        graph.group(draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3, unique=True)), "some")
    return graph


@pytest.mark.parametrize("kind", [TRACKS, OUTPUTS])
def test_stems_add_up_to_the_mix(kind: str) -> None:
    @settings(max_examples=50, deadline=None)
    @given(mixers())
    def check(graph: gd.Graph) -> None:
        mix = gd.render(graph, seconds=0.01)[0]
        parts = [gd.render(alone, seconds=0.01)[0] for _, alone in stem_graphs(graph, kind)]

        total = np.sum(parts, axis=0, dtype=np.float64) if parts else 0.0 * mix
        np.testing.assert_allclose(total, mix, atol=1e-5)

    check()


def test_the_graph_itself_is_left_alone() -> None:
    graph = gd.Graph()
    graph.add("noise") >> graph.add("send", bus="room") >> graph.add("output")
    graph.add("sine") >> graph.add("send", bus="room")
    graph.add("return", bus="room") >> graph["output1"]
    before = graph.document.copy()

    titles = [title for title, _ in stem_graphs(graph, TRACKS)]

    assert titles == ["send1", "sine1"]
    assert graph.document == before


def test_tracks_that_come_together_in_a_main_bus_have_a_stem_each_with_what_they_send() -> None:
    graph = gd.Graph()
    main = add_bus(graph, "main")
    hall = add_bus(graph, "hall", into="main")
    for name, hz in (("Bass", 60.0), ("Lead", 700.0)):
        strip = add_strip(graph, name)
        tone = graph.add("gain", gain_db=-20.0)
        graph.add("sine", frequency_hz=hz) >> tone
        graph.connect(tone, strip.group["in"])
        graph.connect(strip.group["out"], main.group["in"])
        strip.send("hall", -6.0)
    mix = gd.render(graph, seconds=0.2)
    parts = [(title, gd.render(alone, seconds=0.2)) for title, alone in stem_graphs(graph, TRACKS)]

    assert [title for title, _ in parts] == ["Bass", "Lead"] and hall.group.id in graph.nodes
    np.testing.assert_allclose(parts[0][1] + parts[1][1], mix, atol=1e-5)
    assert all(np.abs(part[:, 4_800:]).max() > 0.01 for _, part in parts)


def test_what_shapes_the_sum_of_one_track_is_a_part_of_it() -> None:
    graph = gd.Graph()
    graph.add("noise") >> graph.add("filter") >> graph.add("gain") >> graph.add("output")

    assert [title for title, _ in stem_graphs(graph, TRACKS)] == ["gain1"]


def test_a_group_that_sounds_by_itself_too_is_no_bus() -> None:
    graph = gd.Graph()
    noise, other = graph.add("noise"), graph.add("noise")
    inside, gain = graph.add("sine"), graph.add("gain")
    for source in (noise, other, inside):
        source >> gain
    gain >> graph.add("output")
    graph.group([inside, gain], "some")

    assert [title for title, _ in stem_graphs(graph, TRACKS)] == ["some"]


def test_a_name_that_is_no_file_name_becomes_one() -> None:
    assert stem_path(Path("a/song.wav"), "../x: y").name == "song.---x--y.wav"
