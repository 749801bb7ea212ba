"""The comb's pitch and response against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel_probe import Memory, Signal, run_kernel

BINS = 1 << 20


def response(mode: str, rate: float, frames: int = 1 << 17, **params: float) -> tuple[np.ndarray, Signal]:
    source = np.zeros(frames, np.float32)
    source[0] = 1.0
    memories = [Memory(np.zeros(16384, np.float32))]
    how = {"inputs": {"in": source}, "choices": {"mode": mode}, "memories": memories, "sample_rate": rate}
    out = run_kernel("comb", params=params, width=1, **how)["out"][0]  # type: ignore[arg-type]
    return np.fft.rfft(out.astype(float), 8 * frames), out


def peak_hz(spectrum: np.ndarray, near_hz: float, bin_hz: float) -> float:
    """The top of the highest peak within a semitone, by a parabola through three bins."""
    first, last = int(near_hz * 0.944 / bin_hz), int(near_hz * 1.059 / bin_hz) + 2
    k = first + int(np.argmax(np.abs(spectrum[first:last])))
    a, b, c = np.log(np.abs(spectrum[k - 1 : k + 2]))
    return float((k + 0.5 * (a - c) / (a - 2 * b + c)) * bin_hz)


@pytest.mark.parametrize("rate", (8_000, 44_100, 192_000))
@pytest.mark.parametrize("damping_hz", (1500.0, 20_000.0))
def test_the_fundamental_is_in_tune(rate: int, damping_hz: float) -> None:
    for hz in (27.5, 110.0, 261.63, 0.013 * rate, 0.05 * rate):
        if hz > damping_hz / 3:
            continue  # what a steep low-pass leaves of the peak leans over, however right its phase is
        spectrum, _ = response("feedback", rate, frequency_hz=hz, feedback=0.98, damping_hz=damping_hz)
        assert abs(1200 * np.log2(peak_hz(spectrum, hz, rate / BINS) / hz)) < 2.0


def test_a_negative_feedback_rings_an_octave_lower_in_odd_harmonics() -> None:
    spectrum, _ = response("feedback", 48_000, frequency_hz=440.0, feedback=-0.98, damping_hz=20_000.0)
    bins = 48_000 / BINS
    for k in (1, 3, 5):
        assert abs(1200 * np.log2(peak_hz(spectrum, 220.0 * k, bins) / (220.0 * k))) < 5
    level = np.abs(spectrum)
    assert level[round(220 / bins)] > 20 * level[round(440 / bins)]


def test_feedforward_makes_the_notches_of_its_formula() -> None:
    spectrum, out = response("feedforward", 48_000, frequency_hz=480.0, feedback=0.5, damping_hz=20_000.0)
    x = np.arange(len(spectrum)) * 48_000 / BINS
    keep = np.exp(-2 * np.pi * 20_000 / 48_000)
    z = np.exp(-2j * np.pi * x / 48_000)
    low = (1 - keep) / (1 - keep * z)
    phase = np.angle((1 - keep) / (1 - keep * np.exp(-2j * np.pi * 480 / 48_000)))
    delay = 100 + phase / (2 * np.pi) * 100
    wanted = np.abs(1 + 0.5 * low * z**delay) / np.sqrt(1.25)
    inside = x < 3000
    assert np.abs(20 * np.log10(np.abs(spectrum[inside]) / wanted[inside])).max() < 0.1
    assert np.abs(out[1000:]).max() == 0.0


def test_white_noise_keeps_its_level() -> None:
    source = np.random.default_rng(1).normal(0, 0.1, 400_000).astype(np.float32)
    for feedback in (-0.9, 0.5, 0.95):
        memories = [Memory(np.zeros(4096, np.float32))]
        params = {"frequency_hz": 300.0, "feedback": feedback, "damping_hz": 20_000.0}
        out = run_kernel("comb", inputs={"in": source}, params=params, memories=memories, width=1)["out"][0]
        assert -3.0 < 20 * np.log10(out.std() / source.std()) < 0.3


def test_a_comb_at_full_feedback_stays_bounded_while_everything_moves() -> None:
    rng = np.random.default_rng(2)
    frames = 30_000
    params = {
        "frequency_hz": np.float32(np.exp(rng.uniform(np.log(20), np.log(20_000), (1, frames)))),
        "feedback": np.full((1, frames), 0.9995, np.float32),
        "damping_hz": np.float32(np.exp(rng.uniform(np.log(100), np.log(20_000), (1, frames)))),
    }
    source = rng.uniform(-1, 1, frames).astype(np.float32)
    source[77] = np.nan
    memories = [Memory(np.zeros(4096, np.float32))]
    out = run_kernel("comb", inputs={"in": source}, params=params, memories=memories, width=1)["out"][0]
    assert np.isfinite(out[200:]).all()
    assert np.abs(out[200:]).max() < 100
