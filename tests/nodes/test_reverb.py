"""The reverb's decay, density, colour and manners against closed forms and the measures of room acoustics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from graphdaw.nodes import types
from tests.kernel_probe import Memory, State, run_kernel

KINDS = ("hall", "chamber", "plate", "room")
RATES = (8_000, 48_000, 192_000)
Array = NDArray[np.float64]


def line_memory(rate: int) -> list[Memory]:
    node = types()["reverb"]
    assert node.memory_frames is not None
    return [Memory(np.zeros(node.memory_frames(node.defaults(), rate), np.float32))]


def through(x: Array, rate: int = 48_000, kind: str = "hall", **how: Any) -> Array:
    """Both channels of the wet sound; `x` of one row goes to both sides."""
    left, right = np.broadcast_to(np.float32(x), (2, np.shape(x)[-1]))
    params = {k: how.pop(k) for k in [*how] if k in types()["reverb"].params}
    how = {"memories": line_memory(rate), "sample_rate": rate, "width": 1} | how
    params = {"mix": 1.0, "predelay_s": 0.0} | params
    out = run_kernel("reverb", inputs={"in": left, "in.1": right}, params=params, choices={"kind": kind}, **how)
    return np.array([out["out"], out["out.1"]])[:, 0].astype(float)


def impulse(seconds: float, rate: int) -> Array:
    x = np.zeros(int(seconds * rate))
    x[0] = 1
    return x


def decay_s(h: Array, rate: int, centre_hz: float) -> float:
    """Time for 60 dB in one octave, from -5 to -35 dB of Schroeder's backward integral (ISO 3382)."""
    edges = np.array([2**-0.5, 2**0.5]) * centre_hz
    band = signal.sosfiltfilt(signal.butter(3, edges, "bandpass", fs=rate, output="sos"), h)
    left = 10 * np.log10(np.cumsum(band[::-1] ** 2)[::-1] / np.sum(band**2) + 1e-30)
    first, last = np.argmax(left < -5), np.argmax(left < -35)
    return float(-60 / np.polyfit(np.arange(first, last) / rate, left[first:last], 1)[0])


def asked_decay_s(frequency_hz: float, middle: float, low: float, high: float, low_hz: float, high_hz: float) -> float:
    """Shelves whose decibels are in proportion to the line: by the middle line of 50 ms, as analogue filters."""
    shelf_low, shelf_high = (10 ** (-3 * 0.05 * (1 / (middle * ratio) - 1 / middle)) for ratio in (low, high))
    s = 1j * frequency_hz
    below = (s + shelf_low**0.5 * low_hz) / (s + shelf_low**-0.5 * low_hz)
    above = (shelf_high * s + shelf_high**0.5 * high_hz) / (s + shelf_high**0.5 * high_hz)
    loss_db_per_s = 60 / middle - 20 * np.log10(abs(below * above)) / 0.05
    return float(60 / loss_db_per_s)


def echo_density(h: Array, rate: int, at_s: float) -> float:
    """Share of samples beyond one deviation, over that of Gaussian noise (Abel and Huang, 2006), windows of 20 ms."""
    half = int(0.01 * rate)
    piece = h[int(at_s * rate) - half : int(at_s * rate) + half]
    weight = np.hanning(len(piece))
    weight /= weight.sum()
    return float(weight @ (np.abs(piece) > np.sqrt(weight @ piece**2)) / 0.3173)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("middle", "low", "high"), ((1.0, 1.0, 1.0), (2.0, 1.5, 0.4), (4.0, 0.5, 0.7)))
