"""noise: exact against its model, and as statistics."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import signal, stats

from tests.kernel_probe import run_kernel
from tests.nodes.forms import each_form
from tests.reference import render
from tests.reference.noise import white

SEEDS = [1, 2, 77, 2**32 - 1, 0]


@each_form
@pytest.mark.parametrize("color", ["white", "pink", "brown", "velvet"])
def test_noise_is_its_model(form: tuple[int, str], color: str) -> None:
    choices = {"color": color}
    values = {**choices, "density_hz": 2_000.0}
    expected = render("noise", {}, values, 48_000, frames=700, channels=5, seeds=SEEDS)["out"]
    out = run_kernel("noise", width=form[0], level=form[1], choices=choices, seeds=SEEDS, frames=700)["out"]
    np.testing.assert_allclose(out, expected, atol={"white": 0, "velvet": 0, "pink": 1e-6, "brown": 5e-6}[color])


def test_white_noise_of_a_place_in_time_is_always_the_same() -> None:
    for time in (0, 64, 1_000, 2**32 - 37, 2**40 + 5):
        out = run_kernel("noise", seeds=[9], frames=200, time=time)["out"][0]
        np.testing.assert_array_equal(out, white(9, np.arange(time, time + 200, dtype=np.uint64)))


def test_white_noise_is_uniform_and_independent() -> None:
    out = run_kernel("noise", seeds=[3, 4], frames=200_000)["out"].astype(float)
    for lane in out:
        assert stats.kstest(lane, stats.uniform(-1, 2).cdf).pvalue > 1e-3
        assert abs(lane.mean()) < 0.006 and abs(lane.var() - 1 / 3) < 0.003
        for lag in (1, 2, 64, 1_000):
            assert abs(np.corrcoef(lane[lag:], lane[:-lag])[0, 1]) < 0.01
    assert abs(np.corrcoef(out)[0, 1]) < 0.01


def test_white_noise_is_flat() -> None:
    out = run_kernel("noise", seeds=[5], frames=1 << 19)["out"][0].astype(float)
    frequency, density = signal.welch(out, nperseg=512)
    assert np.abs(10 * np.log10(density[2:-2] / density.mean())).max() < 1.0


def test_pink_noise_falls_three_decibels_an_octave_at_a_quarter_rms() -> None:
    out = run_kernel("noise", seeds=[6], choices={"color": "pink"}, frames=1 << 21)["out"][0].astype(float)
    assert abs(out[1 << 16 :].std() - 0.25) < 0.02
    frequency, density = signal.welch(out, fs=48_000, nperseg=1 << 15)
    edges = np.geomspace(20, 20_000, 21)
    bands = [density[(frequency >= a) & (frequency < b)].mean() for a, b in pairwise(edges)]
    middle = np.sqrt(edges[1:] * edges[:-1])
    slope, level = np.polyfit(np.log2(middle), 10 * np.log10(bands), 1)
    assert abs(slope + 10 * np.log10(2)) < 0.1
    assert np.abs(10 * np.log10(bands) - slope * np.log2(middle) - level).max() < 1.0


def test_brown_noise_falls_six_decibels_an_octave_at_a_quarter_rms() -> None:
    for rate in (44_100, 192_000):
        out = run_kernel("noise", seeds=[6], choices={"color": "brown"}, frames=1 << 21, sample_rate=rate)["out"][0]
        assert abs(out[1 << 16 :].astype(float).std() - 0.25) < 0.05
        frequency, density = signal.welch(out.astype(float), fs=rate, nperseg=1 << 15)
        band = (frequency > 50) & (frequency < 5_000)
        slope, _ = np.polyfit(np.log2(frequency[band]), 10 * np.log10(density[band]), 1)
        assert abs(slope + 20 * np.log10(2)) < 0.2


@pytest.mark.parametrize("density_hz", [20.0, 2_000.0, 20_000.0])
def test_velvet_noise_has_one_click_a_period_of_either_sign_and_no_colour(density_hz: float) -> None:
    frames, rate = 1 << 18, 48_000
    setting = {"choices": {"color": "velvet"}, "params": {"density_hz": density_hz}, "frames": frames}
    out = run_kernel("noise", seeds=[8, 9], **setting)["out"].astype(float)
    assert set(np.unique(out)) == {-1.0, 0.0, 1.0}
    clicks, expected = np.abs(out).sum(axis=1), frames / rate * density_hz
    assert np.abs(clicks - expected).max() <= 1.01
    assert np.abs(out.sum(axis=1)).max() < 4 * np.sqrt(expected)
    assert np.diff(np.flatnonzero(out[0])).max() <= 2 * rate / density_hz + 1
    if density_hz > 1_000:
        _, density = signal.welch(out[0], nperseg=256)
        assert np.abs(10 * np.log10(density[2:-2] / density.mean())).max() < 1.0
    assert abs(np.corrcoef(out)[0, 1]) < 0.1
