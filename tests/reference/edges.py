"""Waves of straight pieces as the Fourier series of their steps and bends, smoothed as the kernels do it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from tests.reference import Array

Edge = tuple[float, float, float]  # place in turns, step, change of slope per turn


@cache
def kernel() -> tuple[Array, Array]:
    """The low-pass: a sinc of 0.465 of the rate in a Kaiser window of 16 frames with beta 6.25."""
    x = (np.arange(-16_000, 16_000) + 0.5) / 2_000
    h = np.sinc(2 * 0.465 * x) * np.i0(6.25 * np.sqrt(1 - (x / 8) ** 2))
    return x, h / h.sum()


@cache
def jump_terms() -> Array:
    """For each of 16 taps a polynomial of fifth degree in the place between two frames less 1/2, highest power first.

    It is fitted to the integral of the low-pass less the step itself, by least squares weighted towards the ends.
    """
    x, h = kernel()
    step = np.concatenate([[0.0], np.cumsum(h)])
    place = np.linspace(0, 1, len(h) // 16 + 1)
    fits = [
        np.polyfit(
            place - 0.5, step[k * 2_000 : k * 2_000 + 2_001] - (k >= 8), 5, w=1 / np.sqrt(1e-3 + place - place**2)
        )
        for k in range(16)
    ]
    return np.array(fits)


def response(frequency_hz: Array, sample_rate: float) -> Array:
    """Gain of the low-pass, from its Fourier integral."""
    x, h = kernel()
    f = np.ravel(frequency_hz) / sample_rate
    return np.array([np.sum(h * np.cos(2 * np.pi * g * x)) for g in f]).reshape(np.shape(frequency_hz))


def saw() -> list[Edge]:
    """A rising line through 0, with a step down half-way."""
    return [(0.5, -2.0, 0.0)]


def triangle() -> list[Edge]:
    """Up to 1 at a quarter of a turn, down to -1 at three."""
    return [(0.25, 0.0, -8.0), (0.75, 0.0, 8.0)]


def pulse(width: float) -> list[Edge]:
    """High up to `width` of a turn, low after it."""
    return [(0.0, 2.0, 0.0), (width, -2.0, 0.0)]


def with_sub(edges: Sequence[Edge], level: float) -> list[Edge]:
    """Two turns as one, with a square over both."""
    twice = [(0.5 * (at + turn), step, 2 * bend) for turn in (0, 1) for at, step, bend in edges]
    return [*twice, (0.0, 2 * level, 0.0), (0.5, -2 * level, 0.0)]


def coefficients(edges: Sequence[Edge], harmonics: Array) -> Array:
    """Complex Fourier coefficients of a periodic wave of straight pieces; every n must be above 0."""
    w = 2j * np.pi * harmonics
    return sum(((step + bend / w) * np.exp(-w * at) / w for at, step, bend in edges), np.zeros(len(harmonics)))


def series(edges: Sequence[Edge], frequency_hz: float, rate: float, turns: Array, mean: float = 0.0) -> Array:
    """The smoothed wave at phases `turns`: every harmonic up to two rates, aliases and all."""
    n = np.arange(1, int(2 * rate / frequency_hz) + 1)
    c = coefficients(edges, n) * response(n * frequency_hz, rate)
    out = np.full(len(turns), mean)
    for k, gain in zip(n, c, strict=True):
        out += 2 * np.real(gain * np.exp(2j * np.pi * k * turns))
    return out


def synced(edges: Sequence[Edge], ratio: float, slope: Sequence[float], value: Sequence[float]) -> list[Edge]:
    """One turn of a master in which a wave makes `ratio` turns and begins anew; that edge comes last.

    `value` and `slope` (per turn) are the wave's just before it is reset, and at its beginning.
    """
    inside = [(at + turn, step, bend) for turn in range(int(ratio) + 1) for at, step, bend in edges]
    inside = [(at / ratio, step, ratio * bend) for at, step, bend in inside if 0 < at < ratio]
    return [*inside, (0.0, value[1] - value[0], ratio * (slope[1] - slope[0]))]
