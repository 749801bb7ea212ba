"""drive and waveshaper: curves, harmonics, aliases and what keeps them in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from graphdaw.nodes import types
from graphdaw.nodes.drive import LATENCY
from tests.kernel_probe import run_kernel

TIMES = ("1x", "2x", "4x", "8x")
Curve = Callable[[Any], Any]
CURVES: dict[str, Curve] = {
    "tape": np.tanh,
    "tube": lambda x: (np.tanh(x + 0.5) - np.tanh(0.5)) / (1 - np.tanh(0.5) ** 2),
    "diode": lambda x: x / np.sqrt(1 + x**2 * np.where(x > 0, 4, 1)),
    "soft": lambda x: np.clip(x, -1.5, 1.5) - 4 / 27 * np.clip(x, -1.5, 1.5) ** 3,
    "hard": lambda x: np.clip(x, -1, 1),
    "fold": np.sin,
}
SHAPES: dict[str, Curve] = {
    "fold": lambda x: 4 * np.abs((x - 1) / 4 - np.floor((x - 1) / 4) - 0.5) - 1,
    "sine": lambda x: np.sin(np.pi / 2 * x),
    "asym": lambda x: np.where(x < 0, np.tanh(x), x / np.sqrt(1 + 8 * x**2)),
}
# What is loudest between 20 Hz and 20 kHz and not a harmonic, against the loudest harmonic, at 44.1 kHz.
ALIASES = {
    ("drive", "tape"): (-31, -62, -115, -115),
    ("drive", "tube"): (-33, -61, -115, -115),
    ("drive", "diode"): (-30, -50, -76, -102),
    ("drive", "soft"): (-29, -56, -75, -95),
    ("drive", "hard"): (-28, -65, -78, -98),
    ("drive", "fold"): (-30, -107, -110, -110),
    ("waveshaper", "chebyshev"): (-110, -100, -95, -98),
    ("waveshaper", "fold"): (-30, -54, -77, -101),
    ("waveshaper", "sine"): (-110, -110, -110, -110),
    ("waveshaper", "asym"): (-46, -76, -105, -110),
}


def run(name: str, x: Any, params: dict[str, Any], *, rate: int = 44_100, **choices: str) -> NDArray[np.float64]:
    inputs = {"in": np.asarray(x, np.float32)}
    return run_kernel(name, inputs=inputs, params=params, choices=choices, sample_rate=rate)["out"].astype(np.float64)


def blocked(x: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """The declared high-pass of first order at 5 Hz."""
    return signal.lfilter([1, -1], [1, -np.exp(-2 * np.pi * 5 / rate)], x)


PLAIN = {"low_cut_hz": 0.0, "tone_hz": 20_000.0, "compensation": 0.0, "gain_db": 0.0, "mix": 1.0}


@pytest.mark.parametrize("curve", CURVES)
def test_each_curve_of_drive_is_its_formula_with_any_bias(curve: str) -> None:
    x = np.random.default_rng(1).uniform(-1, 1, 4000).astype(np.float32)
    for bias, drive_db in ((0.0, 0.0), (0.4, 18.0), (-1.0, 30.0)):
        out = run("drive", x, PLAIN | {"drive_db": drive_db, "bias": bias}, curve=curve, oversampling="1x")[0]
        driven = np.float64(x) * 10 ** (drive_db / 20)
        expected = blocked(CURVES[curve](driven + bias) - CURVES[curve](bias), 44_100)
        np.testing.assert_allclose(out, expected, atol=1e-5 * max(1, np.ptp(expected)))


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_of_waveshaper_is_its_formula(shape: str) -> None:
    x = np.random.default_rng(2).uniform(-1, 1, 4000).astype(np.float32)
    for symmetry, drive_db in ((0.0, 0.0), (0.7, 20.0)):
        params = {"drive_db": drive_db, "symmetry": symmetry}
        out = run("waveshaper", x, params, shape=shape, oversampling="1x")[0]
        driven = np.float64(x) * 10 ** (drive_db / 20)
        expected = blocked(SHAPES[shape](driven + symmetry) - SHAPES[shape](symmetry), 44_100)
        np.testing.assert_allclose(out, expected, atol=2e-5)


@pytest.mark.parametrize("times", TIMES)
def test_chebyshev_makes_exactly_the_harmonics_asked_for(times: str) -> None:
    frames, bin_ = 1 << 15, 1001
    x = np.cos(2 * np.pi * bin_ * np.arange(2 * frames) / frames)
    h = {f"h{n}": v for n, v in enumerate((0.5, -0.3, 0.25, 0.2, -0.15, 0.1, 0.05, 0.4), 1)}
    out = run("waveshaper", x, h, shape="chebyshev", oversampling=times)[0][frames:]
    found = np.abs(np.fft.rfft(out)) / (frames / 2)
    np.testing.assert_allclose([found[bin_ * n] for n in range(1, 9)], np.abs([*h.values()]), atol=3e-4)


def alias_db(name: str, curve: str, times: str) -> float:
    frames, bin_ = 1 << 15, 925  # 1245 Hz
    x = np.cos(2 * np.pi * bin_ * np.arange(2 * frames) / frames)
    if name == "drive":
        out = run(name, x, PLAIN | {"drive_db": 24.0}, curve=curve, oversampling=times)[0]
    else:
        params = {f"h{n}": 0.5 for n in range(1, 9)} | {"drive_db": 0.0 if curve == "chebyshev" else 12.0}
        out = run(name, x, params, shape=curve, oversampling=times)[0]
    found = np.abs(np.fft.rfft(out[frames:] * np.blackman(frames)))
    at = np.arange(len(found))
    near = np.abs((at + bin_ // 2) % bin_ - bin_ // 2) < 5
    heard = (at * 44_100 / frames > 20) & (at * 44_100 / frames < 19_500)
    return float(20 * np.log10(found[heard & ~near].max() / found.max()))


@pytest.mark.parametrize(("name", "curve"), ALIASES)
def test_aliases_stay_below_their_table(name: str, curve: str) -> None:
    measured = [alias_db(name, curve, times) for times in TIMES]
    for found, bound in zip(measured, ALIASES[name, curve], strict=True):
        assert found <= bound


@pytest.mark.parametrize("name", ("drive", "waveshaper"))
@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("rate", (8_000, 44_100, 192_000))
def test_a_soft_source_comes_out_flat_and_as_late_as_declared(name: str, times: str, rate: int) -> None:
    declared = types()[name]
    assert declared.latency_frames
    late = declared.latency_frames({"oversampling": times}, rate)
    assert late == LATENCY[times]
    x = np.zeros(8192, np.float32)
    x[0] = 0.001
    params = PLAIN | {"drive_db": 0.0} if name == "drive" else {"drive_db": 0.0}
    choices = {"curve": "tape"} if name == "drive" else {"shape": "asym"}
    response = run(name, x, params, rate=rate, oversampling=times, **choices)[0] / 0.001
    assert np.argmax(response) == late
    gain = 20 * np.log10(np.abs(np.fft.rfft(response)))
    at = np.fft.rfftfreq(8192)
    assert np.abs(gain[(at > 200 / rate) & (at < 0.442)]).max() < 0.02
    delay = -np.angle(np.fft.rfft(response)[2000] * np.exp(2j * np.pi * at[2000] * late)) / (2 * np.pi * at[2000])
    assert abs(delay) < 0.01


@pytest.mark.parametrize(("times", "loss_db"), [("2x", 2.42), ("4x", 0.56), ("8x", 0.14)])
def test_the_mean_of_hard_and_fold_costs_as_much_treble_as_declared(times: str, loss_db: float) -> None:
    x = np.zeros(4096, np.float32)
    x[0] = 0.001
    for name, choice in (("drive", {"curve": "hard"}), ("waveshaper", {"shape": "fold"})):
        params = PLAIN | {"drive_db": 0.0} if name == "drive" else {"drive_db": 0.0}
        gain = 20 * np.log10(np.abs(np.fft.rfft(run(name, x, params, oversampling=times, **choice)[0] / 0.001)))
        at = np.argmin(np.abs(np.fft.rfftfreq(4096) * 44_100 - 19_400))
        assert gain[at] == pytest.approx(20 * np.log10(np.cos(np.pi * 19_400 / 44_100 / int(times[0]))), abs=0.03)
        assert 20 * np.log10(np.cos(np.pi * 20_000 / 44_100 / int(times[0]))) == pytest.approx(-loss_db, abs=0.01)


@pytest.mark.parametrize("name", ("drive", "waveshaper"))
@pytest.mark.parametrize("times", TIMES)
def test_the_dry_part_of_the_mix_is_in_time(name: str, times: str) -> None:
    x = np.random.default_rng(3).uniform(-1, 1, 3000).astype(np.float32)
    late = LATENCY[times]
    out = run(name, x, {"mix": 0.0}, oversampling=times)[0]
    np.testing.assert_array_equal(np.float32(out[late:]), x[: len(x) - late])


def test_compensation_keeps_the_reference_as_loud() -> None:
    x = 0.25 * np.sin(2 * np.pi * 300 * np.arange(20_000) / 44_100)
    for drive_db in (0.0, 12.0, 24.0, 40.0):
        for curve in ("tape", "tube", "soft", "hard"):
            out = run("drive", x, PLAIN | {"compensation": 1.0, "drive_db": drive_db}, curve=curve)[0][4000:]
            assert abs(20 * np.log10(np.std(out) / np.std(x))) < 5.5


def test_tone_and_low_cut_are_butterworth_filters() -> None:
    x = np.random.default_rng(4).uniform(-1e-3, 1e-3, 20_000).astype(np.float32)
    params = PLAIN | {"drive_db": 0.0, "low_cut_hz": 300.0, "tone_hz": 3000.0}
    out = run("drive", x, params, rate=48_000, oversampling="1x")[0]
    low_cut = signal.butter(2, 300, "high", fs=48_000, output="sos")
    tone = signal.butter(2, 3000, fs=48_000, output="sos")
    expected = signal.sosfilt(tone, blocked(signal.sosfilt(low_cut, np.float64(x)), 48_000))
    np.testing.assert_allclose(out, expected, atol=2e-8)


@pytest.mark.parametrize("name", ("drive", "waveshaper"))
def test_they_recover_from_anything_and_stay_bounded_while_everything_jumps(name: str) -> None:
    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, 60_000).astype(np.float32)
    broken = x.copy()
    broken[100], broken[200], broken[300] = np.nan, np.inf, -1e30
    whole, mended = (run(name, y, {})[0][-4000:] for y in (x, broken))
    np.testing.assert_allclose(mended, whole, atol=1e-4)
    declared = types()[name]
    params = {p.name: rng.choice(np.float32((p.lo, p.hi)), (1, 3000)) for p in declared.params.values()}
    for curve in CURVES if name == "drive" else ("chebyshev", *SHAPES):
        choice = {"curve" if name == "drive" else "shape": curve}
        out = run(name, x[:3000], params, oversampling="4x", **choice)
        assert np.isfinite(out).all() and np.abs(out).max() < 1000
