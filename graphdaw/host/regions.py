"""A region of a piece as blocks of sound, with its tail, at any rate."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from graphdaw.errors import EngineError, MediaError
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import Document
from graphdaw.graph.ports import source_of
from graphdaw.graph.timeline import Timeline
from graphdaw.host.offline import Renderer
from graphdaw.host.rates import BEST, RateChanger

Samples = npt.NDArray[np.float32]

BLOCK_FRAMES = 1_024
SILENCE = 10.0 ** (-96.0 / 20.0)  # a tail ends with the last frame above it
PLACE = re.compile(r"bar(?P<bar>[0-9]{1,6})(?:\.(?P<beat>[0-9]{1,3}))?|[0-9]{1,9}(?:\.[0-9]*)?")
QUIET_S = 0.5  # a tail that has been silent for so long is over


def seconds_at(timeline: Timeline, place: str) -> float:
    """When a place comes that is given in seconds or as a bar, and a beat of it, both from 1; raises MediaError.

    >>> seconds_at(Timeline(), "1.5"), seconds_at(Timeline(), "bar3"), seconds_at(Timeline(), "bar3.2")
    (1.5, 4.0, 4.5)
    """
    found = PLACE.fullmatch(place.strip().lower())
    if found is None or (found["bar"] and not int(found["bar"])):
        raise MediaError(f"{place!r} is no place in a piece: give seconds, or a bar such as bar9 or bar9.3.")
    if not found["bar"]:
        return float(place)
    return timeline.seconds(timeline.tick_of(int(found["bar"]), max(1.0, float(found["beat"] or 1))))


def end_of_clips_s(document: Document) -> float:
    """When the last clip of a piece ends; 0 where there is none."""
    ends = [clip.at_ticks + clip.length_ticks for node in document.nodes.values() for clip in node.clips]
    return document.timeline.seconds(max(ends, default=0))


class Region(NamedTuple):
    """From one time to another, and at most `tail_s` of what rings on; or just so many frames, where that is said."""

    from_s: float
    to_s: float
    tail_s: float = 0.0
    frames: int | None = None


class Played(Protocol):
    """What is rendered from the beginning of a piece on."""

    channels: int
    late_frames: int  # by which everything comes later than it is in the piece

    def render(self, frames: int) -> Samples:
        """The next frames, float32 of shape (channels, frames)."""

    def close(self) -> None:
        """Free the engine."""


class Mix:
    """What a graph's outputs play."""

    def __init__(self, graph: Graph) -> None:
        self._renderer = Renderer(graph, block_frames=BLOCK_FRAMES)
        self.channels = self._renderer.channels
        self.late_frames = self._renderer.engine.latency_frames()
        self.render, self.close = self._renderer.render, self._renderer.close


class Outlet:
    """What one outlet gives, also of a group."""

    def __init__(self, graph: Graph, end: tuple[str, str]) -> None:
        self._renderer = Renderer(graph, block_frames=BLOCK_FRAMES)
        try:
            engine = self._renderer.engine
            self._tap = engine.tap(end)
            engine.begin()
            source = source_of(graph.document, *end)
            self.late_frames = engine.latency_frames(source[0]) if source is not None else 0
            self._heard: Samples = np.zeros((0, 0), np.float32)
            self._fill(1)
        except BaseException:
            self.close()
            raise
        self.channels = self._heard.shape[0]

    def render(self, frames: int) -> Samples:
        """The next frames."""
        self._fill(frames)
        ready, self._heard = self._heard[:, :frames], self._heard[:, frames:]
        return ready

    def _fill(self, frames: int) -> None:
        """Hear at least so much; a tap is up to a cell behind."""
        while self._heard.shape[1] < frames:
            self._renderer.render(BLOCK_FRAMES)
            heard = self._tap.read()
            if not heard.size:
                raise EngineError(
                    f"Outlet {'.'.join(self._tap.end)!r} gives nothing that plays; wire something into it."
                )
            self._heard = np.concatenate([self._heard, heard], axis=1) if self._heard.size else heard

    def close(self) -> None:
        """Free the engine."""
        self._renderer.close()


class Sounding:
    """A region of what is played, rendered from the beginning of the piece on, so that it is what a render has there.

    Latency is taken off: frame 0 belongs to the beginning of the region, whatever is in the graph.
    """

    def __init__(
        self, played: Played, region: Region, own_hz: int, rate_hz: int, progress: Callable[[float], None]
    ) -> None:
        self.rate_hz = rate_hz
        self._played, self._own_hz = played, own_hz
        self.channels = played.channels
        self._progress = progress
        first, end = round(region.from_s * own_hz), round(region.to_s * own_hz)
        self._skip = first + played.late_frames
        self._frames = end - first if region.frames is None else region.frames
        self._tail = round(region.tail_s * own_hz) if region.frames is None else 0
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
            block = self._played.render(min(BLOCK_FRAMES, frames - start))
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
        self._played.close()

    def __enter__(self) -> Sounding:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
