"""saw, frame by frame: a ramp 8 frames ahead of what is heard, and the smoothed step of every jump it makes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference import Array, moving, wired
from tests.reference.edges import jump_terms

LEAD = 8


def residue(late: float) -> Array:
    """What smoothing adds to a step up of 1 that lies `late` frames before the ninth of 16."""
    return np.vander([late - 0.5], 6)[0] @ jump_terms().T


def _channel(frequency: Array, sync: Array, pm: Array, sample_rate: float) -> Array:
    """Frames are counted from 16 before the first, at its pitch, so that the oscillator has always run."""
    step = np.minimum(frequency / sample_rate, 0.5)
    steps = np.concatenate([np.full(16, step[0]), step])
    sync, pm = (np.concatenate([np.zeros(16), x]) for x in (sync, pm))
    out = np.zeros(len(steps) + 16)
    base, at, last = -9.0 * steps[0], -9.0 * steps[0], 0.0

    def jumps(start: float, end: float, until: float, span: float, frame: int) -> None:
        whole = np.floor([start + 0.5, end + 0.5])
        if whole[0] != whole[1]:
            border = max(whole) - 0.5
            late = until + span * (end - border) / (end - start)
            out[frame : frame + 16] += -2 * (whole[1] - whole[0]) * residue(late)

    for frame, (by, now, shift) in enumerate(zip(steps, sync, pm, strict=True)):
        base += by
        way = (base + shift - at + 0.5) % 1 - 0.5  # a phase that leaps goes the shorter way
        start, end = at, at + way
        if now > 0 >= last:
            late = now / (now - last)
            reset = start + (1 - late) * way
            jumps(start, reset, late, 1 - late, frame)
            base = late * by
            at = base + shift
            old, new = (2 * ((x + 0.5) % 1) - 1 for x in (reset, shift))
            out[frame : frame + 16] += (new - old) * residue(late)
            jumps(shift, at, 0.0, late, frame)
        else:
            jumps(start, end, 0.0, 1.0, frame)
            at = end
        last = now
        out[frame + LEAD] += 2 * ((at + 0.5) % 1) - 1
    return out[16:-16]


def render_saw(
    inputs: dict[str, Array], values: dict[str, Any], sample_rate: float, *, frames: int, channels: int = 1, **_: Any
) -> dict[str, Array]:
    """Every channel on its own."""
    frequency = moving(values, "frequency_hz", channels, frames)
    sync, pm = wired(inputs, "sync", channels, frames), wired(inputs, "pm", channels, frames)
    rows = zip(frequency, sync, pm, strict=True)
    return {"out": np.stack([_channel(f, s, p, sample_rate) for f, s, p in rows])}
