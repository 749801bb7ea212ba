"""noise: the same integer mixing in Python whole numbers, and the pink filter through scipy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.signal import lfilter

from tests.reference import Array, moving, option

WORD = 2**32 - 1
KEEP = (0.998677369, 0.991163978, 0.952321697, 0.764139241, 0.152029248)
DRIVE = (0.00880147217, 0.0134519747, 0.0301343214, 0.0684355071, 0.230048796)
DIRECT = -0.115318269


def mix(x: Any) -> Any:
    """A bijection of 32-bit words, over a number or an array of uint64."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & WORD
    x = ((x ^ (x >> 15)) * 0x846CA68B) & WORD
    return x ^ (x >> 16)


def bipolar(word: Any) -> Any:
    """The upper 24 bits, as a signed number from -1 to 1."""
    signed = (np.asarray(word, np.int64) ^ 0x80000000) - 0x80000000
    return np.floor_divide(signed, 256) / 2.0**23


def white(seed: int, time: Any) -> Any:
    """Noise at absolute frames, by place."""
    key = mix(int(seed))
    time = np.asarray(time, np.uint64)
    epoch = mix((np.uint64(key) + (time >> np.uint64(32))) & np.uint64(WORD))
    low = (time & np.uint64(WORD)) ^ np.uint64(key)
    return bipolar(mix((low * np.uint64(0x9E3779B1) + epoch) & np.uint64(WORD)))


def velvet(seed: int, density_hz: Array, sample_rate: float) -> Array:
    """Clicks of 1 or -1, one a period, at the first frame past a random part of what is left of it but for a frame."""
    key, out = mix(int(seed)), np.zeros(len(density_hz))
    place, period, spent = 0.0, 0, False
    for i, density in enumerate(density_hz):
        step = min(density / sample_rate, 0.5)
        dice = int(mix((period * 0x9E3779B1 + int(key)) & WORD))
        if not spent and place >= (dice >> 8) / 2**24 * (1 - step):
            out[i], spent = -1.0 if dice & 1 else 1.0, True
        place += step
        if place >= 1:
            place, period, spent = place - 1, period + 1, False
    return out


def render_noise(
    inputs: dict[str, Array],
    values: dict[str, Any],
    sample_rate: float,
    *,
    frames: int,
    channels: int = 1,
    seeds: Sequence[int] = (),
    **_: Any,
) -> dict[str, Array]:
    """White noise of each channel's seed, or the same through one-pole filters; or clicks."""
    out = np.stack([white(seeds[c], np.arange(frames)) for c in range(channels)])
    if option(values, "color", "white") == "pink":
        out = DIRECT * out + sum(lfilter([g], [1, -a], out, axis=1) for a, g in zip(KEEP, DRIVE, strict=True))
    if option(values, "color", "white") == "brown":
        keep = np.exp(-2 * np.pi * 10 / sample_rate)
        out = lfilter([0.25 * np.sqrt(3 * (1 - keep**2))], [1, -keep], out, axis=1)
    if option(values, "color", "white") == "velvet":
        density = moving(values, "density_hz", channels, frames)
        out = np.stack([velvet(seeds[c], density[c], sample_rate) for c in range(channels)])
    return {"out": out}
