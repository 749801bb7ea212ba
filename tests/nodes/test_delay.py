"""Delay lines, their halves inside a loop, feedback and latency compensation."""

from __future__ import annotations

import numpy as np
import pytest

from graphdaw.nodes import types
from tests.kernel_probe import CELL, LOOP, WIDTHS, Memory, State, run_kernel
from tests.reference import delay as reference


def source(frames: int, lanes: int = 1) -> np.ndarray:
    return np.random.default_rng(10).uniform(-1, 1, (lanes, frames)).astype(np.float32)


def lines(frames: int, lanes: int = 1) -> list[Memory]:
    return [Memory(np.zeros(frames, np.float32)) for _ in range(lanes)]


@pytest.mark.parametrize("interpolation", ("linear", "cubic"))
@pytest.mark.parametrize("rate", (8_000, 48_000, 192_000))
@pytest.mark.parametrize("width", WIDTHS)
def test_a_modulated_delay_with_feedback_equals_a_plain_line(interpolation: str, rate: int, width: int) -> None:
    t = np.arange(1200)
    centres = np.array([0.0005, 0.002, 0.004, 0.00001, 0.003])[:, None]
    params = {
        "time_s": np.float32(centres * (1 + 0.4 * np.sin(t / 100 + np.arange(5)[:, None]))),
        "feedback": np.float32(0.95 * np.cos(t / 300))[None, :].repeat(5, 0),
        "mix": np.float32(0.5 + 0.5 * np.sin(t / 200))[None, :].repeat(5, 0),
    }
    x, choices = source(len(t), 5), {"interpolation": interpolation}
    out = run_kernel(
        "delay",
        width=width,
        inputs={"in": x},
        params=params,
        choices=choices,
        memories=lines(2048, 5),
        sample_rate=rate,
    )["out"]
    expected = reference.render_delay({"in": x}, params | choices, rate, frames=len(t), channels=5)["out"]
    # a read position is rounded to about 1e-7 of the delay, which the steepest source turns into twice as much
    assert (np.abs(out - expected) < 3e-7 * np.maximum(20, rate * centres)).all()


@pytest.mark.parametrize("interpolation", ("linear", "cubic"))
def test_a_delay_of_whole_frames_gives_the_source_bit_for_bit(interpolation: str) -> None:
    x = source(500)
    out = run_kernel(
        "delay",
        inputs={"in": x},
        params={"time_s": np.float32(96 / 65_536)},  # exact in single precision
        choices={"interpolation": interpolation},
        memories=lines(128),
        sample_rate=65_536,
    )["out"]
    np.testing.assert_array_equal(out[0, 96:], x[0, :-96])
    assert not out[0, :96].any()


def test_no_mix_is_the_source_bit_for_bit() -> None:
    x = source(300)
    out = run_kernel("delay", inputs={"in": x}, params={"mix": 0.0, "time_s": 0.001}, memories=lines(128))["out"]
    np.testing.assert_array_equal(out, x)


def test_a_delay_longer_than_its_line_is_held() -> None:
    x = source(700)
    out = run_kernel("delay", inputs={"in": x}, params={"time_s": 1.0}, memories=lines(256))["out"]
    np.testing.assert_array_equal(out[0, 252:], x[0, :-252])


def test_the_line_has_no_position_of_its_own() -> None:
    x, memories = source(640), lines(256)
    params = {"time_s": 0.003, "feedback": 0.7}
    whole = run_kernel("delay", inputs={"in": x}, params=params, memories=lines(256), time=2**33 + 64)["out"]
    first = run_kernel("delay", inputs={"in": x[:, :320]}, params=params, memories=memories, time=2**33 + 64, width=1)
    second = run_kernel("delay", inputs={"in": x[:, 320:]}, params=params, memories=memories, time=2**33 + 384, width=8)
    np.testing.assert_array_equal(np.concatenate([first["out"], second["out"]], axis=1), whole)


def test_a_delay_recovers_from_a_source_that_was_not_a_number() -> None:
    x = source(2000)
    x[0, 100], x[0, 200], x[0, 300] = np.nan, np.inf, 1e30
    params = {"time_s": 0.001, "feedback": 0.9, "mix": 1.0}
    out = run_kernel("delay", inputs={"in": x}, params=params, memories=lines(128), width=1)["out"][0, 301:]
    assert np.isfinite(out).all() and np.abs(out).max() < 20


@pytest.mark.parametrize(("max_time_s", "rate"), ((2.0, 48_000), (0.01, 8_000), (60.0, 192_000), (0.5, 44_100)))
def test_declared_memory_holds_the_longest_delay(max_time_s: float, rate: int) -> None:
    memory_frames = types()["delay"].memory_frames
    assert memory_frames is not None
    frames = memory_frames({"max_time_s": max_time_s}, rate)
    assert frames & (frames - 1) == 0
    assert max(CELL, max_time_s * rate + 4) <= frames <= max(CELL, 2 * (max_time_s * rate + 5))


