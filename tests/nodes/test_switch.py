"""switch: what passes at rest, how it gets from one source to another."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from tests.kernel_probe import CELL, WIDTHS, State, run_kernel
from tests.reference.switch import render_switch


def noises(frames: int, lanes: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(13)
    return {f"in{k}": rng.uniform(-1, 1, (lanes, frames)).astype(np.float32) for k in range(1, 5)}


def stepping(frames: int, steps: dict[int, float], start: float = 0.0) -> np.ndarray:
    """A signal of shape (1, frames) that takes a new value at some frames."""
    select = np.full((1, frames), start, np.float32)
    for at, value in steps.items():
        select[:, at:] = value
    return select


@pytest.mark.parametrize("width", WIDTHS)
def test_at_rest_the_chosen_source_passes_bit_for_bit_whatever_the_others_carry(width: int) -> None:
    inputs = noises(200, 4)
    for k in range(4):
        inputs[f"in{k + 1}"][np.arange(4) != k, 100] = np.nan
        inputs[f"in{k + 1}"][k, 50] = -0.0
    out = run_kernel("switch", width=width, inputs=inputs, params={"select": np.float32([0, 1, 2, 3])})["out"]
    for k in range(4):
        np.testing.assert_array_equal(out[k].view(np.uint32), inputs[f"in{k + 1}"][k].view(np.uint32))


@pytest.mark.parametrize("rate", (8_000, 48_000, 192_000))
@pytest.mark.parametrize("slices", (CELL, 23))
@pytest.mark.parametrize("width", WIDTHS)
def test_toggles_and_blends_follow_minimum_jerk_curves(rate: int, slices: int, width: int) -> None:
    select = stepping(6000, {100: 2.0, 300: 0.0, 1000: 3.0, 1064: 0.25, 4000: 1.5, 5500: 1.0})
    inputs = noises(6000)
    out = run_kernel("switch", inputs=inputs, params={"select": select}, sample_rate=rate, width=width, slices=slices)
    expected = render_switch(inputs, {"select": select}, rate, frames=6000)
    np.testing.assert_allclose(out["out"], expected["out"], atol=4e-6)


def test_a_blend_that_moves_all_the_time_is_followed() -> None:
    select = np.float32(1.5 + 1.5 * np.sin(np.arange(9600) / 1500))[None, :]
    inputs = noises(9600)
    out = run_kernel("switch", inputs=inputs, params={"select": select})["out"]
    np.testing.assert_allclose(out, render_switch(inputs, {"select": select}, 48_000, frames=9600)["out"], atol=2e-5)


@pytest.mark.parametrize("toggles", ({6400: 1.0}, {6400: 1.0, 6592: 0.0, 6720: 2.0}))
@pytest.mark.parametrize("tone_hz", (50.0, 440.0, 997.0))
def test_toggling_between_steady_tones_leaves_nothing_above_6_khz(toggles: dict[int, float], tone_hz: float) -> None:
    t = np.arange(19_200) / 48_000
    tones = {f"in{k}": np.sin(2 * np.pi * tone_hz * t + k).astype(np.float32) for k in range(1, 5)}
    out = run_kernel("switch", inputs=tones, params={"select": stepping(len(t), toggles)})["out"][0]
    above = signal.sosfilt(
        signal.ellip(12, 0.1, 120, 6000, "highpass", fs=48_000, output="sos"), out.astype(np.float64)
    )
    assert 20 * np.log10(np.abs(above[2000:]).max()) < -90


def test_weights_add_up_to_one_all_along() -> None:
    inputs = {f"in{k}": np.ones(3000, np.float32) for k in range(1, 5)}
    select = stepping(3000, {64: 3.0, 256: 1.0, 300: 0.5, 1500: 2.0})
    out = run_kernel("switch", inputs=inputs, params={"select": select})["out"]
    np.testing.assert_allclose(out, 1.0, atol=2e-6)


def test_a_toggle_is_over_within_10_ms_and_a_cell() -> None:
    inputs, select = noises(2000), stepping(2000, {705: 1.0})
    out = run_kernel("switch", inputs=inputs, params={"select": select})["out"][0]
    np.testing.assert_array_equal(out[:768], inputs["in1"][0, :768])
    np.testing.assert_array_equal(out[768 + 480 :], inputs["in2"][0, 768 + 480 :])


def test_a_switch_on_its_way_is_not_idle() -> None:
    state, silence = State(), {"in1": np.zeros((1, 256), np.float32)}
    run_kernel("switch", inputs=silence, params={"select": 0.0}, state=state, time=0)
    assert state.idle
    run_kernel("switch", inputs=silence, params={"select": 1.0}, state=state, time=256)
    assert not state.idle
    run_kernel("switch", inputs=silence, params={"select": 1.0}, state=state, time=512)
    assert state.idle
