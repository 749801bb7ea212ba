"""sine against its closed form."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel_probe import run_kernel
from tests.nodes.forms import each_form, each_rate
from tests.reference import render

FREQUENCIES = np.array([0.0, 0.5, 27.5, 440.0, 3_999.0, 12_345.6, 24_000.0], np.float32)


@each_form
@each_rate
def test_sine_is_the_closed_form(form: tuple[int, str], rate: int) -> None:
    frames, held = 500, np.minimum(FREQUENCIES, 0.49 * rate)[:, None]
    expected = render("sine", {}, {"frequency_hz": held}, rate, frames=frames, channels=len(held))["out"]
    out = run_kernel(
        "sine", width=form[0], level=form[1], params={"frequency_hz": held[:, 0]}, frames=frames, sample_rate=rate
    )["out"]
    assert np.abs(out - expected).max() < 1e-6 + frames * 2 * np.pi * 1.2e-7  # rounding of the step adds up


@each_form
def test_modulated_sine_is_the_closed_form(form: tuple[int, str]) -> None:
    rng = np.random.default_rng(2)
    frames = 256
    pm = rng.uniform(-5, 5, (3, frames)).astype(np.float32)
    frequency = rng.uniform(0, 20_000, (3, frames)).astype(np.float32)
    expected = render("sine", {"pm": pm}, {"frequency_hz": frequency}, 48_000, frames=frames, channels=3)["out"]
    out = run_kernel("sine", width=form[0], level=form[1], inputs={"pm": pm}, params={"frequency_hz": frequency})["out"]
    assert np.abs(out - expected).max() < 3e-5


def test_pitch_and_phase_hold_for_ten_minutes() -> None:
    """Whole cells are skipped by running on a state whose phase is advanced by hand: steps are whole numbers."""
    from tests.kernel_probe import State

    state = State()
    run_kernel("sine", width=1, frames=64, state=state)
    phase, step = (int(word) for word in state.packs[0][:2])
    assert phase == 64 * step % 2**32
    frequency = step / 2**32 * 48_000
    assert abs(frequency - 440.0) < 1e-4
    frames = 600 * 48_000
    state.packs[0][0] = frames * step % 2**32
    out = run_kernel("sine", width=1, frames=64, state=state)["out"][0]
    turns = (np.arange(frames, frames + 64) * step % 2**32) / 2**32
    np.testing.assert_allclose(out, np.sin(2 * np.pi * turns), atol=1e-6)


def test_harmonics_are_below_minus_120_db() -> None:
    frames, rate = 48_000, 48_000
    out = run_kernel("sine", width=4, params={"frequency_hz": 1_000.0}, frames=frames)["out"][0].astype(float)
    power = np.abs(np.fft.rfft(out * np.blackman(frames))) ** 2
    far = np.abs(np.arange(len(power)) - 1_000 * frames // rate) > 4
    assert 10 * np.log10(power[far].max() / power.max()) < -120


@pytest.mark.parametrize("frequency_hz", [24_000.0, 19_000.0])
def test_frequency_is_held_below_half_the_sample_rate(frequency_hz: float) -> None:
    out = run_kernel("sine", params={"frequency_hz": frequency_hz}, sample_rate=8_000, frames=2_000)["out"]
    assert np.isfinite(out).all() and np.abs(out).max() <= 1.000001
