"""The rotating speaker against the geometry of its mouths and microphones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from graphdaw.nodes import types
from tests.kernel_probe import Memory, State, run_kernel
from tests.nodes.test_modulation import pitch, through

RATE = 48_000
Array = NDArray[np.float64]
HORN = {"balance": 1.0, "crossover_hz": 100.0}  # the drum is out of the way


def line_memory() -> list[Memory]:
    node = types()["rotary"]
    assert node.memory_frames is not None
    return [Memory(np.zeros(node.memory_frames(node.defaults(), RATE), np.float32))]


def tone(hz: float, seconds: float) -> Array:
    return np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


def path_m(turns: Array, radius_m: float, distance_m: float) -> Array:
    """From a mouth to a microphone, by the law of cosines."""
    mouth = radius_m * np.exp(2j * np.pi * turns)
    return np.abs(distance_m - mouth)


@pytest.mark.parametrize("hz", (2.0, 6.7))
@pytest.mark.parametrize("distance", (0.4, 1.5))
def test_the_horn_s_pitch_follows_the_way_it_has_to_go(hz: float, distance: float) -> None:
    setting = {"speed": 1.0, "fast_hz": hz, "distance_m": distance, "angle": 0.25, "depth": 0.0} | HORN
    out = through("rotary", tone(1000, 2), **setting)
    turns = hz * np.arange(2 * RATE) / RATE
    for side, sense in ((0, 0.125), (1, -0.125)):
        ratio = 1 - np.diff(path_m(turns + sense, 0.19, distance)) * RATE / 343.0
        heard = pitch(out[side], RATE)[RATE // 2 : -RATE // 2]
        np.testing.assert_allclose(
            1200 * np.log2(heard / 1000), 1200 * np.log2(ratio)[RATE // 2 : -RATE // 2], atol=0.3
        )


def test_a_mouth_that_looks_away_is_softer_and_duller() -> None:
    """Down to 0.3 in the lows at full depth, and by another 1 - depth in the highs."""
    for hz, far in ((300.0, 1.0), (8000.0, 0.4)):
        setting = {"speed": 1.0, "fast_hz": 2.0, "depth": 0.6, "angle": 0.0} | HORN
        level = np.abs(signal.hilbert(through("rotary", tone(hz, 2), **setting)[0]))[RATE // 2 : -RATE // 2]
        softest = (1 - 0.7 * 0.6) * far
        assert level.min() / level.max() == pytest.approx(softest, rel=0.12)


def test_at_rest_and_without_depth_only_the_crossover_is_left_which_is_flat() -> None:
    x = np.zeros(1 << 15)
    x[0] = 1
    out = through("rotary", x, speed=-1.0, depth=0.0, distance_m=0.25, angle=0.0)
    spectrum = np.abs(np.fft.rfft(out[0]))
    low = np.fft.rfftfreq(len(x), 1 / RATE) < 100
    np.testing.assert_allclose(spectrum[low], 1.0, atol=0.01)
    drum, horn = (through("rotary", x, speed=-1.0, depth=0.0, balance=b)[0] / 2 for b in (0.0, 1.0))
    levels = [np.abs(np.fft.rfft(part)) for part in (drum, horn)]
    hz = np.fft.rfftfreq(len(x), 1 / RATE)
    s = 1j * np.tan(np.pi * hz / RATE) / np.tan(np.pi * 800 / RATE)
    np.testing.assert_allclose(levels[0][hz < 4000], np.abs(1 / (1 + s) ** 2)[hz < 4000], atol=0.02)
    np.testing.assert_allclose(levels[1][hz < 4000], np.abs(s**2 / (1 + s) ** 2)[hz < 4000], atol=0.02)


@pytest.mark.parametrize(("rotor", "share"), (("horn", 1.0), ("drum", 0.86)))
def test_a_rotor_has_gone_nine_tenths_of_its_way_in_its_ramp(rotor: str, share: float) -> None:
    """Rates are read off the swing of the level, turn by turn."""
    frames = 10 * RATE
    speed = np.where(np.arange(frames) < 4 * RATE, 0.0, 1.0)[None].astype(np.float32)
    setting = {"speed": speed, "slow_hz": 1.0, "fast_hz": 6.0, "horn_ramp_s": 1.5, "drum_ramp_s": 1.5, "angle": 0.0}
    setting |= {"balance": 1.0, "crossover_hz": 100.0} if rotor == "horn" else {"balance": 0.0, "crossover_hz": 4000.0}
    out = through("rotary", tone(3000.0 if rotor == "horn" else 200.0, 10), **setting)[0]
    level = np.convolve(np.abs(signal.hilbert(out)), np.ones(480) / 480, mode="same")
    tops = signal.find_peaks(level, prominence=0.3)[0] / RATE
    middles, rates = (tops[1:] + tops[:-1]) / 2, 1 / np.diff(tops)
    ramp = share * (1 + 5 * (1 - 10 ** -((middles - 4) / 1.5)))
    assert np.interp(2.5, middles, rates) == pytest.approx(share, rel=0.1)
    late = (middles > 4.5) & (middles < 9.5)
    np.testing.assert_allclose(rates[late], ramp[late], rtol=0.04)
    assert rates[late][-1] == pytest.approx(6.0 * share, rel=0.01)


def test_in_silence_the_rotors_turn_on() -> None:
    """What is skipped in silence sounds afterwards as if it had run."""

    def run(skip: bool) -> Array:
        state, memories = State(), line_memory()
        x = np.random.default_rng(1).uniform(-1, 1, 2048).astype(np.float32)
        how: dict[str, Any] = {"state": state, "memories": memories, "width": 1}
        run_kernel("rotary", inputs={"in": x, "in.1": x}, **how)
        run_kernel("rotary", frames=20_480, time=2048, **how)
        assert state.idle
        if not skip:
            run_kernel("rotary", frames=40_960, time=22_528, **how)
        return np.array(run_kernel("rotary", inputs={"in": x, "in.1": x}, time=63_488, **how)["out"])

    np.testing.assert_array_equal(run(True), run(False))


def test_it_recovers_from_what_is_not_a_number() -> None:
    x = np.random.default_rng(6).uniform(-1, 1, RATE)
    x[1000], x[2000], x[3000] = np.nan, np.inf, 1e30
    out = through("rotary", x)[:, 3200:]
    assert np.isfinite(out).all() and np.abs(out[:, -4800:]).max() < 5
