"""Tests of `denoise`: how much noise goes, how little of the sound, and how even what is left is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graphdaw.nodes import types
from tests.kernel_probe import Memory, State, run_kernel

RATE = 48_000
NODE = types()["denoise"]


def lent(rate: int = RATE) -> list[Memory]:
    assert NODE.media_memory is not None
    return Memory.of(NODE.media_memory(None, NODE.defaults(), rate), 1)


def latency(rate: int = RATE) -> int:
    assert NODE.latency_frames is not None
    return NODE.latency_frames(NODE.defaults(), rate)


def cleaned(x: NDArray[Any], *, port: str = "out", profile: str = "learnt", **params: Any) -> NDArray[np.float64]:
    rate = params.pop("sample_rate", RATE)
    run = {key: params.pop(key) for key in ("state", "time") if key in params}
    memories = params.pop("memories", None) or lent(rate)
    choices = {"profile": profile}
    out = run_kernel(
        "denoise", width=1, inputs={"in": x}, params=params, choices=choices, memories=memories, sample_rate=rate, **run
    )
    return out[port][0].astype(float)


def learning(frames: int, until: int) -> NDArray[np.float32]:
    return (np.arange(frames) < until).astype(np.float32)[None, :]


def hiss(frames: int, seed: int = 1) -> NDArray[np.float64]:
    return 0.02 * np.random.default_rng(seed).standard_normal(frames)


def db(x: NDArray[np.float64]) -> float:
    return float(20 * np.log10(x.std()))


@pytest.mark.parametrize("rate", (44_100, 48_000, 96_000))
@pytest.mark.parametrize("reduction", (6.0, 18.0, 30.0))
def test_noise_alone_falls_by_what_is_asked(rate: int, reduction: float) -> None:
    x = hiss(4 * rate)
    y = cleaned(x, learn=learning(4 * rate, rate), reduction_db=reduction, sample_rate=rate)
    assert db(y[2 * rate :]) - db(x) == pytest.approx(-reduction, abs=1.5 if reduction < 25 else 3.0)


def test_without_a_profile_the_source_passes_as_late_as_declared() -> None:
    x = np.random.default_rng(2).uniform(-1, 1, 24_000)
    late = latency()
    np.testing.assert_allclose(cleaned(x)[late + 2048 :], x[2048 : 24_000 - late], atol=3e-6)
    assert np.abs(cleaned(x, port="noise")[late + 2048 :]).max() < 3e-6


def test_a_tone_in_noise_keeps_its_level_and_loses_its_noise() -> None:
    frames = 6 * RATE
    t = np.arange(frames) / RATE
    tone = 0.25 * np.sin(2 * np.pi * 1000 * t) * (t > 2)
    y = cleaned(tone + hiss(frames), learn=learning(frames, RATE))[4 * RATE :]
    n, window = np.arange(len(y)), np.hanning(len(y))
    found = 2 * abs((y * window * np.exp(-2j * np.pi * 1000 * n / RATE)).sum()) / window.sum()
    assert 20 * np.log10(found / 0.25) == pytest.approx(0, abs=0.2)
    spectrum = np.abs(np.fft.rfft(y * window))
    spectrum[np.abs(np.fft.rfftfreq(len(y), 1 / RATE) - 1000) < 100] = 0
    before = np.abs(np.fft.rfft(hiss(frames)[4 * RATE :] * window))
    assert 10 * np.log10((spectrum**2).sum() / (before**2).sum()) < -15


def test_what_is_left_of_noise_does_not_twitter() -> None:
    """Spectral subtraction leaves single bins that flicker: their kurtosis is what the ear calls musical."""
    x = hiss(6 * RATE)
    y = cleaned(x, learn=learning(6 * RATE, RATE), reduction_db=20.0)[2 * RATE :]

    def peaks(signal: NDArray[np.float64]) -> float:
        frames = np.lib.stride_tricks.sliding_window_view(signal, 1024)[::512] * np.hanning(1024)
        power = np.abs(np.fft.rfft(frames))[:, 5:-5] ** 2
        return float((power / power.mean(axis=0)).max())

    assert peaks(y) < 2.0 * peaks(x[2 * RATE :])


def test_the_adaptive_profile_finds_steady_noise_by_itself() -> None:
    frames = 10 * RATE
    t = np.arange(frames) / RATE
    bursts = 0.3 * np.sin(2 * np.pi * 700 * t) * ((t % 1.0) < 0.3)
    y = cleaned(bursts + hiss(frames), profile="adaptive")
    late = latency()
    quiet, loud = ((t - late / RATE) % 1.0 > 0.5) & (t > 6), ((t - late / RATE) % 1.0 < 0.2) & (t > 6)
    assert db(y[quiet]) - db(hiss(frames)) < -12
    assert db(y[loud]) == pytest.approx(db(bursts[(t % 1.0 < 0.2) & (t > 6)]), abs=1.0)


def test_both_outlets_add_up_to_the_source() -> None:
    x, late = hiss(96_000), latency()
    opened = {"learn": learning(96_000, 24_000), "reduction_db": 12.0}
    both = cleaned(x, **opened) + cleaned(x, port="noise", **opened)
    np.testing.assert_allclose(both[late:], x[: 96_000 - late], atol=1e-6)


def test_learning_again_forgets_the_first_profile() -> None:
    x = np.concatenate([hiss(RATE) * 20, hiss(3 * RATE, 2)])
    gate = (np.arange(len(x)) < RATE) | ((np.arange(len(x)) > 2 * RATE) & (np.arange(len(x)) < 3 * RATE))
    tone = 0.1 * np.sin(2 * np.pi * 2000 * np.arange(len(x)) / RATE) * (np.arange(len(x)) > 3 * RATE)
    y = cleaned(x + tone, learn=gate.astype(np.float32)[None, :])[-RATE // 2 :]
    assert np.sqrt(2) * y.std() == pytest.approx(0.1, rel=0.1)


def test_it_falls_silent_and_keeps_its_profile() -> None:
    state, memories = State(), lent()
    cleaned(hiss(48_000), learn=learning(48_000, 48_000), state=state, memories=memories)
    silence = cleaned(np.zeros(512_000), state=state, memories=memories, time=48_000)
    assert state.idle and not silence[-96_000:].any()
    later = cleaned(hiss(96_000, 7), state=state, memories=memories, time=128 * 10_000)
    assert db(later[48_000:]) - db(hiss(96_000)) < -14


def test_a_broken_source_is_forgotten() -> None:
    x = hiss(96_000)
    x[1000:1003] = (np.nan, np.inf, 1e30)
    assert np.isfinite(cleaned(x, profile="adaptive")).all()
