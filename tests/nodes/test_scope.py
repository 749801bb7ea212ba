"""scope: its pictures against the wave they were taken from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graphdaw.nodes import types
from tests.kernel_probe import CELL, Memory, run_kernel

POINTS = 256


def look(left: Any, right: Any, params: dict[str, float], **how: Any) -> tuple[int, int, NDArray[np.float32]]:
    """Number of pictures, frames a point, and the newest picture as (points, 4)."""
    declared = types()["scope"]
    assert declared.memory_frames
    memory = Memory(np.zeros(declared.memory_frames({}, 48_000), np.float32))
    inputs = {"in": np.float32(left), "in.1": np.float32(right)} | how.pop("inputs", {})
    out = run_kernel("scope", inputs=inputs, params=params, memories=[memory], width=1, **how)
    np.testing.assert_array_equal(out["out"][0], inputs["in"])
    number, frames = int(memory.data[0]), int(memory.data[1])
    pictures = memory.data[16:].reshape(2, POINTS, 4)
    return number, frames, pictures[number % 2]


@pytest.mark.parametrize(("edge", "sign"), [("rising", 1), ("falling", -1)])
@pytest.mark.parametrize("slices", (CELL, 17))
def test_a_picture_begins_where_the_wave_passes_the_level(edge: str, sign: int, slices: int) -> None:
    n = np.arange(12_000)
    wave, other = np.sin(n / 40), np.cos(n / 40)
    params = {"window_s": 256 / 48_000, "level": 0.5 * sign, "wait_s": 1.0}
    number, frames, picture = look(wave, other, params, choices={"edge": edge}, slices=slices)
    assert number > 20 and frames == 1
    np.testing.assert_array_equal(picture[:, 0], picture[:, 1])
    begins = [
        i for i in range(1, 12_000 - POINTS + 1) if np.array_equal(np.float32(wave[i : i + POINTS]), picture[:, 0])
    ]
    assert len(begins) == 1
    at = begins[0]
    assert sign * wave[at - 1] < 0.5 <= sign * wave[at]
    np.testing.assert_array_equal(picture[:, 2], np.float32(other[at : at + POINTS]))


def test_a_long_window_shows_the_least_and_most_of_each_point() -> None:
    x = np.float32(np.random.default_rng(1).uniform(-1, 1, 9000))
    number, frames, picture = look(x, -x, {"window_s": 0.15}, choices={"edge": "free"})
    assert frames == 28 and number == 1
    points = x[: 28 * POINTS].reshape(POINTS, 28)
    np.testing.assert_array_equal(
        picture, np.stack([f(s) for s in (points, -points) for f in (lambda p: p.min(1), lambda p: p.max(1))], 1)
    )


def test_silence_is_drawn_after_the_wait_and_another_inlet_may_trigger() -> None:
    zeros = np.zeros(20_000)
    params = {"window_s": 0.005, "wait_s": 0.05}
    assert look(zeros, zeros, params | {"level": 0.5})[0] == 7
    beat = np.where(np.arange(20_000) % 5000 == 100, 1.0, 0.0)
    ramp = np.arange(20_000) / 20_000
    number, _, picture = look(
        ramp, ramp, params | {"level": 0.5, "wait_s": 1.0}, inputs={"trigger": beat}, choices={"source": "trigger"}
    )
    assert number == 4 and picture[0, 0] == np.float32(15_100 / 20_000)
