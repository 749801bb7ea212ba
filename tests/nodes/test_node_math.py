"""math against numpy in double precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graphdaw.nodes.math import OPERATIONS
from tests.kernel_probe import run_kernel

Array = Any
on = lambda x: x > 0.5  # noqa: E731
MODELS: dict[str, Callable[[Array, Array, float, float], Array]] = {
    "add": lambda x, y, lo, hi: x + y,
    "subtract": lambda x, y, lo, hi: x - y,
    "multiply": lambda x, y, lo, hi: x * y,
    "divide": lambda x, y, lo, hi: np.where(y == 0, 0, x / np.where(y == 0, 1, y)),
    "power": lambda x, y, lo, hi: np.where(x == 0, y == 0, np.sign(x) * np.abs(np.where(x == 0, 1, x)) ** y),
    "modulo": lambda x, y, lo, hi: np.where(y == 0, x, np.mod(x, np.where(y == 0, 1, y))),
    "least": lambda x, y, lo, hi: np.minimum(x, y),
    "most": lambda x, y, lo, hi: np.maximum(x, y),
    "average": lambda x, y, lo, hi: (x + y) / 2,
    "negate": lambda x, y, lo, hi: -x,
    "invert": lambda x, y, lo, hi: np.where(x == 0, 0, 1 / np.where(x == 0, 1, x)),
    "size": lambda x, y, lo, hi: np.abs(x),
    "sign": lambda x, y, lo, hi: np.sign(x),
    "root": lambda x, y, lo, hi: np.sign(x) * np.sqrt(np.abs(x)),
    "square": lambda x, y, lo, hi: x**2,
    "floor": lambda x, y, lo, hi: np.floor(x),
    "round": lambda x, y, lo, hi: np.floor(x + 0.5),
    "ceiling": lambda x, y, lo, hi: np.ceil(x),
    "fraction": lambda x, y, lo, hi: x - np.floor(x),
    "clip": lambda x, y, lo, hi: np.clip(x, lo, hi),
    "fold": lambda x, y, lo, hi: lo + np.abs(np.mod(x - hi, 2 * (hi - lo)) - (hi - lo)),
    "wrap": lambda x, y, lo, hi: lo + np.mod(x - lo, hi - lo),
    "scale": lambda x, y, lo, hi: lo + x * (hi - lo),
    "scale_bipolar": lambda x, y, lo, hi: lo + (x + 1) / 2 * (hi - lo),
    "less": lambda x, y, lo, hi: x < y,
    "greater": lambda x, y, lo, hi: x > y,
    "equal": lambda x, y, lo, hi: x == y,
    "and": lambda x, y, lo, hi: on(x) & on(y),
    "or": lambda x, y, lo, hi: on(x) | on(y),
    "xor": lambda x, y, lo, hi: on(x) ^ on(y),
    "not": lambda x, y, lo, hi: ~on(x),
    "semitones_to_hz": lambda x, y, lo, hi: 440 * 2 ** ((x - 69) / 12),
    "hz_to_semitones": lambda x, y, lo, hi: 69 + 12 * np.log2(np.maximum(x, 0.01) / 440),
    "db_to_level": lambda x, y, lo, hi: 10 ** (x / 20),
    "level_to_db": lambda x, y, lo, hi: 20 * np.log10(np.maximum(np.abs(x), 1e-10)),
    "sine": lambda x, y, lo, hi: np.sin(2 * np.pi * x),
    "tanh": lambda x, y, lo, hi: np.tanh(x),
    "exponential": lambda x, y, lo, hi: np.exp(x),
    "logarithm": lambda x, y, lo, hi: np.where(x > 0, np.log(np.where(x > 0, x, 1)), 0),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_numpy_s(operation: str) -> None:
    rng = np.random.default_rng(4)
    x = np.r_[rng.uniform(-4, 4, 300), 0.0, 0.5, 1.0, -1.0, rng.uniform(-90, 90, 96)].astype(np.float32)
    y = np.r_[rng.uniform(-3, 3, 300), 0.0, 0.5, 1.0, -1.0, rng.uniform(-3, 3, 96)].astype(np.float32)
    if operation == "exponential":
        x = x.clip(-20, 20)
    if operation in ("floor", "round", "ceiling", "fraction", "wrap", "fold", "modulo"):
        x[np.abs(x * 8 - np.round(x * 8)) < 1e-3] += np.float32(0.01)
    out = run_kernel(
        "math", inputs={"in": x}, params={"b": y[None], "lo": -0.5, "hi": 2.0}, choices={"operation": operation}
    )["out"][0]
    expected = np.asarray(MODELS[operation](x.astype(float), y.astype(float), -0.5, 2.0), float)
    away = np.abs(np.mod(x / np.where(y == 0, 1, y) + 0.5, 1) - 0.5) > 1e-4 if operation == "modulo" else slice(None)
    np.testing.assert_allclose(out[away], expected[away], rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_nothing_makes_a_number_that_is_none(operation: str) -> None:
    x = np.float32([np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-40, 0.0, -0.0, 1e6] * 2)
    for b in (0.0, -1e5, 1e5, 1e-30):
        out = run_kernel("math", inputs={"in": x}, params={"b": b}, choices={"operation": operation})["out"]
        assert np.isfinite(out).all()
        assert np.abs(out).max() <= 1e9


def test_bounds_the_wrong_way_round_are_turned() -> None:
    x = np.linspace(-3, 3, 100).astype(np.float32)
    out = run_kernel("math", inputs={"in": x}, params={"lo": 1.0, "hi": -1.0}, choices={"operation": "clip"})["out"][0]
    np.testing.assert_array_equal(out, np.clip(x, -1, 1))
