"""onset against sounds whose beginnings are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.kernel_probe import run_kernel
from tests.nodes.forms import each_rate

METHODS = ("energy", "brightness")


def starts(x: NDArray[np.float64], rate: int = 48_000, **setting: object) -> NDArray[np.int64]:
    out = run_kernel("onset", inputs={"in": x}, sample_rate=rate, **setting)["out"][0]
    assert set(np.unique(out)) <= {0.0, 1.0}
    return np.flatnonzero(np.diff(np.r_[0, out]) > 0)


def hits(rate: int, hz: float, noise: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Decaying hits of different loudness, unevenly in time, over a bed of noise."""
    rng = np.random.default_rng(5)
    at = (np.array([0.2, 0.45, 0.62, 1.0, 1.31, 1.45]) * rate).astype(int)
    x = noise * rng.standard_normal(2 * rate)
    t = np.arange(rate // 2) / rate
    for start, level in zip(at, (0.5, 0.2, 0.9, 0.1, 0.6, 0.3), strict=True):
        hit = level * np.exp(-t / 0.03) * (np.sin(2 * np.pi * hz * t) + 0.5 * rng.standard_normal(len(t)))
        room = min(len(t), len(x) - start)
        x[start : start + room] += hit[:room]
    return x, at


@each_rate
@pytest.mark.parametrize("method", METHODS)
def test_every_hit_is_found_once_within_five_milliseconds(method: str, rate: int) -> None:
    x, at = hits(rate, 180.0, 1e-5)
    found = starts(x, rate, choices={"method": method})
    assert len(found) == len(at)
    assert (found - at >= 0).all() and ((found - at) / rate < 0.005).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("hz", [50.0, 440.0, 3_000.0])
def test_steady_sounds_begin_once(method: str, hz: float) -> None:
    x = 0.5 * np.sin(2 * np.pi * hz * np.arange(96_000) / 48_000)
    assert len(starts(x, choices={"method": method})) == 1
    noise = 0.3 * np.random.default_rng(1).standard_normal(96_000)
    assert len(starts(noise, choices={"method": method})) == 1


def test_brightness_hears_a_pluck_that_energy_misses_under_a_bass() -> None:
    t = np.arange(96_000) / 48_000
    pluck = np.where(t > 1.0, 0.15 * np.sin(2 * np.pi * 5_000 * t) * np.exp(-(t - 1) / 0.05), 0.0)
    x = 0.8 * np.sin(2 * np.pi * 55 * t) * np.minimum(1, t / 0.3) + pluck
    found = {method: starts(x, choices={"method": method}) for method in METHODS}
    assert any(abs(i / 48_000 - 1.0) < 0.005 for i in found["brightness"])
    assert not any(abs(i / 48_000 - 1.0) < 0.02 for i in found["energy"])


def test_quiet_sounds_and_early_ones_are_passed_over() -> None:
    x, at = hits(48_000, 180.0, 0.0)
    assert len(starts(x * 1e-3)) == 0
    held = starts(x, params={"hold_s": 0.3})
    assert (np.diff(held) >= 0.3 * 48_000).all() and len(held) < len(at)


def test_a_trigger_lasts_a_millisecond() -> None:
    x, _ = hits(48_000, 180.0, 0.0)
    out = run_kernel("onset", inputs={"in": x})["out"][0]
    edges = np.flatnonzero(np.diff(np.r_[0, out, 0]))
    assert set(edges[1::2] - edges[::2]) == {48}
