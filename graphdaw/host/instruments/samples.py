"""The recordings that an instrument names, each read once, and no more of them than fit."""

from __future__ import annotations

from typing import NamedTuple

from graphdaw.host.chunks import read_chunks
from graphdaw.host.instruments.budget import Budget
from graphdaw.host.media import read_recording
from graphdaw.nodes.prepare.zone_map import Sample


class Loaded(NamedTuple):
    """A recording, with the loop and the key that its own file names: (0, 0) and 60 if it does not."""

    sample: Sample
    loop: tuple[int, int]
    root_key: int


class Samples:
    """Recordings by their paths, at their own rates; of more than two channels the first two."""

    def __init__(self, instrument: str) -> None:
        self._budget = Budget(instrument)
        self._loaded: dict[str, Loaded] = {}

    def load(self, path: str) -> Loaded:
        """Raises `MediaError`."""
        if path not in self._loaded:
            recording = read_recording(path, None, path)
            samples = recording.samples[:2]
            self._budget.take(samples.size)
            chunks = read_chunks(path)
            self._loaded[path] = Loaded(Sample(path, samples, recording.rate_hz), recording.loop, chunks.root_key)
        return self._loaded[path]
