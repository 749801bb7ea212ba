"""audio_file, when the disk is never late."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference import Array, Media, moving, option


def render_audio_file(
    inputs: dict[str, Array],
    values: dict[str, Any],
    sample_rate: float,
    *,
    frames: int,
    channels: int = 1,
    media: Media | None = None,
    **_: Any,
) -> dict[str, Array]:
    """The recording, which must be at the graph's rate, times the level."""
    out = np.zeros((channels, frames))
    if media:
        data, rate_hz = media["file"]
        if rate_hz != sample_rate:
            raise ValueError("audio_file plays at the graph's rate: resample the recording first")
        for c in range(channels):
            sound = np.asarray(data[c % len(data)], float)
            if option(values, "loop", "off") == "on":
                sound = np.resize(sound, frames)
            out[c, : min(frames, len(sound))] = sound[:frames]
    return {"out": out * 10 ** (moving(values, "gain_db", channels, frames) / 20)}
