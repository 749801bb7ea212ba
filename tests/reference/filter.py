"""filter, as the bilinear transform of its analogue prototype, and as a trapezoidal solver in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from tests.reference import Array, moving, option, wired


def biquad(mode: str, cutoff_hz: float, q: float, sample_rate: float) -> Array:
    """Second-order section of a standing filter, shape (1, 6): H(s) with s = 1 at the cutoff, which is pre-warped."""
    k = 1 / q
    numerator = {
        "lowpass": [0, 0, 1],
        "highpass": [1, 0, 0],
        "bandpass": [0, k, 0],
        "notch": [1, 0, 1],
        "peak": [-1, 0, 1],
        "allpass": [1, -k, 1],
    }[mode]
    warped = 2 * np.tan(np.pi * min(cutoff_hz / sample_rate, 0.49))
    scale = warped ** np.arange(3)
    b, a = signal.bilinear(np.array(numerator) * scale, np.array([1, k, 1]) * scale, fs=1.0)
    b = np.concatenate([np.zeros(3 - len(b)), b])
    return np.concatenate([b, a])[None, :]


def solve(source: Array, cutoff_hz: Array, q: Array, mode: str, sample_rate: float) -> Array:
    """One channel: the two integrators' equations as a linear system each frame."""
    band_charge = low_charge = 0.0
    out = np.empty(len(source))
    g = np.tan(np.pi * np.minimum(cutoff_hz / sample_rate, 0.49))
    for i, x in enumerate(source):
        k = 1 / q[i]
        # band = band_charge + g (x - k band - low) and low = low_charge + g band
        band, low = np.linalg.solve([[1 + g[i] * k, g[i]], [-g[i], 1]], [band_charge + g[i] * x, low_charge])
        band_charge, low_charge = 2 * band - band_charge, 2 * low - low_charge
        high = x - k * band - low
        out[i] = {
            "lowpass": low,
            "highpass": high,
            "bandpass": k * band,
            "notch": high + low,
            "peak": low - high,
            "allpass": high + low - k * band,
        }[mode]
    return out


def render_filter(
    inputs: dict[str, Array], values: dict[str, Any], sample_rate: float, *, frames: int, channels: int = 1, **_: Any
) -> dict[str, Array]:
    """A biquad where the parameters of a channel stand, else the solver."""
    source = wired(inputs, "in", channels, frames)
    cutoff_hz, q = (moving(values, name, channels, frames) for name in ("cutoff_hz", "q"))
    mode = option(values, "mode", "lowpass")
    out = np.empty((channels, frames))
    for c in range(channels):
        if np.ptp(cutoff_hz[c]) == 0 and np.ptp(q[c]) == 0:
            out[c] = signal.sosfilt(biquad(mode, cutoff_hz[c, 0], q[c, 0], sample_rate), source[c])
        else:
            out[c] = solve(source[c], cutoff_hz[c], q[c], mode, sample_rate)
    return {"out": out}
