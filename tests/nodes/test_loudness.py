"""loudness: the test signals of EBU Tech 3341 and 3342 by their definitions, BS.1770, and pyloudnorm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyloudnorm
import pytest
from numpy.typing import NDArray
from scipy import signal

from graphdaw.nodes import types
from tests.kernel_probe import CELL, Memory, State, run_kernel

MOMENTARY, SHORT, INTEGRATED, RANGE, TRUE_PEAK, CORRELATION, MAX_MOMENTARY, MAX_SHORT, CLEAR = range(9)
Sound = NDArray[np.float64]


def measure(sound: Sound, rate: int = 48_000, **how: Any) -> NDArray[np.float32]:
    """All readings after a (2, frames) sound."""
    memory = how.pop("memory", None) or fresh()
    left, right = np.float32(sound[:, : sound.shape[1] // CELL * CELL])
    out = run_kernel(
        "loudness", inputs={"in": left, "in.1": right}, memories=[memory], sample_rate=rate, width=1, **how
    )
    np.testing.assert_array_equal(out["out"][0], left)
    np.testing.assert_array_equal(out["out.1"][0], right)
    return memory.data[:9].copy()


def fresh() -> Memory:
    declared = types()["loudness"]
    assert declared.memory_frames
    return Memory(np.zeros(declared.memory_frames({}, 48_000), np.float32))


def tone(steps: list[tuple[float, float]], rate: int = 48_000, hz: float = 1000.0) -> Sound:
    """A stereo sine whose level in dBFS (of its peak) changes: (level, seconds)."""
    level = np.concatenate([np.full(round(s * rate), 10 ** (db / 20)) for db, s in steps])
    wave = level * np.sin(2 * np.pi * hz * np.arange(len(level)) / rate)
    return np.stack([wave, wave])


@pytest.mark.parametrize("rate", (8_000, 44_100, 48_000, 96_000, 192_000))
def test_a_sine_of_997_hz_on_one_channel_reads_minus_3_01(rate: int) -> None:
    left = np.sin(2 * np.pi * 997 * np.arange(4 * rate) / rate)
    read = measure(np.stack([left, 0 * left]), rate)
    np.testing.assert_allclose(read[[MOMENTARY, SHORT, INTEGRATED]], -3.01, atol=0.05 if rate > 8000 else 0.25)


# Tech 3341, table 1, cases 1 to 6 as far as they are stereo: (level, seconds), integrated loudness
CASES_3341 = {
    "1": ([(-23.0, 20.0)], -23.0),
    "2": ([(-33.0, 20.0)], -33.0),
    "3": ([(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
    "4": ([(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0),
    "5": ([(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
}


@pytest.mark.parametrize("case", CASES_3341)
def test_integrated_loudness_of_ebu_tech_3341(case: str) -> None:
    steps, expected = CASES_3341[case]
    read = measure(tone(steps))
    assert read[INTEGRATED] == pytest.approx(expected, abs=0.1)
    if case in "12":
        np.testing.assert_allclose(read[[MOMENTARY, SHORT, MAX_MOMENTARY, MAX_SHORT]], expected, atol=0.1)


def test_short_term_and_momentary_loudness_of_ebu_tech_3341() -> None:
    case_9 = tone([(-20.0, 1.34), (-30.0, 1.66)] * 5)
    assert measure(case_9)[SHORT] == pytest.approx(-23.0, abs=0.1)
    case_12 = tone([(-20.0, 0.18), (-30.0, 0.22)] * 25)
    assert measure(case_12)[MOMENTARY] == pytest.approx(-23.0, abs=0.1)
    for delay in (0.0, 0.5, 1.0):  # of case 10, whose tones last 3 s
        assert measure(tone([(-120.0, delay), (-23.0, 3.0), (-120.0, 1.0)]))[MAX_SHORT] == pytest.approx(-23.0, abs=0.1)
        short = tone([(-120.0, delay), (-23.0, 0.4), (-120.0, 1.0)])  # of case 13
        assert measure(short)[MAX_MOMENTARY] == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(-20.0, 20.0), (-30.0, 20.0)], 10.0),
        ([(-20.0, 20.0), (-15.0, 20.0)], 5.0),
        ([(-40.0, 20.0), (-20.0, 20.0)], 20.0),
        ([(-50.0, 20.0), (-35.0, 20.0), (-20.0, 20.0), (-35.0, 20.0), (-50.0, 20.0)], 15.0),
    ],
)
def test_loudness_range_of_ebu_tech_3342(steps: list[tuple[float, float]], expected: float) -> None:
    assert measure(tone(steps))[RANGE] == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize(
    ("divisor", "phase", "level"), [(4, 0, 0.5), (4, 45, 0.5), (6, 60, 0.5), (8, 67.5, 0.5), (4, 45, 1.41)]
)
def test_true_peaks_of_ebu_tech_3341(divisor: int, phase: float, level: float) -> None:
    wave = level * np.sin(2 * np.pi * np.arange(4800) / divisor + np.deg2rad(phase)) * signal.windows.tukey(4800, 0.2)
    read = measure(np.stack([wave, wave]))
    assert -0.4 <= read[TRUE_PEAK] - 20 * np.log10(level) <= 0.2


@pytest.mark.parametrize("rate", (44_100, 48_000))
def test_noise_bursts_read_as_pyloudnorm_reads_them(rate: int) -> None:
    rng = np.random.default_rng(1)
    level = 10 ** (np.repeat(rng.uniform(-45, -10, 40), rate // 2) / 20)
    pink = signal.lfilter([1], [1, -0.95], rng.normal(0, 0.3, (2, len(level))))
    sound = np.clip(pink * level * [[1.0], [0.6]], -1, 1)
    expected = pyloudnorm.Meter(rate).integrated_loudness(sound.T)
    assert measure(sound, rate)[INTEGRATED] == pytest.approx(expected, abs=0.15)


def test_correlation_tells_mono_wide_and_opposite() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(0, 0.1, (2, 96_000))
    for right, expected, within in ((a, 1.0, 1e-3), (-a, -1.0, 1e-3), (b, 0.0, 0.03), (0 * a, 0.0, 1e-6)):
        assert measure(np.stack([a, right]))[CORRELATION] == pytest.approx(expected, abs=within)


def test_a_reader_may_begin_anew() -> None:
    memory, state = fresh(), State()
    measure(tone([(-10.0, 5.0)]), memory=memory, state=state)
    assert memory.data[INTEGRATED] == pytest.approx(-10.0, abs=0.1) and memory.data[TRUE_PEAK] > -10.1
    memory.data[CLEAR] = 1
    start = 48_000 * 5 // CELL * CELL
    measure(tone([(-30.0, 5.0)]), memory=memory, state=state, time=start)
    assert memory.data[CLEAR] == 0
    np.testing.assert_allclose(memory.data[[INTEGRATED, MAX_SHORT, TRUE_PEAK]], -30.0, atol=0.1)


def test_readings_recover_from_what_is_not_a_number() -> None:
    sound = tone([(-20.0, 6.0)])
    sound[0, 500], sound[1, 900] = np.nan, np.inf
    memory = fresh()
    left, right = np.float32(sound)
    run_kernel("loudness", inputs={"in": left, "in.1": right}, memories=[memory], width=1)
    assert np.isfinite(memory.data).all() and memory.data[SHORT] == pytest.approx(-20.0, abs=0.1)
