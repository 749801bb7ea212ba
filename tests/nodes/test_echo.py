"""The echo's times, routes, filters and manners against closed forms and scipy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from graphdaw.nodes import types
from tests.kernel_probe import Memory, State, run_kernel
from tests.nodes.test_modulation import pitch

RATE = 65_536  # a power of two, at which times are whole numbers of frames in single precision
Array = NDArray[np.float64]


def line_memory(rate: int, max_time_s: float = 1.0) -> list[Memory]:
    memory_frames = types()["echo"].memory_frames
    assert memory_frames is not None
    return [Memory(np.zeros(memory_frames({"max_time_s": max_time_s}, rate), np.float32))]


def echo(x: Array, rate: int = RATE, **how: Any) -> Array:
    """Both channels of what `x` (frames, or two rows) becomes, without the source unless a mix is given."""
    left, right = np.broadcast_to(np.float32(x), (2, np.shape(x)[-1]))
    node = types()["echo"]
    choices = {k: how.pop(k) for k in [*how] if k in node.choices}
    params = {"mix": 1.0} | {k: how.pop(k) for k in [*how] if k in node.params}
    how = {"memories": line_memory(rate), "sample_rate": rate, "width": 1} | how
    out = run_kernel("echo", inputs={"in": left, "in.1": right}, params=params, choices=choices, **how)
    return np.array([out["out"][0], out["out.1"][0]]).astype(float)


def impulse(frames: int) -> Array:
    x = np.zeros(frames)
    x[0] = 1
    return x


def cuts(x: Array, low_hz: float, high_hz: float, rate: int) -> Array:
    """Once through the loop's filters: bilinear first-order cuts."""
    x = signal.lfilter(*signal.butter(1, low_hz, "highpass", fs=rate), x)
    return signal.lfilter(*signal.butter(1, high_hz, "lowpass", fs=rate), x)


