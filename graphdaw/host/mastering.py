"""How loud a sound is, and making it as loud as wanted: by the `loudness` and `limiter` nodes, fed with arrays."""

from __future__ import annotations

import math
from types import TracebackType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphdaw.graph.graph import Graph
from graphdaw.host.processor import Processor

Samples = npt.NDArray[np.float32]

SILENT_LUFS = -120.0
INTEGRATED, TRUE_PEAK = 2, 4  # among the readings of a `loudness` node
FLUSH_FRAMES = 256  # after which the last peak has been read


class Loudness(NamedTuple):
    """How loud a sound is: integrated over all of it, and its highest true peak."""

    lufs: float
    true_peak_db: float


class _Fed:
    """What has a graph of its own, to be freed at the end."""

    _through: Processor

    def close(self) -> None:
        """Free the engine."""
        self._through.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def as_pair(block: Samples) -> Samples:
    """One or two channels as two: a mono sound on the first alone, so that it counts once."""
    return block if block.shape[0] == 2 else np.concatenate([block, np.zeros_like(block)])


class LoudnessMeter(_Fed):
    """Integrated loudness and highest true peak of a mono or stereo sound, block by block (ITU-R BS.1770-4)."""

    def __init__(self, sample_rate_hz: int) -> None:
        graph = Graph(sample_rate_hz)
        self._node = graph.add("loudness")
        graph.add("input", channels=2.0) >> self._node >> graph.add("output")
        self._through = Processor(graph)
        self.peak = 0.0

    def add(self, block: Samples) -> None:
        """Hear the next block, of shape (channels, frames)."""
        if block.size:
            self.peak = max(self.peak, float(np.max(np.abs(block))))
            self._through.process(as_pair(block))

    def finish(self) -> Loudness:
        """What was heard; nothing can be added afterwards."""
        self._through.process(np.zeros((2, FLUSH_FRAMES), np.float32))
        readings = self._through.engine.readings(self._node.id, count=TRUE_PEAK + 1)
        assert readings is not None  # the node is in the plan
        return Loudness(readings[INTEGRATED], max(readings[TRUE_PEAK], decibels(self.peak)))

    def __enter__(self) -> LoudnessMeter:
        return self


class Limiter(_Fed):
    """Raises a mono or stereo sound by a gain and holds its true peaks below a ceiling; what comes out is not late."""

    def __init__(self, sample_rate_hz: int, channels: int, gain_db: float, ceiling_db: float) -> None:
        graph = Graph(sample_rate_hz)
        limiter = graph.add("limiter", ceiling_db=ceiling_db)
        graph.add("input", channels=2.0) >> limiter >> graph.add("output")
        self._through = Processor(graph)
        self._channels, self._factor = channels, factor(gain_db)
        self._late = self._through.latency_frames

    def limit(self, block: Samples) -> Samples:
        """What can be said of the sound so far: at first less than went in."""
        limited = self._through.process(as_pair(block * self._factor))[: self._channels]
        early = min(self._late, limited.shape[1])
        self._late -= early
        return limited[:, early:]

    def finish(self) -> Samples:
        """The rest, after which as much has come out as went in."""
        return self.limit(np.zeros((self._channels, self._through.latency_frames), np.float32))

    def __enter__(self) -> Limiter:
        return self


def decibels(level: float) -> float:
    """A level in decibels; minus infinity for none."""
    return 20.0 * math.log10(level) if level > 0.0 else -math.inf


def factor(gain_db: float) -> np.float32:
    """What a gain multiplies by."""
    return np.float32(10.0 ** (gain_db / 20.0))
