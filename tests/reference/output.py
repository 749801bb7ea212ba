"""output: a level."""

from __future__ import annotations

from typing import Any

from tests.reference import Array, moving, wired


def render_output(
    inputs: dict[str, Array], values: dict[str, Any], sample_rate: float, *, frames: int, channels: int = 1, **_: Any
) -> dict[str, Array]:
    """The source times 10^(dB / 20)."""
    level = 10 ** (moving(values, "gain_db", channels, frames) / 20)
    return {"out": wired(inputs, "in", channels, frames) * level}
