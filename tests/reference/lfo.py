"""lfo, in closed form over an exact count of turns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.reference import CELL, Array, moving, option, wired
from tests.reference.noise import bipolar, mix

SONG_BPM = 120.0  # of a piece of which nobody has said its tempo
BEATS = {"1": 4.0, "1/2": 2.0, "1/4": 1.0, "1/8": 0.5, "1/16": 0.25, "1/32": 0.125}


def beats(sync: str) -> float:
    """Quarter notes in a note of that name."""
    if sync.endswith("/1"):
        return 4.0 * int(sync[0])
    plain = BEATS[sync.rstrip(".t")]
    return plain * 1.5 if sync.endswith(".") else plain * 2 / 3 if sync.endswith("t") else plain


def numbers(cycle: Array, seed: int) -> Array:
    """The random number of each turn, from -1 to 1."""
    key, word = mix(int(seed)), np.uint64(2**32 - 1)
    place = cycle.astype(np.int64).astype(np.uint64) & word
    return np.asarray(bipolar(mix((mix(place ^ np.uint64(key)) + np.uint64(key)) & word)), float)


def warped(part: Array, skew: Array) -> Array:
    """Fractions of a turn in which the first half takes `skew`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        bent = np.where(part < skew, part / (2 * skew), 0.5 + (part - skew) / (2 - 2 * skew))
    return np.where(skew == 0.5, part, bent)


def wave(shape: str, turns: Array, cycle: Array, skew: Array, seed: int) -> Array:
    """A shape from -1 to 1 at so many turns since the last start, of which `cycle` turns came before."""
    part = turns % 1.0
    if shape == "random":
        return numbers(cycle + np.floor(turns), seed)
    if shape == "smooth":
        low, high = (numbers(cycle + np.floor(turns) + k, seed) for k in (0, 1))
        return low + (high - low) * (3 * part**2 - 2 * part**3)
    if shape == "saw":
        return np.where(part < 0.5, 2 * part, 2 * part - 2)
    if shape == "square":
        return np.where(part < skew, 1.0, -1.0)
    part = np.where(skew == 0.5, part, (warped((part + skew / 2) % 1.0, skew) - 0.25) % 1.0)
    if shape == "triangle":
        return np.where(part < 0.25, 4 * part, np.where(part < 0.75, 2 - 4 * part, 4 * part - 4))
    return np.sin(2 * np.pi * part)


def turned(rate: Array, trigger: Array, one_shot: bool, before: bool) -> tuple[Array, Array]:
    """Turns since the last start and those completed earlier, frame by frame; `before` what a trigger does there."""
    turns, cycles = np.zeros(len(rate)), np.zeros(len(rate))
    at, cycle, was_open, running = 0.0, 0, False, False
    for i, step in enumerate(rate):
        turns[i], cycles[i] = at, cycle
        if trigger[i] > 0.5 and not was_open:
            at, cycle, running = 0.0, cycle + math.floor(at) + 1, True
        if not before:
            turns[i], cycles[i] = at, cycle
        was_open = trigger[i] > 0.5
        if running or not one_shot:
            at += step
        if one_shot and at >= 1.0:
            at, cycle, running = 0.0, cycle + 1, False
    return turns, cycles


def slewed(wave: Array, seconds: Array, held: Array, sample_rate: float) -> Array:
    """A one-pole low-pass of what is held, begun at the first value."""
    out, last = wave.copy(), wave[0]
    for i in range(len(wave)):
        if held[i] != i:
            out[i] = last
            continue
        frames = CELL if len(held) > 1 and held[1] == 0 else 1
        if i and seconds[i] > 0:
            last += (wave[i] - last) * (1 - math.exp(-frames / (seconds[i] * sample_rate)))
        else:
            last = wave[i]
        out[i] = last
    return out


def render_lfo(
    inputs: dict[str, Array],
    values: dict[str, Any],
    sample_rate: float,
    *,
    frames: int,
    channels: int = 1,
    seeds: Sequence[int] = (),
    **_: Any,
) -> dict[str, Array]:
    """offset + amount * wave; at the rate "block" every value holds from one cell to the next."""
    held = np.arange(frames)
    block = option(values, "rate", "frame") == "block"
    if block:
        held = held // CELL * CELL
    rate = moving(values, "rate_hz", channels, frames)[:, held] / sample_rate
    sync = option(values, "sync", "free")
    if sync != "free":
        tempo = moving(values, "tempo_bpm", channels, frames)[:, held]
        rate = np.where(tempo < 1.0, SONG_BPM, tempo) / (60 * beats(sync) * sample_rate)
    trigger, one_shot = wired(inputs, "trigger", channels, frames), option(values, "mode", "loop") == "one_shot"
    standing = {"skew": 0.5, "slew_s": 0.0, **values}
    skew, slew = (moving(standing, name, channels, frames)[:, held] for name in ("skew", "slew_s"))
    phase = moving(values, "phase", channels, frames)
    shape = option(values, "shape", "sine")
    waves = np.zeros((channels, frames))
    for c in range(channels):
        turns, cycles = np.cumsum(rate[c]) - rate[c], np.zeros(frames)
        if one_shot or (trigger[c] > 0.5).any():
            turns, cycles = turned(rate[c], trigger[c], one_shot, before=block)
        plain = wave(shape, (turns + phase[c])[held], cycles[held], skew[c], seeds[c] if seeds else 0)
        waves[c] = slewed(plain, slew[c], held, sample_rate) if slew[c].any() else plain
    amount, offset = (moving(values, name, channels, frames)[:, held] for name in ("amount", "offset"))
    return {"out": offset + amount * waves}
