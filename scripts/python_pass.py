"""What a compiler pass in Python would cost beside the C compiler: `python scripts/python_pass.py`.

Times are processor time of this thread, the best of several. The Python pass is the plainest there is: order the nodes,
find their depths, group them into packs. The engine compiles an edit twice (the fade, and what stays), eleven passes
each.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable

import networkx as nx

import graphdaw as gd
from graphdaw.host.offline import Renderer


def best_ms(work: Callable[..., object], *given: object, times: int = 7) -> float:
    """The cheapest run, in milliseconds."""
    found = []
    for _ in range(times):
        begin = time.thread_time()
        work(*given)
        found.append(time.thread_time() - begin)
    return 1e3 * min(found)


def order_and_pack(types: dict[str, str], wires: list[tuple[str, str]]) -> dict[tuple[int, str], list[str]]:
    """Kahn's algorithm with depths, then nodes of one type at one depth together."""
    outs: dict[str, list[str]] = {id: [] for id in types}
    missing = dict.fromkeys(types, 0)
    depth = dict.fromkeys(types, 0)
    for source, target in wires:
        outs[source].append(target)
        missing[target] += 1
    ready = [id for id, count in missing.items() if not count]
    for id in ready:
        for target in outs[id]:
            depth[target] = max(depth[target], depth[id] + 1)
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    packs = defaultdict(list)
    for id, kind in types.items():
        packs[depth[id], kind].append(id)
    return packs


def edit_ms(graph: gd.Graph, times: int = 7) -> float:
    """One more sine wired to the output of a playing graph: document, lowering, two plans and handing over."""
    found = []
    with Renderer(graph) as renderer:
        for _ in range(times):
            renderer.render(2_048)
            assert renderer.engine.settled()
            begin = time.thread_time()
            with graph.transaction("one more"):
                sine = graph.add("sine")
                graph.connect(sine, "output1")
            found.append(time.thread_time() - begin)
            assert not renderer.engine.settled()
    return 1e3 * min(found)


def main() -> None:
    """Print a table."""
    print("nodes    networkx: make, sort    one plain pass    a whole edit, heard")
    for count in (1_000, 10_000):
        graph = gd.Graph()
        out = graph.add("output")
        with graph.transaction("fill"):
            for number in range(count // 2):
                sine, level = graph.add("sine", frequency_hz=50.0 + number % 900), graph.add("gain", gain_db=-60.0)
                graph.connect(sine, level)
                graph.connect(level, out)
        types = {id: node.type for id, node in graph.nodes.items()}
        wires = [(wire.source, wire.target) for wire in graph.wires.values()]
        make_ms = best_ms(nx.DiGraph, wires)
        sort_ms = best_ms(lambda made: list(nx.topological_sort(made)), nx.DiGraph(wires))
        plain_ms = best_ms(order_and_pack, types, wires)
        print(f"{count:6,}   {make_ms:9.2f} {sort_ms:9.2f} ms {plain_ms:14.2f} ms {edit_ms(graph):19.2f} ms")


if __name__ == "__main__":
    main()
