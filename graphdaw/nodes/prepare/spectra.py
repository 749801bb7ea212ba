"""What kernels that work on running spectra read: sizes and the window (see csrc/dsp/stft.h)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graphdaw.nodes.base import Prepared

PLANE_HEAD, PAD = 64, 32  # as STFT_PLANE_HEAD and STFT_PAD


WINDOWS = {  # sums of cosines: A. Nuttall, Some Windows with Very Good Sidelobe Behavior, 1981; flat top of ISO 18431-2
    "hann": (0.5, 0.5),
    "blackman_harris": (0.35875, 0.48829, 0.14128, 0.01168),
    "flat_top": (1.0, 1.933, 1.286, 0.388, 0.0322),
}


def window_of(kind: str, size: int) -> NDArray[np.float64]:
    """A window of that many points, symmetric."""
    angle = 2 * np.pi * (np.arange(size) + 0.5) / size
    return np.asarray(sum((-1) ** k * a * np.cos(k * angle) for k, a in enumerate(WINDOWS[kind])))


def spectral_memory(
    size: int,
    overlap: int,
    *,
    rings: int,
    rows: int,
    rate_hz: float,
    longest: int = 0,
    extra: tuple[float, ...] = (),
    window: str = "hann",
) -> Prepared:
    """Plane and work of one lane: `rings` rings of signal, then `rows` rows of bins.

    A ring holds a window and two hops, and at least `longest` frames. The head of the plane ends with `extra`.
    """
    hop = size // overlap
    ring = 1 << (max(size + 2 * hop, longest) - 1).bit_length()
    points = window_of(window, size)
    head = np.zeros(PLANE_HEAD, np.float32)
    head.view(np.uint32)[:3] = size, hop, ring - 1
    head[3] = hop / ((points**2).sum() * size / 2)
    head[4 : 4 + len(extra)] = extra
    plane = np.concatenate([head, points.astype(np.float32)])
    return Prepared(plane[None, :], rate_hz, work_frames=rings * (ring + PAD) + rows * (size // 2 + PAD))


def window_frames(at_48000: int, sample_rate_hz: int) -> int:
    """A window that lasts as long at any rate, as a power of two of at least 512 and at most 16,384 frames."""
    frames = at_48000 * sample_rate_hz / 48_000
    return int(np.clip(1 << round(float(np.log2(frames))), 512, 16_384))
