"""The equaliser against its analogue prototypes: magnitude, glides, and bands that do nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from tests.kernel_probe import CELL, run_kernel

OFF, BELL, LOW_SHELF, HIGH_SHELF, LOW_CUT, LOW_CUT_24, HIGH_CUT, HIGH_CUT_24, NOTCH = range(9)
RATES = (8_000, 44_100, 48_000, 192_000)
PLACES = (0.0005, 0.005, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45)  # of the rate


def prototype(kind: int, gain_db: float, q: float) -> list[tuple[list[float], list[float]]]:
    """H(s) of a band with s = 1j at its frequency, as sections; Bristow-Johnson's "Audio EQ Cookbook"."""
    a = 10 ** (gain_db / 40)
    root = np.sqrt(a) / q
    below = [1.0, 1 / q, 1.0]
    blunt, sharp = 1 / (2 * np.cos(np.pi / 8)), 1 / (2 * np.cos(3 * np.pi / 8))
    fourth = ([1.0, 1 / blunt, 1.0], [1.0, 1 / (sharp * q * np.sqrt(2)), 1.0])
    return {
        BELL: [([1.0, a / q, 1.0], [1.0, 1 / (a * q), 1.0])],
        LOW_SHELF: [([a, a * root, a * a], [a, root, 1.0])],
        HIGH_SHELF: [([a * a, a * root, a], [1.0, root, a])],
        LOW_CUT: [([1.0, 0.0, 0.0], below)],
        LOW_CUT_24: [([1.0, 0.0, 0.0], d) for d in fourth],
        HIGH_CUT: [([1.0], below)],
        HIGH_CUT_24: [([1.0], d) for d in fourth],
        NOTCH: [([1.0, 0.0, 1.0], below)],
    }[kind]


def magnitude(kind: int, gain_db: float, q: float, x: np.ndarray) -> np.ndarray:
    h = np.ones(len(x), complex)
    for b, a in prototype(kind, gain_db, q):
        h *= signal.freqs(b, a, worN=x)[1]
    return np.abs(h)


def responses(kind: int, frequency: np.ndarray, gain_db: float, q: float, rate: float, frames: int) -> np.ndarray:
    """Impulse responses, one lane a frequency."""
    source = np.zeros(frames, np.float32)
    source[0] = 1.0
    params = {"type1": kind, "frequency1_hz": np.float32(frequency), "gain1_db": gain_db, "q1": q}
    return run_kernel("eq", inputs={"in": source}, params=params, sample_rate=rate)["out"].astype(float)


def worst_db(kind: int, gain_db: float, q: float, rate: float = 48_000.0, floor: float = 1e-3) -> float:
    """The largest deviation from the prototype, over bands at all places and frequencies to 0.45 of the rate."""
    frequency = np.clip(np.float32(np.array(PLACES) * rate), 10.0, 20_000.0)
    frames = 1 << 16
    response = np.abs(np.fft.rfft(responses(kind, frequency, gain_db, q, rate, frames), axis=1))
    x = np.arange(response.shape[1]) * rate / frames
    inside = (x > 0) & (x <= 0.45 * rate)
    worst = 0.0
    for lane, hz in enumerate(frequency):
        wanted = magnitude(kind, gain_db, q, x[inside] / float(min(hz, 0.45 * rate)))
        heard = wanted > floor
        worst = max(worst, np.abs(20 * np.log10(response[lane][inside][heard] / wanted[heard])).max())
    return float(worst)


@pytest.mark.parametrize(
    ("gain_db", "bound"), [(6, 0.13), (-6, 0.13), (12, 0.24), (-12, 0.24), (18, 0.31), (-18, 0.31)]
)
def test_a_bell_does_not_cramp(gain_db: float, bound: float) -> None:
    for q in (0.3, 0.7071, 1.4, 4.0, 12.0):
        assert worst_db(BELL, gain_db, q) < bound, q


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", (LOW_SHELF, HIGH_SHELF))
def test_a_shelf_does_not_cramp(kind: int, rate: float) -> None:
    for gain_db in (-12, -6, 6, 12):
        for q in (0.3, 0.5, 0.6, 0.7071, 1.0):
            assert worst_db(kind, gain_db, q, rate) < 0.15, (gain_db, q)


@pytest.mark.parametrize("rate", RATES)
def test_cuts_and_notches_are_within_their_stated_deviation(rate: float) -> None:
    assert worst_db(HIGH_CUT, 0, 0.7071, rate) < 0.3
    assert worst_db(HIGH_CUT, 0, 2.0, rate) < 0.3
    assert worst_db(HIGH_CUT_24, 0, 0.7071, rate) < 0.6
    assert worst_db(LOW_CUT, 0, 0.7071, rate) < 0.15
    assert worst_db(LOW_CUT, 0, 1.3, rate) < 0.31
    assert worst_db(LOW_CUT_24, 0, 0.7071, rate) < 0.3
    assert worst_db(NOTCH, 0, 0.7071, rate, floor=0.03) < 0.41


