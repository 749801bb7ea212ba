"""A region of a piece as blocks of sound, with its tail, at any rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphdaw.graph.graph import Graph
from graphdaw.host.offline import Renderer
from graphdaw.host.rates import BEST, RateChanger

Samples = npt.NDArray[np.float32]

BLOCK_FRAMES = 1_024
SILENCE = 10.0 ** (-96.0 / 20.0)  # a tail ends with the last frame above it
QUIET_S = 0.5  # a tail that has been silent for so long is over


class Region(NamedTuple):
    """From one time to another, and at most `tail_s` of what rings on; or just so many frames, where that is said."""

    from_s: float
    to_s: float
    tail_s: float = 0.0
    frames: int | None = None


class Sounding:
    """A graph's region, rendered from the beginning of the piece, so that it is what a render of all has there.

    The graph's latency is taken off: frame 0 belongs to the beginning of the region, whatever is in the graph.
    """

    def __init__(self, graph: Graph, region: Region, rate_hz: int, progress: Callable[[float], None]) -> None:
        self.rate_hz = rate_hz
        self._renderer = Renderer(graph, block_frames=BLOCK_FRAMES)
        self._own_hz = graph.sample_rate
        self.channels = self._renderer.channels
        self._progress = progress
        first, end = round(region.from_s * self._own_hz), round(region.to_s * self._own_hz)
        self._skip = first + self._renderer.engine.latency_frames()
        self._frames = end - first if region.frames is None else region.frames
        self._tail = round(region.tail_s * self._own_hz) if region.frames is None else 0
        self.played_frames = 0  # at the graph's rate

    @property
    def most_frames(self) -> int:
        """At `rate_hz`, with the longest tail."""
        return (self._frames + self._tail) * self.rate_hz // self._own_hz + 1

    def blocks(self) -> Iterator[Samples]:
        """All of it, once; float32 of shape (channels, frames)."""
        return self._counted() if self.rate_hz == self._own_hz else self._converted()

    def _converted(self) -> Iterator[Samples]:
        changer = RateChanger(self._own_hz, self.rate_hz, self.channels, BEST)
        for block in self._counted():
            yield changer.change(np.ascontiguousarray(block.T), last=False).T
        yield changer.change(np.zeros((0, self.channels), np.float32), last=True).T

    def _counted(self) -> Iterator[Samples]:
        self._rendered = 0
        for _ in self._render(self._skip):
            pass
        for block in self._render(self._frames):
            self.played_frames += block.shape[1]
            yield block
        for block in self._ringing():
            self.played_frames += block.shape[1]
            yield block

    def _render(self, frames: int) -> Iterator[Samples]:
        whole = self._skip + self._frames + self._tail
        for start in range(0, frames, BLOCK_FRAMES):
            block = self._renderer.render(min(BLOCK_FRAMES, frames - start))
            self._rendered += block.shape[1]
            self._progress(self._rendered / whole)
            yield block

    def _ringing(self) -> Iterator[Samples]:
        """What is heard after the region; silence is kept back until something follows it."""
        kept: list[Samples] = []
        quiet = 0
        for block in self._render(self._tail):
            heard = np.flatnonzero(np.max(np.abs(block), axis=0) > SILENCE)
            if len(heard):
                end = int(heard[-1]) + 1
                yield from kept
                yield block[:, :end]
                kept, quiet = [block[:, end:]], block.shape[1] - end
            else:
                kept.append(block)
                quiet += block.shape[1]
            if quiet >= QUIET_S * self._own_hz:
                return

    def close(self) -> None:
        """Free the engine."""
        self._renderer.close()

    def __enter__(self) -> Sounding:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
