"""pitch_track and tuner against tones of known pitch."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import graphdaw as gd
from graphdaw.host.offline import Renderer
from tests.kernel_probe import LEVELS, Memory, State, run_kernel
from tests.nodes.forms import each_rate

Array = NDArray[np.float64]


def lines(lanes: int) -> list[Memory]:
    return [Memory(np.zeros(4_224, np.float32)) for _ in range(lanes)]


def tone(kind: str, hz: float, seconds: float, rate: int) -> Array:
    """A sine, a band-limited saw, or a pluck whose upper partials die away first."""
    t = np.arange(int(seconds * rate)) / rate
    top = int(min(0.45 * rate, 12_000) / hz)
    if kind == "sine" or top < 2:
        return 0.5 * np.sin(2 * np.pi * hz * t + 0.3)
    k = np.arange(1, top + 1)[:, None]
    fade = np.exp(-t * k * 2) if kind == "pluck" else 1.0
    return 0.3 * np.sum(np.sin(2 * np.pi * k * hz * t + k) / k * fade, axis=0)


def tracked(x: Array, rate: int, **params: float) -> dict[str, Array]:
    x = np.atleast_2d(x)
    return run_kernel("pitch_track", inputs={"in": x}, params=params, memories=lines(len(x)), sample_rate=rate)


@each_rate
@pytest.mark.parametrize("kind", ["sine", "saw", "pluck"])
def test_pitches_are_right_to_five_cents(kind: str, rate: int) -> None:
    pitches = 50 * (2000 / 50) ** np.linspace(0, 1, 23)
    x = np.array([tone(kind, hz, 0.4, rate) for hz in pitches])
    out = tracked(x, rate, glide_s=0.0)
    late = slice(int(0.2 * rate), None)
    cents = 1200 * np.log2(out["frequency_hz"][:, late] / pitches[:, None])
    assert np.abs(cents).max() < 5
    assert out["confidence"][:, late].min() > 0.9


def test_sines_are_right_to_half_a_cent_at_48_khz() -> None:
    pitches = 50 * (2000 / 50) ** np.linspace(0, 1, 16)
    out = tracked(np.array([tone("sine", hz, 0.4, 48_000) for hz in pitches]), 48_000, glide_s=0.0)
    assert np.abs(1200 * np.log2(out["frequency_hz"][:, -1] / pitches)).max() < 0.5


def test_noise_has_no_pitch_and_silence_keeps_the_last() -> None:
    hiss = 0.3 * np.random.default_rng(2).standard_normal(48_000)
    assert tracked(hiss, 48_000)["confidence"].max() < 0.6
    x = np.r_[tone("saw", 220.0, 0.3, 48_000), np.zeros(24_000)]
    out = tracked(x, 48_000)
    assert out["frequency_hz"][0, 0] == 0.0
    assert out["frequency_hz"][0, -1] == pytest.approx(220.0, rel=0.002)
    assert out["confidence"][0, -1] == 0.0


def test_a_missing_fundamental_is_heard() -> None:
    t = np.arange(24_000) / 48_000
    x = sum(0.2 * np.sin(2 * np.pi * k * 150.0 * t) for k in (3, 4, 5))
    assert tracked(x, 48_000)["frequency_hz"][0, -1] == pytest.approx(150.0, rel=0.003)


def test_a_pitch_out_of_the_range_is_not_taken() -> None:
    x = tone("sine", 1_000.0, 0.3, 48_000)
    out = tracked(x, 48_000, highest_hz=600.0, glide_s=0.0)["frequency_hz"][0, -1]
    assert out == 0.0 or out < 620.0


def test_a_glide_is_followed_within_a_tenth_of_a_second() -> None:
    t = np.arange(96_000) / 48_000
    hz = 110 * 2**t
    x = 0.5 * np.sin(2 * np.pi * np.cumsum(hz) / 48_000)
    out = tracked(x, 48_000)["frequency_hz"][0]
    lag = 4_800
    assert np.abs(1200 * np.log2(out[20_000:] / hz[20_000 - lag : -lag])).max() < 60


def test_bits_do_not_hang_on_width_level_or_slices() -> None:
    x = np.array([tone("saw", hz, 0.15, 48_000) for hz in (80.0, 333.0, 1_234.0, 61.0, 500.0)])
    setting = {"inputs": {"in": x}, "time": 40}
    expected = run_kernel("pitch_track", width=1, level="base", memories=lines(5), **setting)
    for more in ({"width": 16}, {"width": 4, "slices": (5, 128, 1)}, *({"level": level} for level in LEVELS)):
        out = run_kernel("pitch_track", memories=lines(5), **setting, **more)
        for port, signal in expected.items():
            np.testing.assert_array_equal(out[port], signal)


def test_broken_sound_is_forgotten() -> None:
    state, memory = State(), lines(1)
    bad = np.float32([np.nan, np.inf, -np.inf, 1e38] * 1_200)
    out = run_kernel("pitch_track", inputs={"in": bad}, memories=memory, state=state)
    assert all(np.isfinite(signal).all() for signal in out.values())
    x = tone("saw", 300.0, 0.4, 48_000)
    out = run_kernel("pitch_track", inputs={"in": x}, memories=memory, state=state, time=4_800)
    assert out["frequency_hz"][0, -1] == pytest.approx(300.0, rel=0.002)


@pytest.mark.parametrize(
    ("hz", "a4", "note", "cents"), [(440.0, 440.0, 69, 0), (446.0, 440.0, 69, 23.45), (82.0, 442.0, 40, -16.15)]
)
def test_the_tuner_tells_note_and_cents(hz: float, a4: float, note: int, cents: float) -> None:
    x = tone("pluck", hz, 0.5, 48_000)
    memory = lines(1)
    out = run_kernel("tuner", inputs={"in": x}, params={"a4_hz": a4}, memories=memory)
    np.testing.assert_array_equal(out["out"][0], x.astype(np.float32))
    assert out["note"][0, -1] == note
    assert out["cents"][0, -1] == pytest.approx(cents, abs=2.0)
    assert memory[0].data[:3] == pytest.approx([hz, note, cents], abs=2.0)
    assert memory[0].data[3] > 0.95


def test_readings_reach_the_program() -> None:
    graph = gd.Graph()
    sine, tuner, out = graph.add("sine", frequency_hz=330.0), graph.add("tuner"), graph.add("output")
    graph.connect(sine, tuner)
    graph.connect(tuner, out)
    with Renderer(graph) as renderer:
        renderer.render(24_000)
        found = renderer.engine.readings(tuner.id, count=4)
    assert found is not None
    assert found[:2] == pytest.approx([330.0, 64.0], abs=0.2)
