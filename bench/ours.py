"""GraphDAW as a contestant: `python -m bench.ours [WORKLOAD...]` prints JSON as a peer does."""

from __future__ import annotations

import resource
import time
from importlib.metadata import version

import numpy as np

import graphdaw as gd
from bench import definitions as d
from bench import workloads
from bench.peers.common import Result, measure_render, median_of, rendered, run_all
from graphdaw.host.offline import Renderer

VERSION = version("graphdaw")


def render_seconds(renderer: Renderer, seconds: float) -> None:
    """Render so much audio, block by block, as a device would."""
    for _ in range(round(seconds * d.SAMPLE_RATE_HZ / d.BLOCK_FRAMES)):
        renderer.render(d.BLOCK_FRAMES)


def measure(name: str, seconds: float, repeats: int) -> Result:
    """One row of the table."""
    special = {d.BUILD: measure_build, d.EDIT: measure_edit, d.CORES: measure_cores, d.MEMORY: measure_memory}
    if name in special:
        return special[name](repeats)
    with Renderer(workloads.graph(name), block_frames=d.BLOCK_FRAMES, threads=1) as renderer:
        rtf, used = measure_render(lambda s: render_seconds(renderer, s), seconds, repeats)
        heard = np.asarray(renderer.render(d.SAMPLE_RATE_HZ // 2))
    return Result("graphdaw", VERSION, name, rtf=rtf, seconds=used, rms=float(np.sqrt(np.mean(heard**2))))


def measure_build(repeats: int) -> Result:
    """From Python to a compiled chain of 1,000 gains."""

    def built_s() -> float:
        begin = time.process_time()
        with Renderer(workloads.graph("W2"), block_frames=d.BLOCK_FRAMES, threads=1):
            return time.process_time() - begin

    return Result("graphdaw", VERSION, d.BUILD, ms=1e3 * median_of(repeats, built_s))


def measure_edit(repeats: int) -> Result:
    """Put a gain behind the playing chain of W2 and take it away again, timed from the call to its return.

    The edit's plan is in the engine's hands when the call returns, and sounds from the next block on.
    """
    graph = workloads.graph("W2")
    out = next(n for n in graph.nodes if graph[n].type == "output")
    wire = next(w for w in graph.wires.values() if w.target == out)
    spent = []
    with gd.Session(graph, device="null") as session:
        session.play()
        for _ in range(10 * repeats):
            time.sleep(0.02)  # past the fade of the edit before
            begin = time.perf_counter()
            with graph.transaction("put a gain behind"):
                gain = graph.add("gain", gain_db=-6.0)
                graph.insert(gain, wire.id)
            spent.append(time.perf_counter() - begin)
            graph.undo()
        session.stop()
    us = 1e6 * sorted(spent)[len(spent) // 2]
    return Result("graphdaw", VERSION, d.EDIT, us=us, note="state kept, wires cross-faded; the call itself")


def measure_cores(repeats: int) -> Result:
    """S1-10000 on two cores over one core, by the clock on the wall."""

    def wall_s(threads: int) -> float:
        with Renderer(workloads.graph("S1-10000"), block_frames=d.BLOCK_FRAMES, threads=threads) as renderer:
            render_seconds(renderer, 0.1)
            begin = time.perf_counter()
            render_seconds(renderer, 2.0)
            return time.perf_counter() - begin

    ratio = median_of(repeats, lambda: wall_s(1) / wall_s(2))
    return Result("graphdaw", VERSION, d.CORES, ratio=ratio, note="wall-clock time; only true on an idle machine")


def measure_memory(_: int) -> Result:
    """Memory that 10,000 sines take, a node."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Renderer(workloads.graph("S1-10000"), block_frames=d.BLOCK_FRAMES, threads=1) as renderer:
        render_seconds(renderer, 0.1)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Result("graphdaw", VERSION, d.MEMORY, bytes=1024.0 * (after - before) / 10_000)


if __name__ == "__main__":
    run_all("graphdaw", VERSION, (*rendered, d.BUILD, d.EDIT, d.CORES, d.MEMORY), measure)
