"""Banks of band-passes as `vocoder` reads them (csrc/nodes/vocoder.c)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graphdaw.nodes.base import Prepared

MOST, GROUP, PLANE_HEAD, WORK_ARRAYS = 32, 16, 64, 9


def band_middles(bands: int, low_hz: float, high_hz: float, sample_rate_hz: float) -> NDArray[np.float64]:
    """Middle frequencies, evenly spaced in pitch, all below 0.45 of the rate."""
    return np.geomspace(low_hz, min(high_hz, 0.45 * sample_rate_hz), bands)


def vocoder_memory(bands: int, low_hz: float, high_hz: float, sample_rate_hz: int) -> Prepared:
    """Loss, band, low and norm of each band (see csrc/dsp/svf.h), and its sign: neighbours meet in phase.

    Two band-passes in a row are as wide at -3 dB as bands lie apart.
    """
    middles = band_middles(bands, low_hz, high_hz, sample_rate_hz)
    octaves = float(np.log2(middles[-1] / middles[0]) / (bands - 1))
    damping = (2 ** (octaves / 2) - 2 ** (-octaves / 2)) / np.sqrt(np.sqrt(2) - 1)
    g = np.tan(np.pi * middles / sample_rate_hz)
    divisor = 1 + g * (g + damping)
    tables = np.zeros((5, MOST), np.float32)
    tables[:4, :bands] = (
        2 * g * (g + damping) / divisor,
        2 * g / divisor,
        2 * g * g / divisor,
        np.full_like(g, damping / 2),
    )
    tables[4, :bands] = (-1.0) ** np.arange(bands)
    head = np.zeros(PLANE_HEAD, np.float32)
    head.view(np.uint32)[0] = -(-bands // GROUP)
    head[1:3] = 1 / octaves, 6.0
    plane = np.concatenate([head, tables.ravel()])
    return Prepared(plane[None, :], float(sample_rate_hz), work_frames=WORK_ARRAYS * MOST)
