"""switch: a choice that is taken up cell by cell and reached along minimum-jerk curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference import CELL, Array, moving, wired


def render_switch(
    inputs: dict[str, Array], values: dict[str, Any], sample_rate: float, *, frames: int, channels: int = 1, **_: Any
) -> dict[str, Array]:
    """Weights from a boundary-value problem: a glide's polynomial meets level, slope and bend at both ends."""
    select = moving(values, "select", channels, frames)
    sources = np.stack([wired(inputs, f"in{k}", channels, frames) for k in range(1, 5)])
    length = int(0.01 * sample_rate + 0.5)
    out = np.empty((channels, frames))
    for c in range(channels):
        weights = np.array([glides(select[c], k, length) for k in range(4)])
        out[c] = (weights * sources[:, c]).sum(axis=0)
    return {"out": out}


def glides(select: Array, inlet: int, length: int) -> Array:
    """The weight of one inlet, frame by frame; a glide takes `length` frames."""
    share = np.maximum(0, 1 - np.abs(select - inlet))
    weights, goal = np.empty(len(select)), select[0]
    curve, start = np.polynomial.Polynomial([share[0]]), -length
    for i in range(len(select)):
        if i % CELL == 0 and select[i] != goal:
            t = (i - start) / length
            here = [curve.deriv(n)(t) if t < 1 else 0.0 for n in (1, 2)]
            level = curve(min(t, 1.0))
            # six conditions on c0..c5: level, slope and bend at t = 0, then at t = 1
            conditions = [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 0, 2, 0, 0, 0]]
            conditions += [[1, 1, 1, 1, 1, 1], [0, 1, 2, 3, 4, 5], [0, 0, 2, 6, 12, 20]]
            curve = np.polynomial.Polynomial(np.linalg.solve(conditions, [level, *here, share[i], 0, 0]))
            start, goal = i, select[i]
        weights[i] = curve(min((i - start) / length, 1.0))
    return weights
