"""modal against the closed form of its modes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import jn_zeros

from graphdaw.nodes import types
from tests.kernel_probe import Signal, run_kernel
from tests.nodes.forms import each_form
from tests.reference import Array

RATE = 48_000
MATERIALS = types()["modal"].choices["material"].options


def ratios(material: str) -> Array:
    """Mode ratios from the equations that the sources solve; tables only where they were measured."""
    if material == "string":
        return np.arange(1.0, 25.0)
    if material == "bar":
        roots = [
            brentq(lambda x: np.cos(x) - 1 / np.cosh(x), (m + 0.3) * np.pi, (m + 0.7) * np.pi) for m in range(1, 13)
        ]
        return (np.array(roots) / roots[0]) ** 2
    if material == "membrane":
        zeros = np.sort(np.concatenate([jn_zeros(m, 8) for m in range(12)]))[:24]
        return zeros / zeros[0]
    if material == "plate":
        return np.array(sorted({(m * m + n * n) / 2 for m in range(1, 9) for n in range(1, 9)})[:24])
    if material == "bell":
        return np.array([0.5, 1.0, 1.183, 1.506, 2.0, 2.514, 2.662, 3.011, 4.166, 5.433, 6.796, 8.215])
    return np.array([1.0, 2.32, 4.25, 6.63, 9.38, 12.57, 16.2])


def modes(material: str, p: dict[str, float], rate: float) -> tuple[Array, Array, Array]:
    """Frequency, 60 dB time and level of each mode."""
    own = ratios(material)
    bend = 0.01 * p["stretch"] * abs(p["stretch"])
    ratio = own * np.sqrt(np.maximum(1 + bend * (own**2 - 1), 0.01))
    hz = p["frequency_hz"] * ratio
    seconds = p["decay_s"] / (1 + p["damping"] ** 2 * (own**2 - 1))
    place = np.abs(np.sin(np.pi * p["position"] * (np.arange(len(own)) + 1)))
    level = np.where(hz < 0.45 * rate, place * np.maximum(ratio, 0.5) ** (2 * (p["brightness"] - 1)), 0)
    return hz, np.maximum(seconds, 1 / rate), level / level.sum()


def strike(frames: int, rate: int = RATE, **setting: Any) -> Signal:
    trigger = np.zeros((1, frames), np.float32)
    trigger[0, 0:50] = 1.0
    return run_kernel("modal", **{"inputs": {"trigger": trigger}, "sample_rate": rate, "width": 4} | setting)["out"][0]


@pytest.mark.parametrize("rate", [8_000, 48_000, 192_000])
@pytest.mark.parametrize("material", MATERIALS)
def test_strike_is_the_sum_of_its_modes(material: str, rate: int) -> None:
    p = {"frequency_hz": 330.0, "decay_s": 1.2, "brightness": 0.7, "damping": 0.2, "position": 0.29, "stretch": 0.3}
    frames = 3_000
    hz, seconds, level = modes(material, p, rate)
    n = np.arange(1, frames + 1)[:, None]
    expected = (level * 10 ** (-3 * n / rate / seconds) * np.sin(2 * np.pi * hz * n / rate)).sum(axis=1)
    out = strike(frames, rate, choices={"material": material}, params=p)
    assert np.abs(out - expected).max() < 2e-3


@each_form
def test_every_form_is_the_sum_of_its_modes(form: tuple[int, str]) -> None:
    p = {"frequency_hz": 220.0, "decay_s": 2.0, "brightness": 0.6, "damping": 0.3, "position": 0.3, "stretch": 0.0}
    hz, seconds, level = modes("bar", p, RATE)
    n = np.arange(1, 1_001)[:, None]
    expected = (level * 10 ** (-3 * n / RATE / seconds) * np.sin(2 * np.pi * hz * n / RATE)).sum(axis=1)
    out = strike(1_000, params=p, width=form[0], level=form[1])
    assert np.abs(out - expected).max() < 1e-3


def test_noise_keeps_about_its_level_however_long_the_body_rings() -> None:
    noise = np.random.default_rng(3).standard_normal((1, 4 * RATE)).astype(np.float32)
    for decay in (0.1, 1.0):
        params = {"decay_s": decay, "frequency_hz": 300.0}
        out = run_kernel("modal", inputs={"in": noise}, params=params, choices={"material": "glass"})["out"][0]
        assert 0.05 < out[RATE:].astype(float).std() < 1.0


def test_pitch_and_all_else_may_move_without_a_click_or_growth() -> None:
    frames = RATE
    t = np.arange(frames) / RATE
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * 7 * t)
    ranges = {
        "frequency_hz": (200, 900),
        "decay_s": (1, 20),
        "brightness": (0, 1),
        "damping": (0, 1),
        "position": (0.1, 0.9),
        "stretch": (-1, 1),
    }
    for name, (lo, hi) in ranges.items():
        out = strike(frames, params={name: (lo + (hi - lo) * wave)[None].astype(np.float32)})
        assert np.isfinite(out).all() and np.abs(out).max() < 1.1


def test_it_falls_silent_exactly_and_recovers_from_a_broken_source() -> None:
    from tests.kernel_probe import State

    source = np.zeros((1, 3 * RATE), np.float32)
    source[0, 10:13] = [np.nan, np.inf, -1e30]
    source[0, 1_000] = 1.0
    state = State()
    out = run_kernel("modal", inputs={"in": source}, params={"decay_s": 0.1}, state=state)["out"][0]
    assert np.isfinite(out[200:]).all() and np.abs(out[1_000:1_200]).max() > 0
    assert not out[-500:].any() and state.idle
