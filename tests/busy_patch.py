"""A patch of 64 nodes that sounds, and edits that keep it at about that size: for tests of long playing."""

from __future__ import annotations

import random

import graphdaw as gd
from graphdaw.errors import GraphdawError

VOICES = 12
NODES = 64


def busy_patch(*, wide: bool = False) -> gd.Graph:
    """Low voices through filters, delays and a reverb; 64 nodes, and 400 more if `wide`, for two threads to share."""
    graph = gd.Graph(sample_rate=48_000)
    mix = graph.add("mix", gain1_db=-22.0)
    room = graph.add("reverb")
    mix >> room >> graph.add("limiter") >> graph.add("output")
    for number in range(VOICES):
        voice(graph, random.Random(number))
    if wide:
        far = graph.add("gain", gain_db=-60.0)
        far >> mix
        for k in range(900):
            graph.add("saw", frequency_hz=40.0 + k) >> graph.add("filter", cutoff_hz=300.0 + 9 * k) >> far
    return graph


def voice(graph: gd.Graph, dice: random.Random) -> None:
    """A sine or saw through filter, delay, gain and meter into the mix, as one undo step."""
    with graph.transaction("voice"):
        source = graph.add(dice.choice(("sine", "saw")), frequency_hz=dice.uniform(60.0, 900.0))
        tone = graph.add("filter", cutoff_hz=dice.uniform(300.0, 2_000.0))
        echo = graph.add("delay", time_s=dice.uniform(0.01, 0.3), feedback=0.4)
        level = graph.add("gain", gain_db=dice.uniform(-24.0, -6.0))
        source >> tone >> echo >> level >> graph.add("meter")
        graph.connect(level, "mix1.in1")


def edit_busily(graph: gd.Graph, dice: random.Random) -> bool:
    """One edit of the kind that people make; False where it was refused."""
    gains = [id for id, node in graph.nodes.items() if node.type == "gain"]
    inner = [wire for wire in graph.wires.values() if graph.nodes[wire.target].type in ("gain", "delay")]
    spare = len(graph.nodes) - NODES
    try:
        match dice.randrange(7):
            case 0 if spare < 10:
                voice(graph, dice)
            case 1 if gains and spare > -10:
                graph.remove(dice.choice(gains), heal=True)
            case 2 if inner and spare < 10:
                graph.insert(graph.add("gain", gain_db=-1.0), dice.choice(inner))
            case 3 if graph.history.past:
                graph.undo()
            case 4:
                graph.redo()
            case _ if gains:
                graph.set(dice.choice(gains), gain_db=dice.uniform(-24.0, -6.0))
    except GraphdawError:
        return False
    return True
