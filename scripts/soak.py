"""Edits a playing graph at random and listens: clicks, numbers that are not finite, late blocks, memory that grows.

The graph holds only sounds below 1 kHz, so whatever is heard above 6 kHz was made by an edit. Exit code 1 if anything
was wrong. `make soak SOAK_MINUTES=10`.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import scipy.signal

import graphdaw as gd
from graphdaw.errors import GraphdawError
from graphdaw.host.offline import Renderer

RATE_HZ = 48_000
BLOCK_FRAMES = 128
CLICK_LEVEL = 10.0 ** (-80.0 / 20.0)  # a hard cut of these sounds is at about -20 dBFS
MOST_NODES = 60
HIGH_PASS = scipy.signal.butter(6, 6_000.0, "highpass", fs=RATE_HZ, output="sos")


def start() -> gd.Graph:
    """A few soft, low voices into a mix."""
    graph = gd.Graph(sample_rate=RATE_HZ)
    mix = graph.add("mix", gain1_db=-20.0)
    graph.connect(mix, graph.add("output"))
    for number in range(8):
        voice(graph, random.Random(number))
    return graph


def voice(graph: gd.Graph, chance: random.Random) -> None:
    """A sine through a gain into the mix, one undo step."""
    with graph.transaction("voice"):
        sine = graph.add("sine", frequency_hz=chance.uniform(60.0, 900.0))
        level = graph.add("gain", gain_db=chance.uniform(-24.0, -6.0))
        graph.connect(sine, level)
        graph.connect(level, "mix1.in1")


def edits(graph: gd.Graph, chance: random.Random) -> list[Callable[[], object]]:
    """What may happen next."""
    ids = [id for id, node in graph.nodes.items() if node.type in ("sine", "gain")]
    gains = [id for id in ids if graph.nodes[id].type == "gain"]
    inner = [wire for wire in graph.wires.values() if wire.target in gains]
    choices: list[Callable[[], object]] = [graph.undo, graph.redo]
    if len(ids) < MOST_NODES:
        choices += [lambda: voice(graph, chance)] * 3
    if gains:
        choices += [lambda: graph.set(chance.choice(gains), gain_db=chance.uniform(-24.0, -6.0))] * 3
        choices += [lambda: graph.remove(chance.choice(ids))]
    if inner:
        choices += [lambda: graph.disconnect(chance.choice(inner))]
        choices += [lambda: graph.insert(graph.add("gain", gain_db=-1.0), chance.choice(inner))]
    return choices


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long, in real time")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    graph = start()
    made = late = clicks = broken = 0
    loudest = 0.0
    memory_kb = 0
    end = time.monotonic() + 60.0 * options.minutes
    with Renderer(graph, block_frames=BLOCK_FRAMES) as renderer:
        renderer.render(RATE_HZ)
        filtered = np.zeros((HIGH_PASS.shape[0], 2))
        settling = RATE_HZ // BLOCK_FRAMES
        while time.monotonic() < end:
            if chance.random() < 0.2:
                try:
                    chance.choice(edits(graph, chance))()
                    made += 1
                except GraphdawError:
                    continue  # nothing to undo, or the wire went with its node
            begin = time.perf_counter()
            block = renderer.render(BLOCK_FRAMES)[0]
            late += time.perf_counter() - begin > BLOCK_FRAMES / RATE_HZ
            broken += not np.isfinite(block).all()
            above, filtered = scipy.signal.sosfilt(HIGH_PASS, block, zi=filtered)
            settling -= 1
            if settling < 0:
                peak = float(np.max(np.abs(above)))
                loudest = max(loudest, peak)
                clicks += peak > CLICK_LEVEL
            memory_kb = memory_kb or (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if made > 500 else 0)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory_kb if memory_kb else 0
    loudest_db = 20.0 * np.log10(max(loudest, 1e-12))
    print(
        f"{made} edits: {clicks} blocks with a click (loudest {loudest_db:.0f} dBFS above 6 kHz), {broken} not finite, "
        f"{late} later than real time, {grown / 1024:.0f} MiB more memory since the first 500 edits"
    )
    return 1 if clicks or broken else 0


if __name__ == "__main__":
    sys.exit(main())
