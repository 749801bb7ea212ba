"""dsp/math.h against float64 over its whole range, and bit for bit between widths and processor levels."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.kernel_probe import LEVELS, WIDTHS

ROOT = Path(__file__).parents[2]
CC = os.environ.get("CC", "cc")
MARCH = {"base": [], "v3": ["-march=x86-64-v3"], "v4": ["-march=x86-64-v4", "-mprefer-vector-width=512"]}
Function = Callable[[NDArray[np.float32]], NDArray[np.float32]]

pytestmark = pytest.mark.skipif(shutil.which(CC) is None, reason="needs a C compiler")


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], ctypes.CDLL]:
    """The header compiled at every level and width, with the build's own floating-point flags."""
    folder = tmp_path_factory.mktemp("math")
    flags = ["-std=c11", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi"]
    result = {}
    for level in LEVELS:
        for width in WIDTHS:
            library = folder / f"math-{level}-{width}.so"
            command = [CC, *flags, *MARCH[level], f"-DW={width}", f"-I{ROOT / 'csrc'}", "-shared", "-fPIC"]
            subprocess.run([*command, str(ROOT / "tests/c/math_probe.c"), "-o", str(library)], check=True)
            result[level, width] = ctypes.CDLL(str(library))
    return result


def call(library: ctypes.CDLL, name: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """One function over an array whose length is a multiple of 16."""
    y = np.empty_like(x)
    getattr(library, name)(x.ctypes.data_as(ctypes.c_void_p), y.ctypes.data_as(ctypes.c_void_p), len(x))
    return y


def spread(lo: float, hi: float, count: int = 1 << 18) -> NDArray[np.float32]:
    """Random and evenly spaced numbers between two ends."""
    rng = np.random.default_rng(5)
    return np.concatenate([np.linspace(lo, hi, count), rng.uniform(lo, hi, count)]).astype(np.float32)


def positive() -> NDArray[np.float32]:
    """Normal positive floats of every size."""
    return np.exp2(spread(-126, 127).astype(float)).astype(np.float32)


def phases() -> NDArray[np.float32]:
    """Phases of every kind, as the bits of floats."""
    evenly = np.linspace(0, 2**32, 1 << 18, endpoint=False).astype(np.uint32)
    corners = np.array([0, 1, 2**30 - 1, 2**30, 2**30 + 1, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1] * 16, np.uint32)
    return np.concatenate([evenly, corners]).view(np.float32)


def sine_of_bits(x: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * x.view(np.uint32).astype(float) / 2**32)


CASES = {  # name: inputs, float64 reference, bound on the absolute error as a function of the reference
    "sine_turns": (spread(-1000, 1000), lambda x: np.sin(2 * np.pi * x), lambda y: 2e-7),
    "cosine_turns": (spread(-1000, 1000), lambda x: np.cos(2 * np.pi * x), lambda y: 2e-7),
    "sine_phase": (phases(), None, lambda y: 4e-7),
    "exp2_": (spread(-126, 126), np.exp2, lambda y: 2e-7 * y),
    "exp_": (spread(-87, 87), np.exp, lambda y: (1.5e-7 + 1e-7 * np.abs(np.log(y))) * y),
    "log2_": (positive(), np.log2, lambda y: 2e-7 + 1e-7 * np.abs(y)),
    "level_of_db": (spread(-120, 40), lambda x: 10 ** (x / 20), lambda y: (2e-7 + 1e-7 * np.abs(np.log2(y))) * y),
    "db_of_level": (positive()[positive() > 1e-10], lambda x: 20 * np.log10(x), lambda y: 1.5e-6 + 2e-7 * np.abs(y)),
    "tanh_": (np.concatenate([spread(-20, 20), spread(-0.6, 0.6)]), np.tanh, lambda y: 4e-7 * np.abs(y)),
}


@pytest.mark.parametrize("name", CASES)
def test_error_stays_below_its_stated_bound(forms: dict[tuple[str, int], ctypes.CDLL], name: str) -> None:
    x, reference, bound = CASES[name]
    x = np.ascontiguousarray(x[: len(x) // 16 * 16])
    expected = sine_of_bits(x) if reference is None else reference(x.astype(float))
    error = np.abs(call(forms["base", 1], name, x) - expected)
    allowed = np.broadcast_to(bound(expected), error.shape)
    worst = np.argmax(error - allowed)
    assert (error <= allowed).all(), f"{name}: {error[worst]:.3g} > {allowed[worst]:.3g} at {x[worst]:.9g}"
    assert error.max() > 0.05 * allowed[np.argmax(error)], "the stated bound is far too wide"


@pytest.mark.parametrize("name", [*CASES, "wrap", "largest", "smallest"])
def test_every_width_and_level_gives_the_same_bits(forms: dict[tuple[str, int], ctypes.CDLL], name: str) -> None:
    odd = np.array([0.0, -0.0, 0.25, -0.25, 0.5, -0.5, 1.0, -1.0, 0.75, 126.0, -126.0, 1e-30, -1e-7, 3.0, 9.9, 10.1])
    x = np.concatenate([odd.astype(np.float32), spread(-130, 130, 1 << 12)])
    expected = call(forms["base", 1], name, x).view(np.uint32)
    for form in forms.values():
        np.testing.assert_array_equal(call(form, name, x).view(np.uint32), expected)


def test_turns_wrap_into_half_a_turn_either_way(forms: dict[tuple[str, int], ctypes.CDLL]) -> None:
    x = spread(-50, 50)
    wrapped = call(forms["base", 1], "wrap", x).astype(float)
    distance = wrapped - x.astype(float)
    assert np.abs(wrapped).max() <= 0.5
    assert np.abs(distance - np.round(distance)).max() < 2**-24


def test_whole_powers_of_two_are_exact(forms: dict[tuple[str, int], ctypes.CDLL]) -> None:
    x = np.arange(-126, 130, dtype=np.float32)[:240]
    np.testing.assert_array_equal(call(forms["base", 1], "exp2_", x), np.exp2(x))
