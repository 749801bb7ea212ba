"""filter, as the bilinear transform of its analogue prototype, and as a trapezoidal solver in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from tests.reference import Array, moving, option, wired

BLUNT, SHARP = 1 / (2 * np.cos(np.pi / 8)), 1 / (2 * np.cos(3 * np.pi / 8))  # Butterworth's of fourth order


def quotient(mode: str, q: float, gain_db: float) -> tuple[list[float], list[float]]:
    """H(s) with s = 1 at the cutoff, highest power first; shelves and bell as in Bristow-Johnson's cookbook."""
    k, a = 1 / q, 10 ** (gain_db / 40)
    root = k * np.sqrt(a)
    if mode == "bell":
        return [1, k * a, 1], [1, k / a, 1]
    if mode == "low_shelf":
        return [a, a * root, a * a], [a, root, 1]
    if mode == "high_shelf":
        return [a * a, a * root, a], [1, root, a]
    numerator = {
        "lowpass": [0, 0, 1],
        "highpass": [1, 0, 0],
        "bandpass": [0, k, 0],
        "notch": [1, 0, 1],
        "peak": [-1, 0, 1],
        "allpass": [1, -k, 1],
    }[mode]
    return numerator, [1, k, 1]


def biquads(
    mode: str, cutoff_hz: float, q: float, sample_rate: float, gain_db: float = 0.0, slope: str = "12dB"
) -> Array:
    """Second-order sections of a standing filter, shape (1 or 2, 6); the cutoff is pre-warped."""
    qs = [q]
    if slope == "24dB":
        qs = [BLUNT, SHARP * q * np.sqrt(2)] if mode in ("lowpass", "highpass") else [q, q]
    warped = 2 * np.tan(np.pi * min(cutoff_hz / sample_rate, 0.49))
    scale = warped ** np.arange(3)
    sections = []
    for section_q in qs:
        numerator, denominator = quotient(mode, section_q, gain_db / len(qs))
        b, a = signal.bilinear(np.array(numerator) * scale, np.array(denominator) * scale, fs=1.0)
        sections.append(np.concatenate([np.zeros(3 - len(b)), b, a]))
    return np.array(sections)


def section_qs(mode: str, q: Array, slope: str) -> list[Array]:
    """The q of each section in a row."""
    if slope == "12dB":
        return [q]
    return [np.full_like(q, BLUNT), SHARP * q * np.sqrt(2)] if mode in ("lowpass", "highpass") else [q, q]


def solve(
    source: Array, cutoff_hz: Array, q: Array, mode: str, sample_rate: float, gain_db: Array | float = 0.0
) -> Array:
    """One channel through one section: the two integrators' equations as a linear system each frame."""
    band_charge = low_charge = 0.0
    out = np.empty(len(source))
    a = 10 ** (np.broadcast_to(gain_db, source.shape) / 40)
    corner = {"low_shelf": a**-0.5, "high_shelf": a**0.5}.get(mode, np.ones_like(a))
    g = corner * np.tan(np.pi * np.minimum(cutoff_hz / sample_rate, 0.49))
    for i, x in enumerate(source):
        k, root = 1 / q[i], a[i]
        if mode == "bell":
            k /= root
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
            "low_shelf": high + root * k * band + root**2 * low,
            "high_shelf": root**2 * high + root * k * band + low,
            "bell": high + root**2 * k * band + low,
        }[mode]
    return out


def render_filter(
    inputs: dict[str, Array], values: dict[str, Any], sample_rate: float, *, frames: int, channels: int = 1, **_: Any
) -> dict[str, Array]:
    """Biquads where the parameters of a channel stand, else the solver."""
    source = wired(inputs, "in", channels, frames)
    cutoff_hz, q = (moving(values, name, channels, frames) for name in ("cutoff_hz", "q"))
    mode, slope = option(values, "mode", "lowpass"), option(values, "slope", "12dB") if "slope" in values else "12dB"
    gain_db = moving(values | {"gain_db": values.get("gain_db", 0.0)}, "gain_db", channels, frames)
    out = np.empty((channels, frames))
    for c in range(channels):
        if np.ptp(cutoff_hz[c]) == 0 and np.ptp(q[c]) == 0 and np.ptp(gain_db[c]) == 0:
            sections = biquads(mode, cutoff_hz[c, 0], q[c, 0], sample_rate, gain_db[c, 0], slope)
            out[c] = signal.sosfilt(sections, source[c])
        else:
            sound = source[c]
            qs = section_qs(mode, q[c], slope)
            for section_q in qs:
                sound = solve(sound, cutoff_hz[c], section_q, mode, sample_rate, gain_db[c] / len(qs))
            out[c] = sound
    return {"out": out}
