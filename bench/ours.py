"""GraphDAW as a contestant: `python -m bench.ours [WORKLOAD...]` prints JSON as a peer does."""

from __future__ import annotations

import resource
import time
from importlib.metadata import version

import numpy as np

from bench import definitions as d
from bench import workloads
from bench.peers.common import Result, measure_render, median_of, rendered, run_all
from graphdaw.host.offline import Renderer

VERSION = version("graphdaw")


def render_seconds(renderer: Renderer, seconds: float) -> None:
    """Render so much audio in the renderer's own blocks, taking it a second at a time at most."""
    frames = round(seconds * d.SAMPLE_RATE_HZ)
    for start in range(0, frames, d.SAMPLE_RATE_HZ):
        renderer.render(min(d.SAMPLE_RATE_HZ, frames - start))


def measure(name: str, seconds: float, repeats: int) -> Result:
    """One row of the table."""
    special = {d.BUILD: measure_build, d.EDIT: measure_edit, d.MEMORY: measure_memory}
    if name in d.CORES:
        return measure_cores(name, repeats)
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
    """Put a gain behind the playing chain of W2: from the call to the end of the first block of the new plan."""
    graph = workloads.graph("W2")
    wire = next(w for w in graph.wires.values() if graph.nodes[w.target].type == "output")
    spent, blocks = [], []
    with Renderer(graph, block_frames=d.BLOCK_FRAMES, threads=1) as renderer:
        render_seconds(renderer, 0.1)
        for _ in range(20 * repeats):
            begin = time.perf_counter()
            with graph.transaction("put a gain behind"):
                graph.insert(graph.add("gain", gain_db=-6.0), wire.id)
            renderer.render(d.BLOCK_FRAMES)
            spent.append(time.perf_counter() - begin)
            render_seconds(renderer, 0.05)  # past the fade
            begin = time.perf_counter()
            renderer.render(d.BLOCK_FRAMES)
            blocks.append(time.perf_counter() - begin)
            graph.undo()
            render_seconds(renderer, 0.05)
    us, block_us = (1e6 * sorted(x)[len(x) // 2] for x in (spent, blocks))
    note = f"state kept, wires cross-faded; a block without an edit takes {block_us:.0f} us of it"
    return Result("graphdaw", VERSION, d.EDIT, us=us, note=note)


def measure_cores(name: str, repeats: int) -> Result:
    """A workload on two cores over one core, by the clock on the wall."""

    def wall_s(threads: int) -> float:
        with Renderer(workloads.graph(d.CORES[name]), block_frames=d.BLOCK_FRAMES, threads=threads) as renderer:
            render_seconds(renderer, 0.1)
            begin = time.perf_counter()
            render_seconds(renderer, 2.0)
            return time.perf_counter() - begin

    ratio = median_of(repeats, lambda: wall_s(1) / wall_s(2))
    return Result("graphdaw", VERSION, name, ratio=ratio, note="wall-clock time; only true on an idle machine")


def measure_memory(_: int) -> Result:
    """Memory that 10,000 sines take, a node."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Renderer(workloads.graph("S1-10000"), block_frames=d.BLOCK_FRAMES, threads=1) as renderer:
        render_seconds(renderer, 0.1)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Result("graphdaw", VERSION, d.MEMORY, bytes=1024.0 * (after - before) / 10_000)


if __name__ == "__main__":
    run_all("graphdaw", VERSION, (*rendered, d.BUILD, d.EDIT, *d.CORES, d.MEMORY), measure)
