"""bitcrush, ring_mod and tremolo: steps, sums and differences, and levels in time, each in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from graphdaw.nodes import types
from tests.kernel_probe import run_kernel

RATES = (8_000, 44_100, 192_000)


def run(name: str, x: Any, params: dict[str, Any], *, rate: int = 48_000, **how: Any) -> NDArray[np.float64]:
    inputs = {"in": np.asarray(x, np.float32)} | how.pop("inputs", {})
    return run_kernel(name, inputs=inputs, params=params, sample_rate=rate, **how)["out"].astype(np.float64)


CRUSH = {"bits": 24.0, "rate_hz": 192_000.0, "jitter": 0.0, "dither": 0.0, "mix": 1.0}


@pytest.mark.parametrize("bits", (1.0, 4.0, 5.5, 12.0))
def test_bits_round_to_whole_steps(bits: float) -> None:
    x = np.float32(np.random.default_rng(1).uniform(-1, 1, 2000))
    out = run("bitcrush", x, CRUSH | {"bits": bits})[0]
    steps = 2.0 ** (bits - 1)
    exact = np.floor(x * steps + 0.5) / steps
    assert (np.abs(out - exact) > 1e-6).mean() < 0.002  # where a product lies on the edge of a step
    assert np.abs(out - x).max() <= 0.5 / steps + 1e-6
    assert not run("bitcrush", np.zeros(500), CRUSH | {"bits": bits}).any()


@pytest.mark.parametrize("rate", RATES)
def test_samples_are_taken_at_the_new_rate_and_held(rate: int) -> None:
    x = np.float32(np.random.default_rng(2).uniform(-1, 1, 8000))
    out = run("bitcrush", x, CRUSH | {"rate_hz": rate / 5}, rate=rate)[0]
    changes = np.flatnonzero(np.diff(out)) + 1
    assert set(np.diff(changes)) <= {4, 5, 6} and np.diff(changes).mean() == pytest.approx(5, abs=0.01)
    np.testing.assert_allclose(out[changes], x[changes], atol=2e-7)
    uneven = run("bitcrush", x, CRUSH | {"rate_hz": rate / 5, "jitter": 1.0}, rate=rate)[0]
    assert np.std(np.diff(np.flatnonzero(np.diff(uneven)))) > 0.5


def test_dither_makes_the_error_independent_of_the_source() -> None:
    x = 0.3 * np.sin(2 * np.pi * 1000 * np.arange(96_000) / 48_000)
    harmonic = []
    for dither in (0.0, 1.0):
        error = run("bitcrush", x, CRUSH | {"bits": 4.0, "dither": dither})[0] - x
        spectrum = np.abs(np.fft.rfft(error)) / len(x)
        harmonic.append(max(spectrum[2000 * n] for n in range(1, 8)))
        if dither:
            assert np.var(error) == pytest.approx((1 / 12 + 1 / 6) / 64, rel=0.05)  # a step of 1/8: rounding and noise
    assert harmonic[1] < 0.1 * harmonic[0]


def test_filters_keep_folded_tones_and_steps_out() -> None:
    t = np.arange(48_000) / 48_000
    x = 0.5 * np.sin(2 * np.pi * 7000 * t)  # folds to 1000 Hz at 8 kHz
    folded = {}
    for option in ("off", "after", "both"):
        out = run("bitcrush", x, CRUSH | {"rate_hz": 8000.0}, choices={"filter": option})[0]
        spectrum = np.abs(np.fft.rfft(out)) / 24_000
        folded[option] = (spectrum[1000], spectrum[9000])
    assert folded["off"][0] > 0.4 and folded["both"][0] < 0.16
    assert folded["after"][1] < 0.3 * folded["off"][1]


@pytest.mark.parametrize("rate", RATES)
def test_a_ring_modulator_gives_sum_and_difference(rate: int) -> None:
    n = np.arange(rate)
    x = np.sin(2 * np.pi * 900 * n / rate)
    for bias in (0.0, 1.0):
        out = run("ring_mod", x, {"frequency_hz": 250.0, "bias": bias, "mix": 1.0}, rate=rate)[0]
        spectrum = np.abs(np.fft.rfft(out)) / (rate / 2)
        level = 0.5 * (1 - 0.5 * bias)
        np.testing.assert_allclose(spectrum[[650, 1150]], level, atol=1e-4)
        assert spectrum[900] == pytest.approx(0.5 * bias, abs=1e-4)
        spectrum[[650, 900, 1150]] = 0
        assert spectrum.max() < 3e-5


def test_a_carrier_may_be_wired_in_or_a_square_with_few_aliases() -> None:
    rng = np.random.default_rng(3)
    x, other = np.float32(rng.uniform(-1, 1, (2, 1000)))
    setting = {"inputs": {"carrier": other}, "choices": {"wave": "inlet"}}
    np.testing.assert_allclose(run("ring_mod", x, {"mix": 1.0}, **setting)[0], np.float64(x) * other, atol=1e-7)
    frames = 1 << 15
    tone = 2801 * 48_000 / frames  # 4103 Hz
    out = run("ring_mod", np.ones(2 * frames), {"frequency_hz": tone}, choices={"wave": "square"})[0][frames:]
    spectrum = np.abs(np.fft.rfft(out)) / (frames / 2)
    naive = np.abs(np.fft.rfft(np.sign(np.sin(2 * np.pi * 2801 * (np.arange(frames) + 0.5) / frames)))) / (frames / 2)
    own = [2801, 3 * 2801, 5 * 2801]
    assert spectrum[2801] == pytest.approx(4 / np.pi, rel=0.05)
    for found in (spectrum, naive):
        found[own] = 0
    assert spectrum[: frames // 4].max() < 0.15 * naive[: frames // 4].max()


def tremolo(rate: int, frames: int, hz: float, depth: float, smooth_s: float, ahead: float = 0.0) -> Any:
    """The level of a sine tremolo: the wave, smoothed by one pole that begins where the wave does."""
    share = 1 - np.exp(-1 / (smooth_s * rate))
    wave = np.sin(2 * np.pi * (hz * np.arange(frames) / rate + ahead))
    swing, _ = signal.lfilter([share], [1, share - 1], wave, zi=[(1 - share) * wave[0]])
    return 1 - depth * (0.5 - 0.5 * swing)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("sync", "hz"), [("free", 7.3), ("1/8", 5.0), ("1/4t", 3.75)])
def test_a_tremolo_moves_the_level_in_time_and_apart_on_both_sides(rate: int, sync: str, hz: float) -> None:
    params = {"rate_hz": 7.3, "tempo_bpm": 150.0, "depth": 0.8, "spread": 0.25, "smooth_s": 0.002}
    x = np.float32(np.random.default_rng(4).uniform(-1, 1, rate))
    out = run_kernel("tremolo", inputs={"in": x, "in.1": x}, params=params, choices={"sync": sync}, sample_rate=rate)
    hz = 7.3 if sync == "free" else 150 / 60 * {"1/8": 2, "1/4t": 1.5}[sync]
    np.testing.assert_allclose(out["out"][0], x * tremolo(rate, rate, hz, 0.8, 0.002), atol=3e-4)
    np.testing.assert_allclose(out["out.1"][0], x * tremolo(rate, rate, hz, 0.8, 0.002, 0.25), atol=3e-4)


@pytest.mark.parametrize("pause", (64, 4096))
def test_a_tremolo_swings_on_through_a_pause_and_is_smoothed_anew_after_a_long_one(pause: int) -> None:
    x = np.ones(12_000, np.float32)
    x[4000 : 4000 + pause] = 0.0
    out = run("tremolo", x, {"rate_hz": 7.3, "depth": 0.8, "smooth_s": 0.01})[0]
    through, begin = tremolo(48_000, len(x), 7.3, 0.8, 0.01), 4000 + pause
    anew = tremolo(48_000, len(x) - begin, 7.3, 0.8, 0.01, 7.3 * begin / 48_000)
    np.testing.assert_allclose(out[:begin], (x * through)[:begin], atol=3e-4)
    np.testing.assert_allclose(out[begin:], anew if pause > 256 else through[begin:], atol=3e-4)
    assert np.abs(anew[0] - through[begin]) > 0.01


def test_a_harmonic_tremolo_moves_lows_and_highs_against_each_other_and_loses_nothing() -> None:
    t = np.arange(96_000) / 48_000
    params = {"rate_hz": 2.0, "depth": 1.0, "crossover_hz": 800.0}
    low, high = 0.5 * np.sin(2 * np.pi * 60 * t), 0.5 * np.sin(2 * np.pi * 9000 * t)
    outs = [run("tremolo", x, params, choices={"mode": "harmonic"})[0][24_000:] for x in (low, high)]
    envelopes = [np.abs(signal.hilbert(x))[2000:-2000] for x in outs]
    assert np.corrcoef(*envelopes)[0, 1] < -0.95
    still = run("tremolo", low + high, params | {"depth": 0.0}, choices={"mode": "harmonic"})[0]
    np.testing.assert_allclose(still, low + high, atol=1e-6)


def test_a_square_tremolo_does_not_click() -> None:
    x = np.ones(48_000)
    params = {"rate_hz": 4.0, "depth": 1.0, "smooth_s": 0.003}
    out = run("tremolo", x, params, choices={"shape": "square"})[0]
    assert np.abs(np.diff(out)).max() < 0.01 and out.min() < 0.001 and out.max() > 0.999


@pytest.mark.parametrize("name", ("bitcrush", "ring_mod", "tremolo"))
def test_they_stay_bounded_while_everything_jumps(name: str) -> None:
    rng = np.random.default_rng(5)
    x = np.float32(rng.uniform(-1, 1, 4000))
    params = {p.name: rng.choice(np.float32((p.lo, p.hi)), (1, 4000)) for p in types()[name].params.values()}
    out = run(name, x, params)
    assert np.isfinite(out).all() and np.abs(out).max() <= 2.5
