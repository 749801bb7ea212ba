"""adsr, one frame after another, from the manual's words."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference import Array, moving, option, wired

LINE = 0.02  # octaves below which a curve is drawn as this one, which nobody can tell from a line
NAMES = ("attack_s", "decay_s", "sustain", "release_s", "attack_curve", "decay_curve", "release_curve")


def segment(seconds: float, curve: float, octaves: float, sample_rate: float) -> tuple[float, float]:
    """The factor a frame, and the reach beyond the goal, of a way from 0 to 1."""
    bend = np.copysign(max(abs(curve) * octaves, LINE), curve)
    return float(2.0 ** (-bend / max(seconds * sample_rate, 1.0))), float(1 / (2.0**bend - 1))


def render_adsr(
    inputs: dict[str, Array], values: dict[str, Any], sample_rate: float, *, frames: int, channels: int = 1, **_: Any
) -> dict[str, Array]:
    """Exponential segments; with curves of 1 towards 1.2, towards the sustain level by 60 dB, and towards -0.001."""
    gate, trigger = (wired(inputs, port, channels, frames) > 0.5 for port in ("gate", "trigger"))
    values = {"attack_curve": 1.0, "decay_curve": 1.0, "release_curve": 1.0, **values}
    moves = [moving(values, name, channels, frames) for name in NAMES]
    mode = option(values, "retrigger", "present")
    out = np.zeros((channels, frames))
    for c in range(channels):
        level, start, was_open, was_triggered, attacking = 0.0, 0.0, False, False, False
        for i in range(frames):
            attack_s, decay_s, sustain, release_s, *curves = (float(values[c, i]) for values in moves)
            is_open, again = gate[c, i], trigger[c, i] and not was_triggered
            begins = is_open and (not was_open or again)
            if mode == "legato":
                begins = is_open and not was_open and level == 0.0
            elif begins and mode == "zero":
                level = 0.0
            if was_open and not is_open:
                start = level
            attacking = is_open and (attacking or begins)
            if attacking:
                keep, reach = segment(attack_s, curves[0], np.log2(6), sample_rate)
                aim = 1.2001 if curves[0] == 1.0 else 1.0001 * (1 + reach)
                level = aim + (level - aim) * keep
                attacking = level < 1.0
                level = min(level, 1.0)
            elif is_open:
                keep, reach = segment(decay_s, curves[1], np.log2(1001), sample_rate)
                if curves[1] == 1.0:
                    level = sustain + (level - sustain) * keep
                elif level < sustain:
                    level = sustain + (level - sustain) * 1001 ** (-1 / max(decay_s * sample_rate, 1.0))
                else:
                    aim = sustain - reach * (1 - sustain)
                    level = max(aim + (level - aim) * keep, sustain)
            else:
                keep, reach = segment(release_s, curves[2], np.log2(1001), sample_rate)
                aim = -0.001 if curves[2] == 1.0 else -reach * start
                level = max(aim + (level - aim) * keep, 0.0)
            was_open, was_triggered = is_open, trigger[c, i]
            out[c, i] = level
    return {"out": out}
