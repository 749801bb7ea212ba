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
@pytest.mark.parametrize("color", ["white", "pink"])
def test_noise_is_its_model(form: tuple[int, str], color: str) -> None:
    choices = {"color": color}
    expected = render("noise", {}, choices, 48_000, frames=700, channels=5, seeds=SEEDS)["out"]
    out = run_kernel("noise", width=form[0], level=form[1], choices=choices, seeds=SEEDS, frames=700)["out"]
    np.testing.assert_allclose(out, expected, atol=0 if color == "white" else 1e-6)


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
