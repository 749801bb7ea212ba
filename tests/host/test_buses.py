"""Buses as they are heard: sends and returns against drawn wires, live and with undo."""

from __future__ import annotations

import numpy as np

import graphdaw as gd
from graphdaw.host.offline import Renderer, render


def patch(drawn: bool) -> gd.Graph:
    """Two tones into an echo: by wires, or by a bus."""
    graph = gd.Graph()
    out, echo = graph.add("output", gain_db=-12.0), graph.add("delay", time_s=0.01, feedback=0.5)
    for hz in (220.0, 331.0):
        tone = graph.add("sine", frequency_hz=hz)
        graph.connect(tone, out)
        if drawn:
            level = graph.add("gain", gain_db=-6.0)
            graph.connect(tone, level)
            graph.connect(level, echo)
        else:
            graph.connect(tone, graph.add("send", bus="echo", level_db=-6.0))
    if not drawn:
        graph.connect(graph.add("return", bus="echo"), echo)
    graph.connect(echo, out)
    return graph


def test_a_bus_sounds_like_the_wires_it_stands_for() -> None:
    a, b = (render(patch(drawn), seconds=0.3) for drawn in (True, False))
    np.testing.assert_allclose(a, b, atol=2e-7)
    assert np.abs(a).max() > 0.1


def test_a_send_passes_its_source_on_bit_for_bit() -> None:
    graph = gd.Graph()
    tone, send, out = graph.add("sine"), graph.add("send", level_db=-20.0), graph.add("output")
    graph.connect(tone, send)
    graph.connect(send["out"], out)
    straight = gd.Graph()
    straight.connect(straight.add("sine"), straight.add("output"))
    np.testing.assert_array_equal(render(graph, seconds=0.1), render(straight, seconds=0.1))


def test_a_bus_is_renamed_and_brought_back_while_it_plays() -> None:
    graph = gd.Graph()
    tone, send = graph.add("sine", frequency_hz=200.0), graph.add("send", bus="a")
    back, out = graph.add("return", bus="a"), graph.add("output")
    graph.connect(tone, send)
    graph.connect(back, out)
    parts = []
    with Renderer(graph) as renderer:
        for change in (None, lambda: graph.set(send.id, bus="b"), graph.undo, lambda: graph.remove(back.id)):
            if change is not None:
                change()
            parts.append(renderer.render(9600)[0])
    levels = [np.abs(part[2000:]).max() for part in parts]
    assert levels[0] > 0.9 and levels[2] > 0.9
    assert levels[1] == levels[3] == 0.0
    assert np.abs(np.diff(np.concatenate(parts))).max() < 0.05  # a full step would be 1; the tone's own is 0.03
