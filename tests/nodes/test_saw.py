"""saw against its Fourier series and its model; what it shares with the other waves is in test_waves.py."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel_probe import run_kernel
from tests.reference import edges, render

FREQUENCIES = np.array([[110.0], [440.0], [1_760.0]])


@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_model_is_the_series(rate: int) -> None:
    out = render("saw", {}, {"frequency_hz": FREQUENCIES}, rate, frames=300, channels=3)["out"]
    for row, frequency in zip(out, FREQUENCIES[:, 0], strict=True):
        expected = edges.series(edges.saw(), frequency, rate, np.arange(300) * frequency / rate)
        assert np.abs(row - expected).max() < 1e-4


@pytest.mark.parametrize("wired", [(), ("pm",), ("sync",), ("pm", "sync")])
def test_modulated_and_synchronised_saw_is_its_model(wired: tuple[str, ...]) -> None:
    t = np.arange(1_500) / 48_000
    inputs = {"pm": 0.7 * np.sin(2 * np.pi * 3_100 * t), "sync": np.sin(2 * np.pi * 313.0 * t + 1)}
    inputs = {name: inputs[name][None] for name in wired}
    frequency = (2_000 + 1_500 * np.sin(2 * np.pi * 440 * t))[None]
    expected = render("saw", inputs, {"frequency_hz": frequency}, 48_000, frames=1_500)["out"]
    out = run_kernel("saw", inputs=inputs, params={"frequency_hz": frequency})["out"]
    assert np.abs(out - expected).max() < 2e-3


def test_harmonics_fall_as_one_over_n_up_to_sixteen_kilohertz() -> None:
    frames, rate, f = 48_000, 48_000, 200
    out = run_kernel("saw", width=4, params={"frequency_hz": f}, frames=frames)["out"][0]
    level = np.abs(np.fft.rfft(out.astype(float)))[f::f] / frames * 2
    n = np.arange(1, 81)
    error_db = 20 * np.log10(level[:80] / (2 / np.pi / n))
    assert np.abs(error_db).max() < 0.2
    np.testing.assert_allclose(error_db, 20 * np.log10(edges.response(n * f, rate)), atol=0.01)


def test_frequency_may_move_every_frame() -> None:
    glide = np.geomspace(100, 8_000, 4_000)[None].astype(np.float32)
    out = run_kernel("saw", params={"frequency_hz": glide})["out"]
    assert np.abs(out).max() < 1.3 and np.abs(out).max() > 0.8
