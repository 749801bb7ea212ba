"""Two chains of allpass sections whose outputs are a quarter turn apart (csrc/nodes/freq_shift.c)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def quarter_turn(sections: int, low_hz: float, sample_rate_hz: float) -> NDArray[np.float32]:
    """Coefficients a of sections (a - z^-2) / (1 - a z^-2), alternately of both chains, the second a frame late.

    The elliptic half-band filter with a transition band of twice `low_hz`, turned by a quarter of the rate; by the
    series of R. Valenzuela and A. Constantinides (1983) in the nome q.
    """
    k = np.tan((1 - 4 * low_hz / sample_rate_hz) * np.pi / 4) ** 2
    root = (1 - k * k) ** 0.25
    e = 0.5 * (1 - root) / (1 + root)
    q = e * (1 + e**4 * (2 + e**4 * (15 + 150 * e**4)))
    order, j = 2 * sections + 1, np.arange(12)
    angle = np.pi * np.arange(1, sections + 1)[:, None] / order
    above = q**0.25 * ((-1.0) ** j * q ** (j * (j + 1.0)) * np.sin((2 * j + 1) * angle)).sum(axis=1)
    below = 0.5 + ((-1.0) ** j[1:] * q ** (j[1:] ** 2.0) * np.cos(2 * j[1:] * angle)).sum(axis=1)
    w = (above / below) ** 2
    x = np.sqrt((1 - w * k) * (1 - w / k)) / (1 + w)
    return np.asarray((1 - x) / (1 + x), np.float32)
