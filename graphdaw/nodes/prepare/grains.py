"""What grains are cut from: a recording of two channels in one plane, and how much a live memory takes."""

from __future__ import annotations

import numpy as np

from graphdaw.nodes.base import Prepared, Recording

HEADER, MARGIN = 4, 8  # samples before everything, and of silence on either side of a channel
GRAINS, GRAIN_WORDS = 64, 12
SHORTEST_RING = 1_024


def prepare(recording: Recording | None, memory_s: float, sample_rate_hz: int) -> Prepared:
    """One plane: header, left channel, right channel; and to write: the grains, and a ring for each channel."""
    ring = max(SHORTEST_RING, 1 << (int(memory_s * sample_rate_hz) - 1).bit_length())
    work = GRAINS * GRAIN_WORDS + 2 * ring
    if recording is None:
        return Prepared(work_frames=work)
    left, right = recording.samples[0], recording.samples[min(1, len(recording.samples) - 1)]
    silence = np.zeros(MARGIN, np.float32)
    plane = np.concatenate([np.zeros(HEADER, np.float32), silence, left, silence, silence, right, silence])
    return Prepared(plane[None], recording.rate_hz, work_frames=work)