@pytest.mark.parametrize("feedback", (0.0, 0.6, 0.95))
def test_every_echo_passes_the_filters_once_more(feedback: float) -> None:
    out = echo(impulse(RATE // 2), time_s=4096 / RATE, feedback=feedback, low_cut_hz=200.0, high_cut_hz=3000.0)
    expected, repeat = np.zeros(RATE // 2), impulse(RATE // 2)
    for k in range(1, 9):
        repeat = cuts(repeat, 200.0, 3000.0, RATE) * (feedback if k > 1 else 1.0)
        if k * 4096 < len(expected):
            expected[k * 4096 :] += repeat[: -k * 4096]
    np.testing.assert_allclose(out, [expected, expected], atol=3e-6)


@pytest.mark.parametrize(
    ("route", "first", "second"),
    (("stereo", (1.0, 0.0), (0.5, 0.0)), ("ping_pong", (0.5, 0.0), (0.0, 0.25)), ("cross", (1.0, 0.0), (0.0, 0.5))),
)
def test_routes_lead_a_sound_on_the_left(route: str, first: tuple[float, float], second: tuple[float, float]) -> None:
    x = np.stack([impulse(10_000), np.zeros(10_000)])
    setting = {"time_s": 4096 / RATE, "feedback": 0.5, "low_cut_hz": 10.0, "high_cut_hz": 20_000.0}
    out = echo(x, route=route, **setting)
    passed = cuts(cuts(impulse(1000), 10.0, 20_000.0, RATE), 10.0, 20_000.0, RATE)[0]
    np.testing.assert_allclose(out[:, 4096], np.array(first) * cuts(impulse(9), 10.0, 20_000.0, RATE)[0], atol=1e-5)
    np.testing.assert_allclose(out[:, 8192], np.array(second) * passed, atol=1e-4)


@pytest.mark.parametrize(
    ("sync", "beats"), (("1/4", 1.0), ("1/8.", 0.75), ("1/8t", 1 / 3), ("1/16", 0.25), ("1/2", 2.0))
)
@pytest.mark.parametrize("tempo", (120.0, 150.0))
def test_time_in_notes(sync: str, beats: float, tempo: float) -> None:
    memory = line_memory(48_000, 2.0)
    out = echo(impulse(60_000), 48_000, sync=sync, tempo_bpm=tempo, right_ratio=0.5, memories=memory, feedback=0.0)
    frames = 60 / tempo * beats * 48_000
    assert abs(np.abs(out[0]).argmax() - frames) <= 1 and abs(np.abs(out[1]).argmax() - frames / 2) <= 1


@pytest.mark.parametrize("style", ("digital", "tape"))
@pytest.mark.parametrize("route", ("stereo", "ping_pong", "cross"))
def test_feedback_above_1_grows_and_holds(style: str, route: str) -> None:
    x = np.zeros(20 * 48_000)
    x[:4800] = 0.1 * np.random.default_rng(1).uniform(-1, 1, 4800)
    out = echo(x, 48_000, style=style, route=route, feedback=1.2, time_s=0.1, high_cut_hz=20_000.0, low_cut_hz=10.0)
    assert np.abs(out).max() < 9.0
    assert np.abs(out[:, -48_000:]).max() > 2 * np.abs(out[:, 4800:9600]).max()


def test_what_is_not_too_loud_is_not_bent() -> None:
    t = np.arange(RATE) / RATE
    x = 2 * np.sin(2 * np.pi * 64 * t)
    out = echo(x, time_s=1024 / RATE, feedback=0.0, low_cut_hz=10.0, high_cut_hz=20_000.0)[0]
    harmonics = np.abs(np.fft.rfft(out[RATE // 2 :] * np.hanning(RATE // 2)))
    assert harmonics[60:].max() < 1e-5 * harmonics.max()


@pytest.mark.parametrize("drive", (0.0, 0.5, 1.0))
def test_tape_saturates_by_a_hyperbolic_tangent(drive: float) -> None:
    t = np.arange(RATE // 4) / RATE
    x = 0.8 * np.sin(2 * np.pi * 100 * t)
    setting = {
        "low_cut_hz": 50.0,
        "high_cut_hz": 5000.0,
        "time_s": 1024 / RATE,
        "feedback": 0.0,
        "wow": 0.0,
        "flutter": 0.0,
    }
    out = echo(x, style="tape", drive=drive, **setting)[0]
    gain = 2 ** (5 * drive - 2)
    expected = cuts(np.tanh(x * gain) / gain, 50.0, 5000.0, RATE)
    np.testing.assert_allclose(out[1024:], expected[:-1024], atol=2e-6)


def test_wow_and_flutter_stay_within_what_is_said() -> None:
    t = np.arange(8 * 48_000) / 48_000
    for part, most in (("wow", 15.0), ("flutter", 12.0)):
        still = {"wow": 0.0, "flutter": 0.0, "drive": 0.0, "feedback": 0.0} | {part: 1.0}
        out = echo(0.01 * np.sin(2 * np.pi * 1000 * t), 48_000, style="tape", time_s=0.1, **still)[0]
        cents = 1200 * np.log2(pitch(out, 48_000)[48_000:-48_000] / 1000)
        assert 0.5 * most < np.abs(cents).max() < most


def jump(low: float, high: float, frames: int) -> NDArray[np.float32]:
    return np.where(np.arange(frames) < frames // 2, low, high).astype(np.float32)[None]


def test_a_new_digital_time_fades_in_and_a_tape_bends_the_pitch() -> None:
    frames = 2 * 48_000
    x = np.sin(2 * np.pi * 200 * np.arange(frames) / 48_000) * np.minimum(1, np.arange(frames) / 9600)
    setting = {"time_s": jump(0.2, 0.31, frames), "feedback": 0.5, "wow": 0.0, "flutter": 0.0, "drive": 0.0}
    for style in ("digital", "tape"):
        out = echo(x, 48_000, style=style, **setting)[0]
        highs = signal.sosfilt(signal.butter(8, 3000, "highpass", fs=48_000, output="sos"), out)
        assert np.abs(highs).max() < 1e-3 * np.abs(out).max()
    bent = pitch(out, 48_000)[frames // 2 : frames // 2 + 9600]
    assert bent.min() == pytest.approx(
        200 * (1 - 0.11 / (np.e * 0.06)), rel=0.1
    )  # steepest where the motor has caught up


def test_ducking_presses_the_echoes_down_while_the_source_is_loud() -> None:
    x = np.zeros(3 * 48_000)
    x[:48_000] = np.sin(2 * np.pi * 500 * np.arange(48_000) / 48_000)
    free, ducked = (echo(x, 48_000, time_s=0.5, feedback=0.7, duck_db=d) for d in (0.0, 12.0))

    def level(out: Array, at_s: float) -> float:
        return float(20 * np.log10(np.std(out[0, int(at_s * 48_000) :][:4800])))

    assert level(free, 0.7) - level(ducked, 0.7) == pytest.approx(12.0, abs=0.1)
    assert level(free, 2.7) - level(ducked, 2.7) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("style", ("digital", "tape"))
def test_freezing_repeats_what_is_there_and_lets_nothing_in(style: str) -> None:
    rng = np.random.default_rng(2)
    state, memories = State(), line_memory(RATE)
    how = {
        "state": state,
        "memories": memories,
        "style": style,
        "time_s": 0.25,
        "wow": 0.0,
        "flutter": 0.0,
        "drive": 0.0,
    }
    echo(0.3 * rng.uniform(-1, 1, RATE), **how)
    held = echo(rng.uniform(-1, 1, 10 * RATE), time=RATE, freeze=1.0, **how)
    np.testing.assert_allclose(held[:, RATE : 2 * RATE], held[:, 9 * RATE :], atol=1e-6)
    assert np.abs(held).max() > 0.1


def test_no_width_is_mono_and_no_mix_is_the_source() -> None:
    x = np.random.default_rng(3).uniform(-1, 1, (2, 9600)).astype(np.float32)
    left, right = echo(x, time_s=0.01, width=0.0)
    np.testing.assert_array_equal(left, right)
    np.testing.assert_array_equal(echo(x, mix=0.0), x)


@pytest.mark.parametrize("style", ("digital", "tape"))
def test_it_recovers_from_what_is_not_a_number(style: str) -> None:
    x = np.random.default_rng(5).uniform(-1, 1, 96_000)
    x[1000], x[2000], x[3000] = np.nan, np.inf, 1e30
    out = echo(x, 48_000, style=style, time_s=0.05, feedback=0.9)[:, 3001:]
    assert np.isfinite(out).all() and np.abs(out[:, -9600:]).max() < 9


def test_echoes_end_in_exact_silence() -> None:
    state = State()
    x = np.zeros(8 * 48_000)
    x[:100] = 1
    out = echo(x, 48_000, time_s=0.02, feedback=0.3, memories=line_memory(48_000, 0.1), state=state)
    assert state.idle and not out[:, -4800:].any()
