"""Chorus, flanger, vibrato and phaser against closed forms and plain lines in double precision."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graphdaw.nodes import types
from tests.kernel_probe import WIDTHS, Memory, run_kernel

RATES = (8_000, 48_000, 192_000)
Array = NDArray[np.float64]


def noise(frames: int, seed: int = 1) -> Array:
    """White noise without its highest octaves, as rounding a place costs most there."""
    x = np.random.default_rng(seed).uniform(-1, 1, frames)
    return np.convolve(x, np.hanning(12)[1:-1] / 5.5, mode="same").astype(np.float32).astype(float)


def through(node: str, left: Array, right: Array | None = None, rate: int = 48_000, **how: Any) -> Array:
    """Both channels of a linked node; a mono source goes to both sides."""
    declared = types()[node]
    choices = {k: how.pop(k) for k in [*how] if k in declared.choices}
    params = {k: how.pop(k) for k in [*how] if k in declared.params}
    if declared.memory_frames is not None:
        how |= {"memories": [Memory(np.zeros(declared.memory_frames(declared.defaults(), rate), np.float32))]}
    inputs = {"in": left, "in.1": left if right is None else right}
    out = run_kernel(node, inputs=inputs, params=params, choices=choices, sample_rate=rate, **{"width": 1} | how)
    return np.array([out["out"][0], out["out.1"][0]]).astype(float)


def read(line: Array, delay: Array) -> Array:
    """A line so many frames ago, by the cubic of Catmull and Rom; silence before its beginning."""
    at = np.arange(len(delay)) - delay
    first = np.floor(at).astype(int)
    t = at - first
    a, b, c, d = (np.where((k := first + j) >= 0, line[np.clip(k, 0, len(line) - 1)], 0.0) for j in (-1, 0, 1, 2))
    return b + t * ((c - a) / 2 + t * ((2 * a - 5 * b + 4 * c - d) / 2 + t * (-a + 3 * b - 3 * c + d) / 2))


def wave(turns: Array, shape: str) -> Array:
    return np.sin(2 * np.pi * turns) if shape == "sine" else 4 * np.abs((turns - 0.25) % 1 - 0.5) - 1


def swing(hz: float, rate: int, frames: int) -> Array:
    """Turns so far, of a rate rounded to 2^-32 turns a frame."""
    return np.arange(frames) * (np.rint(hz * 2**32 / rate) / 2**32)


def pitch(x: Array, rate: int) -> Array:
    """Frequency at every frame, of a sine."""
    spectrum = np.fft.fft(x)
    spectrum[len(x) // 2 :] = 0
    return np.diff(np.unwrap(np.angle(np.fft.ifft(2 * spectrum)))) * rate / (2 * np.pi)


# --- vibrato ---


@pytest.mark.parametrize("shape", ("sine", "triangle"))
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("width", WIDTHS)
def test_vibrato_is_a_delay_that_swings(shape: str, rate: int, width: int) -> None:
    x, hz = noise(rate // 2), 6.0
    memory = types()["vibrato"].memory_frames({}, rate)  # type: ignore[misc]
    memories = [Memory(np.zeros(memory, np.float32)) for _ in range(2)]
    params = {"rate_hz": hz, "depth_cents": 50.0, "spread": 0.25}
    out = run_kernel(
        "vibrato",
        inputs={"in": np.stack([x, x])},
        params=params,
        choices={"shape": shape},
        memories=memories,
        channels=[0, 1],
        sample_rate=rate,
        width=width,
    )["out"]
    size = (2 ** (50 / 1200) - 1) / hz * (1 / (2 * np.pi) if shape == "sine" else 0.25)
    for channel in (0, 1):
        turns = swing(hz, rate, len(x)) + 0.25 * channel
        expected = read(x, 2 + size * (1 - wave(turns, shape)) * rate)
        np.testing.assert_allclose(out[channel], expected, atol=3e-4)


@pytest.mark.parametrize("hz", (1.0, 5.5, 12.0))
@pytest.mark.parametrize("cents", (10.0, 50.0, 200.0))
def test_vibrato_reaches_the_cents_it_says_at_any_rate(hz: float, cents: float) -> None:
    t = np.arange(4 * 48_000) / 48_000
    out = through_mono("vibrato", np.sin(2 * np.pi * 1000 * t), rate_hz=hz, depth_cents=cents)
    highest = 1200 * np.log2(pitch(out, 48_000)[48_000:-48_000].max() / 1000)
    assert highest == pytest.approx(cents, abs=0.2 + 0.005 * cents)


def through_mono(node: str, x: Array, **params: float) -> Array:
    memory = types()[node].memory_frames(types()[node].defaults(), 48_000)  # type: ignore[misc]
    out = run_kernel(node, inputs={"in": x}, params=params, memories=[Memory(np.zeros(memory, np.float32))], width=1)
    return out["out"][0].astype(float)


# --- chorus ---


@pytest.mark.parametrize("voices", (1, 2, 3, 4))
@pytest.mark.parametrize("shape", ("sine", "triangle"))
@pytest.mark.parametrize("rate", RATES)
def test_chorus_is_its_voices_evenly_over_a_turn(voices: int, shape: str, rate: int) -> None:
    x = noise(rate // 2)
    setting = {"rate_hz": 3.0, "depth_s": 0.003, "delay_s": 0.01, "spread": 0.8, "mix": 0.4}
    out = through("chorus", x, rate=rate, voices=str(voices), shape=shape, **setting)
    for side in (0, 1):
        turns = [swing(3, rate, len(x)) + v / voices + side * 0.8 * 0.5 / voices for v in range(voices)]
        wet = sum(read(x, (0.01 + 0.003 * wave(t, shape)) * rate) for t in turns) / np.sqrt(voices)
        np.testing.assert_allclose(out[side], 0.6 * x + 0.4 * wet, atol=1e-3)


def test_chorus_without_spread_is_the_same_on_both_sides_and_wide_with_it() -> None:
    x = noise(48_000)
    left, right = through("chorus", x, spread=0.0)
    np.testing.assert_array_equal(left, right)
    left, right = through("chorus", x, spread=1.0, mix=1.0)
    assert np.corrcoef(left[4800:], right[4800:])[0, 1] < 0.5


# --- flanger ---


@pytest.mark.parametrize("feedback", (-0.9, 0.0, 0.7))
@pytest.mark.parametrize("mix", (0.5, -0.5, 1.0))
def test_a_standing_flanger_is_a_comb(feedback: float, mix: float) -> None:
    x = np.zeros(4000)
    x[0] = 1
    out = through("flanger", x, rate=65_536, depth=0.0, delay_s=128 / 65_536, feedback=feedback, mix=mix)
    expected = np.zeros(4000)
    expected[0] = 1 - abs(mix)
    expected[128::128] = mix * feedback ** np.arange(len(expected[128::128]))
    np.testing.assert_allclose(out, np.stack([expected, expected]), atol=1e-6)


@pytest.mark.parametrize("rate", RATES)
def test_a_classic_flanger_swings_from_side_to_side(rate: int) -> None:
    x = noise(rate)
    out = through("flanger", x, rate=rate, rate_hz=2.0, depth=0.7, delay_s=0.004, feedback=0.0, spread=0.25)
    for side in (0, 1):
        turns = swing(2, rate, rate) + 0.25 * side
        delay = np.maximum(3, 0.004 * rate * (1 + 0.7 * np.sin(2 * np.pi * turns)))
        np.testing.assert_allclose(out[side], 0.5 * x + 0.5 * read(x, delay), atol=1e-3)


def test_through_zero_cancels_everything_where_both_heads_meet() -> None:
    """Upside down, the swinging tape extinguishes the other one as it passes it, twice a turn."""
    x = noise(48_000)
    left, _ = through("flanger", x, mode="through_zero", rate_hz=1.0, depth=1.0, feedback=0.0, mix=-0.5, spread=0.0)
    level = np.sqrt(np.convolve(left**2, np.ones(49) / 49, mode="same"))
    assert level[23_900:24_100].min() < 0.03 * level[30_000:42_000].max()
    standing, _ = through("flanger", x, mode="through_zero", depth=0.0, feedback=0.0)
    np.testing.assert_allclose(standing[144:], x[:-144], atol=2e-5)


@pytest.mark.parametrize(("mode", "sign"), (("rising", 1), ("falling", -1)))
def test_endless_flanging_moves_one_way_only(mode: str, sign: int) -> None:
    """The comb's first peak, by the shift of log spectra from one twentieth of a turn to the next."""
    x = np.random.default_rng(3).uniform(-1, 1, 8 * 48_000)
    out, _ = through("flanger", x, mode=mode, rate_hz=0.125, depth=0.5, delay_s=0.002, feedback=0.6, mix=1.0)
    hz = np.geomspace(300, 6000, 600)
    frames = [np.abs(np.fft.rfft(out[k : k + 16_384] * np.hanning(16_384))) for k in range(48_000, 360_000, 4800)]
    spectra = []
    for f in frames:
        smooth = np.convolve(f**2, np.ones(9) / 9, mode="same")
        spectra.append(np.log(np.interp(hz, np.fft.rfftfreq(16_384, 1 / 48_000), smooth)))
    shifts = []
    for a, b in pairwise(spectra):
        a, b = a - a.mean(), b - b.mean()
        shifts.append(40 - np.correlate(a, b[40:-40], mode="valid").argmax())
    assert sign * np.median(shifts) > 0


