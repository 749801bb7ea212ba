"""lfo, in closed form over an exact count of turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.reference import CELL, Array, moving, option
from tests.reference.noise import bipolar, mix


def wave(shape: str, turns: Array, seed: int) -> Array:
    """A shape from -1 to 1 at so many turns since the start."""
    part = turns % 1.0
    if shape == "triangle":
        return np.where(part < 0.25, 4 * part, np.where(part < 0.75, 2 - 4 * part, 4 * part - 4))
    if shape == "saw":
        return np.where(part < 0.5, 2 * part, 2 * part - 2)
    if shape == "square":
        return np.where(part < 0.5, 1.0, -1.0)
    if shape == "random":
        key = mix(int(seed))
        cycle = np.floor(turns).astype(np.uint64)
        word = np.uint64(2**32 - 1)
        return np.asarray(bipolar(mix((mix(cycle ^ np.uint64(key)) + np.uint64(key)) & word)), float)
    return np.sin(2 * np.pi * turns)


def render_lfo(
    inputs: dict[str, Array],
    values: dict[str, Any],
    sample_rate: float,
    *,
    frames: int,
    channels: int = 1,
    seeds: Sequence[int] = (),
    **_: Any,
) -> dict[str, Array]:
    """offset + amount * wave; at the rate "block" every value holds from one cell to the next."""
    held = np.arange(frames)
    if option(values, "rate", "frame") == "block":
        held = held // CELL * CELL
    rate = moving(values, "rate_hz", channels, frames)[:, held]
    turns = (np.cumsum(rate, axis=1) - rate)[:, held] / sample_rate + moving(values, "phase", channels, frames)[:, held]
    shape = option(values, "shape", "sine")
    waves = np.stack([wave(shape, turns[c], seeds[c] if seeds else 0) for c in range(channels)])
    amount, offset = (moving(values, name, channels, frames)[:, held] for name in ("amount", "offset"))
    return {"out": offset + amount * waves}
