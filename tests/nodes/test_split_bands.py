"""Crossovers: what adds up to the source, and where each band ends."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from tests.kernel_probe import run_kernel

RATES = (8_000, 44_100, 48_000, 192_000)
SPLITS = (60.0, 300.0, 1500.0, 3000.0)


def bands(rate: float, count: int, splits: tuple[float, ...] = SPLITS) -> np.ndarray:
    frames = 1 << 16
    source = np.zeros(frames, np.float32)
    source[0] = 1.0
    params = {f"split{i + 1}_hz": hz for i, hz in enumerate(splits)}
    out = run_kernel(
        "split_bands", inputs={"in": source}, params=params, choices={"bands": str(count)}, sample_rate=rate
    )
    return np.fft.rfft([out[f"band{k + 1}"][0].astype(float) for k in range(5)], axis=1)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("count", (2, 3, 4, 5))
def test_all_bands_add_up_to_a_flat_magnitude(rate: float, count: int) -> None:
    for splits in (SPLITS, (1000.0, 1000.0, 1100.0, 3900.0), (3000.0, 500.0, 20.0, 20.0)):
        total = bands(rate, count, splits).sum(axis=0)
        assert np.abs(20 * np.log10(np.abs(total))).max() < 0.01


@pytest.mark.parametrize("rate", (44_100, 192_000))
def test_a_band_is_butterworth_twice_on_either_side(rate: float) -> None:
    spectrum = np.abs(bands(rate, 4))
    x = np.arange(spectrum.shape[1]) * rate / (1 << 16)
    inside = (x > 20) & (x < 0.45 * rate)

    def side(hz: float, kind: str) -> np.ndarray:
        b, a = signal.butter(2, hz, kind, fs=rate)
        return np.abs(signal.freqz(b, a, worN=x[inside], fs=rate)[1]) ** 2

    for k in range(4):
        wanted = np.ones(inside.sum())
        if k > 0:
            for below in SPLITS[:k]:
                wanted = wanted * side(below, "high")
        if k < 3:
            wanted = wanted * side(SPLITS[k], "low")
        heard = wanted > 1e-3
        error = 20 * np.log10(spectrum[k][inside][heard] / wanted[heard])
        assert np.abs(error).max() < 0.05
    assert spectrum[4].max() == 0.0


def test_both_neighbours_are_six_decibels_down_where_they_meet() -> None:
    spectrum = np.abs(bands(48_000, 2, (1500.0, 1500.0, 1500.0, 1500.0)))
    place = round(1500 * (1 << 16) / 48_000)
    np.testing.assert_allclose(20 * np.log10(spectrum[:2, place]), -6.02, atol=0.01)
    octave = round(750 * (1 << 16) / 48_000)
    assert 20 * np.log10(spectrum[1, octave]) < -24


def test_splits_that_move_every_frame_stay_bounded() -> None:
    rng = np.random.default_rng(5)
    frames = 10_000
    moving = {f"split{i}_hz": np.float32(np.exp(rng.uniform(3, 9.9, (1, frames)))) for i in range(1, 5)}
    source = rng.uniform(-1, 1, frames).astype(np.float32)
    out = run_kernel("split_bands", inputs={"in": source}, params=moving, choices={"bands": "5"})
    assert max(np.abs(x).max() for x in out.values()) < 20
