"""Tests of `pitch_shift`: cents, purity, lateness, stereo and formants, in both modes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy.signal import lfilter, square

from graphdaw.nodes import types
from tests.kernel_probe import Memory, State, run_kernel

NODE = types()["pitch_shift"]
MODES = ("spectral", "delay")


def lent(mode: str, rate: int) -> list[Memory]:
    assert NODE.media_memory is not None
    return Memory.of(NODE.media_memory(None, NODE.defaults() | {"mode": mode}, rate), 1)


def latency(mode: str, rate: int = 48_000) -> int:
    assert NODE.latency_frames is not None
    return NODE.latency_frames(NODE.defaults() | {"mode": mode}, rate)


def shifted(x: ArrayLike, mode: str, rate: int = 48_000, formants: str = "move", **params: Any) -> NDArray[np.float64]:
    x = np.atleast_2d(np.asarray(x, np.float32))
    out = run_kernel(
        "pitch_shift",
        width=1,
        inputs={"in": x[0], "in.1": x[-1]},
        params=params,
        choices={"mode": mode, "formants": formants},
        memories=lent(mode, rate),
        sample_rate=rate,
    )
    return np.stack([out["out"][0], out["out.1"][0]]).astype(float)


def sine(hz: float, frames: int = 96_000, rate: int = 48_000) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * hz * np.arange(frames) / rate)


def strongest(y: NDArray[np.float64], near_hz: float, rate: int) -> float:
    """Frequency of the strongest partial within a semitone, by a parabola on a padded spectrum."""
    size = 8 * len(y)
    level = np.log(np.abs(np.fft.rfft(y * np.hanning(len(y)), size)) + 1e-12)
    low, high = (int(near_hz * factor * size / rate) for factor in (0.945, 1.06))
    k = low + int(level[low:high].argmax())
    a, b, c = level[k - 1 : k + 2]
    return float((k + 0.5 * (a - c) / (a - 2 * b + c)) * rate / size)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("semitones", (-12.0, -5.0, 0.37, 7.0, 12.0, 24.0))
@pytest.mark.parametrize("hz", (110.0, 440.0, 3000.0))
def test_a_tone_moves_to_a_fifth_of_a_cent_and_stays_pure(mode: str, semitones: float, hz: float) -> None:
    target = hz * 2 ** (semitones / 12)
    y = shifted(sine(hz), mode, pitch_semitones=semitones)[0, 24_000:]
    assert 1200 * np.log2(strongest(y, target, 48_000) / target) == pytest.approx(0, abs=0.2)
    spectrum = np.abs(np.fft.rfft(y * np.kaiser(len(y), 14))) / np.kaiser(len(y), 14).sum() * 2
    away = np.abs(np.fft.rfftfreq(len(y), 1 / 48_000) - target) > 15
    assert spectrum[~away].max() == pytest.approx(1.0, abs=0.15)
    assert 20 * np.log10(spectrum[away].max()) < -65


@pytest.mark.parametrize("rate", (44_100, 96_000, 192_000))
@pytest.mark.parametrize("mode", MODES)
def test_it_is_in_tune_at_every_rate(mode: str, rate: int) -> None:
    y = shifted(sine(440, 2 * rate, rate), mode, rate, pitch_semitones=4.0, fine_cents=-30.0)[0, rate // 2 :]
    target = 440 * 2 ** (3.7 / 12)
    assert 1200 * np.log2(strongest(y, target, rate) / target) == pytest.approx(0, abs=0.2)


def test_a_chord_keeps_its_intervals() -> None:
    chord = [220.0, 277.18, 329.63, 440.0]
    y = shifted(sum(0.2 * sine(hz) for hz in chord), "spectral", pitch_semitones=-3.0)[0, 24_000:]
    for hz in chord:
        target = hz * 2 ** (-3 / 12)
        assert 1200 * np.log2(strongest(y, target, 48_000) / target) == pytest.approx(0, abs=1.0)


@pytest.mark.parametrize("mode", MODES)
def test_no_shift_is_the_source_as_late_as_declared(mode: str) -> None:
    x = np.random.default_rng(1).uniform(-1, 1, (2, 12_000)).astype(np.float32)
    late = latency(mode)
    if mode == "spectral":
        np.testing.assert_allclose(shifted(x, mode)[:, late + 2048 :], x[:, 2048 : 12_000 - late], atol=2e-6)
    np.testing.assert_allclose(shifted(x, mode, mix=0.0)[:, late:], x[:, : 12_000 - late], atol=1e-7)
    assert not shifted(x, mode, mix=0.0)[:, :late].any()


def test_a_click_arrives_when_the_latency_says() -> None:
    x = np.zeros(24_000)
    x[9000:9010] = np.hanning(10)
    y = shifted(x, "spectral", pitch_semitones=5.0)[0]
    centre = (np.arange(24_000) * y**2).sum() / (y**2).sum()
    assert centre == pytest.approx(9005 + latency("spectral"), abs=150)


def test_channels_keep_their_phase_to_each_other() -> None:
    t = np.arange(96_000) / 48_000
    x = np.stack([np.sin(2 * np.pi * 500 * t), 0.5 * np.sin(2 * np.pi * 500 * t - 1.0)])
    for mode in MODES:
        y = shifted(x, mode, pitch_semitones=3.0)[:, 48_000:]
        z = (y * np.exp(-2j * np.pi * 500 * 2 ** (3 / 12) * t[48_000:])).sum(axis=1)
        assert abs(z[1] / z[0]) == pytest.approx(0.5, abs=0.01)
        assert float(np.angle(z[1] / z[0])) == pytest.approx(-1.0, abs=0.02)


def test_kept_formants_stay_where_they_were() -> None:
    buzz = square(2 * np.pi * 110 * np.arange(96_000) / 48_000, 0.1)
    pole = 0.985 * np.exp(2j * np.pi * 1500 / 48_000)
    vowel = lfilter([0.05], [1, -2 * pole.real, abs(pole) ** 2], buzz)

    def colour(y: NDArray[np.float64]) -> float:
        power = np.abs(np.fft.rfft(y[24_000:] * np.hanning(len(y) - 24_000))) ** 2
        hz = np.fft.rfftfreq(len(y) - 24_000, 1 / 48_000)
        band = (hz > 800) & (hz < 3500)
        return float((hz * power)[band].sum() / power[band].sum())

    before = colour(vowel)
    moved, kept = (colour(shifted(vowel, "spectral", formants=f, pitch_semitones=7.0)[0]) for f in ("move", "keep"))
    assert moved > 1.3 * before
    assert kept == pytest.approx(before, rel=0.15)


@pytest.mark.parametrize("mode", MODES)
def test_it_falls_silent_and_begins_again_as_if_new(mode: str) -> None:
    state, memories = State(), lent(mode, 48_000)
    x = np.random.default_rng(2).uniform(-1, 1, 9600).astype(np.float32)

    def go_on(signal: NDArray[Any], time: int) -> NDArray[np.float32]:
        out = run_kernel(
            "pitch_shift",
            width=1,
            inputs={"in": signal, "in.1": signal},
            params={"pitch_semitones": 5.0},
            choices={"mode": mode},
            memories=memories,
            state=state,
            time=time,
        )
        return out["out"][0]

    first = go_on(x, 0)
    assert not state.idle
    silence = go_on(np.zeros(38_400), 9600)
    assert state.idle and not silence[-10_000:].any()
    assert memories[0].work is not None and not memories[0].work.any()
    np.testing.assert_array_equal(go_on(x, 96_000 * 1024), first)


@pytest.mark.parametrize("mode", MODES)
def test_wild_modulation_and_broken_sources_stay_bounded(mode: str) -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, 48_000)
    x[1000:1004] = (np.nan, np.inf, -np.inf, 1e30)
    y = shifted(x, mode, pitch_semitones=rng.uniform(-24, 24, (1, 48_000)))
    assert np.isfinite(y).all() and np.abs(y).max() < 8
