"""slew against straight lines and exponentials."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel_probe import State, run_kernel
from tests.nodes.forms import each_rate


@each_rate
def test_a_line_takes_its_time_for_the_span(rate: int) -> None:
    frames = rate // 4
    step = np.where(np.arange(frames) >= 10, 12.0, 0.0)
    step[frames // 2 :] = 0.0
    out = run_kernel(
        "slew", inputs={"in": step}, params={"rise_s": 0.05, "fall_s": 0.1, "span": 12.0}, sample_rate=rate
    )["out"][0]
    time = (np.arange(frames) - 9) / rate
    fall = (np.arange(frames) - frames // 2 + 1) / rate
    expected = np.where(np.arange(frames) < frames // 2, np.clip(time / 0.05, 0, 1), np.clip(1 - fall / 0.1, 0, 1)) * 12
    np.testing.assert_allclose(out, expected, atol=12 * 3e-4)
    assert (out[10 + rate // 15 : frames // 2] == 12.0).all() and out[-1] == 0.0


@each_rate
def test_an_exponential_has_its_time_constants(rate: int) -> None:
    frames = rate // 4
    step = np.r_[np.zeros(10), np.ones(frames), np.zeros(frames)]
    out = run_kernel(
        "slew", inputs={"in": step}, params={"rise_s": 0.02, "fall_s": 0.05}, choices={"shape": "exponential"},
        sample_rate=rate,
    )["out"][0]  # fmt: skip
    t = np.arange(1, frames + 1) / rate
    np.testing.assert_allclose(out[10 : 10 + frames], 1 - np.exp(-t / 0.02), atol=2e-4)
    np.testing.assert_allclose(out[10 + frames :], out[9 + frames] * np.exp(-t / 0.05), atol=2e-4)


@pytest.mark.parametrize("shape", ["linear", "exponential"])
def test_no_time_passes_the_source_bit_for_bit(shape: str) -> None:
    x = np.random.default_rng(1).uniform(-9, 9, 500).astype(np.float32)
    out = run_kernel("slew", inputs={"in": x}, params={"rise_s": 0.0, "fall_s": 0.0}, choices={"shape": shape})["out"]
    np.testing.assert_array_equal(out[0], x)


@pytest.mark.parametrize("shape", ["linear", "exponential"])
def test_it_starts_at_the_source_recovers_and_comes_to_rest(shape: str) -> None:
    state, choices = State(), {"shape": shape}
    out = run_kernel("slew", inputs={"in": np.full(200, 5.0)}, choices=choices, state=state)["out"][0]
    assert (out == 5.0).all()
    broken = np.float32([np.nan, np.inf, -np.inf, 1e30] * 32)
    assert np.isfinite(run_kernel("slew", inputs={"in": broken}, choices=choices, state=state)["out"]).all()
    for _ in range(40):
        out = run_kernel("slew", inputs={"in": np.zeros(12_800)}, choices=choices, state=state)["out"]
    assert state.idle and not out.view(np.uint32).any()
