"""saw, square, triangle and pulse against the Fourier series of their edges; aliases, hard sync and modulation."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.kernel_probe import Signal, run_kernel
from tests.nodes.forms import each_form, each_rate
from tests.reference import Array, edges

RATE = 44_100
LEAD = 8  # frames by which what is wired in is heard late
WAVES: dict[str, tuple[str, dict[str, float], list[edges.Edge]]] = {
    "saw": ("saw", {}, edges.saw()),
    "square": ("square", {}, edges.pulse(0.5)),
    "square and sub": ("square", {"sub": 0.6}, edges.with_sub(edges.pulse(0.5), 0.6)),
    "pulse": ("pulse", {"width": 0.2}, edges.pulse(0.2)),
    "triangle": ("triangle", {}, edges.triangle()),
}
each_wave = pytest.mark.parametrize("wave", WAVES)


def play(kernel: str, **setting: Any) -> Signal:
    return run_kernel(kernel, **{"width": 4, "sample_rate": RATE} | setting)["out"][0]


def pitch_on_a_bin(frequency_hz: float, frames: int, rate: float = RATE) -> float:
    """A frequency near by that turns an odd number of times in `frames`, so that aliases fall between harmonics."""
    return (round(frequency_hz / rate * frames) // 2 * 2 + 1) * rate / frames


def loudest_alias(out: Array, frequency_hz: float, below_hz: float) -> float:
    """Decibels of the loudest alias, relative to the loudest harmonic."""
    spectrum = np.abs(np.fft.rfft(out.astype(float) * np.kaiser(len(out), 18)))
    frequency = np.fft.rfftfreq(len(out), 1 / RATE)
    distance = np.abs(frequency - np.round(frequency / frequency_hz) * frequency_hz)
    off = (distance > 14 * RATE / len(out)) & (frequency < below_hz)
    return float(20 * np.log10(spectrum[off].max() / spectrum.max()))


@cache
def expected(wave: str, frequency_hz: float, rate: int) -> Array:
    """The reference, which every form is compared with."""
    _, params, pieces = WAVES[wave]
    turns = 2 if "sub" in params else 1
    mean = 2 * params["width"] - 1 if "width" in params else 0.0
    phase = np.arange(300) * frequency_hz / rate / turns
    return edges.series(pieces, frequency_hz / turns, rate, phase, mean)


@each_form
@each_rate
@each_wave
def test_wave_is_its_series(wave: str, form: tuple[int, str], rate: int) -> None:
    kernel, params, _ = WAVES[wave]
    for frequency in (110.0, 0.031 * rate):
        out = play(
            kernel,
            width=form[0],
            level=form[1],
            params={**params, "frequency_hz": frequency},
            frames=300,
            sample_rate=rate,
        )
        assert np.abs(out - expected(wave, frequency, rate)).max() < 3e-4


@each_wave
@pytest.mark.parametrize("frequency_hz", [55.0, 440.0, 1_760.0, 5_000.0])
def test_aliases_up_to_18_khz_are_below_minus_80_db(wave: str, frequency_hz: float) -> None:
    kernel, params, _ = WAVES[wave]
    frames = 1 << 16
    turns = 2 if "sub" in params else 1
    frequency = pitch_on_a_bin(frequency_hz / turns, frames)
    out = play(kernel, params={**params, "frequency_hz": frequency * turns}, frames=frames)
    assert loudest_alias(out, frequency, 18_000) < -80


def test_harmonics_are_within_two_tenths_of_a_decibel_up_to_16_khz() -> None:
    f = np.linspace(20, 16_000, 200)
    assert np.abs(20 * np.log10(edges.response(f, RATE))).max() < 0.15
    out = play("square", params={"frequency_hz": 441.0}, frames=RATE)
    level = np.abs(np.fft.rfft(out.astype(float)))[441 :: 2 * 441][:18] * 2 / RATE
    n = np.arange(1, 37, 2)
    assert np.abs(20 * np.log10(level / (4 / np.pi / n))).max() < 0.2


SYNCED = {
    "saw": (edges.saw(), lambda p: 2 * ((p + 0.5) % 1) - 1, lambda p: 2.0),
    "square": (edges.pulse(0.5), lambda p: 1.0 if p % 1 < 0.5 else -1.0, lambda p: 0.0),
    "triangle": (
        edges.triangle(),
        lambda p: 1 - 4 * abs((p - 0.25 + 0.5) % 1 - 0.5),
        lambda p: 4.0 if (p + 0.25) % 1 < 0.5 else -4.0,
    ),
}


@pytest.mark.parametrize("kernel", SYNCED)
@pytest.mark.parametrize("ratio", [1.37, 2.81, 5.6])
def test_hard_sync_is_the_series_of_the_cut_wave(kernel: str, ratio: float) -> None:
    pieces, value, slope = SYNCED[kernel]
    frames, master = 4_000, 441.7
    turns = 0.3 + np.arange(frames) * master / RATE
    sync = ((turns + 0.5) % 1 - 0.5).astype(np.float32)
    out = play(kernel, inputs={"sync": sync}, params={"frequency_hz": ratio * master}, frames=frames)
    cut = edges.synced(pieces, ratio, (slope(ratio), slope(0)), (value(ratio), value(0)))
    expected = edges.series(cut, master, RATE, turns - LEAD * master / RATE)
    difference = (out - expected)[200:]
    assert np.abs(difference - difference.mean()).max() < 2e-3
    assert abs(difference.mean() - np.mean([value(p) for p in np.linspace(0, ratio, 10_001)])) < 2e-3


@pytest.mark.parametrize("kernel", ["saw", "square", "pulse", "triangle"])
@pytest.mark.parametrize(("master_hz", "ratio"), [(110.0, 3.37), (441.0, 2.7), (1_760.0, 1.6), (3_000.0, 1.62)])
def test_aliases_of_hard_sync_are_below_minus_80_db(kernel: str, master_hz: float, ratio: float) -> None:
    frames = 1 << 16
    master = pitch_on_a_bin(master_hz, frames)
    sync = ((np.arange(frames + 128) * master / RATE + 0.5) % 1 - 0.5).astype(np.float32)
    out = play(kernel, inputs={"sync": sync}, params={"frequency_hz": ratio * master}, frames=frames + 128)[128:]
    assert loudest_alias(out, master, 18_000) < -80


def test_the_sub_octave_begins_anew_with_the_phase() -> None:
    """Within 2.7 turns of a cut square its sub goes up, down and up again: a periodic wave, and so without aliases."""
    frames = 1 << 16
    master = pitch_on_a_bin(441.0, frames)
    sync = ((np.arange(frames + 128) * master / RATE + 0.5) % 1 - 0.5).astype(np.float32)
    setting: dict[str, Any] = {"inputs": {"sync": sync}, "frames": frames + 128}
    with_sub, without = (
        play("square", params={"frequency_hz": 2.7 * master, "sub": sub}, **setting)[128:].astype(float)
        for sub in (1.0, 0.0)
    )
    assert loudest_alias(with_sub, master, 18_000) < -80
    turns = (np.arange(128, frames + 128) - LEAD) * master / RATE % 1 * 2.7
    sub = with_sub - without
    away = np.abs((turns + 0.15) % 1 - 0.15) > 0.15  # from edges, about which it is smoothed
    assert np.abs(sub - np.where(turns % 2 < 1, 1, -1))[away & (turns < 2.6)].max() < 0.15


def test_width_modulated_at_audio_rate_has_only_the_side_bands_of_its_series() -> None:
    frames = 1 << 16
    modulator = pitch_on_a_bin(500.0, frames)
    carrier = 3 * modulator
    t = np.arange(frames + 128) / RATE
    width = (0.5 + 0.3 * np.sin(2 * np.pi * modulator * t))[None].astype(np.float32)
    out = play("pulse", params={"frequency_hz": carrier, "width": width}, frames=frames + 128)[128:]
    assert loudest_alias(out, modulator, 15_000) < -75


def test_phase_modulation_that_runs_backwards_is_the_wave_backwards() -> None:
    frames, rate = 2_000, 48_000
    back = (-2 * np.arange(frames) * 440.0 / rate)[None].astype(np.float32)
    back = np.float32(back - np.ceil(back / 100) * 100)  # stay inside the inlet's range
    out = play("pulse", inputs={"pm": back}, params={"frequency_hz": 440.0, "width": 0.2}, sample_rate=rate)
    phase = (2 * LEAD - np.arange(frames)) * 440.0 / rate  # the lead is forwards
    expected = edges.series(edges.pulse(0.2), 440.0, rate, phase, -0.6)
    assert np.abs(out - expected)[64:].max() < 2e-3


@pytest.mark.parametrize("kernel", ["saw", "square", "pulse", "triangle"])
def test_anything_wired_in_keeps_the_wave_bounded(kernel: str) -> None:
    rng = np.random.default_rng(4)
    wild = rng.choice(np.float32([np.nan, np.inf, -np.inf, 1e30, -1.0, 1.0, 1e-40, 0.0]), (2, 4_000))
    out = play(kernel, inputs={"sync": wild[0], "pm": wild[1]}, params={"frequency_hz": 3_000.0})
    assert np.isfinite(out).all() and np.abs(out).max() < 12
    calm = play(kernel, inputs={"sync": np.r_[wild[0], np.zeros(500, np.float32)]}, params={"frequency_hz": 3_000.0})
    assert np.abs(calm[-400:]).max() < 1.4
