"""Rendering without a device: the plan that plays live, run as fast as it goes."""

from __future__ import annotations

from types import TracebackType

import numpy as np
import numpy.typing as npt

from graphdaw._core import ffi, lib
from graphdaw.errors import EngineError
from graphdaw.graph.graph import Graph
from graphdaw.host.engine import Engine
from graphdaw.host.streams import RING_FRAMES

Samples = npt.NDArray[np.float32]


class Renderer:
    """Renders a graph piece by piece; edits made between two pieces fade in as they would live.

    `block_frames` is what a device would ask for at once; it does not change a single bit of the result.
    """

    def __init__(self, graph: Graph, *, block_frames: int = 1024, threads: int = 1) -> None:
        if block_frames < 1:
            raise ValueError(f"block_frames is {block_frames}; it must be at least 1")
        self.engine = Engine(graph, threads=threads)
        self.block_frames = block_frames
        self.sample_rate = graph.sample_rate

    @property
    def channels(self) -> int:
        """Channels of what is rendered: as many as are wired into the outputs, at least one."""
        return max(1, self.engine.channels)

    def render(self, frames: int) -> Samples:
        """The next `frames` frames, float32 of shape (channels, frames)."""
        engine = self.engine
        pieces: list[Samples] = []
        done = 0
        while done < frames or not pieces:
            engine.commit()
            engine.feed()
            engine.catch_up()
            count = min(frames - done, RING_FRAMES // 8)  # at four times its speed a recording takes half a ring
            piece = np.empty((self.channels, count), np.float32)
            lib.gd_engine_render(
                engine.pointer, ffi.from_buffer("float[]", piece), self.channels, count, self.block_frames
            )
            pieces.append(piece)
            done += count
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)

    def close(self) -> None:
        """Free the engine."""
        self.engine.close()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def render(graph: Graph, *, seconds: float, block_frames: int = 1024, threads: int = 1) -> Samples:
    """Render the first `seconds` of a graph: float32, shape (channels, frames), at the graph's sample rate.

    Raises `EngineError` where the graph has no output node, and `MediaError` where a recording cannot be read.

    >>> import graphdaw as gd
    >>> g = gd.Graph(sample_rate=48_000)
    >>> g.add("sine", frequency_hz=440.0) >> g.add("output")
    <output output1>
    >>> gd.render(g, seconds=0.5).shape
    (1, 24000)
    """
    if not any(node.type == "output" for node in graph.nodes.values()):
        raise EngineError("The graph has no output node, so there is nothing to hear; add one and wire into it.")
    if not seconds >= 0:
        raise EngineError(f"Cannot render {seconds} seconds; give a length of 0 or more.")
    with Renderer(graph, block_frames=block_frames, threads=threads) as renderer:
        return renderer.render(round(seconds * graph.sample_rate))
