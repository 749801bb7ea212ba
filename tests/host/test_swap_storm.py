"""Swap storm: a playing graph under thousands of random edits of every kind keeps its head."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.errors import CycleError, DuplicateWireError, GraphdawError
from graphdaw.host.device import DeviceSettings, HandDevice
from graphdaw.host.engine import Engine
from graphdaw.host.offline import Renderer, Samples
from graphdaw.nodes import registry
from tests.random_documents import OTHERS, SOURCES, add_node, add_wire, random_graph, random_value

EDITS = 2_000
LIMIT = 1e-5  # of the peak: -100 dB


class Storm:
    """One random edit of a graph after the other; those the document refuses are counted."""

    def __init__(self, graph: gd.Graph, seed: int, types: tuple[str, ...] = (*SOURCES, *OTHERS)) -> None:
        self.graph, self.dice, self.types = graph, random.Random(seed), types
        self.made = self.refused = 0
        self.floor = len(graph.history.past)
        self.kept = {id for id, node in graph.nodes.items() if node.type == "output"}

    def edit(self) -> None:
        actions: list[Callable[[], object]] = [
            self.add, self.add, *[self.wire] * 9, self.cut, self.depth, self.set, self.set, self.choose,
            self.remove, self.insert, self.replace, self.group, self.ungroup, self.undo, self.redo, self.several,
        ]  # fmt: skip
        try:
            self.dice.choice(actions)()
        except GraphdawError:
            self.refused += 1
        else:
            self.made += 1

    def pick(self, *types: str) -> str:
        found = [id for id, node in self.graph.nodes.items() if node.type in (types or self.types)]
        return self.dice.choice(found) if found else self.add()

    def add(self) -> str:
        if len(self.graph.nodes) > 60:
            self.graph.remove(*self.dice.sample([id for id in self.graph.nodes if id not in self.kept], 15))
        return add_node(self.graph, self.dice, self.dice.choice(self.types))

    def wire(self) -> None:
        for _ in range(3):
            add_wire(self.graph, self.dice, self.dice.choice([self.pick(), self.pick(), self.pick(), *self.kept]))

    def cut(self) -> None:
        if self.graph.wires:
            self.graph.disconnect(self.dice.choice(list(self.graph.wires.values())))

    def depth(self) -> None:
        if self.graph.wires:
            wire = self.dice.choice(list(self.graph.wires.values()))
            self.graph.set_depth(wire, wire.depth * self.dice.uniform(-1.0, 1.0))

    def set(self) -> None:
        id = self.pick()
        node = self.graph.nodes[id]
        names = [name for name, param in registry[node.type].params.items() if not param.fixed]
        if names:
            name = self.dice.choice(names)
            self.graph.set(id, **{name: random_value(self.dice, node.type, name)})

    def choose(self) -> None:
        id = self.pick()
        for name, choice in registry[self.graph.nodes[id].type].choices.items():
            self.graph.set(id, **{name: self.dice.choice(choice.options)})

    def remove(self) -> None:
        self.graph.remove(self.pick(), heal=self.dice.random() < 0.5)

    def insert(self) -> None:
        node = self.add()
        if self.graph.wires:
            self.graph.insert(node, self.dice.choice(list(self.graph.wires)))

    def replace(self) -> None:
        self.graph.replace(self.pick(), self.dice.choice(self.types))

    def group(self) -> None:
        level = [id for id, node in self.graph.nodes.items() if not node.parent and id not in self.kept]
        self.graph.group(self.dice.sample(level, min(len(level), self.dice.randint(1, 4))))

    def ungroup(self) -> None:
        groups = [id for id, node in self.graph.nodes.items() if node.type == "group"]
        if groups:
            self.graph.ungroup(self.dice.choice(groups))

    def undo(self) -> None:
        for _ in range(min(self.dice.randint(1, 4), len(self.graph.history.past) - self.floor)):
            self.graph.undo()

    def redo(self) -> None:
        self.graph.redo()

    def several(self) -> None:
        """Many edits that become one swap."""
        with self.graph.transaction("several"):
            for action in self.dice.choices((self.add, self.wire, self.wire, self.set, self.choose, self.cut), k=6):
                action()


def storm(renderer: Renderer, edits: int, storm_: Storm) -> Iterator[Samples]:
    for _ in range(edits):
        storm_.edit()
        yield renderer.render(storm_.dice.choice((1, 37, 64, 200, 333, 640)))


def kernels(renderer: Renderer) -> set[tuple[str, str]]:
    """Kernel and node of all that a plan runs; channels are left out, since a node keeps those it had."""
    return {(step, id) for step, _, _, lanes in renderer.engine.steps() for id, _ in lanes}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("threads", [1, 2])
def test_a_storm_of_edits_leaves_every_sample_finite(seed: int, threads: int) -> None:
    graph = random_graph(seed, 20, 48_000)
    with Renderer(graph, block_frames=100, threads=threads) as renderer:
        blows = Storm(graph, seed)
        for audio in storm(renderer, EDITS, blows):
            assert np.isfinite(audio).all()
        for _ in range(3):  # the last edits wait for a fade, then fade in themselves
            renderer.render(2_048)
        stats = renderer.engine.stats()

        assert blows.made > EDITS // 2
        assert stats["not_finite"] == 0
        assert stats["swaps"] > EDITS // 4
        assert renderer.engine.settled()  # the last swap is taken, and what it replaced is back


def test_every_program_that_is_published_comes_back() -> None:
    graph = random_graph(9, 10, 48_000)
    with Engine(graph) as engine:
        device = HandDevice(engine, DeviceSettings("hand", 64))
        device.take()
        device.step()
        for k in range(300):
            graph.set_depth(next(iter(graph.wires)), 0.1 + k / 1_000)
            blocks = 0
            while not (engine.commit() and engine.settled()):
                device.step()
                blocks += 1
                assert blocks < 16  # a fade takes 256 frames
        assert engine.stats()["swaps"] == 301


def test_edits_faster_than_fades_are_all_there_in_the_end() -> None:
    """Twenty edits a block: most wait for the fade before them, and none is lost."""
    graph = random_graph(3, 12, 48_000)
    blows = Storm(graph, 3, ("sine", "gain", "pan", "mix"))
    with Renderer(graph) as renderer:
        for _ in range(60):
            for _ in range(20):
                blows.edit()
            assert np.isfinite(renderer.render(64)).all()
        for _ in range(3):
            renderer.render(2_048)
        assert renderer.engine.settled()
        playing = kernels(renderer)
    with Renderer(graph) as fresh:
        assert kernels(fresh) == playing


@pytest.mark.parametrize("seed", range(4))
def test_after_the_storm_it_sounds_like_the_same_graph_opened_afresh(seed: int) -> None:
    """Noise depends on the time alone, and what is built on it here keeps nothing: both must agree, frame by frame."""
    types = ("noise", "gain", "pan", "mix", "meter")
    graph = gd.Graph()
    dice = random.Random(seed)
    output = graph.add("output")
    for _ in range(12):
        add_node(graph, dice, dice.choice(types))
        graph.connect(f"{add_node(graph, dice, 'noise')}.out", f"{output.id}.in")
    white(graph)
    with Renderer(graph) as renderer:
        for _ in storm(renderer, 250, Storm(graph, seed, types)):
            pass
        white(graph)
        for _ in range(3):
            renderer.render(4_096)
        time = renderer.engine.time_frames
        after = renderer.render(1_000)
    with Renderer(graph) as renderer:
        renderer.render(time)
        fresh = renderer.render(1_000)

    assert after.shape[0] >= fresh.shape[0]
    assert np.abs(fresh).max() > 1e-3
    assert np.abs(after - fresh).max() <= LIMIT * np.abs(fresh).max()


def white(graph: gd.Graph) -> None:
    """Pink noise has a memory."""
    for id, node in list(graph.nodes.items()):
        if node.type == "noise":
            graph.set(id, color="white")


def test_loops_that_are_turned_round_at_every_block_play_on() -> None:
    """Chains that come and go in both directions, so that old and new together are often a circle."""
    graph = gd.Graph()
    source, output = graph.add("saw"), graph.add("output")
    gains = [graph.add("gain", gain_db=-1.0) for _ in range(5)]
    delay = graph.add("delay", time_s=0.003, feedback=0.3)
    dice = random.Random(1)
    swaps = 0
    with Renderer(graph) as renderer:
        for _ in range(200):
            dice.shuffle(gains)
            with graph.transaction("turn"):
                for wire in list(graph.wires):
                    graph.disconnect(wire)
                chain = [source, *gains[:3], delay, *gains[3:], output]
                for a, b in pairwise(chain):
                    graph.connect(a, b)
                if dice.random() < 0.5:
                    graph.connect(chain[-2], chain[1], depth=0.5)
            audio = renderer.render(dice.choice((64, 640, 2_000)))
            assert np.isfinite(audio).all()
            assert np.abs(audio).max() < 8.0
        swaps = renderer.engine.stats()["swaps"]
    assert swaps > 60


def test_refused_edits_change_nothing_that_plays() -> None:
    graph = random_graph(5, 15, 48_000)
    with Renderer(graph) as calm:
        expected = calm.render(6_400)
    dice = random.Random(5)
    with Renderer(graph) as renderer:
        pieces = []
        for _ in range(100):
            wire = dice.choice(list(graph.wires.values()))
            with pytest.raises((CycleError, DuplicateWireError)):
                graph.connect(f"{wire.source}.{wire.source_port}", f"{wire.target}.{wire.target_port}")
            pieces.append(renderer.render(64))
        assert renderer.engine.stats()["swaps"] == 1

    assert np.array_equal(np.concatenate(pieces, axis=1), expected)
