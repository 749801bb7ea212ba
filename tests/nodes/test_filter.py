"""The state-variable filter against scipy's biquads and a solver in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from tests.kernel_probe import LEVELS, WIDTHS, run_kernel
from tests.reference import filter as reference

MODES = ("lowpass", "highpass", "bandpass", "notch", "peak", "allpass")
RATES = (8_000, 22_050, 48_000, 96_000, 192_000)


def db(error: np.ndarray, of: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(error)) / np.mean(np.square(of)) + 1e-30))


def floor_db(q: float) -> float:
    """Error that rounding the cutoff to single precision makes: a resonance feels it Q times and is sqrt(Q) as loud."""
    return -120 + 30 * np.log10(max(q, 1.0))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rate", RATES)
def test_a_standing_filter_is_the_bilinear_biquad(mode: str, rate: int) -> None:
    source = np.random.default_rng(4).uniform(-1, 1, 6000).astype(np.float32)
    grid = [(c * rate, q) for c in (0.002, 0.02, 0.1, 0.3, 0.4) for q in (0.3, 0.7071, 1.0, 4.0, 40.0)]
    cutoffs, qs = np.float32(grid).T.clip(0.3, 20_000)
    params = {"cutoff_hz": cutoffs, "q": qs}
    out = run_kernel("filter", inputs={"in": source}, params=params, choices={"mode": mode}, sample_rate=rate)["out"]
    for lane, (cutoff, q) in enumerate(zip(cutoffs, qs, strict=True)):
        expected = signal.sosfilt(reference.biquads(mode, float(cutoff), float(q), rate), source.astype(np.float64))
        assert db(out[lane] - expected, source) < floor_db(q)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_cutoff_moving_at_audio_rate_follows_the_trapezoidal_rule(mode: str, width: int) -> None:
    t = np.arange(1500) / 48_000
    source = np.random.default_rng(6).uniform(-1, 1, len(t)).astype(np.float32)
    params = {
        "cutoff_hz": np.float32(3000 * 2.0 ** (2.5 * np.sin(2 * np.pi * 700 * t))),
        "q": np.float32(1.5 + 1.2 * np.sin(2 * np.pi * 90 * t)),
    }
    out = run_kernel(
        "filter",
        width=width,
        level=LEVELS[0],
        inputs={"in": source},
        params={n: v[None, :] for n, v in params.items()},
        choices={"mode": mode},
    )["out"][0]
    values = params | {"mode": mode}
    expected = reference.render_filter({"in": source}, values, 48_000, frames=len(t))["out"][0]
    assert db(out - expected, source) < -115


@pytest.mark.parametrize("mode", ("lowpass", "highpass", "bandpass", "notch", "low_shelf", "high_shelf", "bell"))
@pytest.mark.parametrize("slope", ("12dB", "24dB"))
def test_slopes_shelves_and_bells_are_the_bilinear_biquads(mode: str, slope: str) -> None:
    source = np.random.default_rng(14).uniform(-1, 1, 6000).astype(np.float32)
    grid = [(c, q, g) for c in (60.0, 900.0, 12_000.0) for q in (0.5, 0.7071, 3.0) for g in (-18.0, 0.0, 9.0)]
    cutoffs, qs, gains = np.float32(grid).T
    params = {"cutoff_hz": cutoffs, "q": qs, "gain_db": gains}
    out = run_kernel("filter", inputs={"in": source}, params=params, choices={"mode": mode, "slope": slope})["out"]
    for lane, (cutoff, q, gain_db) in enumerate(zip(cutoffs, qs, gains, strict=True)):
        sections = reference.biquads(mode, float(cutoff), float(q), 48_000, float(gain_db), slope)
        assert db(out[lane] - signal.sosfilt(sections, source.astype(np.float64)), source) < floor_db(q) + 4


@pytest.mark.parametrize("mode", ("lowpass", "low_shelf", "high_shelf", "bell"))
def test_gain_and_steep_slopes_that_move_follow_the_trapezoidal_rule(mode: str) -> None:
    t = np.arange(1500) / 48_000
    source = np.random.default_rng(16).uniform(-1, 1, len(t)).astype(np.float32)
    params = {
        "cutoff_hz": np.float32(2000 * 2.0 ** np.sin(2 * np.pi * 700 * t))[None, :],
        "gain_db": np.float32(12 * np.sin(2 * np.pi * 300 * t))[None, :],
    }
    choices = {"mode": mode, "slope": "24dB"}
    out = run_kernel("filter", inputs={"in": source}, params=params, choices=choices)["out"][0]
    values = {name: value[0] for name, value in params.items()} | {"q": np.float32(0.7071)} | choices
    expected = reference.render_filter({"in": source}, values, 48_000, frames=len(t))["out"][0]
    assert db(out - expected, source) < -105


def test_a_cutoff_above_half_the_rate_is_held() -> None:
    source = np.random.default_rng(7).uniform(-1, 1, 500).astype(np.float32)
    high, held = (
        run_kernel("filter", inputs={"in": source}, params={"cutoff_hz": hz, "q": 0.7071}, sample_rate=8000)["out"]
        for hz in (20_000.0, 0.4925 * 8000)
    )
    np.testing.assert_array_equal(high, held)


def test_a_filter_recovers_from_a_source_that_was_not_a_number() -> None:
    source = np.random.default_rng(8).uniform(-1, 1, 2000).astype(np.float32)
    broken = source.copy()
    broken[100:110] = np.nan
    broken[300] = np.inf
    whole, mended = (run_kernel("filter", inputs={"in": x}, width=1)["out"][0] for x in (source, broken))
    np.testing.assert_allclose(mended[1500:], whole[1500:], atol=1e-5)


def test_sweeping_a_resonant_filter_end_to_end_every_frame_stays_bounded() -> None:
    rng = np.random.default_rng(9)
    source = rng.uniform(-1, 1, 20_000).astype(np.float32)
    cutoff = np.exp(rng.uniform(np.log(10), np.log(20_000), (1, len(source)))).astype(np.float32)
    out = run_kernel(
        "filter", inputs={"in": source}, params={"cutoff_hz": cutoff, "q": 40.0}, choices={"mode": "lowpass"}
    )
    assert np.abs(out["out"]).max() < 1000