# --- phaser ---


def allpass_chain(hz: Array, rate: int, corner_hz: float, stages: int, feedback: float) -> NDArray[np.complex128]:
    """The circuit's response through the bilinear transform."""
    s, corner = 1j * np.tan(np.pi * hz / rate), np.tan(np.pi * corner_hz / rate)
    h = ((corner - s) / (corner + s)) ** stages
    return h / (1 - feedback * h)


@pytest.mark.parametrize("stages", (2, 4, 6, 8, 10, 12))
@pytest.mark.parametrize("feedback", (-0.9, 0.0, 0.5, 0.95))
@pytest.mark.parametrize("rate", RATES)
def test_a_standing_phaser_is_the_bilinear_transform_of_its_circuit(stages: int, feedback: float, rate: int) -> None:
    x = np.zeros(1 << (18 if rate > 96_000 else 16))
    x[0] = 1
    setting = {"depth_octaves": 0.0, "center_hz": 700.0, "feedback": feedback, "mix": 0.5}
    out = through("phaser", x, rate=rate, stages=str(stages), **setting)
    hz = np.fft.rfftfreq(len(x), 1 / rate)
    expected = 0.5 + 0.5 * allpass_chain(hz, rate, 700.0, stages, feedback)
    assert np.abs(np.fft.rfft(out[0]) - expected).max() < 2e-4 / (1 - abs(feedback)) ** 2
    np.testing.assert_array_equal(out[0], out[1])
    if feedback == 0:
        level = np.abs(np.fft.rfft(out[0]))[1:-1]
        assert ((level < np.roll(level, 1)) & (level < np.roll(level, -1)) & (level < 0.05)).sum() == stages // 2


