"""delay: lines as plain arrays that hold everything ever written."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference import Array, moving, option, wired


def between(line: Array, position: float, interpolation: str) -> float:
    """Value of a line at a place between samples; silence before its beginning.

    The cubic is the one of Catmull and Rom: it meets the middle samples with the slope of their neighbours.
    """
    first = int(np.floor(position))
    x = position - first
    before, a, b, after = (line[i] if 0 <= i < len(line) else 0.0 for i in range(first - 1, first + 3))
    if interpolation == "linear":
        return float(a + x * (b - a))
    slope_a, slope_b = (b - before) / 2, (after - a) / 2
    hermite = (2 * x**3 - 3 * x**2 + 1, x**3 - 2 * x**2 + x, 3 * x**2 - 2 * x**3, x**3 - x**2)
    return float(np.dot(hermite, (a, slope_a, b, slope_b)))


def render_delay(
    inputs: dict[str, Array], values: dict[str, Any], sample_rate: float, *, frames: int, channels: int = 1, **_: Any
) -> dict[str, Array]:
    """The node outside a loop: the delay is held between two frames and `max_time_s`, where that is given."""
    source = wired(inputs, "in", channels, frames)
    time_s, feedback, mix = (moving(values, name, channels, frames) for name in ("time_s", "feedback", "mix"))
    longest = float(values.get("max_time_s", np.inf)) * sample_rate
    line, out = np.zeros((channels, frames)), np.empty((channels, frames))
    for c in range(channels):
        for i, x in enumerate(source[c]):
            delay = min(max(2.0, time_s[c, i] * sample_rate), longest)
            wet = between(line[c], i - delay, option(values, "interpolation", "linear"))
            line[c, i] = x + feedback[c, i] * wet
            out[c, i] = (1 - mix[c, i]) * x + mix[c, i] * wet
    return {"out": out}
