"""Determinism: one project, one hash, at every block size, on one thread or two, in every run."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path

import graphdaw as gd
from graphdaw.graph import examples
from graphdaw.host.offline import Renderer
from tests.random_documents import RATES, random_graph

BLOCKS = (32, 64, 100, 128, 512, 4_096)
FRAMES, LONG_FRAMES = 6_000, 48_000
PROJECTS = 100


def project(number: int) -> gd.Graph:
    """Eighty-eight examples, then random graphs; every fourth of those is large enough for two threads to share."""
    names = examples.names()[:88]
    if number < len(names):
        return gd.example(names[number])
    graph = random_graph(number, 1 + number % 30, RATES[number % len(RATES)])
    if number % 4 == 0:
        add_many(graph)
    return graph


def add_many(graph: gd.Graph) -> None:
    output = graph.add("output", gain_db=-40.0)
    for k in range(900):
        graph.add("saw", frequency_hz=40.0 + k) >> graph.add("filter", cutoff_hz=300.0 + 9 * k) >> output


def hash_of(graph: gd.Graph, block: int, threads: int, frames: int = FRAMES) -> str:
    """SHA-256 of every bit of a render."""
    with Renderer(graph, block_frames=block, threads=threads) as renderer:
        return hashlib.sha256(renderer.render(frames).tobytes()).hexdigest()


def projects(long_form: bool) -> list[int]:
    return list(range(PROJECTS)) if long_form else list(range(0, PROJECTS, 9))


def test_a_project_has_one_hash(long_form: bool, record_property: Callable[[str, object], None]) -> None:
    renders = 0
    for number in projects(long_form):
        graph = project(number)
        ways = itertools.product(BLOCKS, (1, 2), range(2)) if long_form else [(32, 2, 0), (100, 1, 0), (4_096, 2, 1)]
        frames = LONG_FRAMES if long_form else FRAMES
        expected = hash_of(graph, 64, 1, frames)
        for block, threads, _ in ways:
            assert hash_of(graph, block, threads, frames) == expected, (
                f"project {number}, blocks of {block}, {threads} threads"
            )
            renders += 1
    record_property("figures", f"{len(projects(long_form))} projects, {renders} renders")


def test_a_loaded_project_has_the_hash_it_was_saved_with(tmp_path: Path) -> None:
    for number in (3, 92, 97):
        graph = project(number)
        path = tmp_path / "a.gdaw"
        graph.save(path)

        assert hash_of(gd.load(path), 128, 1) == hash_of(graph, 128, 1)


def test_two_threads_do_share_the_large_ones() -> None:
    graph = project(96)
    with Renderer(graph, threads=2) as renderer:
        renderer.render(64)

        assert renderer.engine.plan()["workers"] == 2


def test_another_project_has_another_hash() -> None:
    assert len({hash_of(project(number), 64, 1) for number in range(70, 90)}) == 20
