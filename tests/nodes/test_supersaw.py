"""supersaw against Szabo's curves, a sum of saws, and its own aliases."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel_probe import Signal, run_kernel
from tests.nodes.forms import each_rate
from tests.reference import Array, edges
from tests.reference.noise import mix as hashed

RATE = 44_100
OFFSETS = np.array([-0.11002313, -0.06288439, -0.01952356, 0.0, 0.01991221, 0.06216538, 0.10745242])
CURVE = [10028.7312891634, -50818.8652045924, 111363.4808729368, -138150.6761080548, 106649.6679158292]
CURVE += [-53046.9642751875, 17019.9518580080, -3425.0836591318, 404.2703938388, -24.1878824391, 0.6717417634]
CURVE += [0.0030115596]  # from the eleventh power down
LOUDNESS = 0.35


def play(frames: int, rate: float = RATE, seed: int = 1, **params: float) -> Signal:
    out = run_kernel("supersaw", width=4, params=params, frames=frames, sample_rate=rate, seeds=[seed])
    return np.concatenate([out["out"], out["out.1"]])


def pitches(frequency_hz: float, detune: float) -> Array:
    return frequency_hz * (1 + np.polyval(CURVE, detune) * OFFSETS)


@pytest.mark.parametrize("detune", [0.5, 0.8, 1.0])
def test_pitches_follow_the_measured_detune_curve(detune: float) -> None:
    frames = RATE * 4
    out = play(frames, frequency_hz=1_000.0, detune=detune, mix=1.0, spread=0.0)[0].astype(float)
    spectrum = np.abs(np.fft.rfft(out * np.blackman(frames)))[: frames // RATE * 1_400]
    peaks = np.flatnonzero((spectrum[1:-1] > spectrum[:-2]) & (spectrum[1:-1] > spectrum[2:])) + 1
    heard = np.sort(peaks[np.argsort(spectrum[peaks])[-7:]]) * RATE / frames
    assert np.abs(heard - pitches(1_000.0, detune)).max() < 0.3


@pytest.mark.parametrize("mix", [0.0, 0.3, 0.7, 1.0])
def test_levels_follow_the_measured_mix_curves(mix: float) -> None:
    frames = RATE * 4
    out = play(frames, frequency_hz=1_000.0, detune=1.0, mix=mix, spread=0.0)[0].astype(float)
    spectrum = np.abs(np.fft.rfft(out * np.hanning(frames))) * 4 / frames
    at = np.round(pitches(1_000.0, 1.0) * frames / RATE).astype(int)
    level = np.array([np.sqrt((spectrum[b - 2 : b + 3] ** 2).sum() / 1.5) for b in at])
    side, centre = -0.73764 * mix**2 + 1.2841 * mix + 0.044372, -0.55366 * mix + 0.99785
    expected = np.where(np.arange(7) == 3, centre, side) * LOUDNESS * np.sqrt(0.5) * 2 / np.pi
    np.testing.assert_allclose(level, expected, rtol=0.03, atol=1e-4)


@each_rate
def test_it_is_a_sum_of_seven_smoothed_saws(rate: int) -> None:
    frames, mix, hz = 2_000, 0.6, pitches(0.01 * rate, 1.0)
    out = play(frames, rate, 5, frequency_hz=0.01 * rate, detune=1.0, mix=mix, spread=1.0).astype(float)
    side, centre = -0.73764 * mix**2 + 1.2841 * mix + 0.044372, -0.55366 * mix + 0.99785
    level = LOUDNESS * np.where(np.arange(7) == 3, centre, side)
    angle = np.pi / 4 * (1 + np.array([-1, 2 / 3, -1 / 3, 0, 1 / 3, -2 / 3, 1]))
    start = np.array([hashed(5 * 7 + v) for v in range(7)]) / 2**32  # a frame before the first
    turns = start + np.arange(1, frames + 1)[:, None] * hz / rate
    saws = np.array([edges.series(edges.saw(), f, rate, t) for f, t in zip(hz, turns.T, strict=True)])
    for channel, gain in zip(out, (np.cos(angle), np.sin(angle)), strict=True):
        assert np.abs(channel - (level * gain) @ saws)[16:].max() < 2e-3


@pytest.mark.parametrize("frequency_hz", [110.0, 1_760.0, 5_000.0])
def test_aliases_up_to_18_khz_are_below_minus_80_db(frequency_hz: float) -> None:
    frames = 1 << 17
    out = play(frames + 64, frequency_hz=frequency_hz, detune=0.0, mix=0.5, spread=0.5)[:, 64:].astype(float)
    hz = pitches(frequency_hz, 0.0)
    for channel in out:
        spectrum = np.abs(np.fft.rfft(channel * np.kaiser(frames, 18)))
        frequency = np.fft.rfftfreq(frames, 1 / RATE)
        off = frequency < 18_000
        for f in hz:
            off &= np.abs(frequency - np.round(frequency / f) * f) > 16 * RATE / frames
        assert off.any() and 20 * np.log10(spectrum[off].max() / spectrum.max()) < -80


def test_spread_places_saws_at_constant_power_and_nothing_at_zero() -> None:
    narrow = play(RATE, frequency_hz=200.0, spread=0.0).astype(float)
    wide = play(RATE, frequency_hz=200.0, spread=1.0).astype(float)
    np.testing.assert_array_equal(narrow[0], narrow[1])
    assert np.corrcoef(wide)[0, 1] < 0.6
    assert abs((wide**2).sum() / (narrow**2).sum() - 1) < 0.1


def test_every_node_and_channel_starts_with_phases_of_its_own() -> None:
    first, second = (play(4_000, seed=seed, frequency_hz=200.0)[0].astype(float) for seed in (1, 2))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.9
    np.testing.assert_array_equal(first, play(4_000, seed=1, frequency_hz=200.0)[0])
