"""saw against the Fourier series of a sawtooth."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.kernel_probe import run_kernel
from tests.nodes.forms import each_form, each_rate
from tests.reference import Array, render
from tests.reference.saw import response

FRAMES, FREQUENCIES = 400, np.array([[110.0], [440.0], [1_760.0]])


@cache
def series(rate: int) -> Array:
    """The reference, which every form is compared with."""
    return render("saw", {}, {"frequency_hz": FREQUENCIES}, rate, frames=FRAMES, channels=3)["out"]


@each_form
@each_rate
def test_saw_is_the_series_with_the_stated_response(form: tuple[int, str], rate: int) -> None:
    params = {"frequency_hz": FREQUENCIES[:, 0]}
    out = run_kernel("saw", width=form[0], level=form[1], params=params, frames=FRAMES, sample_rate=rate)["out"]
    assert np.abs(out - series(rate))[:, 8:].max() < 1e-3


@pytest.mark.parametrize(
    ("frequency_hz", "below_hz", "alias_db"),
    [
        (110.0, 10_000, -130.0),
        (440.0, 5_000, -113.0),
        (440.0, 10_000, -85.0),
        (1_760.0, 5_000, -109.0),
        (1_760.0, 10_000, -75.0),
        (5_000.0, 5_000, -110.0),
        (5_000.0, 10_000, -72.0),
        (10_000.0, 10_000, -65.0),
    ],
)
def test_aliases_stay_below_the_stated_level(frequency_hz: float, below_hz: int, alias_db: float) -> None:
    """Loudest alias where the ear is keen, relative to the fundamental; at 48 kHz."""
    frames, rate = 1 << 16, 48_000
    f = np.round(frequency_hz / rate * frames) // 2 * 2 + 1  # odd bin: aliases fall between harmonics
    out = run_kernel("saw", width=4, params={"frequency_hz": f * rate / frames}, frames=frames + 64)["out"][0, 64:]
    spectrum = np.abs(np.fft.rfft(out.astype(float) * np.blackman(frames)))
    bins = np.arange(len(spectrum))
    distance = np.abs(bins - np.round(bins / f) * f)
    aliases = spectrum[(distance > 4) & (bins < below_hz * frames // rate) & (bins > 4)]
    assert 20 * np.log10(aliases.max() / spectrum.max()) < alias_db


def test_harmonics_fall_as_one_over_n_up_to_ten_kilohertz() -> None:
    frames, rate, f = 48_000, 48_000, 200
    out = run_kernel("saw", width=4, params={"frequency_hz": f}, frames=frames + 64)["out"][0, 64:]
    level = np.abs(np.fft.rfft(out.astype(float)))[f::f] / frames * 2
    n = np.arange(1, 51)
    error_db = 20 * np.log10(level[:50] / (2 / np.pi / n))
    assert np.abs(error_db).max() < 0.8
    np.testing.assert_allclose(error_db, 20 * np.log10(response(n * f, rate)), atol=0.01)


def test_frequency_may_move_every_frame() -> None:
    glide = np.geomspace(100, 8_000, 4_000)[None].astype(np.float32)
    out = run_kernel("saw", params={"frequency_hz": glide})["out"]
    assert np.abs(out).max() < 1.3 and np.abs(out).max() > 0.8
