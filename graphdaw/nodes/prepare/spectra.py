"""What kernels that work on running spectra read: sizes and the window (see csrc/dsp/stft.h)."""

from __future__ import annotations

import numpy as np

from graphdaw.nodes.base import Prepared

PLANE_HEAD, PAD = 64, 32  # as STFT_PLANE_HEAD and STFT_PAD


def spectral_memory(
    size: int,
    overlap: int,
    *,
    rings: int,
    rows: int,
    more: int = 0,
    longest: int = 0,
    extra: tuple[float, ...] = (),
    rate_hz: float,
) -> Prepared:
    """Plane and work of one lane: `rings` rings of signal, `rows` rows of bins, and `more` numbers after them.

    A ring holds a window and two hops, and at least `longest` frames. The head of the plane ends with `extra`.
    """
    hop = size // overlap
    ring = 1 << (max(size + 2 * hop, longest) - 1).bit_length()
    window = np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2
    head = np.zeros(PLANE_HEAD, np.float32)
    head.view(np.uint32)[:3] = size, hop, ring - 1
    head[3] = hop / ((window**2).sum() * size / 2)
    head[4 : 4 + len(extra)] = extra
    plane = np.concatenate([head, window.astype(np.float32)])
    return Prepared(plane[None, :], rate_hz, work_frames=rings * (ring + PAD) + rows * (size // 2 + PAD) + more)


def window_frames(at_48000: int, sample_rate_hz: int) -> int:
    """A window that lasts as long at any rate, as a power of two of at least 512 and at most 16,384 frames."""
    frames = at_48000 * sample_rate_hz / 48_000
    return int(np.clip(1 << round(float(np.log2(frames))), 512, 16_384))
