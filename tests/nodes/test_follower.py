"""follower against its recursion in double precision and against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel_probe import State, run_kernel
from tests.nodes.forms import each_rate


@each_rate
@pytest.mark.parametrize("detector", ["peak", "rms"])
def test_levels_are_those_of_the_recursion(detector: str, rate: int) -> None:
    rng = np.random.default_rng(2)
    x = (rng.uniform(-1, 1, 3_000) * np.repeat([0.1, 1.0, 0.01], 1_000)).astype(np.float32)
    attack, release = (1 - np.exp(-1 / (np.float32(s) * rate)) for s in (0.001, 0.01))
    level, expected = 0.0, []
    for value in np.abs(x.astype(float)) ** (2 if detector == "rms" else 1):
        level += (value - level) * (attack if value > level else release)
        expected.append(level ** (0.5 if detector == "rms" else 1.0))
    params = {"attack_s": 0.001, "release_s": 0.01}
    out = run_kernel("follower", inputs={"in": x}, params=params, choices={"detector": detector}, sample_rate=rate)
    np.testing.assert_allclose(out["out"][0], expected, atol=2e-5)
    decibels = run_kernel(
        "follower", inputs={"in": x}, params=params, sample_rate=rate,
        choices={"detector": detector, "scale": "decibels"},
    )["out"][0]  # fmt: skip
    np.testing.assert_allclose(decibels[10:], 20 * np.log10(np.array(expected)[10:]), atol=0.01)


def test_time_constants_are_63_and_37_percent() -> None:
    x = np.repeat([0.0, 1.0, 0.0], 9_600)
    params = {"attack_s": 0.01, "release_s": 0.05}
    out = run_kernel("follower", inputs={"in": x}, params=params)["out"][0]
    assert out[9_600 + 479] == pytest.approx(1 - np.exp(-1), abs=1e-3)
    assert out[19_200 + 2_399] == pytest.approx(np.exp(-1), abs=1e-3)
    assert out[19_199] == pytest.approx(1.0, abs=1e-4)


def test_a_sine_reads_its_rms() -> None:
    x = 0.5 * np.sin(2 * np.pi * 997 * np.arange(48_000) / 48_000)
    params = {"attack_s": 0.1, "release_s": 0.1}
    out = run_kernel("follower", inputs={"in": x}, params=params, choices={"detector": "rms"})["out"][0]
    assert out[-1] == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


def test_broken_sound_is_forgotten_and_silence_comes_to_rest() -> None:
    state = State()
    broken = np.float32([np.nan, np.inf, -np.inf, 1e38] * 32)
    assert np.isfinite(run_kernel("follower", inputs={"in": broken}, state=state)["out"]).all()
    for _ in range(60):
        out = run_kernel("follower", inputs={"in": np.zeros(12_800)}, state=state)["out"]
    assert state.idle and not out.view(np.uint32).any()
    silent = run_kernel("follower", inputs={"in": np.zeros(200)}, choices={"scale": "decibels"})["out"]
    assert (silent == -120.0).all()
