"""sequencer against lists of steps."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.kernel_probe import run_kernel

STEP = 100
VALUES = {f"value{k}": float(k * 10) for k in range(1, 17)}


def clock(count: int, on: int = 20) -> NDArray[np.float64]:
    """Triggers every 100 frames, the first in frame 50."""
    return np.r_[np.zeros(50), np.tile(np.arange(STEP) < on, count)].astype(float)


def played(direction: str, length: int, count: int = 40, **more: object) -> list[int]:
    """The steps, read off the values; the step outlet must say the same."""
    params = VALUES | {"length": float(length)}
    out = run_kernel(
        "sequencer", inputs={"trigger": clock(count)}, params=params, choices={"direction": direction}, **more
    )
    steps = out["step"][0][60::STEP].astype(int)
    np.testing.assert_array_equal(out["value"][0][60::STEP], steps * 10)
    return steps.tolist()


@pytest.mark.parametrize("length", [1, 2, 5, 16])
def test_directions_go_where_they_say(length: int) -> None:
    up = list(range(1, length + 1))
    swing = up + up[-2:0:-1]
    assert played("forward", length) == (up * 40)[:40]
    assert played("backward", length) == (up[::-1] * 40)[:40]
    assert played("pendulum", length) == (swing * 40)[:40]


def test_random_steps_are_even_repeat_with_their_seed_and_stay_within_the_length() -> None:
    steps = played("random", 6, 3_000, seeds=[5])
    counts = np.bincount(steps, minlength=7)
    assert counts[0] == 0 and len(counts) == 7 and (np.abs(counts[1:] - 500) < 100).all()
    assert steps == played("random", 6, 3_000, seeds=[5]) != played("random", 6, 3_000, seeds=[6])


def test_gates_last_their_part_of_a_step_rest_and_tie() -> None:
    gates = {"gate1": 0.25, "gate2": 0.0, "gate3": 1.0, "gate4": 0.5, "length": 4.0}
    gate = run_kernel("sequencer", inputs={"trigger": clock(8)}, params=gates)["gate"][0].astype(int)
    assert not gate[:50].any()
    on = [gate[50 + STEP * k : 50 + STEP * (k + 1)].sum() for k in range(8)]
    assert on == [20, 0, 100, 50, 25, 0, 100, 50]  # the first is as long as its trigger: no step has passed yet
    assert gate[50 + STEP * 2 : 50 + STEP * 3 + 50].all()


def test_a_reset_plays_the_first_step_next_even_in_the_same_frame() -> None:
    trigger, reset = clock(8), np.zeros(50 + 8 * STEP)
    reset[50 + 3 * STEP] = 1.0
    reset[50 + 5 * STEP + 30] = 1.0
    out = run_kernel("sequencer", inputs={"trigger": trigger, "reset": reset}, params=VALUES)
    assert out["step"][0][60::STEP].astype(int).tolist() == [1, 2, 3, 1, 2, 3, 1, 2]
    assert out["step"][0][50 + 5 * STEP + 40] == 0 and out["gate"][0][50 + 5 * STEP + 40] == 0


def test_gliding_covers_63_percent_in_its_time_constant() -> None:
    trigger = np.zeros(9_600)
    trigger[[10, 4_800]] = 1.0
    params = {"value1": 0.0, "value2": 12.0, "glide_s": 0.02}
    out = run_kernel("sequencer", inputs={"trigger": trigger}, params=params)["value"][0]
    t = np.arange(1, 4_801) / 48_000
    np.testing.assert_allclose(out[4_800:], 12 * (1 - np.exp(-t / 0.02)), atol=2e-3)


def test_a_value_that_is_turned_while_it_sounds_is_heard() -> None:
    value = np.linspace(0, 1, 650, dtype=np.float32)[None]
    out = run_kernel("sequencer", inputs={"trigger": clock(6)}, params={"value1": value, "length": 1.0})["value"]
    np.testing.assert_array_equal(out, value)
