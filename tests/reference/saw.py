"""saw, as its Fourier series times the response of the kernel's smoothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference import Array, moving
from tests.reference.sine import turns_before


def response(frequency_hz: Array, sample_rate: float) -> Array:
    """Gain of a cubic B-spline one frame a knot, and of the filter (-1/6, 4/3, -1/6) after it."""
    f = frequency_hz / sample_rate
    return np.sinc(f) ** 4 * (1 + (1 - np.cos(2 * np.pi * f)) / 3)


def render_saw(
    inputs: dict[str, Array], values: dict[str, Any], sample_rate: float, *, frames: int, channels: int = 1, **_: Any
) -> dict[str, Array]:
    """Every harmonic up to two sample rates: those above half of it are the aliases that the smoothing leaves."""
    frequency = moving(values, "frequency_hz", channels, frames)
    turns = turns_before(frequency, sample_rate)
    held = np.minimum(frequency, 0.5 * sample_rate)
    out = np.zeros((channels, frames))
    for n in range(1, int(2 * sample_rate / max(held.min(), 20.0)) + 1):
        gain = response(n * held, sample_rate)
        out += 2 / np.pi * (-1) ** (n + 1) / n * gain * np.sin(2 * np.pi * n * turns)
    return {"out": out}
