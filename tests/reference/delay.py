"""delay and feedback: lines as plain arrays that hold everything ever written."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


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


def render(
    inputs: Mapping[str, Array], params: Mapping[str, Array], choices: Mapping[str, str], sample_rate_hz: float
) -> dict[str, Array]:
    """One channel outside a loop, parameters frame by frame; the delay is held at two frames or more."""
    source = inputs["in"]
    line, out = np.zeros(len(source)), np.empty(len(source))
    for i, x in enumerate(source):
        delay = max(2.0, params["time_s"][i] * sample_rate_hz)
        wet = between(line, i - delay, choices["interpolation"])
        line[i] = x + params["feedback"][i] * wet
        out[i] = (1 - params["mix"][i]) * x + params["mix"][i] * wet
    return {"out": out}
