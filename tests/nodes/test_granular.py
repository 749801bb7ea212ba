"""granular: single grains against their closed form, clouds by what can be said of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphdaw.nodes.base import Recording
from graphdaw.nodes.prepare.grains import prepare
from tests.kernel_probe import CELL, Memory, Signal, State, run_kernel
from tests.nodes.forms import each_form, each_rate

RATE = 48_000
ALONE = {
    "density_hz": 0.0, "timing_jitter": 0.0, "position_jitter_s": 0.0, "spread": 0.0, "size_s": 0.05,
}  # fmt: skip


def memory(recording: Signal | None = None, memory_s: float = 1.0, rate: int = RATE, lanes: int = 1) -> list[Memory]:
    sound = None if recording is None else Recording("a.wav", np.atleast_2d(recording).astype(np.float32), rate)
    return Memory.of(prepare(sound, memory_s, rate), lanes)


def play(
    frames: int, recording: Signal | None = None, *, memory_s: float = 1.0, lanes: int = 1, **setting: Any
) -> Signal:
    """Both channels of one lane, or of several: (2, frames) or (lanes, 2, frames)."""
    params = ALONE | setting.pop("params", {})
    rate = setting.get("sample_rate", RATE)
    out = run_kernel(
        "granular", params=params, frames=frames, lanes=lanes, memories=memory(recording, memory_s, rate, lanes),
        **({"choices": {"source": "file"}} if recording is not None else {}), **setting,
    )  # fmt: skip
    both = np.stack([out["out"], out["out.1"]], axis=1)
    return both[0] if lanes == 1 else both


def trigger(frames: int, *at: int) -> dict[str, Signal]:
    signal = np.zeros((1, frames), np.float32)
    signal[:, list(at)] = 1.0
    return {"trigger": signal}


def window(frames: int, rise: float, fall: float) -> Signal:
    """Raised cosine edges of so many frames."""
    age = np.arange(frames) + 0.5
    u = np.minimum(1.0, np.minimum(age / rise, (frames - age) / fall))
    return 0.5 - 0.5 * np.cos(np.pi * u)


@each_form
@pytest.mark.parametrize("pitch", [-12.0, 0.0, 7.0])
@pytest.mark.parametrize("skew", [-1.0, 0.0, 0.6])
def test_a_grain_of_a_file_is_a_windowed_piece_of_it(form: tuple[int, str], pitch: float, skew: float) -> None:
    def sound(frame: Signal) -> Signal:
        return np.sin(frame * 0.02) + 0.3 * np.cos(frame * 0.09)

    params = {"position": 0.25, "pitch_semitones": pitch, "skew": skew, "smooth": 0.8}
    inputs = trigger(4_000, 100)
    out = play(4_000, sound(np.arange(40_000)), params=params, inputs=inputs, width=form[0], level=form[1])

    frames, step = 2_400, 2.0 ** (pitch / 12)
    edges = [max(32.0, 0.8 * 0.5 * frames * (1 + side * skew)) for side in (1, -1)]
    expected = np.zeros(4_000)
    expected[100 : 100 + frames] = sound(10_000 + step * np.arange(frames)) * window(frames, *edges)
    np.testing.assert_allclose(out, [expected, expected], atol=2e-4)


def test_a_reversed_grain_plays_the_same_piece_backwards() -> None:
    data = np.sin(np.arange(40_000) ** 1.2 * 0.003)
    out = play(4_000, data, params={"position": 0.5, "reverse": 1.0}, inputs=trigger(4_000, 0))[0]

    np.testing.assert_allclose(out[:2_400], data[20_000 - np.arange(2_400)] * window(2_400, 1_200, 1_200), atol=2e-4)


def test_a_live_grain_plays_what_came_in_so_long_ago() -> None:
    time = np.arange(40_000)
    source = np.sin(time * 0.013) + 0.2 * np.sin(time * 0.05)
    for position in (0.25, 0.5):
        inputs = trigger(40_000, 30_000) | {"in": source[None], "in.1": -source[None]}
        out = play(40_000, memory_s=0.6, params={"position": position}, inputs=inputs)
        back = position * 32_768
        frame = np.arange(2_400)
        expected = np.interp(30_000 - back + frame, time, source) * window(2_400, 1_200, 1_200)
        heard = out[0, 30_000:32_400]
        assert np.corrcoef(heard, expected)[0, 1] > 0.9999
        np.testing.assert_allclose(out[1], -out[0], atol=1e-6)


@pytest.mark.parametrize("pitch", [-36.0, 0.0, 12.0, 36.0])
@pytest.mark.parametrize("reverse", [0.0, 1.0])
@pytest.mark.parametrize("position", [0.0, 1.0])
def test_live_grains_never_cross_the_place_that_is_being_written(pitch: float, reverse: float, position: float) -> None:
    """A slow ramp has one jump: where the memory's end meets its beginning."""
    frames = 60_000
    source = (np.arange(frames) * 1e-3)[None]
    params = {"pitch_semitones": pitch, "reverse": reverse, "position": position, "size_s": 0.1, "smooth": 0.0}
    inputs = trigger(frames, *range(20_000, frames, 6_000)) | {"in": source, "in.1": source}
    out = play(frames, memory_s=0.3, params=params, inputs=inputs)[0]

    grain = out[26_040 : 29_000 if pitch <= 0 else 26_200]
    assert (grain > 1.0).all()
    assert np.abs(np.diff(grain, 2)).max() < 0.02


