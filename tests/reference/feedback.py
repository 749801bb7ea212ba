"""feedback: the source 64 frames later."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference import LOOP, Array, wired


def render_feedback(
    inputs: dict[str, Array], values: dict[str, Any], sample_rate: float, *, frames: int, channels: int = 1, **_: Any
) -> dict[str, Array]:
    """64 frames of silence, then the source."""
    source = wired(inputs, "in", channels, frames)
    return {"out": np.concatenate([np.zeros((channels, LOOP)), source], axis=1)[:, :frames]}
