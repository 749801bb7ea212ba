"""limiter: true peaks of what comes out, measured by scipy at eight times the rate, and how the gain moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from graphdaw.nodes import types
from tests.kernel_probe import Memory, run_kernel

DECLARED = types()["limiter"]
RATES = (8_000, 44_100, 48_000, 96_000, 192_000)


def limit(left: Any, right: Any = None, *, rate: int = 48_000, **how: Any) -> Any:
    left = np.atleast_2d(np.asarray(left, np.float32))
    right = left if right is None else np.atleast_2d(np.asarray(right, np.float32))
    assert DECLARED.memory_frames
    lent = [Memory(np.zeros(DECLARED.memory_frames({}, rate), np.float32)) for _ in left]
    inputs = {"in": left, "in.1": right}
    return run_kernel("limiter", inputs=inputs, sample_rate=rate, memories=lent, lanes=len(left), **how)


def latency(rate: int, band: str = "limited") -> int:
    assert DECLARED.latency_frames
    return DECLARED.latency_frames({"band": band}, rate)


def true_peak_db(x: NDArray[np.float64], *, ideal: bool = True) -> float:
    """At eight times the rate: by the ideal low-pass of a Fourier transform, or by scipy's windowed sinc."""
    high = signal.resample(x, 8 * len(x)) if ideal else signal.resample_poly(x, 8, 1)
    return float(20 * np.log10(np.abs(high).max()))


