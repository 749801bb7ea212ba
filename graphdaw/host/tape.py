"""Tapes: what `record` nodes hear, taken from their rings and written to files, a file a take. Disk threads."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from graphdaw._core import ffi, lib
from graphdaw.errors import MediaError
from graphdaw.host.files import AudioWriter, Written

CHUNK_FRAMES = 1 << 14


class Tape:
    """Writes takes of one node: to `path`, then to `name-2.wav` beside it, and so on.

    `takes` holds those that are complete, `lost_frames` counts what the disk was too late for, and is silence in them.
    """

    def __init__(self, graph: Any, index: int, path: str | Path, sample_rate_hz: int, bit_depth: int | None) -> None:
        self.path = Path(path)
        self.takes: list[Written] = []
        self.lost_frames = 0
        self.index = index
        self._graph = graph
        self._rate_hz, self._bit_depth = sample_rate_hz, bit_depth
        self._begun = 0
        self._writer: AudioWriter | None = None
        AudioWriter(path, sample_rate_hz=sample_rate_hz, channels=1, bit_depth=bit_depth).discard()  # it can be written
        lib.gd_tape_rewind(graph, index)

    def follow(self, index: int) -> None:
        """The node has been replaced by another one in the core's graph."""
        if index != self.index:
            self.feed()
            self.index = index
            lib.gd_tape_rewind(self._graph, index)

    def feed(self, until: int = 0) -> None:
        """Write what has been recorded since last asked; `until` as in `gd_tape_read`. Raises `MediaError`."""
        channels = max(1, lib.gd_tape_channels(self._graph, self.index))
        planes, gate = np.zeros((channels, CHUNK_FRAMES), np.float32), np.zeros(CHUNK_FRAMES, np.float32)
        views, lost = [ffi.from_buffer("float[]", array) for array in (planes, gate)], ffi.new("uint64_t *")
        while count := lib.gd_tape_read(
            self._graph, self.index, views[0], channels, views[1], CHUNK_FRAMES, until, lost
        ):
            if lost[0]:
                self.lost_frames += int(lost[0])
                self._write(np.zeros((channels, int(lost[0])), np.float32))
            self._cut(planes[:, :count], gate[:count] >= 0.5)

    def finish(self) -> None:
        """Complete the take that is under way. Raises `MediaError`."""
        writer, self._writer = self._writer, None
        if writer is not None:
            self.takes.append(writer.finish(partly=True))

    def keep(self) -> None:
        """After an error: end the take that is under way with what could be written of it."""
        writer, self._writer = self._writer, None
        if writer is not None:
            self.takes.append(writer.keep())

    def _cut(self, block: np.ndarray[Any, np.dtype[np.float32]], open_: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
        """Write where the gate is open; a take ends where it closes."""
        edges = [0, *(np.flatnonzero(np.diff(open_)) + 1), len(open_)]
        for begin, end in pairwise(edges):
            if not open_[begin]:
                self.finish()
                continue
            if self._writer is None:
                self._writer = self._next_take(block.shape[0])
            self._write(block[:, begin:end])

    def _write(self, block: np.ndarray[Any, np.dtype[np.float32]]) -> None:
        if self._writer is not None:
            fitting = np.zeros((self._writer.channels, block.shape[1]), np.float32)
            shared = min(len(block), len(fitting))
            fitting[:shared] = np.nan_to_num(block[:shared], nan=0.0, posinf=0.0, neginf=0.0)
            self._writer.write(fitting)

    def _next_take(self, channels: int) -> AudioWriter:
        self._begun += 1
        path = self.path if self._begun == 1 else self.path.with_stem(f"{self.path.stem}-{self._begun}")
        return AudioWriter(path, sample_rate_hz=self._rate_hz, channels=channels, bit_depth=self._bit_depth)


def why_stopped(error: MediaError) -> str:
    """What to tell of a tape that had to stop."""
    return f"{error} What was recorded until then is kept, and the sound goes on."
