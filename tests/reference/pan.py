"""pan: the levels of its laws in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference import Array, moving, option, wired


def render_pan(
    inputs: dict[str, Array], values: dict[str, Any], sample_rate: float, *, frames: int, channels: int = 1, **_: Any
) -> dict[str, Array]:
    """Channel 0 is left, 1 right; a mono source stands in both."""
    pan = moving(values, "pan", 1, frames)[0]
    left, right = {
        "constant_power": (np.cos((pan + 1) * np.pi / 4), np.sin((pan + 1) * np.pi / 4)),
        "linear": ((1 - pan) / 2, (1 + pan) / 2),
        "balance": (np.minimum(1, 1 - pan), np.minimum(1, 1 + pan)),
    }[option(values, "law", "constant_power")]
    return {"out": wired(inputs, "in", 2, frames) * np.stack([left, right])}
