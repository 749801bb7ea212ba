"""random against the walk it describes, in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import BSpline

from tests.kernel_probe import State, run_kernel
from tests.nodes.forms import each_form
from tests.reference.lfo import numbers

FRAMES, HZ = 4_000, 97.3


def walk(seed: int, stride: float, count: int) -> NDArray[np.float64]:
    """The numbers, reflected at the bounds."""
    found, at = [], 0.0
    for chance in numbers(np.arange(count), seed):
        at += 2 * stride * chance
        at = 2 - at if at > 1 else -2 - at if at < -1 else at
        found.append(at)
    return np.array(found)


@each_form
@pytest.mark.parametrize("shape", ["smooth", "linear", "stepped"])
def test_it_walks_as_described(shape: str, form: tuple[int, str]) -> None:
    strides, seeds = np.float32([0.1, 1.0, 0.5]), [21, 22, 23]
    out = run_kernel(
        "random", width=form[0], level=form[1], choices={"shape": shape}, frames=FRAMES, seeds=seeds,
        params={"rate_hz": HZ, "stride": strides, "amount": 0.5, "offset": 0.25},
    )["out"]  # fmt: skip
    turns = np.arange(FRAMES) * float(np.float32(HZ)) / 48_000
    index = turns.astype(int)
    for lane, seed in enumerate(seeds):
        points = np.r_[np.zeros(3), walk(seed, strides[lane], 20)]
        points[:3] = points[3]
        if shape == "stepped":
            expected = points[index + 3]
        elif shape == "linear":
            expected = points[index + 2] + (turns - index) * (points[index + 3] - points[index + 2])
        else:
            expected = BSpline(np.arange(-3, 24), points, 3)(turns)
        error = np.abs(out[lane] - (0.25 + 0.5 * expected))
        assert np.count_nonzero(error > 1e-4) <= (10 if shape == "stepped" else 0)


def test_a_stride_of_one_leads_anywhere_with_equal_chance() -> None:
    params, choices = {"rate_hz": 1_000.0, "stride": 1.0}, {"shape": "stepped"}
    held = run_kernel("random", params=params, choices=choices, frames=480_000)["out"][0][24::48]
    assert np.abs(np.histogram(held, 10, (-1, 1))[0] - 1_000).max() < 150
    assert abs(np.corrcoef(held[1:], held[:-1])[0, 1]) < 0.03


def test_a_small_stride_strolls_within_its_bounds() -> None:
    params, choices = {"rate_hz": 1_000.0, "stride": 0.05}, {"shape": "stepped"}
    out = run_kernel("random", params=params, choices=choices, frames=480_000)["out"][0]
    assert np.abs(np.diff(out)).max() <= 0.1 + 1e-6
    assert out.min() < -0.9 and out.max() > 0.9 and np.abs(out).max() <= 1.0


def test_equal_seeds_wander_alike_whatever_the_node() -> None:
    out = run_kernel("random", params={"seed": [5, 5, 6, 0, 0]}, frames=FRAMES, seeds=[1, 2, 3, 4, 5])["out"]
    np.testing.assert_array_equal(out[0], out[1])
    assert not np.allclose(out[0], out[2]) and not np.allclose(out[3], out[4])


@pytest.mark.parametrize("shape", ["smooth", "linear"])
def test_triggers_take_the_next_number_without_a_jump(shape: str) -> None:
    trigger = np.random.default_rng(2).uniform(0, 1, FRAMES) > 0.995
    choices, params = {"clock": "trigger", "shape": shape}, {"rate_hz": 200.0, "stride": 1.0}
    out = run_kernel("random", inputs={"trigger": trigger}, choices=choices, params=params)["out"][0]
    assert np.abs(np.diff(out)).max() < 2 * 200 / 48_000 * 1.6
    state = State()
    run_kernel("random", choices=choices, params=params, frames=500, state=state)
    still = run_kernel("random", choices=choices, params=params, frames=2_000, state=state)["out"][0]
    assert np.ptp(still) == 0.0


def test_triggered_steps_jump_with_the_trigger() -> None:
    trigger = np.arange(1_000) % 100 == 50
    out = run_kernel("random", inputs={"trigger": trigger}, choices={"clock": "trigger", "shape": "stepped"})["out"][0]
    assert np.flatnonzero(np.diff(out)).tolist() == [100 * k + 49 for k in range(10)]
