"""Building and changing graphs is cheap, whatever their size; limits are generous, for busy machines."""

from __future__ import annotations

import time
from collections.abc import Callable

from graphdaw.graph import Graph
from graphdaw.graph.flatten import Flat


def best_ms(work: Callable[[], object], repeat: int = 5) -> float:
    """The shortest of some runs, in milliseconds of this thread's own work."""
    times = []
    for _ in range(repeat):
        began = time.thread_time()
        work()
        times.append(time.thread_time() - began)
    return min(times) * 1000


def chain(nodes: int) -> Graph:
    """A source and a row of amplifiers."""
    g = Graph()
    before = g.add("t_osc", frequency_hz=110.0)
    for _ in range(nodes - 1):
        after = g.add("t_amp", gain_db=-1.0)
        g.connect(before, after)
        before = after
    return g


def test_a_thousand_nodes_and_their_wires_take_at_most_40_ms() -> None:
    assert best_ms(lambda: chain(1000)) <= 40


def test_wiring_backwards_is_no_slower() -> None:
    def backwards() -> None:
        g = Graph()
        made = [g.add("t_amp") for _ in range(1000)]
        for i in reversed(range(999)):
            g.connect(made[i], made[i + 1])

    assert best_ms(backwards) <= 40


def test_an_edit_in_the_middle_of_ten_thousand_nodes_is_as_cheap_as_in_a_small_graph() -> None:
    def edits(nodes: int) -> float:
        g = chain(nodes)
        flat = Flat(g.document)
        g.observe(flat.apply)
        wire = list(g.wires)[nodes // 2]
        node = g.add("t_filter")

        def work() -> None:
            g.insert(node, wire)
            g.set(f"t_amp{nodes // 2}", gain_db=-3.0)
            for _ in range(2):
                g.undo()

        return best_ms(work, 50)

    small, large = edits(100), edits(10_000)
    assert large <= 4 * small + 0.1


def test_a_group_of_a_thousand_crossing_wires_is_made_at_once() -> None:
    def work() -> None:
        g = Graph()
        mix = g.add("t_amp")
        sources = [g.add("t_osc") for _ in range(1000)]
        for source in sources:
            g.connect(source, mix)
        g.group(sources)

    assert best_ms(work, 2) <= 1000