def test_every_octave_decays_in_the_time_asked_for(
    kind: str, rate: int, middle: float, low: float, high: float
) -> None:
    shape = {"low_hz": 300.0, "high_hz": 3000.0}
    h = through(
        impulse(2 * middle, rate),
        rate,
        kind,
        decay_s=middle,
        low_ratio=low,
        high_ratio=high,
        high_cut_hz=20_000.0,
        **shape,
    )
    for octave in (125, 250, 500, 1000, 2000, 4000, 8000):
        if octave <= rate / 12:
            asked = asked_decay_s(octave, middle, low, high, **shape)
            measured = np.mean([decay_s(side, rate, octave) for side in h])
            assert measured == pytest.approx(asked, rel=0.1), octave


@pytest.mark.parametrize(("kind", "by_s"), (("hall", 0.1), ("chamber", 0.07), ("plate", 0.05), ("room", 0.06)))
def test_echoes_are_soon_as_dense_as_noise(kind: str, by_s: float) -> None:
    h = through(impulse(0.5, 48_000), kind=kind, early_late=1.0)
    densities = [echo_density(side, 48_000, at) for side in h for at in np.arange(by_s, 0.4, 0.02)]
    assert min(densities) > 0.8 and np.mean(densities) > 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_no_tone_stands_out_of_the_late_tail(kind: str) -> None:
    """The spectrum of noise is flat to 0.55 by this measure (geometric over arithmetic mean); a tone lowers it."""
    plain = {"low_ratio": 1.0, "high_ratio": 1.0, "decay_s": 2.0, "early_late": 1.0, "high_cut_hz": 20_000.0}
    h = through(impulse(2.0, 48_000), kind=kind, **plain)
    for side in h:
        piece = side[24_000:72_000] * 10 ** (1.5 * np.arange(48_000) / 48_000)
        power = np.abs(np.fft.rfft(piece * np.hanning(len(piece))))[200:8000] ** 2
        colour = np.convolve(power, np.ones(301) / 301, mode="same")
        level = power[150:-150] / colour[150:-150]
        assert np.exp(np.mean(np.log(level))) / np.mean(level) > 0.44
        assert level.max() < 32  # 15 dB; the largest of 7,500 exponential variates is about 10


def test_a_long_note_keeps_its_pitch() -> None:
    t = np.arange(4 * 48_000) / 48_000
    out = through(np.sin(2 * np.pi * 440 * t), decay_s=2.2)[0, 2 * 48_000 :]
    power = np.abs(np.fft.rfft(out * np.hanning(len(out)))) ** 2
    near = abs(np.fft.rfftfreq(len(out), 1 / 48_000) - 440) < 2
    assert power[~near].sum() < 0.02 * power.sum()


def test_the_tail_is_wide_and_mono_without_width() -> None:
    noise = np.random.default_rng(1).uniform(-1, 1, 96_000)
    left, right = through(noise)[:, 48_000:]
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.25
    left, right = through(noise, width=0.0)
    np.testing.assert_array_equal(left, right)


def test_one_side_of_the_source_is_heard_first_on_its_own_side_and_then_on_both() -> None:
    x = np.stack([impulse(1.0, 48_000), np.zeros(48_000)])
    left, right = through(x)
    assert np.sum(left[:3000] ** 2) > 2 * np.sum(right[:3000] ** 2)
    assert np.sum(right[12_000:] ** 2) == pytest.approx(np.sum(left[12_000:] ** 2), rel=0.5)


def test_predelay_moves_the_whole_reverb() -> None:
    x = np.random.default_rng(2).uniform(-1, 1, 9600)
    now, later = (through(x, predelay_s=s, modulation=0.0) for s in (0.0, 0.05))
    np.testing.assert_array_equal(later[:, 2400:], now[:, :-2400])
    assert not later[:, :2400].any()


def test_energy_does_not_depend_on_the_decay() -> None:
    energies = [np.sum(through(impulse(8.0, 48_000), decay_s=s, early_late=1.0) ** 2) for s in (0.5, 2.0, 8.0)]
    assert max(energies) < 3 * min(energies)


