"""adsr, one frame after another, from the manual's words."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference import Array, moving, wired


def keep(seconds: float, shrink: float, sample_rate: float) -> float:
    """Factor a frame with which a distance shrinks by `shrink` in that time, which is one frame at least."""
    return float(shrink ** (-1.0 / max(seconds * sample_rate, 1.0)))


def render_adsr(
    inputs: dict[str, Array], values: dict[str, Any], sample_rate: float, *, frames: int, channels: int = 1, **_: Any
) -> dict[str, Array]:
    """Exponential segments: towards 1.2 until 1, towards the sustain level by 60 dB, towards -0.001 until 0."""
    gate = wired(inputs, "gate", channels, frames)
    names = ("attack_s", "decay_s", "sustain", "release_s")
    attack_s, decay_s, sustain, release_s = (moving(values, name, channels, frames) for name in names)
    out = np.zeros((channels, frames))
    for c in range(channels):
        level, was_open, attacking = 0.0, False, False
        for i in range(frames):
            is_open = gate[c, i] > 0.5
            attacking = is_open and (attacking or not was_open)
            if attacking:
                aim = 1.2001
                level = aim + (level - aim) * keep(attack_s[c, i], 6.0, sample_rate)
                attacking = level < 1.0
                level = min(level, 1.0)
            elif is_open:
                level = sustain[c, i] + (level - sustain[c, i]) * keep(decay_s[c, i], 1001.0, sample_rate)
            else:
                aim = -0.001
                level = max(aim + (level - aim) * keep(release_s[c, i], 1001.0, sample_rate), 0.0)
            was_open = is_open
            out[c, i] = level
    return {"out": out}
