"""What stands for a device of another program: a node, its values, and which of the device's parameters move it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple


class Fit(NamedTuple):
    """A node of a chain; `moves` has for a parameter of the device ours, a factor and an offset."""

    type: str
    values: dict[str, float | str]
    moves: dict[str, tuple[str, float, float]] = {}


class Knobs:
    """The parameters of a device as numbers."""

    def __init__(self, parameters: Mapping[str, float | str]) -> None:
        self._parameters = parameters

    def __call__(self, name: str, default: float = 0.0) -> float:
        """The number of that name."""
        found = self._parameters.get(name, default)
        return float(found) if isinstance(found, float | int) and math.isfinite(found) else default

    def __contains__(self, name: str) -> bool:
        return name in self._parameters


def q_of_octaves(width: float) -> float:
    """The sharpness of a bell so many octaves wide.

    >>> round(q_of_octaves(1.0), 4)
    1.4142
    """
    return 1.0 / (2.0 * math.sinh(0.5 * math.log(2.0) * min(max(width, 0.02), 8.0)))


def decay_of_loop(delay_s: float, feedback: float) -> float:
    """The time in which what goes round in so much time, and loses so much each time, falls by 60 dB."""
    kept = min(max(feedback, 1e-3), 0.9999)
    return min(max(-3.0 * delay_s / math.log10(kept), 0.1), 60.0)