def test_grains_come_as_often_as_is_set_and_keep_the_level() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, 200_000)
    levels = []
    for density in (5.0, 20.0, 80.0, 320.0):
        params = {"density_hz": density, "timing_jitter": 1.0, "position_jitter_s": 1.0, "position": 0.5, "size_s": 0.2}
        out = play(96_000, noise, params=params)
        levels.append(20 * np.log10(out[:, 9_600:].std()))
    assert max(levels) - min(levels) < 3.0


def test_a_steady_clock_starts_a_grain_each_period() -> None:
    params = {"density_hz": 100.0, "size_s": 0.001, "smooth": 1.0}
    out = play(48_000, np.ones(48_000), params=params)[0]

    begins = np.flatnonzero((out[1:] > 0) & (out[:-1] == 0)) + 1
    np.testing.assert_allclose(np.diff(begins), 480, atol=1)
    assert len(begins) in (99, 100)


def test_jitter_and_spread_are_drawn_evenly() -> None:
    """Grains that do not overlap: of each one, its level on either side and the time to the next one."""
    params = {"density_hz": 50.0, "size_s": 0.005, "spread": 1.0, "timing_jitter": 0.5, "smooth": 0.0}
    out = play(480_000, np.ones(48_000), params=params, seeds=[77])
    begins = np.flatnonzero((out[0, 1:] + out[1, 1:] > 0) & (out[0, :-1] + out[1, :-1] == 0)) + 1
    levels = out[:, begins + 120]

    assert abs(len(begins) - 500) < 12
    gaps = np.diff(begins) / 960
    assert 0.48 < gaps.min() < 0.6 and 1.4 < gaps.max() < 1.52 and 0.22 < gaps.std() < 0.35
    np.testing.assert_allclose((levels**2).sum(axis=0), 2.0, rtol=1e-3)
    aside = np.arctan2(levels[1], levels[0]) / (np.pi / 4) - 1
    assert abs(aside.mean()) < 0.1 and 0.5 < aside.std() < 0.65 and aside.min() < -0.9 and aside.max() > 0.9


def test_frozen_it_plays_on_from_what_was_recorded() -> None:
    frames = 96_000
    source = np.where(np.arange(frames) < 40_000, 0.5, -0.5)[None].astype(np.float32)
    freeze = (np.arange(frames) >= 30_000).astype(np.float32)[None]
    params = {"density_hz": 40.0, "size_s": 0.1, "position": 0.1, "freeze": freeze}
    out = play(frames, params=params, inputs={"in": source, "in.1": source})[0]

    assert out[20_000:].min() >= 0.0 and out[80_000:].max() > 0.3


def test_silence_and_what_is_not_a_number_leave_it_again() -> None:
    source = np.full((1, 60_000), 0.3, np.float32)
    source[:, 5_000:5_100] = [np.nan, np.inf] * 50
    source[:, 10_000:] = 0.0
    params = {"density_hz": 60.0, "position_jitter_s": 0.3}
    out = play(60_000, memory_s=0.3, params=params, inputs={"in": source, "in.1": source})

    assert np.isfinite(out).all() and np.abs(out).max() > 0.05
    assert not out[:, 40_000:].any()


def test_a_dry_mix_is_the_source() -> None:
    noise = np.random.default_rng(2).uniform(-1, 1, (1, 3_000)).astype(np.float32)
    out = play(3_000, params={"mix": 0.0, "density_hz": 30.0}, inputs={"in": noise, "in.1": 0.5 * noise})

    np.testing.assert_array_equal(out, np.concatenate([noise, 0.5 * noise]))


@each_rate
def test_clouds_are_the_same_in_any_slices_and_go_on(rate: int) -> None:
    """Long enough for places to be used again, and dense enough for all of them to be taken."""
    noise = np.random.default_rng(3).uniform(-1, 1, (1, 8_000)).astype(np.float32)
    setting = {
        "params": ALONE | {"density_hz": 500.0, "size_s": 0.4, "size_jitter": 1.0, "pitch_jitter_semitones": 12.0},
        "inputs": {"in": noise, "in.1": noise}, "sample_rate": rate,
    }  # fmt: skip
    whole = run_kernel("granular", memories=memory(rate=rate), **setting)
    for slices in (1, (CELL, 3, 61, 17)):
        again = run_kernel("granular", memories=memory(rate=rate), slices=slices, **setting)
        for port in whole:
            np.testing.assert_array_equal(again[port], whole[port])
    state, lent = State(), memory(rate=rate)
    half = CELL * 30
    inputs = [
        {k: v[:, :half] for k, v in setting["inputs"].items()},
        {k: v[:, half:] for k, v in setting["inputs"].items()},
    ]
    parts = [
        run_kernel("granular", memories=lent, state=state, time=t, **setting | {"inputs": part})
        for t, part in zip((0, half), inputs, strict=True)
    ]
    np.testing.assert_array_equal(np.concatenate([p["out"] for p in parts], axis=1), whole["out"])
