"""meter: its readings against numpy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.kernel_probe import CELL, WIDTHS, Memory, State, run_kernel
from tests.reference.meter import readings

PEAK, RMS, HELD, CLEAR = range(4)


def bursts(lanes: int, frames: int) -> np.ndarray:
    rng = np.random.default_rng(14)
    loudness = rng.uniform(0, 1, (lanes, frames // CELL)).repeat(CELL, axis=1) ** 4
    return np.float32(loudness * rng.uniform(-1, 1, (lanes, frames)))


@pytest.mark.parametrize("rate", (8_000, 48_000, 192_000))
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("slices", (CELL, 13))
def test_readings_follow_peak_rms_and_highest_peak(rate: int, width: int, slices: int) -> None:
    x, memories, state = bursts(3, CELL * 40), [Memory(np.zeros(4, np.float32)) for _ in range(3)], State()
    expected = [readings(row, rate) for row in x.astype(np.float64)]
    for begun, cells in pairwise((0, 7, 19, 40)):
        start = begun * CELL
        out = run_kernel(
            "meter",
            inputs={"in": x[:, start : cells * CELL]},
            memories=memories,
            state=state,
            time=start,
            sample_rate=rate,
            width=width,
            slices=slices,
        )["out"]
        np.testing.assert_array_equal(out, x[:, start : cells * CELL])
        for lane, memory in enumerate(memories):
            now = [expected[lane][name][cells - 1] for name in ("peak", "rms", "held")]
            np.testing.assert_allclose(memory.data[:3], now, rtol=1e-4)  # a thousandth of a decibel


def test_a_full_scale_sine_reads_its_peak_and_0_707() -> None:
    memory = Memory(np.zeros(4, np.float32))
    x = np.sin(2 * np.pi * 1000 * np.arange(48_000 * 3) / 48_000).astype(np.float32)
    run_kernel("meter", inputs={"in": x}, memories=[memory])
    np.testing.assert_allclose(memory.data[:3], [1.0, np.sqrt(0.5), 1.0], rtol=1e-4)


def test_the_peak_falls_20_db_in_1_7_s_and_the_highest_stays_until_cleared() -> None:
    memory, state = Memory(np.zeros(4, np.float32)), State()
    run_kernel("meter", inputs={"in": np.ones(CELL, np.float32)}, memories=[memory], state=state)
    silence = np.zeros(48_000 * 17 // 10 // CELL * CELL, np.float32)
    run_kernel("meter", inputs={"in": silence}, memories=[memory], state=state, time=CELL)
    assert 20 * np.log10(memory.data[PEAK]) == pytest.approx(-20, abs=0.05)
    assert memory.data[HELD] == 1
    memory.data[CLEAR] = 1
    run_kernel("meter", inputs={"in": np.full(CELL, 0.5, np.float32)}, memories=[memory], state=state, time=1 << 20)
    assert memory.data[HELD] == 0.5 and memory.data[CLEAR] == 0


def test_readings_recover_from_what_is_not_a_number() -> None:
    memory = Memory(np.zeros(4, np.float32))
    x = np.full(48_000 * 12, 0.25, np.float32)
    x[100] = np.nan
    out = run_kernel("meter", inputs={"in": x}, memories=[memory])["out"][0]
    np.testing.assert_array_equal(out, x)
    np.testing.assert_allclose(memory.data[:3], [0.25, 0.25, 0.25], rtol=1e-2)
