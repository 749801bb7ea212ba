"""dsp/fft.h against numpy at every size, and bit for bit between processor levels and ways of cutting the work."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from graphdaw.nodes.prepare.impulse import spectrum
from tests.kernel_probe import LEVELS

ROOT = Path(__file__).parents[2]
CC = os.environ.get("CC", "cc")
MARCH = {"base": [], "v3": ["-march=x86-64-v3"], "v4": ["-march=x86-64-v4", "-mprefer-vector-width=512"]}
SIZES = [1 << bits for bits in range(6, 14)]  # complex numbers: half as many as frames
Pair = tuple[NDArray[np.float32], NDArray[np.float32]]

pytestmark = pytest.mark.skipif(shutil.which(CC) is None, reason="needs a C compiler")


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ctypes.CDLL]:
    """The header at every level, with the build's own floating-point flags."""
    folder = tmp_path_factory.mktemp("fft")
    flags = ["-std=c11", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi"]
    sources = [str(ROOT / "tests/c/fft_probe.c"), str(ROOT / "csrc/fft_tables.c")]
    for level in LEVELS:
        command = [CC, *flags, *MARCH[level], f"-I{ROOT / 'csrc'}", "-shared", "-fPIC", *sources, "-lm"]
        subprocess.run([*command, "-o", str(folder / f"{level}.so")], check=True)
    return {level: ctypes.CDLL(str(folder / f"{level}.so")) for level in LEVELS}


def call(library: ctypes.CDLL, name: str, arrays: list[NDArray[np.float32]], *numbers: int) -> None:
    getattr(library, name)(*(ctypes.c_void_p(a.ctypes.data) for a in arrays), *map(ctypes.c_uint32, numbers))


def transform(library: ctypes.CDLL, x: NDArray[np.float32], step: int = 0) -> Pair:
    size = len(x) // 2
    out = np.empty(size, np.float32), np.empty(size, np.float32)
    halves = [x[:size].copy(), x[size:].copy()]
    if step:
        call(library, "forward_in_steps", [*halves, *out], size, step)
    else:
        call(library, "forward", [*halves, *out], size)
    return out


def bins(library: ctypes.CDLL, x: NDArray[np.float32]) -> NDArray[np.complex128]:
    size = len(x) // 2
    out = np.empty(size, np.float32), np.empty(size, np.float32)
    call(library, "to_bins", [*transform(library, x), *out], size)
    return out[0] + 1j * out[1].astype(float)


def noise(size: int) -> NDArray[np.float32]:
    return np.random.default_rng(size).standard_normal(2 * size).astype(np.float32)


@pytest.mark.parametrize("size", SIZES)
def test_bins_equal_numpy_at_odd_multiples_of_half_a_bin(forms: dict[str, ctypes.CDLL], size: int) -> None:
    x = noise(size)
    turned = x * np.exp(-1j * np.pi * np.arange(2 * size) / (2 * size))
    expected = np.fft.fft(turned)[:size]
    for library in forms.values():
        error = np.abs(bins(library, x) - expected).max()
        assert error < 1e-6 * np.sqrt((np.abs(expected) ** 2).mean())


@pytest.mark.parametrize("size", SIZES)
def test_there_and_back_is_the_signal(forms: dict[str, ctypes.CDLL], size: int) -> None:
    x = noise(size)
    for library in forms.values():
        spectrum_, ordered, back = (
            transform(library, x),
            [np.empty(size, np.float32) for _ in range(2)],
            [np.empty(size, np.float32) for _ in range(2)],
        )
        call(library, "to_bins", [*spectrum_, *ordered], size)
        call(library, "from_bins", [*ordered, *back], size)
        call(library, "backward", back, size)
        np.testing.assert_allclose(np.concatenate(back) / size, x, atol=2e-6)


@pytest.mark.parametrize("size", SIZES)
def test_levels_and_cuts_change_no_bit(forms: dict[str, ctypes.CDLL], size: int) -> None:
    x = noise(size)
    once = transform(forms["base"], x)
    for library in forms.values():
        for step in (0, 1, 3):
            for a, b in zip(transform(library, x, step), once, strict=True):
                np.testing.assert_array_equal(a.view(np.uint32), b.view(np.uint32))


@pytest.mark.parametrize("size", SIZES)
def test_prepared_spectra_are_in_the_transform_s_own_order(forms: dict[str, ctypes.CDLL], size: int) -> None:
    taps = noise(size)[:size]
    re, im = transform(forms["base"], np.concatenate([taps, np.zeros_like(taps)]))
    prepared = spectrum(taps.astype(float)) * size
    np.testing.assert_allclose(re + 1j * im.astype(float), prepared, atol=1e-6 * np.abs(prepared).max())
