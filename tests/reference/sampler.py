"""sampler, one frame after another, at speeds up to the recording's own, where nothing can fold back."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference import Array, Media, moving, option, wired

FADE_S = 0.005


def between(x: Array, t: float) -> float:
    """Sixteen taps around a place between the middle two, through a sinc in a Kaiser window."""
    distance = np.arange(16) - 7 - t
    return float(x @ (np.sinc(distance) * np.i0(8.0 * np.sqrt(np.maximum(0, 1 - (distance / 8) ** 2))) / np.i0(8.0)))


class Head:
    """A place in the recording that moves on while it sounds."""

    def __init__(self, place: float, level: float) -> None:
        self.place, self.level = place, level


def taps(data: Array, place: float, loop: tuple[int, int] | None) -> Array:
    """Sixteen recorded frames around a place: silence outside, or around the seam of a hard-spliced loop."""
    around = int(np.floor(place)) + np.arange(-7, 9)
    if loop:
        around = (around - loop[0]) % (loop[1] - loop[0]) + loop[0]
    inside = (around >= 0) & (around < len(data))
    return np.where(inside, data[np.clip(around, 0, len(data) - 1)], 0.0)


def play_channel(
    trigger: Array, data: Array, rate: Array, start_frame: Array, values: dict[str, Any], rate_hz: float, sr: float
) -> Array:
    """One channel; `rate` is in recorded frames a frame."""
    mode = option(values, "mode", "one_shot")
    loops, gated = mode in ("loop", "gated_loop"), mode in ("gated", "gated_loop")
    begin, end = values.get("loop", (0, len(data)))
    cross = min(begin, end - begin, int(values.get("crossfade_s", 0.01) * rate_hz)) if loops else 0
    seam = (begin, end) if loops and cross == 0 else None
    head: Head | None = None
    tail: Head | None = None
    fade, was_open, out = 0.0, False, np.zeros(len(trigger))
    for i, value in enumerate(trigger):
        is_open = value >= 0.5
        if (is_open and not was_open) or (i == 0 and option(values, "auto_start", "off") == "on"):
            tail, fade = head or tail, 1 / (FADE_S * sr)
            place = float(int(start_frame[i]))
            head = Head(place, 1.0 if place == 0 else 0.0) if place < len(data) else None
        elif was_open and not is_open and gated and head:
            tail, head, fade = head, None, 1 / (FADE_S * sr)
        was_open = is_open
        for which in (tail, head):
            if which and which.level > 0:
                out[i] += which.level * between(taps(data, which.place, seam), which.place % 1.0)
        if tail:
            tail.level, tail.place = max(tail.level - fade, 0.0), tail.place + rate[i]
        if head:
            head.level, head.place = min(head.level + fade, 1.0), head.place + rate[i]
            if loops and head.place >= end - cross:
                back = Head(head.place - (end - begin), 0.0 if cross else head.level)
                if cross:
                    tail, fade = head, rate[i] / cross
                head = back
            elif not loops and head.place >= len(data):
                head = None
    return out


def render_sampler(
    inputs: dict[str, Array],
    values: dict[str, Any],
    sample_rate: float,
    *,
    frames: int,
    channels: int = 1,
    media: Media | None = None,
    **_: Any,
) -> dict[str, Array]:
    """A head that plays and a tail that fades; `values["loop"]` may hold loop points in recorded frames."""
    out = np.zeros((channels, frames))
    if not media:
        return {"out": out}
    data, rate_hz = media["file"]
    trigger = wired(inputs, "trigger", channels, frames)
    rate = 2 ** (moving(values, "pitch_semitones", channels, frames) / 12) * rate_hz / sample_rate
    start = moving(values, "start_s", channels, frames) * rate_hz
    for c in range(channels):
        sound = np.asarray(data[c % len(data)], float)
        out[c] = play_channel(trigger[c], sound, rate[c], start[c], values, rate_hz, sample_rate)
    return {"out": out * 10 ** (moving(values, "gain_db", channels, frames) / 20)}
