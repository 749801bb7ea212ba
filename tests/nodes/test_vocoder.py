"""Tests of `vocoder`: against a slow model of filters by scipy, formants, hiss and silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import bilinear, lfilter, sawtooth

from graphdaw.nodes import types
from graphdaw.nodes.prepare.bands import band_middles
from tests.kernel_probe import LEVELS, WIDTHS, Memory, State, run_kernel

RATE = 48_000
NODE = types()["vocoder"]


def lent(rate: int = RATE, bands: str = "16", lanes: int = 1, **values: float) -> list[Memory]:
    assert NODE.media_memory is not None
    return Memory.of(NODE.media_memory(None, NODE.defaults() | {"bands": bands} | values, rate), lanes)


def vocoded(
    x: NDArray[Any], carrier: NDArray[Any], *, bands: str = "16", rate: int = RATE, **more: Any
) -> NDArray[Any]:
    run = {key: more.pop(key) for key in ("state", "time", "width", "level", "slices", "seeds") if key in more}
    out = run_kernel(
        "vocoder",
        inputs={"in": x, "carrier": carrier},
        choices={"bands": bands},
        memories=more.pop("memories", None) or lent(rate, bands),
        params={"unvoiced": 0.0} | more,
        sample_rate=rate,
        **({"width": 1} | run),
    )
    return out["out"][0].astype(float)


def saw(hz: float, frames: int, rate: int = RATE) -> NDArray[np.float32]:
    return (0.5 * sawtooth(2 * np.pi * hz * np.arange(frames) / rate)).astype(np.float32)


def noise(frames: int, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(-1, 1, frames).astype(np.float32)


def model(x: NDArray[Any], carrier: NDArray[Any], bands: int, rate: int, attack_s: float, release_s: float) -> Any:
    """The definition in float64: analogue band-passes by the bilinear transform, levels frame by frame."""
    middles = band_middles(bands, 90.0, 9000.0, rate)
    octaves = np.log2(middles[-1] / middles[0]) / (bands - 1)
    damping = (2 ** (octaves / 2) - 2 ** (-octaves / 2)) / np.sqrt(np.sqrt(2) - 1)
    total = np.zeros(len(x))
    for k, middle in enumerate(middles):
        w = 2 * rate * np.tan(np.pi * middle / rate)
        b, a = bilinear([damping * w, 0], [1, damping * w, w * w], rate)
        source, played = (lfilter(b, a, lfilter(b, a, s.astype(float))) for s in (x, carrier))
        level, levels = 0.0, np.zeros(len(x))
        for i, size in enumerate(np.abs(source)):
            level = size + np.exp(-1 / rate / (attack_s if size > level else release_s)) * (level - size)
            levels[i] = level
        total += (-1) ** k * levels * played
    return 6.0 * total


@pytest.mark.parametrize("bands", ("8", "16", "24", "32"))
@pytest.mark.parametrize("rate", (44_100, 96_000))
def test_it_equals_its_definition(bands: str, rate: int) -> None:
    x, carrier = noise(6000), saw(110, 6000, rate)
    y = vocoded(x, carrier, bands=bands, rate=rate, attack_s=0.003, release_s=0.03)
    expected = model(x, carrier, int(bands), rate, 0.003, 0.03)
    assert np.abs(y - expected).max() < 2e-4 * np.abs(expected).max()


def test_bands_of_the_same_sound_add_up_flat() -> None:
    """Where bands meet they are in phase, so that an even source leaves an even carrier."""
    impulse = np.zeros(48_000, np.float32)
    impulse[24_000] = 1.0
    hold = noise(48_000, 3) * 0.5
    y = vocoded(hold, impulse, bands="16", attack_s=0.5, release_s=2.0)[24_000:]
    spectrum = np.abs(np.fft.rfft(y, 48_000))
    hz = np.fft.rfftfreq(48_000, 1 / 48_000)
    per_band = spectrum / np.sqrt(hz + 1)  # noise fills a band by its width
    middle = 20 * np.log10(per_band[(hz > 300) & (hz < 5000)])
    assert middle.max() - middle.min() < 6.0


@pytest.mark.parametrize("level", LEVELS)
def test_slices_widths_and_levels_change_no_bit(level: str) -> None:
    x, carrier = noise(1000), saw(110, 1000)
    setting: dict[str, Any] = {"bands": "24", "unvoiced": 0.8, "formant_semitones": 3.3, "seeds": [5], "time": 37}
    once = vocoded(x, carrier, level="base", **setting)
    for width in WIDTHS:
        np.testing.assert_array_equal(vocoded(x, carrier, level=level, width=width, slices=(1, 30, 7), **setting), once)


@pytest.mark.parametrize("semitones", (-12.0, -5.0, 7.0, 12.0))
def test_formants_move_by_what_is_asked(semitones: float) -> None:
    t = np.arange(48_000) / RATE
    vowel = np.sin(2 * np.pi * 900 * t).astype(np.float32)
    moved, there = (vocoded(vowel, saw(55, 48_000), bands="32", formant_semitones=s)[24_000:] for s in (semitones, 0.0))

    def centre(y: NDArray[np.float64]) -> float:
        power = np.abs(np.fft.rfft(y * np.hanning(len(y)))) ** 2
        hz = np.fft.rfftfreq(len(y), 1 / RATE)
        band = (hz > 200) & (hz < 5000)
        return float(np.exp((np.log(hz[band]) * power[band]).sum() / power[band].sum()))

    assert 12 * np.log2(centre(moved) / centre(there)) == pytest.approx(semitones, abs=1.0)


def test_hiss_is_heard_without_a_carrier_and_a_vowel_is_not() -> None:
    t, none = np.arange(48_000) / RATE, np.zeros(48_000, np.float32)
    vowel = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20)).astype(np.float32)
    hiss = np.diff(noise(48_001)).astype(np.float32)
    heard = vocoded(hiss, none, unvoiced=1.0)[9600:].std()
    assert heard > 0.05
    assert vocoded(vowel, none, unvoiced=1.0)[9600:].std() < 0.02 * heard
    assert not vocoded(hiss, none, unvoiced=0.0).any()


def test_bands_open_and_close_in_their_times() -> None:
    t = np.arange(96_000) / RATE
    x = (np.sin(2 * np.pi * 1000 * t) * (t > 0.5) * (t < 1.0)).astype(np.float32)
    y = vocoded(x, np.sin(2 * np.pi * 1000 * t).astype(np.float32), attack_s=0.05, release_s=0.1)
    level = np.abs(y).reshape(-1, 480).max(axis=1)
    top = level[95:99].mean()
    closes = level[105:125]
    assert level[50:54].max() < 0.75 * top
    slope = np.polyfit(np.arange(20) * 0.01, np.log(closes), 1)[0]
    assert slope == pytest.approx(-1 / 0.1, rel=0.05)


def test_it_falls_silent_and_may_then_be_skipped() -> None:
    state, memories = State(), lent()
    vocoded(noise(9600), saw(110, 9600), state=state, memories=memories)
    assert not state.idle
    tail = vocoded(np.zeros(96_000), np.zeros(96_000), state=state, memories=memories, time=9600)
    assert state.idle and not tail[-9600:].any()
    assert memories[0].work is not None and not memories[0].work.any()


def test_extremes_stay_bounded() -> None:
    rng = np.random.default_rng(4)
    x, carrier = noise(24_000), saw(60, 24_000)
    x[5000:5003] = (np.nan, np.inf, -1e30)
    moves = {
        name: rng.uniform(NODE.params[name].lo, NODE.params[name].hi, (1, 24_000))
        for name in ("attack_s", "release_s", "formant_semitones", "unvoiced")
    }
    y = vocoded(x, carrier, bands="32", **moves)
    assert np.isfinite(y).all() and np.abs(y).max() < 50
