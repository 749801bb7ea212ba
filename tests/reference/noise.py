"""noise: the same integer mixing in Python whole numbers, and the pink filter through scipy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.signal import lfilter

from tests.reference import Array, option

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
    """White noise of each channel's seed, or the same through a sum of one-pole filters."""
    out = np.stack([white(seeds[c], np.arange(frames)) for c in range(channels)])
    if option(values, "color", "white") == "pink":
        out = DIRECT * out + sum(lfilter([g], [1, -a], out, axis=1) for a, g in zip(KEEP, DRIVE, strict=True))
    return {"out": out}
