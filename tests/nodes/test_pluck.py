"""pluck: in tune, as long as it says, and equal to a frame-by-frame model of its loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graphdaw.nodes import types
from tests.kernel_probe import Memory, Signal, run_kernel
from tests.nodes.forms import each_rate

RATE = 48_000


def strings(count: int, rate: int) -> list[Memory]:
    frames = types()["pluck"].memory_frames({}, rate)  # type: ignore[misc]
    return [Memory(np.zeros(frames, np.float32)) for _ in range(count)]


def play(frames: int, rate: int = RATE, *, lanes: int = 1, **setting: Any) -> Signal:
    impulse = np.zeros((1, frames), np.float32)
    impulse[0, 0] = 1.0
    setting = {"inputs": {"in": impulse}, "memories": strings(lanes, rate), "lanes": lanes, "width": 4} | setting
    return run_kernel("pluck", frames=frames, sample_rate=rate, **setting)["out"]


def partial(out: NDArray[Any], near_hz: float, rate: float) -> tuple[float, float]:
    """Frequency and 60 dB time of the partial near a frequency, from the phase and size of two windows."""
    half = len(out) // 2
    window = np.hanning(half)
    turning = np.exp(-2j * np.pi * near_hz * np.arange(len(out)) / rate)
    first, second = (np.sum(part * window) for part in np.split((out * turning)[: 2 * half], 2))
    frequency = near_hz + np.angle(second / first) * rate / half / (2 * np.pi)
    return frequency, -3 * half / rate / np.log10(abs(second / first))


@each_rate
@pytest.mark.parametrize("brightness", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("frequency_hz", [40.0, 82.4, 261.63, 987.77, 2_093.0, 4_000.0])
def test_pitch_is_right_within_a_cent(frequency_hz: float, brightness: float, rate: int) -> None:
    frequency_hz = min(frequency_hz, 0.19 * rate)  # it is held at a fifth of the rate
    out = play(rate, rate, params={"frequency_hz": frequency_hz, "brightness": brightness, "decay_s": 4.0})[0]
    heard, _ = partial(out[rate // 4 :].astype(float), frequency_hz, rate)
    assert abs(1_200 * np.log2(heard / frequency_hz)) < 1.0


@pytest.mark.parametrize("brightness", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("decay_s", [0.3, 2.0, 12.0])
@pytest.mark.parametrize("frequency_hz", [55.0, 440.0, 1_760.0, 4_000.0])
def test_fundamental_falls_by_60_decibels_in_the_decay_time(
    frequency_hz: float, decay_s: float, brightness: float
) -> None:
    frames = int(RATE * min(1.0, 1.5 * decay_s))
    out = play(frames, params={"frequency_hz": frequency_hz, "brightness": brightness, "decay_s": decay_s})[0]
    _, seconds = partial(out[frames // 8 :].astype(float), frequency_hz, RATE)
    assert abs(seconds / decay_s - 1) < 0.03


def test_loop_is_its_model_frame_by_frame() -> None:
    rng = np.random.default_rng(4)
    frames = 3_000
    source = np.zeros((1, frames), np.float32)
    source[0, :700] = rng.uniform(-1, 1, 700)
    hz, decay, brightness, position = 313.0, 0.7, 0.4, 0.21
    params = {"frequency_hz": hz, "decay_s": decay, "brightness": brightness, "position": position}
    period = RATE / hz
    kept, angle = 10 ** (-3 / (decay * hz)), 2 * np.pi / period
    b = min(0.25 * (1 - brightness), 0.5 * (1 - kept) / (2 - 2 * np.cos(angle)))
    gain = kept / (1 - 2 * b * (1 - np.cos(angle)))
    nodes, at = np.arange(6), 2 + period % 1
    lagrange = [np.prod([(at - j) / (k - j) for j in nodes if j != k]) for k in nodes]
    taps = gain * np.convolve(lagrange, [b, 1 - 2 * b, b])
    line, delay = np.zeros(frames), int(period) - 3
    for i in range(frames):
        past = [line[i - delay - k] if i >= delay + k else 0.0 for k in range(8)]
        line[i] = source[0, i] + np.dot(taps, past)
    pick = position * period
    whole, part = int(pick), pick % 1
    padded = np.concatenate([np.zeros(whole + 1), line])
    expected = 0.5 * (line - (1 - part) * padded[1 : frames + 1] - part * padded[:frames])
    for moving in (False, True):
        given = {n: np.full((1, frames), v) for n, v in params.items()} if moving else params
        out = play(frames, inputs={"in": source}, params=given)[0]
        assert np.abs(out - expected).max() < 1e-4


def test_trigger_plucks_one_period_of_noise_and_again() -> None:
    trigger = np.zeros((1, RATE), np.float32)
    trigger[0, 1_000:1_100] = trigger[0, 30_000:] = 1.0
    out = play(RATE, inputs={"trigger": trigger}, params={"frequency_hz": 200.0, "decay_s": 0.2, "position": 0.5})[0]
    level = [np.sqrt(np.mean(out[a : a + 2_000].astype(float) ** 2)) for a in (1_000, 27_000, 30_000)]
    assert not out[:1_000].any() and level[0] > 0.1 and level[1] < 0.01 and level[2] > 0.1


def test_partials_with_a_node_at_the_position_are_missing() -> None:
    out = play(RATE, params={"frequency_hz": 250.0, "decay_s": 5.0, "brightness": 1.0, "position": 0.25})[0]
    level = np.abs(np.fft.rfft(out.astype(float) * np.hanning(RATE)))[250:4_001:250]
    assert level[[3, 7]].max() < 0.01 * level[[0, 1, 2]].min()


def test_pitch_bends_without_a_click() -> None:
    frames = RATE
    bend = (220 * 2 ** (0.5 * np.sin(2 * np.pi * 5 * np.arange(frames) / RATE)))[None].astype(np.float32)
    out = play(frames, params={"frequency_hz": bend, "decay_s": 10.0, "brightness": 0.0})[0].astype(float)
    late = out[RATE // 4 :]
    high = np.diff(late, 4)
    assert np.abs(high).max() < 0.02 * np.abs(late).max()


def test_it_recovers_from_a_broken_source() -> None:
    source = np.zeros((1, 4_000), np.float32)
    source[0, 100:104] = [np.nan, np.inf, 1e30, -np.inf]
    out = play(4_000, inputs={"in": source}, params={"frequency_hz": 500.0})[0]
    assert np.isfinite(out[200:]).all()