@pytest.mark.parametrize("width", WIDTHS)
def test_a_swinging_phaser_follows_the_trapezoidal_rule(width: int) -> None:
    """Integrators in double precision; what comes back is found by trying, not by solving."""
    rate, frames, stages, feedback = 48_000, 2000, 4, 0.6
    x = noise(frames)
    setting = {
        "depth_octaves": 2.0,
        "center_hz": 900.0,
        "rate_hz": 20.0,
        "feedback": feedback,
        "spread": 0.25,
        "mix": 1.0,
    }
    out = through("phaser", x, width=width, stages=str(stages), **setting)
    for side in (0, 1):
        charge, expected = np.zeros(stages), np.zeros(frames)
        for i in range(frames):
            corner = 900 * 2 ** (2 * np.sin(2 * np.pi * (20 * i / rate + 0.25 * side)))
            g = np.tan(np.pi * corner / rate)
            y = 0.0
            for _ in range(60):
                signal, lows = x[i] + feedback * y, []
                for s in charge:
                    lows.append((s + g * signal) / (1 + g))
                    signal = 2 * lows[-1] - signal
                y = signal
            charge, expected[i] = 2 * np.array(lows) - charge, y
        np.testing.assert_allclose(out[side], expected, atol=1e-4)


@pytest.mark.parametrize("node", ("chorus", "flanger", "phaser"))
def test_they_recover_from_what_is_not_a_number(node: str) -> None:
    x = np.random.default_rng(6).uniform(-1, 1, 48_000)
    x[1000], x[2000], x[3000] = np.nan, np.inf, 1e30
    out = through(node, x, feedback=0.8)[:, 3001:]
    assert np.isfinite(out).all() and np.abs(out[:, -4800:]).max() < 10


@pytest.mark.parametrize("node", ("chorus", "flanger", "phaser"))
def test_a_mix_of_nothing_is_the_source(node: str) -> None:
    x = noise(1000)
    np.testing.assert_array_equal(through(node, x, mix=0.0), [x, x])