@pytest.mark.parametrize("interpolation", (0, 1))
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("slices", (LOOP, 13))
def test_the_halves_in_a_loop_sound_like_the_whole_outside_one(interpolation: int, width: int, slices: int) -> None:
    frames, lanes = 640, 3
    x = source(frames, lanes)
    times = np.float32([66.25, 100.0, 171.7]) / np.float32(48_000)
    choices = {"interpolation": interpolation}
    whole = run_kernel(
        "delay",
        inputs={"in": x},
        params={"time_s": times, "feedback": 0.8},
        choices=choices,
        memories=lines(512, lanes),
    )["out"]
    halves, memories = np.empty_like(whole), lines(512, lanes)
    for at in range(0, frames, LOOP):
        how = {"memories": memories, "width": width, "time": at, "slices": slices, "frames": LOOP, "lanes": lanes}
        wet = run_kernel("delay_read", params={"time_s": times}, choices=choices, **how)["out"]
        fed = {"in": x[:, at : at + LOOP], "wet": wet}
        run_kernel("delay_write", inputs=fed, params={"feedback": 0.8}, **how)
        halves[:, at : at + LOOP] = wet
    np.testing.assert_array_equal(halves, whole)


@pytest.mark.parametrize(("interpolation", "least"), ((0, LOOP), (1, LOOP + 1)))
def test_a_delay_in_a_loop_is_never_shorter_than_64_frames(interpolation: int, least: int) -> None:
    memories = [Memory(np.arange(128, dtype=np.float32))]
    out = run_kernel(
        "delay_read",
        params={"time_s": 0.0001},
        choices={"interpolation": interpolation},
        memories=memories,
        time=128 + 66,
        frames=32,
    )["out"][0]
    np.testing.assert_array_equal(out, np.float32((np.arange(32) + 128 + 66 - least) % 128))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("slices", (LOOP, 9))
def test_feedback_is_exactly_64_frames_late(width: int, slices: int) -> None:
    x, memories = source(640, 3), lines(128, 3)
    late = np.empty_like(x)
    x[1, 70] = np.nan
    for at in range(0, 640, LOOP):
        how = {
            "memories": memories,
            "width": width,
            "time": LOOP * 7 + at,
            "slices": slices,
            "frames": LOOP,
            "lanes": 3,
        }
        late[:, at : at + LOOP] = run_kernel("feedback_read", **how)["out"]
        run_kernel("feedback_write", inputs={"in": x[:, at : at + LOOP]}, **how)
    x[1, 70] = 0
    np.testing.assert_array_equal(late[:, LOOP:], x[:, :-LOOP])
    assert not late[:, :LOOP].any()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("slices", (CELL, 5))
def test_alignment_delays_by_whole_frames(width: int, slices: int) -> None:
    x, delays = source(900, 4), np.float32([0, 1, 64, 512 - CELL])  # the last is the longest that a line of 512 holds
    params = {"delay_frames": delays}
    out = run_kernel(
        "align", inputs={"in": x}, params=params, memories=lines(512, 4), width=width, slices=slices, time=17
    )["out"]
    for lane, delay in enumerate(delays.astype(int)):
        np.testing.assert_array_equal(out[lane, delay:], x[lane, : 900 - delay])
        assert not out[lane, :delay].any()


@pytest.mark.parametrize("width", (1, 4, 16))
@pytest.mark.parametrize("slices", (CELL, 11))
def test_a_new_alignment_is_cross_faded_from_the_next_cell(width: int, slices: int) -> None:
    x, memories, state = source(1024), lines(512), State()
    how = {"memories": memories, "state": state, "width": width, "slices": slices}
    first = run_kernel("align", inputs={"in": x[:, :300]}, params={"delay_frames": 40.0}, time=0, **how)["out"]
    assert not state.idle
    second = run_kernel("align", inputs={"in": x[:, 300:]}, params={"delay_frames": 100.0}, time=300, **how)["out"]
    out = np.concatenate([first, second], axis=1)[0]
    old, new = (np.concatenate([np.zeros(d), x[0, : 1024 - d]]) for d in (40, 100))
    begin = 3 * CELL
    rise = 0.5 - 0.5 * np.cos(np.pi * np.clip((np.arange(1024) - begin) / 256, 0, 1))
    np.testing.assert_array_equal(out[:begin], np.float32(old[:begin]))
    np.testing.assert_allclose(out, old + rise * (new - old), atol=5e-7)
    np.testing.assert_array_equal(out[begin + 256 :], np.float32(new[begin + 256 :]))


def test_alignment_is_idle_once_its_line_is_silent() -> None:
    memories, state, silence = lines(256), State(), np.zeros((1, 256), np.float32)
    run_kernel("align", inputs={"in": source(CELL)}, params={"delay_frames": 10.0}, memories=memories, state=state)
    assert not state.idle
    how = {"inputs": {"in": silence}, "memories": memories, "state": state}
    run_kernel("align", params={"delay_frames": 10.0}, time=CELL, **how)
    assert state.idle and not memories[0].data.any()
    run_kernel("align", params={"delay_frames": 20.0}, time=CELL + 256, **how)
    assert state.idle  # a fade from silence to silence has run its 256 frames