def test_a_constant_leaves_nothing() -> None:
    out = through(np.ones(10 * 48_000), low_cut_hz=10.0, low_ratio=4.0)
    assert np.abs(out[:, -4800:]).max() < 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_the_longest_decays_of_all_bands_still_decay(kind: str) -> None:
    most = {"decay_s": 60.0, "low_ratio": 4.0, "high_ratio": 2.0, "low_hz": 1000.0, "high_hz": 1000.0}
    x = np.zeros(20 * 48_000)
    x[:4800] = np.random.default_rng(3).uniform(-1, 1, 4800)
    seconds = np.sum(through(x, kind=kind, modulation=1.0, **most) ** 2, axis=0)[48_000:].reshape(-1, 48_000).sum(1)
    assert (np.diff(seconds[::3]) < 0).all()


def test_freezing_holds_the_tail_and_lets_nothing_in() -> None:
    rng = np.random.default_rng(4)
    state, memories = State(), line_memory(48_000)
    how = {"state": state, "memories": memories, "early_late": 1.0, "decay_s": 1.0}
    through(rng.uniform(-1, 1, 48_000), **how)
    held = through(rng.uniform(-1, 1, 10 * 48_000), freeze=1.0, time=48_000, **how)[:, 4800:]
    levels = 10 * np.log10(np.sum(held[:, : 9 * 48_000] ** 2, axis=0).reshape(9, -1).sum(1))
    assert np.ptp(levels) < 0.2
    gone = through(np.zeros(3 * 48_000), time=11 * 48_000, **how)
    assert np.sum(gone[:, -48_000:] ** 2) < 1e-8 * np.sum(held[:, -48_000:] ** 2)


@pytest.mark.parametrize("rate", RATES)
def test_the_tail_ends_in_exact_silence(rate: int) -> None:
    state, x = State(), np.zeros(5 * rate)
    x[:200] = 1
    out = through(x, rate, decay_s=0.3, state=state)
    assert state.idle and not out[:, -rate // 4 :].any()


@pytest.mark.parametrize(
    "move",
    (
        {"size": (0.5, 1.7)},
        {"predelay_s": (0.01, 0.2)},
        {"decay_s": (0.3, 20.0)},
        {"diffusion": (0.0, 1.0)},
        {"modulation": (0.0, 1.0)},
        {"low_ratio": (0.2, 3.0), "high_hz": (1000.0, 9000.0)},
        {"freeze": (0.0, 1.0)},
    ),
    ids=lambda m: next(iter(m)),
)
def test_parameters_that_jump_make_no_click(move: dict[str, tuple[float, float]]) -> None:
    """A low tone stays free of highs, 65 dB below it, while a parameter is set again and again and glides in 50 ms."""
    t = np.arange(3 * 48_000) / 48_000
    glide = np.convolve(np.arange(len(t)) // 12_800 % 2, np.hanning(2402)[1:-1] / 1200.5, mode="full")[: len(t)]
    glides = {name: glide if types()["reverb"].params[name].ramp_s else np.rint(glide) for name in move}
    jumping = {name: np.float32(low + (high - low) * glides[name])[None] for name, (low, high) in move.items()}
    out = through(np.sin(2 * np.pi * 200 * t) * np.minimum(1, t / 0.2), **jumping)
    highs = signal.sosfilt(signal.butter(8, 2500, "highpass", fs=48_000, output="sos"), out)
    assert np.abs(highs).max() < 10 ** (-65 / 20) * np.abs(out).max()


def test_it_recovers_from_what_is_not_a_number() -> None:
    x = np.random.default_rng(5).uniform(-1, 1, 96_000)
    x[1000], x[2000], x[3000] = np.nan, np.inf, 1e30
    out = through(x, decay_s=0.2)[:, 3001:]
    assert np.isfinite(out).all() and np.abs(out[:, -9600:]).max() < 3


def test_no_mix_is_the_source() -> None:
    x = np.random.default_rng(6).uniform(-1, 1, (2, 1000)).astype(np.float32)
    np.testing.assert_array_equal(through(x, mix=0.0), x)
