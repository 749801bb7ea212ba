"""From one sample rate to another: the one place that knows the resampler."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

Samples = npt.NDArray[np.float32]

QUALITY = "HQ"  # soxr: 20-bit precision, pass band to 91 % of the lower rate's half
BEST = "VHQ"  # 28-bit precision, for what is made once and kept


class RateChanger:
    """Converts a stream of blocks, shape (frames, channels); what comes out is not late, and as long as what went in.

    The last block, which may be empty, is marked by `last`.
    """

    def __init__(self, from_hz: float, to_hz: float, channels: int, quality: str = QUALITY) -> None:
        self._stream: Any = soxr.ResampleStream(from_hz, to_hz, channels, dtype="float32", quality=quality)

    def change(self, block: Samples, last: bool) -> Samples:
        """What can be said of the sound at its new rate so far."""
        changed: Samples = self._stream.resample_chunk(block, last=last)
        return changed


def changed(sound: Samples, from_hz: float, to_hz: float) -> Samples:
    """A whole sound of shape (channels, frames) at another rate."""
    changer = RateChanger(from_hz, to_hz, sound.shape[0], BEST)
    return np.ascontiguousarray(changer.change(np.ascontiguousarray(sound.T), last=True).T)
