"""The vowels against their table, through the bilinear transform of five band-passes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel_probe import run_kernel

# Hertz, decibels, bandwidths: Csound manual, appendix "Formant Values".
TENOR_A = ((650, 1080, 2650, 2900, 3250), (0, -6, -7, -8, -22), (80, 90, 120, 130, 140))
BASS_I = ((250, 1750, 2600, 3050, 3340), (0, -30, -16, -22, -28), (60, 90, 100, 120, 120))
ALTO_O = ((450, 800, 2830, 3500, 4950), (0, -9, -16, -28, -55), (70, 80, 100, 130, 135))
SOPRANO_U = ((325, 700, 2700, 3800, 4950), (0, -16, -35, -40, -60), (50, 60, 170, 180, 200))
SOPRANO_O = ((450, 800, 2830, 3800, 4950), (0, -11, -22, -22, -50), (70, 80, 100, 130, 135))


def wanted(
    table: tuple[np.ndarray, ...], x: np.ndarray, rate: float, ratio: float = 1.0, sharp: float = 1.0
) -> np.ndarray:
    h = np.zeros(len(x), complex)
    for hz, db, width in zip(*table, strict=True):
        s = 1j * np.tan(np.pi * x / rate) / np.tan(np.pi * min(hz * ratio / rate, 0.49))
        k = width / (hz * sharp)
        h += 10 ** (db / 20) * k * s / (s * s + k * s + 1)
    return np.abs(h)


def response(rate: float, voice: str, **params: float) -> tuple[np.ndarray, np.ndarray]:
    frames = 1 << 15
    source = np.zeros(frames, np.float32)
    source[0] = 1.0
    out = run_kernel("formant", inputs={"in": source}, params=params, choices={"voice": voice}, sample_rate=rate)[
        "out"
    ][0]
    return np.arange(frames // 2 + 1) * rate / frames, np.abs(np.fft.rfft(out.astype(float)))


@pytest.mark.parametrize("rate", (16_000, 44_100, 96_000))
@pytest.mark.parametrize(
    ("voice", "vowel", "table"),
    [("tenor", 0, TENOR_A), ("bass", 2, BASS_I), ("alto", 3, ALTO_O), ("soprano", 4, SOPRANO_U)],
)
def test_a_vowel_is_the_sum_of_its_formants(
    rate: float, voice: str, vowel: float, table: tuple[np.ndarray, ...]
) -> None:
    x, heard = response(rate, voice, vowel=vowel)
    inside = (x > 100) & (x < 0.45 * rate)
    error = 20 * np.log10(heard[inside] / wanted(table, x[inside], rate))
    assert np.abs(error).max() < 0.1


def test_between_two_vowels_every_number_is_between() -> None:
    x, heard = response(48_000, "soprano", vowel=3.25)
    table = tuple(0.75 * np.array(o) + 0.25 * np.array(u) for o, u in zip(SOPRANO_O, SOPRANO_U, strict=True))
    inside = (x > 100) & (x < 20_000)
    assert np.abs(20 * np.log10(heard[inside] / wanted(table, x[inside], 48_000))).max() < 0.1


def test_shift_moves_all_formants_and_sharpness_narrows_them() -> None:
    x, heard = response(48_000, "tenor", vowel=0.0, shift_semitones=7.0, sharpness=2.0)
    inside = (x > 100) & (x < 20_000)
    expected = wanted(TENOR_A, x[inside], 48_000, 2 ** (7 / 12), 2.0)
    assert np.abs(20 * np.log10(heard[inside] / expected)).max() < 0.1


def test_vowels_that_move_every_frame_stay_bounded() -> None:
    rng = np.random.default_rng(4)
    frames = 10_000
    params = {
        "vowel": rng.uniform(0, 4, (1, frames)).astype(np.float32),
        "shift_semitones": rng.uniform(-24, 24, (1, frames)).astype(np.float32),
        "sharpness": np.full((1, frames), 8.0, np.float32),
    }
    source = rng.uniform(-1, 1, frames).astype(np.float32)
    out = run_kernel("formant", inputs={"in": source}, params=params)["out"]
    assert np.abs(out).max() < 20
