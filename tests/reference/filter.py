"""filter, as the bilinear transform of its analogue prototype, and as a trapezoidal solver in double precision."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Array = NDArray[np.float64]


def biquad(mode: str, cutoff_hz: float, q: float, sample_rate_hz: float) -> Array:
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
    warped = 2 * np.tan(np.pi * min(cutoff_hz / sample_rate_hz, 0.49))
    scale = warped ** np.arange(3)
    b, a = signal.bilinear(np.array(numerator) * scale, np.array([1, k, 1]) * scale, fs=1.0)
    b = np.concatenate([np.zeros(3 - len(b)), b])
    return np.concatenate([b, a])[None, :]


def render(
    inputs: Mapping[str, Array], params: Mapping[str, Array], choices: Mapping[str, str], sample_rate_hz: float
) -> dict[str, Array]:
    """One channel, parameters frame by frame: the two integrators' equations solved as a linear system each frame."""
    source, mode = inputs["in"], choices["mode"]
    band_charge = low_charge = 0.0
    out = np.empty(len(source))
    g = np.tan(np.pi * np.minimum(params["cutoff_hz"] / sample_rate_hz, 0.49))
    for i, x in enumerate(source):
        k = 1 / params["q"][i]
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
    return {"out": out}
