"""Latency compensation of random graphs: all ways from a source arrive at the same frame, live and offline.

The source is white noise, which has no two frames alike, so one frame of misalignment at any node is an error as loud
as the signal. What should be heard is worked out here, from the graph as it was drawn: the longest way's latency, and
the sum over all ways of the product of their gains; before edits and after.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.host.device import DeviceSettings, HandDevice
from graphdaw.host.engine import Engine
from graphdaw.host.offline import Renderer

FRAMES = 2_048
LONGEST = 700  # frames that one node is late
FADES = 4_096  # frames after which an edit is heard in full, twice over


@dataclass
class Maze:
    """A random graph from one noise to the output, and what it does: gains and latencies of its nodes, in order."""

    graph: gd.Graph
    into: dict[str, list[str]] = field(default_factory=dict)
    gain: dict[str, float] = field(default_factory=dict)
    late: dict[str, int] = field(default_factory=dict)

    def expected(self, noise: np.ndarray, first: int) -> np.ndarray:
        """Frames `first` to `first + FRAMES` of what is heard."""
        weight, latency = {"noise1": 1.0}, {"noise1": 0}
        for id, sources in self.into.items():
            weight[id] = self.gain.get(id, 1.0) * sum(weight[source] for source in sources)
            latency[id] = self.late.get(id, 0) + max(latency[source] for source in sources)
        outputs = [id for id in self.into if id.startswith("output")]
        last = max(latency[id] for id in outputs)
        return sum(weight[id] for id in outputs) * noise[first - last : first - last + FRAMES]

    def change(self, dice: random.Random) -> None:
        """Another latency here, another way there."""
        for id in dice.sample(list(self.late), min(2, len(self.late))):
            self.late[id] = dice.randrange(LONGEST)
            self.graph.set(id, delay_frames=float(self.late[id]))
        target = dice.choice(list(self.into))
        places = ["noise1", *self.into]
        earlier = [id for id in places[: places.index(target)] if id not in self.into[target] and "output" not in id]
        if earlier and dice.random() < 0.7:
            source = dice.choice(earlier)
            self.graph.connect(f"{source}.out", f"{target}.in")
            self.into[target].append(source)
        elif len(self.into[target]) > 1:
            source = self.into[target].pop(dice.randrange(len(self.into[target])))
            self.graph.disconnect(f"{source}.out", f"{target}.in")


def random_maze(seed: int) -> Maze:
    dice = random.Random(seed)
    maze = Maze(gd.Graph())
    maze.graph.add("noise")
    for _ in range(dice.randint(2, 14)):
        if dice.random() < 0.5:
            node = maze.graph.add("gain", level=dice.choice((0.5, -0.5, 0.25, 1.0)))
            maze.gain[node.id] = float(node.params["level"])
        else:
            late = dice.randrange(LONGEST)
            node = maze.graph.add("late", delay_frames=float(late))
            maze.late[node.id] = late
        reach(maze, node.id, dice)
    for _ in range(dice.choice((1, 1, 2))):
        reach(maze, maze.graph.add("output").id, dice)
    return maze


def reach(maze: Maze, id: str, dice: random.Random) -> None:
    """Wires from up to three of what is there already."""
    earlier = ["noise1", *(source for source in maze.into if "output" not in source)]
    maze.into[id] = dice.sample(earlier, min(len(earlier), dice.randint(1, 3)))
    for source in maze.into[id]:
        maze.graph.connect(f"{source}.out", f"{id}.in")


def noise_alone(frames: int) -> np.ndarray:
    graph = gd.Graph()
    graph.add("noise") >> graph.add("output")
    with Renderer(graph) as renderer:
        return renderer.render(frames)[0]


def live(engine: Engine, device: HandDevice, frames: int) -> np.ndarray:
    """What the device hears, while edits that waited for a fade are taken up."""
    pieces = []
    for _ in range(frames // device.block_frames):
        engine.commit()
        pieces.append(device.step()[0])
    return np.concatenate(pieces).astype(np.float32)


def assert_aligned(audio: np.ndarray, maze: Maze, noise: np.ndarray, end: int) -> None:
    expected = maze.expected(noise, end - FRAMES)
    np.testing.assert_allclose(audio[-FRAMES:], expected, atol=1e-5 * max(1.0, np.abs(expected).max()))


def test_random_graphs_are_aligned_to_the_frame(
    long_form: bool, record_property: Callable[[str, object], None]
) -> None:
    count = 500 if long_form else 200
    noise = noise_alone(60_000)
    warm = 14 * LONGEST // FRAMES * FRAMES + FRAMES
    swaps = 0.0
    for seed in range(count):
        maze, dice = random_maze(seed), random.Random(seed)
        with Renderer(maze.graph) as renderer:
            assert_aligned(renderer.render(warm + FRAMES)[0], maze, noise, warm + FRAMES)
        with Engine(maze.graph) as engine:
            device = HandDevice(engine, DeviceSettings("hand", 128, outputs=(0,)))
            device.take()
            audio = live(engine, device, warm + FRAMES)
            assert_aligned(audio, maze, noise, engine.time_frames)
            for _ in range(2):
                maze.change(dice)
                audio = live(engine, device, FADES + warm + FRAMES)
                assert_aligned(audio, maze, noise, engine.time_frames)
            swaps += engine.stats()["swaps"]
    record_property("figures", f"{count} graphs, {swaps:.0f} swaps, 0 frames off")
    assert swaps > 2 * count


def test_one_frame_off_would_be_seen() -> None:
    """The expectation's own check: it fails where one node is a frame later than the graph says."""
    maze, noise = random_maze(3), noise_alone(20_000)
    with Renderer(maze.graph) as renderer:
        audio = renderer.render(14_000)[0]
    assert_aligned(audio, maze, noise, 14_000)
    for late in maze.late:
        maze.late[late] += 1

    with pytest.raises(AssertionError):
        assert_aligned(audio, maze, noise, 14_000)
