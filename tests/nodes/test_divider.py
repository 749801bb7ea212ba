"""divider against counting."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.kernel_probe import run_kernel
from tests.nodes.test_clock import starts

PERIOD = 240


def pulses(count: int, period: int = PERIOD) -> NDArray[np.float64]:
    """A clock that starts after ten frames."""
    return np.r_[np.zeros(10), np.tile(np.arange(period) < 60, count)].astype(float)


@pytest.mark.parametrize(("divide", "offset"), [(1, 0), (2, 0), (2, 1), (3, 4), (7, 6), (64, 0)])
def test_every_so_many_pulses_pass(divide: int, offset: int) -> None:
    clock = pulses(80)
    out = run_kernel("divider", inputs={"clock": clock}, params={"divide": divide, "offset": offset})["out"][0]
    assert starts(out) == [10 + PERIOD * k for k in range(80) if k % divide == offset % divide]


@pytest.mark.parametrize(("divide", "multiply"), [(1, 2), (1, 3), (4, 3), (3, 4), (2, 16)])
def test_pulses_in_between_are_even(divide: int, multiply: int) -> None:
    clock = pulses(40)
    out = run_kernel("divider", inputs={"clock": clock}, params={"divide": divide, "multiply": multiply})["out"][0]
    found = [at for at in starts(out) if at >= 10 + PERIOD * divide]
    step = PERIOD * divide / multiply
    ideal = 10 + PERIOD * divide + np.arange(len(found)) * step
    assert np.abs(np.array(found) - ideal).max() <= 1
    assert len(found) == int(np.ceil((len(clock) - 10 - PERIOD * divide) / step))


def test_width_is_a_part_of_the_time_between_pulses() -> None:
    params = {"divide": 1, "multiply": 2, "width": 0.25}
    out = run_kernel("divider", inputs={"clock": pulses(20)}, params=params)["out"][0]
    edges = np.flatnonzero(np.diff(np.r_[0, out, 0]))
    lengths = edges[1::2] - edges[::2]
    assert lengths[0] == 60  # nothing is known yet, so the first pulse is as long as the clock's
    assert set(lengths[1:]) == {PERIOD // 8}


def test_a_reset_begins_counting_again() -> None:
    clock, reset = pulses(12), np.zeros(10 + 12 * PERIOD)
    reset[10 + 4 * PERIOD + 100] = 1.0
    out = run_kernel("divider", inputs={"clock": clock, "reset": reset}, params={"divide": 3.0})["out"][0]
    assert starts(out) == [10 + PERIOD * k for k in (0, 3, 5, 8, 11)]


def test_a_clock_that_changes_pace_is_followed_within_one_pulse() -> None:
    clock = np.r_[pulses(6), np.tile(np.arange(500) < 60, 6)].astype(float)
    out = run_kernel("divider", inputs={"clock": clock}, params={"divide": 1, "multiply": 2})["out"][0]
    late = 10 + 6 * PERIOD + 500
    assert np.abs(np.diff([at for at in starts(out) if at >= late]) - 250).max() <= 1
