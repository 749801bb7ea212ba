"""Tests of `freq_shift`: where partials go, what is left of the other sideband, and silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graphdaw.nodes import types
from tests.kernel_probe import Memory, Signal, State, run_kernel

RATES = (44_100, 48_000, 192_000)


def memories(rate: int) -> list[Memory | None]:
    node = types()["freq_shift"]
    assert node.media_memory is not None
    return [*Memory.of(node.media_memory(None, node.defaults(), rate), 1)]


def shifted(x: NDArray[Any], rate: int = 48_000, *, port: str = "out", **params: Any) -> Signal:
    out = run_kernel("freq_shift", width=4, inputs={"in": x}, params=params, memories=memories(rate), sample_rate=rate)
    return out[port][0]


def partial_db(y: NDArray[Any], hz: float, rate: int) -> float:
    """Level of one partial under a window whose side lobes lie below -90 dB."""
    window = np.blackman(len(y)) if len(y) < 4096 else np.kaiser(len(y), 16)
    turns = np.exp(-2j * np.pi * hz * np.arange(len(y)) / rate)
    return float(20 * np.log10(2 * abs((y * window * turns).sum()) / window.sum() + 1e-12))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hz", (100.0, 1000.0, 5000.0, 15_000.0))
@pytest.mark.parametrize("shift", (-313.0, 40.0, 2500.0))
def test_a_partial_moves_and_leaves_no_mirror_image(rate: int, hz: float, shift: float) -> None:
    x = np.sin(2 * np.pi * hz * np.arange(rate) / rate)
    for port, to, image in (("out", hz + shift, hz - shift), ("down", hz - shift, hz + shift)):
        y = shifted(x, rate, port=port, shift_hz=shift)[rate // 2 :]
        assert partial_db(y, abs(to), rate) == pytest.approx(0.0, abs=0.02)
        if abs(abs(image) - abs(to)) > 60 and 20 < abs(image) < rate / 2 - 20:
            assert partial_db(y, abs(image), rate) < (-65 if rate > 100_000 else -75)
        assert partial_db(y, hz, rate) < -75


def test_low_notes_keep_one_side_too() -> None:
    for hz in (20.0, 25.0, 40.0):
        x = np.sin(2 * np.pi * hz * np.arange(144_000) / 48_000)
        y = shifted(x, shift_hz=200.0)[48_000:]
        assert partial_db(y, 200 - hz, 48_000) < -74 + partial_db(y, 200 + hz, 48_000)


def test_feedback_makes_ever_higher_copies() -> None:
    x = np.sin(2 * np.pi * 500 * np.arange(96_000) / 48_000)
    y = shifted(x, shift_hz=300.0, feedback=0.5)[24_000:]
    levels = [partial_db(y, 800 + 300 * k, 48_000) for k in range(4)]
    np.testing.assert_allclose(np.diff(levels), -6.02, atol=0.1)


def test_mix_weighs_source_and_shift() -> None:
    x = np.random.default_rng(1).uniform(-1, 1, 9600).astype(np.float32)
    wet, half = shifted(x, shift_hz=50.0), shifted(x, shift_hz=50.0, mix=0.5)
    np.testing.assert_allclose(half, 0.5 * (x + wet), atol=1e-6)
    np.testing.assert_allclose(shifted(x, shift_hz=50.0, mix=0.0), x, atol=1e-7)


def test_it_falls_silent_and_begins_again_as_if_new() -> None:
    state, lent = State(), memories(48_000)
    x = np.random.default_rng(2).uniform(-1, 1, 4800).astype(np.float32)

    def go_on(signal: NDArray[Any], time: int) -> Signal:
        setting = {"params": {"shift_hz": 77.0, "feedback": 0.5}, "memories": lent, "width": 4}
        return run_kernel("freq_shift", inputs={"in": signal}, state=state, time=time, **setting)["out"][0]

    first = go_on(x, 0)
    assert not state.idle
    tail = go_on(np.zeros(480_000), 4800)
    assert state.idle and not tail[-100_000:].any()
    assert np.abs(tail[40_000:60_000]).max() < 1e-6
    np.testing.assert_array_equal(go_on(x, 0), first)


def test_a_broken_source_is_forgotten() -> None:
    x = np.sin(2 * np.pi * 440 * np.arange(96_000) / 48_000)
    x[1000:1004] = (np.nan, np.inf, -np.inf, 1e38)
    y = shifted(x, shift_hz=100.0, feedback=0.8)
    assert np.isfinite(y).all() and np.abs(y).max() < 20
    assert partial_db(shifted(x, shift_hz=100.0)[48_000:], 540, 48_000) == pytest.approx(0, abs=0.02)


def test_feedback_at_its_ends_stays_bounded_under_wild_modulation() -> None:
    rng = np.random.default_rng(3)
    x, shift = rng.uniform(-1, 1, 48_000), rng.uniform(-5000, 5000, (1, 48_000))
    for feedback in (-0.9, 0.9):
        assert np.abs(shifted(x, shift_hz=shift, feedback=feedback)).max() < 100
