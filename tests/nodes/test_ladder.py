"""The ladder against the bilinear transform of Moog's, and its pitch when it sings."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from tests.kernel_probe import run_kernel

RATES = (8_000, 44_100, 96_000, 192_000)
FULL_LOOP = 4.2


def quotient(mode: str, resonance: float) -> tuple[np.ndarray, np.ndarray]:
    """H(s) with s = 1 at the cutoff: poles (1 + s)^4 + k, and the zeros of each mode."""
    pole = np.poly1d([1, 1])
    numerator = {
        "lowpass24": np.poly1d([1.0]),
        "lowpass12": pole**2,
        "bandpass": 4 * np.poly1d([1, 0, 0]),
        "highpass": np.poly1d([1, 0, 0, 0, 0]),
    }[mode]
    return numerator.coeffs, (pole**4 + FULL_LOOP * resonance).coeffs


@pytest.mark.parametrize("mode", ("lowpass24", "lowpass12", "bandpass", "highpass"))
@pytest.mark.parametrize("rate", RATES)
def test_a_quiet_source_meets_the_linear_ladder(mode: str, rate: int) -> None:
    frames = 1 << 15
    source = np.zeros(frames, np.float32)
    source[0] = 1e-3
    for cutoff in (0.004 * rate, 0.05 * rate, min(0.3 * rate, 20_000.0)):
        for resonance in (0.0, 0.5, 0.9):
            params = {"cutoff_hz": cutoff, "resonance": resonance, "bass": 0.0}
            out = run_kernel("ladder", inputs={"in": source}, params=params, choices={"mode": mode}, sample_rate=rate)
            response = np.abs(np.fft.rfft(out["out"][0].astype(float))) * 1e3
            x = np.arange(len(response)) / frames
            inside = (x > 5e-4) & (x < 0.45)
            s = np.tan(np.pi * x[inside]) / np.tan(np.pi * float(np.float32(cutoff)) / rate)
            wanted = np.abs(signal.freqs(*quotient(mode, resonance), worN=s)[1])
            heard = wanted > 1e-3
            error = 20 * np.log10(response[inside][heard] / wanted[heard])
            assert np.abs(error).max() < 0.1


def pitch_hz(sound: np.ndarray, rate: float) -> float:
    """Of a steady tone, by the mean turn of its analytic signal."""
    phase = np.unwrap(np.angle(signal.hilbert(sound * np.hanning(len(sound)))))
    middle = slice(len(sound) // 4, 3 * len(sound) // 4)
    return float(np.polyfit(np.arange(len(sound))[middle], phase[middle], 1)[0] * rate / (2 * np.pi))


@pytest.mark.parametrize("rate", (44_100, 96_000))
@pytest.mark.parametrize("part", (0.002, 0.01, 0.05, 0.1, 0.2, 0.4))
def test_it_sings_in_tune_at_a_resonance_of_one(rate: int, part: float) -> None:
    source = np.zeros(2 * rate, np.float32)
    source[:10] = 0.5
    cutoff = min(part * rate, 20_000.0)
    params = {"cutoff_hz": cutoff, "resonance": 1.0}
    out = run_kernel("ladder", inputs={"in": source}, params=params, sample_rate=rate, width=1)["out"][0]
    steady = out[rate:].astype(float)
    assert 0.05 < np.abs(steady).max() < 2
    assert abs(1200 * np.log2(pitch_hz(steady, rate) / cutoff)) < 1.0


def test_below_a_resonance_of_nine_tenths_it_dies_away() -> None:
    source = np.zeros(96_000, np.float32)
    source[:10] = 0.5
    out = run_kernel("ladder", inputs={"in": source}, params={"resonance": 0.9, "cutoff_hz": 500.0}, width=1)["out"][0]
    assert np.abs(out[-1000:]).max() < 1e-6


def test_drive_bends_a_loud_source_and_keeps_it_bounded() -> None:
    t = np.arange(9600)
    source = np.float32(0.8 * np.sin(2 * np.pi * 100 / 48_000 * t))
    params = {"cutoff_hz": 5000.0, "resonance": 0.0, "drive_db": 30.0}
    out = run_kernel("ladder", inputs={"in": source}, params=params)["out"][0].astype(float)
    makeup = 10 ** (-15 / 20)
    spectrum = np.abs(np.fft.rfft(out[4800:])) / 2400
    expected = np.tanh(10 ** (30 / 20) * source[4800:].astype(float)) * makeup
    wanted = np.abs(np.fft.rfft(expected)) / 2400
    np.testing.assert_allclose(spectrum[[10, 30, 50]], wanted[[10, 30, 50]], rtol=0.02)


@pytest.mark.parametrize(("hz", "drive_db", "bound_db"), [(1000, 12, -120), (1000, 24, -55), (5000, 0, -70)])
def test_driven_tones_alias_no_more_than_stated(hz: float, drive_db: float, bound_db: float) -> None:
    rate, frames = 44_100, 1 << 15
    bin_ = int(hz / rate * frames) | 1
    source = np.float32(0.5 * np.sin(2 * np.pi * bin_ / frames * np.arange(3 * frames)))
    params = {"cutoff_hz": 2000.0, "resonance": 0.4, "drive_db": drive_db}
    out = run_kernel("ladder", inputs={"in": source}, params=params, sample_rate=rate, width=1)["out"][0]
    spectrum = np.abs(np.fft.rfft(out[-frames:].astype(float)))
    between = np.ones(len(spectrum), bool)
    between[::bin_] = False
    assert 20 * np.log10(spectrum[between].max() / spectrum.max()) < bound_db


def test_anything_moving_every_frame_stays_bounded_and_recovers() -> None:
    rng = np.random.default_rng(3)
    frames = 20_000
    source = rng.uniform(-1, 1, frames).astype(np.float32)
    source[500] = np.nan
    source[900] = np.inf
    params = {
        "cutoff_hz": np.float32(np.exp(rng.uniform(np.log(10), np.log(20_000), (1, frames)))),
        "resonance": rng.uniform(0, 1.5, (1, frames)).astype(np.float32),
        "drive_db": rng.uniform(-24, 48, (1, frames)).astype(np.float32),
    }
    for mode in range(4):
        out = run_kernel("ladder", inputs={"in": source}, params=params, choices={"mode": mode})["out"][0]
        assert np.isfinite(out).all()
        assert np.abs(out).max() < 500
