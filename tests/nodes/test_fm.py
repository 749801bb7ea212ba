"""fm against Bessel functions, a float64 model of every algorithm, and its own aliases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import jv

from graphdaw.nodes import types
from tests.kernel_probe import Signal, run_kernel
from tests.reference import Array

ALGORITHMS = types()["fm"].choices["algorithm"].options
LATE = 11.5  # frames: the half-band filter's delay
RATE = 44_100


def play(**setting: Any) -> Signal:
    return run_kernel("fm", **{"width": 4, "sample_rate": RATE} | setting)["out"][0]


def model(algorithm: str, values: dict[str, float], frames: int, rate: float) -> Array:
    """All operators in closed form; no side band of the test lies where the filter matters."""
    heard, by = {
        "4>3>2>1": ((1,), {1: (2,), 2: (3,), 3: (4,)}),
        "(4+3)>2>1": ((1,), {1: (2,), 2: (3, 4)}),
        "(4+(3>2))>1": ((1,), {1: (2, 4), 2: (3,)}),
        "((4>3)+2)>1": ((1,), {1: (2, 3), 3: (4,)}),
        "(4>3)+(2>1)": ((1, 3), {1: (2,), 3: (4,)}),
        "4>(3+2+1)": ((1, 2, 3), {1: (4,), 2: (4,), 3: (4,)}),
        "(4>3)+2+1": ((1, 2, 3), {3: (4,)}),
        "4+3+2+1": ((1, 2, 3, 4), {}),
    }[algorithm]
    t = (np.arange(frames) - LATE) / rate
    wave: dict[int, Array] = {}
    for k in (4, 3, 2, 1):
        f = values["frequency_hz"] * values[f"ratio{k}"] * 2 ** (values[f"detune{k}_cents"] / 1200)
        turns = f * t + 2 * sum((wave[m] for m in by.get(k, ())), np.zeros(frames))
        wave[k] = values[f"level{k}"] * np.sin(2 * np.pi * turns)
    return sum((wave[k] for k in heard), np.zeros(frames))


@pytest.mark.parametrize("width", [1, 4, 16])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_is_its_model(algorithm: str, width: int) -> None:
    values = {"frequency_hz": 233.0, "feedback": 0.0}
    values |= {"ratio1": 1.0, "ratio2": 2.0, "ratio3": 0.5, "ratio4": 3.0}
    values |= {"level1": 0.5, "level2": 0.11, "level3": 0.17, "level4": 0.08}
    values |= {"detune1_cents": 0.0, "detune2_cents": 4.0, "detune3_cents": -7.0, "detune4_cents": 11.0}
    out = play(choices={"algorithm": algorithm}, params=values, frames=2_000, width=width)
    assert np.abs(out - model(algorithm, values, 2_000, RATE))[64:].max() < 2e-4


def test_side_bands_are_bessel_functions() -> None:
    level, carrier, ratio = 0.2, 4_410.0, 0.1
    values = {"frequency_hz": carrier, "level1": 1.0, "level2": level, "ratio2": ratio, "level3": 0.0}
    out = play(choices={"algorithm": "(4>3)+(2>1)"}, params=values, frames=RATE + 64)[64:]
    lines = np.abs(np.fft.rfft(out.astype(float)))[0 : RATE // 2] * 2 / RATE
    n = np.arange(-9, 10)
    np.testing.assert_allclose(lines[4_410 + 441 * n], np.abs(jv(n, 4 * np.pi * level)), atol=2e-5)


def test_feedback_makes_the_saw_of_its_implicit_equation() -> None:
    """Operator 4 alone: y = sin(phase + beta y), whose n-th harmonic is 2 J_n(n beta) / (n beta)."""
    feedback = 0.25
    beta = np.pi * feedback
    params = {"frequency_hz": 50.0, "level1": 0.0, "level2": 0.0, "level3": 0.0, "level4": 1.0, "feedback": feedback}
    out = play(choices={"algorithm": "4+3+2+1"}, params=params, frames=RATE + 64)[64:]
    level = np.abs(np.fft.rfft(out.astype(float)))[50:501:50] * 2 / RATE
    n = np.arange(1, 11)
    np.testing.assert_allclose(level, 2 * jv(n, n * beta) / (n * beta), rtol=0.015)


@pytest.mark.parametrize("frequency_hz", [55.0, 440.0, 1_760.0, 5_000.0])
def test_aliases_of_the_default_sound_are_below_minus_80_db(frequency_hz: float) -> None:
    frames = 1 << 16
    f = (round(frequency_hz / RATE * frames) // 2 * 2 + 1) * RATE / frames
    out = play(params={"frequency_hz": f}, frames=frames + 64)[64:]
    spectrum = np.abs(np.fft.rfft(out.astype(float) * np.kaiser(frames, 18)))
    frequency = np.fft.rfftfreq(frames, 1 / RATE)
    off = (np.abs(frequency - np.round(frequency / f) * f) > 14 * RATE / frames) & (frequency < 16_000)
    assert 20 * np.log10(spectrum[off].max() / spectrum.max()) < -80


def test_trigger_begins_all_phases_anew() -> None:
    trigger = np.zeros(2_000, np.float32)
    trigger[777:900] = 1
    params = {"frequency_hz": 333.3, "ratio2": 1.37}
    out = play(inputs={"trigger": trigger}, params=params)
    fresh = play(params=params, frames=1_000)
    np.testing.assert_array_equal(out[777 + 48 : 1_777], fresh[48:])


def test_levels_take_envelopes() -> None:
    fade = np.linspace(0, 1, 4_000)[None].astype(np.float32)
    off = {"level2": 0.0, "level3": 0.0, "level4": 0.0}
    out = play(params={"frequency_hz": 441.0, "level1": fade, **off})
    t = np.arange(4_000) - LATE
    assert np.abs(out - np.clip(t / 3_999, 0, 1) * np.sin(2 * np.pi * t / 100))[64:].max() < 1e-3
