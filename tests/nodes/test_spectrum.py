"""Tests of `spectrum`: levels, places, windows and averages against numpy, read as a panel reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import graphdaw as gd
from graphdaw.host.offline import Renderer
from graphdaw.nodes import types
from graphdaw.nodes.prepare.spectra import window_of
from tests.kernel_probe import Memory, run_kernel

NODE = types()["spectrum"]


def readings(x: NDArray[Any], size: int, window: str = "hann", rate: int = 48_000, **params: float) -> NDArray[Any]:
    choices = {"size": str(size), "window": window}
    assert NODE.media_memory is not None
    lent = Memory.of(NODE.media_memory(None, NODE.defaults() | choices, rate), 1)
    out = run_kernel(
        "spectrum", width=4, inputs={"in": x}, params=params, choices=choices, memories=lent, sample_rate=rate
    )
    np.testing.assert_array_equal(out["out"][0], np.float32(x))
    assert lent[0].work is not None
    return lent[0].work[:size].reshape(2, -1).astype(float)


def sine(hz: float, frames: int, rate: int = 48_000) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * hz * np.arange(frames) / rate)


@pytest.mark.parametrize("size", (1024, 2048, 4096, 8192, 16_384))
@pytest.mark.parametrize("rate", (44_100, 192_000))
def test_a_full_scale_sine_reads_one_in_its_bin(size: int, rate: int) -> None:
    k = size // 7
    x = 0.5 * sine((k + 0.5) * rate / size, 4 * size, rate)
    average, peak = readings(x, size, rate=rate, average_s=0.0)
    assert average.argmax() == k == peak.argmax()
    assert average[k] == pytest.approx(0.5, rel=1e-4)
    assert peak[k] == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize("window", ("hann", "blackman_harris", "flat_top"))
def test_every_window_equals_numpy(window: str) -> None:
    size = 2048
    x = np.random.default_rng(1).uniform(-1, 1, 4 * size).astype(np.float32)
    points = window_of(window, size)
    end = 4 * size - size // 4  # the last hop whose work is done
    turned = np.exp(-1j * np.pi * np.arange(size) / size)
    expected = np.abs(np.fft.fft(x[end - size : end] * points * turned))[: size // 2] * 2 / points.sum()
    np.testing.assert_allclose(readings(x, size, window, average_s=0.0)[0], expected, atol=2e-6)


def test_flat_top_reads_any_sine_to_a_hundredth_of_a_decibel() -> None:
    for hz in (1000.0, 1003.0, 1007.1, 1011.7):
        level = readings(sine(hz, 20_000), 4096, "flat_top", average_s=0.0)[0].max()
        assert 20 * np.log10(level) == pytest.approx(0, abs=0.01)


def test_blackman_harris_shows_what_lies_far_below() -> None:
    x = sine(1000.3, 40_000) + 10 ** (-85 / 20) * sine(1400, 40_000)
    average = readings(x, 8192, "blackman_harris", average_s=0.0)[0]
    bins = slice(round(1380 * 8192 / 48_000), round(1420 * 8192 / 48_000))
    assert 20 * np.log10(average[bins].max()) == pytest.approx(-85, abs=1.5)
    quiet = average[round(2500 * 8192 / 48_000) :]
    assert 20 * np.log10(quiet.max()) < -110


def test_powers_average_with_their_time_constant() -> None:
    x = sine(5000.0, 96_000) * (np.arange(96_000) < 48_000)
    k = int(5000 * 1024 / 48_000)
    levels = [readings(x[:frames], 1024, average_s=0.2)[0][k] for frames in (60_000, 69_600)]
    assert levels[1] / levels[0] == pytest.approx(np.exp(-0.5), rel=0.03)


def test_peaks_fall_as_fast_as_asked_or_hold() -> None:
    x = sine(5000.0, 96_000) * (np.arange(96_000) < 24_000)
    k = int(5000 * 1024 / 48_000)
    held = readings(x, 1024, fall_db=0.0)[1][k]
    early, late = (readings(x[:frames], 1024, fall_db=20.0)[1][k] for frames in (48_000, 96_000))
    assert held > 0.8
    assert 20 * np.log10(late / early) == pytest.approx(-20.0, abs=0.3)


def test_a_panel_reads_it_from_a_running_engine() -> None:
    graph = gd.Graph(sample_rate=48_000)
    tone = graph.add("sine", frequency_hz=(100 + 0.5) * 48_000 / 4096)
    show = graph.add("spectrum")
    tone >> show >> graph.add("output")
    with Renderer(graph) as renderer:
        renderer.render(96_000)
        read = renderer.engine.readings(show.id, 0, 2048)
    assert read is not None and int(np.argmax(read)) == 100
    assert read[100] == pytest.approx(1.0, rel=1e-3)


def test_a_broken_source_is_forgotten() -> None:
    x = sine(1000.0, 48_000)
    x[100:103] = (np.nan, np.inf, 1e30)
    assert np.isfinite(readings(x.astype(np.float32), 1024)).all()
