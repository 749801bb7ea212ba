"""Recordings as kernels play them at any pitch: the recording, and copies of it that hold less and less of its treble.

A copy holds nothing above 0.355 of its rate, where the kernel's sixteen taps still read well, so that it can be played
1.4 times as fast before anything folds back. `dsp/media.h` reads this.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphdaw.nodes.base import Prepared, Recording

Samples = npt.NDArray[Any]

SHARES = (1.0, 1.0, 3 / 4, 1 / 2, 3 / 8, 1 / 4, 3 / 16, 1 / 8, 3 / 32, 1 / 16)  # of the recording's rate
GRAIN = 32  # a length that every share makes a whole number of is a multiple of this
HEADER = (
    4  # samples before the first copy; the first two hold the recording's length in frames, as n % 2^16 and n / 2^16
)
KEPT, ENDS = 0.335, 0.355  # of a copy's rate: what it holds in full, and where it ends


def prepare(recording: Recording | None, work_frames: int = 0) -> Prepared:
    """A plane a channel, at the recording's rate and with its loop; and so much for each lane to write."""
    if recording is None or not recording.samples.size:
        return Prepared(work_frames=work_frames)
    planes = np.stack([copies(channel) for channel in recording.samples])
    return Prepared(planes, recording.rate_hz, recording.loop, work_frames)


def copies(channel: Samples) -> Samples:
    """The header, the recording padded with zeros to a multiple of GRAIN, and its copies, one after the other."""
    frames = len(channel)
    whole = np.zeros(-(-frames // GRAIN) * GRAIN, np.float32)
    whole[:frames] = channel
    return np.concatenate(
        [np.array([frames % 65_536, frames // 65_536, 0, 0], np.float32), *darker(whole, len(SHARES))]
    )


def darker(whole: Samples, count: int) -> list[Samples]:
    """A recording whose length is a multiple of GRAIN, and the first of its copies, `count` in all."""
    parts: list[Samples] = [whole]
    spectrum = np.fft.rfft(whole) if count > 1 else whole
    for share in SHARES[1:count]:
        length = round(len(whole) * share)
        bins = spectrum[: length // 2 + 1].copy()
        place = np.arange(len(bins)) / length
        bins *= 0.5 + 0.5 * np.cos(np.pi * np.clip((place - KEPT) / (ENDS - KEPT), 0.0, 1.0))
        parts.append((np.fft.irfft(bins, n=length) * share).astype(np.float32))
    return parts