def test_a_low_cut_where_it_belongs_is_right_to_a_tenth_of_a_decibel() -> None:
    frequency, rate, frames = np.array([30.0, 80.0, 400.0, 2000.0, 4400.0]), 44_100.0, 1 << 16
    for kind in (LOW_CUT, LOW_CUT_24):
        response = np.abs(np.fft.rfft(responses(kind, frequency, 0.0, 0.7071, rate, frames), axis=1))
        x = np.arange(response.shape[1]) * rate / frames
        inside = (x >= 20) & (x <= 0.45 * rate)
        for lane, hz in enumerate(frequency):
            wanted = magnitude(kind, 0.0, 0.7071, x[inside] / hz)
            heard = wanted > 1e-3
            error = 20 * np.log10(response[lane][inside][heard] / wanted[heard])
            assert np.abs(error).max() < 0.1


def test_phase_below_a_fifth_of_the_rate_is_the_prototypes() -> None:
    """A bell at 1 kHz; above, a section of least phase cannot know what the prototype does beyond half the rate."""
    rate, frames = 48_000.0, 1 << 15
    for kind, gain_db, q in ((BELL, 12.0, 1.0), (LOW_SHELF, 9.0, 0.7071), (LOW_CUT, 0.0, 0.7071)):
        response = np.fft.rfft(responses(kind, np.array([1000.0]), gain_db, q, rate, frames)[0])
        x = np.arange(len(response)) * rate / frames
        inside = (x > 200) & (x < 0.2 * rate)
        wanted = signal.freqs(*prototype(kind, gain_db, q)[0], worN=x[inside] / 1000.0)[1]
        assert np.abs(np.angle(response[inside] / wanted, deg=True)).max() < 2.0


def test_a_source_passes_bit_for_bit_while_all_gains_are_zero() -> None:
    source = np.random.default_rng(1).uniform(-1, 1, 500).astype(np.float32)
    np.testing.assert_array_equal(run_kernel("eq", inputs={"in": source})["out"][0], source)


def test_bands_multiply() -> None:
    rng = np.random.default_rng(2)
    source = rng.uniform(-1, 1, 4000).astype(np.float32)
    one = {"type1": BELL, "frequency1_hz": 300.0, "gain1_db": 7.0, "q1": 2.0}
    two = {"type5": HIGH_CUT_24, "frequency5_hz": 5000.0, "q5": 0.7071}
    three = {"gain8_db": -9.0, "frequency8_hz": 2000.0}
    together = run_kernel("eq", inputs={"in": source}, params={**one, **two, **three})["out"]
    chain = source
    for band in (one, two, three):
        chain = run_kernel("eq", inputs={"in": chain}, params=band)["out"]
    np.testing.assert_allclose(together, chain, atol=1e-6)


def test_a_new_type_and_gain_glide_in_without_a_click() -> None:
    """A pure tone through a band that jumps each 30 cells: far above the tone all stays quiet."""
    rate, frames = 48_000.0, CELL * 120
    t = np.arange(frames)
    source = np.float32(0.5 * np.sin(2 * np.pi * 187.5 / rate * t))
    turn = (t // (30 * CELL)) % 4
    params = {
        "type1": np.float32(np.array([OFF, BELL, LOW_SHELF, HIGH_CUT])[turn])[None, :],
        "gain1_db": np.float32(np.array([0, 12, -12, 0])[turn])[None, :],
        "frequency1_hz": np.float32(np.array([100, 200, 300, 400])[turn])[None, :],
    }
    out = run_kernel("eq", inputs={"in": source}, cells=params, sample_rate=rate)["out"][0].astype(float)
    over = signal.butter(6, 8000, "high", fs=rate, output="sos")
    heard = np.abs(signal.sosfilt(over, out))[2000:]
    assert 20 * np.log10(heard.max()) < -74
    hard = out + 0.02 * (t >= frames // 2 + 77)  # what a step as small as this would give
    assert 20 * np.log10(np.abs(signal.sosfilt(over, hard))[2000:].max()) > -45


def test_every_parameter_jumping_every_frame_stays_bounded() -> None:
    rng = np.random.default_rng(4)
    frames = 20_000
    source = rng.uniform(-1, 1, frames).astype(np.float32)
    params = {
        "type3": rng.integers(0, 9, (1, frames)).astype(np.float32),
        "frequency3_hz": np.float32(np.exp(rng.uniform(np.log(10), np.log(20_000), (1, frames)))),
        "gain3_db": rng.uniform(-24, 24, (1, frames)).astype(np.float32),
        "q3": np.float32(np.exp(rng.uniform(np.log(0.1), np.log(40), (1, frames)))),
    }
    out = run_kernel("eq", inputs={"in": source}, params=params)["out"]
    assert np.abs(out).max() < 1000


def test_an_equaliser_recovers_from_a_source_that_was_not_a_number() -> None:
    source = np.random.default_rng(8).uniform(-1, 1, 3000).astype(np.float32)
    broken = source.copy()
    broken[100:110] = np.nan
    broken[300] = np.inf
    band = {"gain1_db": 6.0, "gain3_db": -3.0}
    whole, mended = (run_kernel("eq", inputs={"in": x}, params=band, width=1)["out"][0] for x in (source, broken))
    np.testing.assert_allclose(mended[2500:], whole[2500:], atol=1e-4)
