"""A sound kept on the disk between two passes, in a file without a name, which is gone whatever happens."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from graphdaw.errors import MediaError

Samples = npt.NDArray[np.float32]

BLOCK_FRAMES = 16_384


class Scratch:
    """Filled once and read as often as needed; it lies in the folder of the file that is to be written."""

    def __init__(self, path: Path, channels: int, rate_hz: int, progress: Callable[[float], None]) -> None:
        self.channels, self.rate_hz = channels, rate_hz
        self.frames = 0
        self.peak = 0.0
        self._path, self._progress = path, progress
        try:
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115 - __exit__ closes it
        except OSError as error:
            raise MediaError(f"{path} cannot be written: {error.strerror}.") from error

    def fill(self, blocks: Iterable[Samples], hear: Callable[[Samples], None] | None = None) -> None:
        """Take all of a sound, of shape (channels, frames) a block, and let somebody hear it on the way."""
        for block in blocks:
            if block.size:
                self.peak = max(self.peak, float(np.max(np.abs(block))))
            self.frames += block.shape[1]
            try:
                self._file.write(np.ascontiguousarray(block.T).tobytes())
            except OSError as error:
                raise MediaError(f"{self._path} could not be written: {error.strerror}.") from error
            if hear is not None:
                hear(block)

    def blocks(self) -> Iterator[Samples]:
        """All of it, from the beginning."""
        try:
            self._file.seek(0)
            for start in range(0, self.frames, BLOCK_FRAMES):
                raw = self._file.read(BLOCK_FRAMES * self.channels * 4)
                yield np.frombuffer(raw, np.float32).reshape(-1, self.channels).T
                self._progress(min(1.0, (start + BLOCK_FRAMES) / self.frames))
        except OSError as error:
            raise MediaError(f"{self._path} could not be written: {error.strerror}.") from error

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
