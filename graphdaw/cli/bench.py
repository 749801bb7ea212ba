"""`graphdaw bench`: how much this machine can carry, in a few seconds; `make bench` compares with other programs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphdaw.cli.output import AsJson, progress, say_json, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphdaw.graph.graph import Graph


def bench(
    seconds: Annotated[float, typer.Option(min=0.1, max=600.0, help="Sound rendered for each row.")] = 5.0,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Cores to use.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Measure what this machine can carry, best of three."""
    builders: dict[str, Callable[[], Graph]] = {
        "100 sines, each with a gain": lambda: _sines(100),
        "1,000 sines, each with a gain": lambda: _sines(1_000),
        "1,000 gains in a chain": lambda: _chain(1_000),
        "64 voices: saw, moved filter, gain": lambda: _voices(64),
    }
    rows = []
    with progress("Measuring") as moved:
        for place, (name, build) in enumerate(builders.items()):
            moved(place / len(builders))
            rows.append({"graph": name, **_measured(build(), seconds, threads)})
    if as_json:
        say_json({"seconds": seconds, "threads": threads, "rows": rows})
    else:
        table(
            ("graph", "nodes", "seconds of sound a second", "compiled in"),
            [(r["graph"], f"{r['nodes']:,}", f"{r['factor']:,.0f}", f"{1e3 * r['compile_s']:.1f} ms") for r in rows],
        )


def _measured(graph: Graph, seconds: float, threads: int) -> dict[str, Any]:
    from graphdaw.host.offline import Renderer

    block = 128
    begin = time.perf_counter()
    with Renderer(graph, block_frames=block, threads=threads) as renderer:
        compile_s = time.perf_counter() - begin
        blocks = max(1, round(seconds * renderer.sample_rate / block / 3))
        best = float("inf")
        for _ in range(3):
            begin = time.perf_counter()
            for _ in range(blocks):
                renderer.render(block)
            best = min(best, time.perf_counter() - begin)
        factor = blocks * block / renderer.sample_rate / best
    return {"nodes": len(graph.nodes), "factor": factor, "compile_s": compile_s}


def _sines(count: int) -> Graph:
    """Sines of spread pitches into gains, summed into the output."""
    import graphdaw as gd

    graph = gd.Graph()
    out = graph.add("output")
    for number in range(count):
        sine = graph.add("sine", frequency_hz=55.0 * 2.0 ** (number % 60 / 12.0))
        level = graph.add("gain", gain_db=-60.0)
        graph.connect(sine, level)
        graph.connect(level, out)
    return graph


def _chain(count: int) -> Graph:
    """Noise through one gain after another: nothing to do side by side."""
    import graphdaw as gd

    graph = gd.Graph()
    before = graph.add("noise")
    for _ in range(count):
        level = graph.add("gain", gain_db=0.0)
        graph.connect(before, level)
        before = level
    graph.connect(before, graph.add("output"))
    return graph


def _voices(count: int) -> Graph:
    """Voices of a saw through a low-pass that an LFO moves."""
    import graphdaw as gd

    graph = gd.Graph()
    out = graph.add("output")
    for number in range(count):
        saw = graph.add("saw", frequency_hz=55.0 * 2.0 ** (number % 36 / 12.0))
        tone = graph.add("filter", mode="lowpass", cutoff_hz=900.0, q=4.0)
        level = graph.add("gain", gain_db=-40.0)
        wobble = graph.add("lfo", rate_hz=0.3 + number / count)
        graph.connect(saw, tone)
        graph.connect(wobble, tone["cutoff_hz"], depth=600.0)
        graph.connect(tone, level)
        graph.connect(level, out)
    return graph
