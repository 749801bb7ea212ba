"""Tests of `spectral_freeze`: what is held keeps pitch and level for ever, the source passes untouched, and silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from graphdaw.nodes import types
from tests.kernel_probe import Memory, State, run_kernel

RATE = 48_000


def lent(rate: int = RATE, lanes: int = 1) -> list[Memory]:
    node = types()["spectral_freeze"]
    assert node.media_memory is not None
    return Memory.of(node.media_memory(None, node.defaults(), rate), lanes)


def frozen(x: ArrayLike, rate: int = RATE, *, state: State | None = None, time: int = 0, **params: Any) -> NDArray[Any]:
    memories = params.pop("memories", None) or lent(rate)
    out = run_kernel(
        "spectral_freeze",
        width=4,
        inputs={"in": x},
        params=params,
        memories=memories,
        sample_rate=rate,
        state=state,
        time=time,
    )
    return out["out"][0].astype(float)


def gate(frames: int, opens: int) -> NDArray[np.float32]:
    return (np.arange(frames) >= opens).astype(np.float32)[None, :]


def level(y: NDArray[np.float64], hz: float, rate: int = RATE) -> float:
    window = np.hanning(len(y))
    return float(2 * abs((y * window * np.exp(-2j * np.pi * hz * np.arange(len(y)) / rate)).sum()) / window.sum())


@pytest.mark.parametrize("rate", (44_100, 48_000, 96_000))
@pytest.mark.parametrize("hz", (220.0, 1234.5))
def test_a_tone_is_held_at_its_pitch_and_level_after_it_has_stopped(rate: int, hz: float) -> None:
    frames = 4 * rate
    x = np.sin(2 * np.pi * hz * np.arange(frames) / rate) * (np.arange(frames) < rate)
    y = frozen(x, rate, freeze=gate(frames, rate * 3 // 4), motion=0.0)
    for part in (y[rate * 3 // 2 : rate * 5 // 2], y[3 * rate :]):
        assert level(part, hz, rate) == pytest.approx(1.0, abs=0.05)
        assert np.sqrt((part**2).mean() * 2) == pytest.approx(1.0, abs=0.06)


def test_a_closed_gate_passes_the_source_untouched_and_at_once() -> None:
    x = np.random.default_rng(1).uniform(-1, 1, 30_000).astype(np.float32)
    np.testing.assert_array_equal(frozen(x), x)
    held = frozen(x, freeze=1.0, mix=0.0)
    np.testing.assert_array_equal(held, x)


def test_held_noise_stays_as_loud_and_as_bright_and_never_repeats() -> None:
    x = np.random.default_rng(2).standard_normal(240_000).astype(np.float32) * 0.2
    y = frozen(x, freeze=gate(240_000, 48_000), motion=1.0)[96_000:]
    assert 20 * np.log10(y.std() / 0.2) == pytest.approx(0, abs=3.0)
    blocks = y[: 2 * 65_536].reshape(2, -1)
    assert abs(np.corrcoef(blocks)[0, 1]) < 0.1


def test_opening_and_closing_make_no_click() -> None:
    frames = 192_000
    x = 0.5 * np.sin(2 * np.pi * 300 * np.arange(frames) / RATE)
    switch = ((np.arange(frames) // 24_000) % 2).astype(np.float32)[None, :]
    y = frozen(x, freeze=switch, motion=0.0)
    assert np.abs(np.diff(y)).max() < 2.5 * np.abs(np.diff(x)).max()
    assert np.abs(y).max() < 1.1


def test_blur_lets_sound_ring_on_and_die_away() -> None:
    frames = 6 * RATE
    x = np.sin(2 * np.pi * 500 * np.arange(frames) / RATE) * (np.arange(frames) < RATE)
    y = frozen(x, blur_s=0.5, motion=0.0)
    early, late = (level(y[a : a + 9600], 500) for a in (72_000, 72_000 + 24_000))
    assert early > 0.2
    assert late / early == pytest.approx(np.exp(-1), rel=0.1)


def test_it_falls_silent_and_begins_again_as_if_new() -> None:
    state, memories = State(), lent()
    x = np.random.default_rng(3).uniform(-1, 1, 12_800).astype(np.float32)
    params: dict[str, Any] = {"blur_s": 0.1, "memories": memories, "state": state}
    first = frozen(x, time=0, **params)
    assert not state.idle
    silence = frozen(np.zeros(480_000), time=12_800, **params)
    assert state.idle and not silence[-100_000:].any()
    assert memories[0].work is not None and not memories[0].work.any()
    again = frozen(x, time=0, **params)
    np.testing.assert_array_equal(again, first)


def test_what_is_held_is_not_skipped() -> None:
    state, memories = State(), lent()
    x = np.random.default_rng(3).uniform(-1, 1, 24_000).astype(np.float32)
    frozen(x, freeze=gate(24_000, 12_000), state=state, memories=memories)
    y = frozen(np.zeros(96_000), freeze=1.0, state=state, memories=memories, time=24_000)
    assert not state.idle and y[-9600:].std() > 0.1


def test_channels_wander_apart_by_their_seeds() -> None:
    x = np.random.default_rng(4).standard_normal((2, 96_000)).astype(np.float32) * 0.1
    out = run_kernel(
        "spectral_freeze",
        width=4,
        inputs={"in": np.repeat(x[:1], 2, axis=0)},
        params={"freeze": gate(96_000, 24_000), "motion": 1.0},
        memories=lent(lanes=2),
        seeds=[1, 2],
    )["out"]
    assert abs(np.corrcoef(out[:, 60_000:])[0, 1]) < 0.3


def test_a_broken_source_cannot_stay_in_what_is_held() -> None:
    x = np.sin(2 * np.pi * 300 * np.arange(96_000) / RATE)
    x[20_000:20_004] = (np.nan, np.inf, -np.inf, 1e30)
    y = frozen(x, freeze=gate(96_000, 24_000))
    assert np.isfinite(y[20_004:]).all() and np.abs(y[40_000:]).max() < 3