def wild(frames: int = 12_000) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Sources whose peaks lie between their samples, or come out of nothing; faded at both ends, and up to +24 dB."""
    rng, n = np.random.default_rng(1), np.arange(frames)
    fade = np.clip(np.minimum(n, frames - 1 - n - 400) / 500, 0, 1)
    yield "white noise", rng.uniform(-4, 4, frames) * fade
    yield "gaussian bursts", rng.normal(0, 2, frames) * (n // 700 % 2) * fade
    yield "square bursts", np.where(n // 7 % 2, 3.0, -3.0) * (n // 800 % 2) * fade
    yield "a quarter of the rate, between samples", 2 * np.sin(np.pi / 2 * n + np.pi / 4) * fade
    yield "near half the rate", 8 * np.sin(2 * np.pi * 0.47 * n) * fade
    yield "half the rate, turned round", np.where(n % 2, 2.0, -2.0) * np.where(n > frames // 2, -1, 1) * fade
    yield "random signs", rng.choice([-4.0, 4.0], frames) * fade
    yield "impulses", np.where(n % 1500 == 900, 16.0, 0.0) + np.where(n % 1500 == 901, 12.0, 0.0)
    yield "a step", np.where((n > 3000) & (n < 9000), 5.0, 0.001) * fade
    yield "a chirp", 3 * signal.chirp(n, 0.001, frames, 0.45) * fade


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("ceiling", (-1.0, 0.0))
def test_no_true_peak_is_above_the_ceiling(rate: int, ceiling: float) -> None:
    names, sources = zip(*wild(), strict=True)
    for release in (0.005, 0.2):
        params = {"ceiling_db": ceiling, "release_s": release, "adapt": 0.0}
        out = limit(np.stack(sources), rate=rate, params=params)["out"].astype(np.float64)
        for name, x in zip(names, out, strict=True):
            assert true_peak_db(x) <= ceiling, name
            if rate > 8000:  # the windowed sinc lets images of noise through, and these are loud there
                assert true_peak_db(x, ideal=False) <= ceiling, name
            assert true_peak_db(x) > ceiling - (3.0 if name != "half the rate, turned round" else 99.0), name


def test_full_band_holds_every_sample_and_what_a_windowed_sinc_reads_to_0_3_db() -> None:
    names, sources = zip(*wild(), strict=True)
    out = limit(np.stack(sources), choices={"band": "full"})["out"].astype(np.float64)
    for name, x in zip(names, out, strict=True):
        assert true_peak_db(x, ideal=False) <= -0.7, name
        assert np.abs(x).max() <= 10 ** (-1 / 20), name


def test_full_band_passes_what_needs_no_limiting_bit_for_bit() -> None:
    x = np.float32(np.random.default_rng(2).uniform(-0.3, 0.3, 4000))
    for rate in RATES:
        late = latency(rate, "full")
        out = limit(x, -x, rate=rate, choices={"band": "full"})
        np.testing.assert_array_equal(out["out"][0, late:], x[:-late])
        np.testing.assert_array_equal(out["out.1"][0, late:], -x[:-late])
        assert not out["reduction"].any()


@pytest.mark.parametrize("rate", RATES)
def test_limited_band_is_late_as_declared_and_flat_to_0_4535_of_the_rate(rate: int) -> None:
    x = np.zeros(4096)
    x[0] = 0.5
    response = limit(x, rate=rate)["out"][0].astype(np.float64) / 0.5
    assert np.argmax(response) == latency(rate)
    gain = 20 * np.log10(np.abs(np.fft.rfft(response)) + 1e-9)
    at = np.fft.rfftfreq(4096)
    assert np.abs(gain[at <= 0.4535]).max() < 0.001 and gain[at > 0.4985].max() < -80


def test_both_channels_are_lowered_alike() -> None:
    rng = np.random.default_rng(3)
    loud, soft = rng.uniform(-3, 3, 6000), rng.uniform(-0.1, 0.1, 6000)
    out = limit(loud, soft, choices={"band": "full"})
    late = latency(48_000, "full")
    gain = 10 ** (-out["reduction"][0, late:].astype(np.float64) / 20)
    np.testing.assert_allclose(out["out.1"][0, late:], soft[:-late] * gain, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(out["out"][0, late:], loud[:-late] * gain, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("rate", (44_100, 192_000))
def test_the_gain_has_no_corners_and_comes_back_63_percent_in_the_release(rate: int) -> None:
    x = np.zeros(rate)
    x[1000] = 4.0
    reduction = limit(x, rate=rate, choices={"band": "full"}, params={"release_s": 0.1, "adapt": 0.0})
    reduction = reduction["reduction"][0].astype(np.float64)
    assert np.abs(np.diff(reduction, 2)).max() < 0.15 * (48_000 / rate) ** 2
    top = int(np.argmax(reduction))
    assert reduction[top] == pytest.approx(20 * np.log10(4) + 1 + 0.15, abs=0.35)
    later = reduction[top + int(0.1 * rate)] / reduction[top]
    assert later == pytest.approx(np.exp(-1), abs=0.02)


def test_a_dense_passage_is_let_go_more_slowly_than_a_lone_peak() -> None:
    n = np.arange(96_000)
    lone, dense = np.where(n == 40_000, 4.0, 0.0), np.where((n < 40_001) & (n % 40 == 0), 4.0, 0.0)
    after = 40_000 + latency(48_000) + 9600
    for adapt, at_least, at_most in ((0.0, 0.9, 1.1), (0.7, 3.0, 9.0)):
        reduction = limit(np.stack([lone, dense]), params={"adapt": adapt, "release_s": 0.05})["reduction"]
        assert at_least < reduction[1, after] / reduction[0, after] < at_most


def test_drive_and_a_moving_ceiling() -> None:
    x = np.random.default_rng(4).uniform(-0.5, 0.5, 24_000)
    ceiling = -6.0 + 5 * np.sin(np.arange(24_000) / 4000)
    out = limit(x, params={"drive_db": 20.0, "ceiling_db": ceiling[None, :]})["out"][0]
    late = latency(48_000)
    assert (np.abs(out[late:]) <= 10 ** (ceiling[:-late] / 20)).all()
    assert np.abs(out[late:]).max() > 0.7


def test_it_recovers_from_anything() -> None:
    x = np.full(96_000, 0.25)
    x[100], x[3000], x[5000] = np.nan, np.inf, -1e30
    out = limit(x)["out"][0]
    assert np.isfinite(out).all()
    np.testing.assert_allclose(out[-100:], 0.25, rtol=1e-4)
