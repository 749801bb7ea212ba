"""meter: its source unchanged, and what it reads."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference import CELL, Array, wired


def readings(source: Array, sample_rate: float) -> dict[str, Array]:
    """Peak, RMS and highest peak after each whole cell of a (frames,) signal."""
    cells = source[: len(source) // CELL * CELL].reshape(-1, CELL)
    peaks, squares = np.abs(cells).max(axis=1), np.square(cells).mean(axis=1)
    fall, keep = 10 ** (-CELL / sample_rate * 20 / 1.7 / 20), np.exp(-CELL / sample_rate / 0.3)
    peak, mean = np.zeros(len(cells) + 1), np.zeros(len(cells) + 1)
    for i in range(len(cells)):
        peak[i + 1] = max(peaks[i], peak[i] * fall)
        mean[i + 1] = keep * mean[i] + (1 - keep) * squares[i]
    return {"peak": peak[1:], "rms": np.sqrt(mean[1:]), "held": np.maximum.accumulate(peaks)}


def render_meter(
    inputs: dict[str, Array], values: dict[str, Any], sample_rate: float, *, frames: int, channels: int = 1, **_: Any
) -> dict[str, Array]:
    """The source."""
    return {"out": wired(inputs, "in", channels, frames).copy()}
