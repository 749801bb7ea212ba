"""mix: a weighted sum."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference import Array, moving, wired


def render_mix(
    inputs: dict[str, Array], values: dict[str, Any], sample_rate: float, *, frames: int, channels: int = 1, **_: Any
) -> dict[str, Array]:
    """Each inlet times 10^(dB / 20)."""
    out = np.zeros((channels, frames))
    for k in range(1, 9):
        level = 10 ** (moving(values, f"gain{k}_db", channels, frames) / 20)
        out += wired(inputs, f"in{k}", channels, frames) * level
    return {"out": out}
