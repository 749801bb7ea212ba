"""sine, in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference import Array, moving, wired


def turns_before(frequency_hz: Array, sample_rate: float) -> Array:
    """Turns completed before each frame by an oscillator that starts at 0; it never turns faster than half a turn."""
    step = np.minimum(frequency_hz / sample_rate, 0.5)
    return np.cumsum(step, axis=1) - step


def render_sine(
    inputs: dict[str, Array], values: dict[str, Any], sample_rate: float, *, frames: int, channels: int = 1, **_: Any
) -> dict[str, Array]:
    """sin(2 pi (turns + pm))."""
    turns = turns_before(moving(values, "frequency_hz", channels, frames), sample_rate)
    return {"out": np.sin(2 * np.pi * (turns + wired(inputs, "pm", channels, frames)))}
