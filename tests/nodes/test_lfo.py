"""lfo against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from graphdaw.nodes.tempo import SYNC
from tests.kernel_probe import CELL, State, run_kernel
from tests.nodes.forms import each_form, each_rate
from tests.reference import render
from tests.reference.lfo import beats

SHAPES = ("sine", "triangle", "saw", "square", "random")
SEEDS = [11, 12, 13]


@each_form
@each_rate
def test_shapes_are_their_closed_forms(form: tuple[int, str], rate: int) -> None:
    hz, frames = np.array([0.7, 23.0, 97.0], np.float32), 700
    for shape in SHAPES:
        for speed in ("frame", "block"):
            choices = {"shape": shape, "rate": speed}
            values = {"rate_hz": hz[:, None], "amount": 0.75, "offset": 0.125, "phase": 0.25, **choices}
            expected = render("lfo", {}, values, rate, frames=frames, channels=3, seeds=SEEDS)["out"]
            out = run_kernel(
                "lfo", width=form[0], level=form[1], choices=choices, seeds=SEEDS, frames=frames, sample_rate=rate,
                params={"rate_hz": hz, "amount": 0.75, "offset": 0.125, "phase": 0.25},
            )["out"]  # fmt: skip
            error = np.abs(out - expected)
            if shape in ("sine", "triangle"):
                assert error.max() < 1e-4
            else:  # a jump may fall one frame early or late
                assert np.count_nonzero(error > 1e-4) <= 6 * (CELL if speed == "block" else 1)


def test_moving_parameters_are_followed_every_frame() -> None:
    frames, rng = 600, np.random.default_rng(1)
    values = {
        "rate_hz": rng.uniform(0.1, 100, (1, frames)).astype(np.float32),
        "amount": rng.uniform(0, 1, (1, frames)).astype(np.float32),
        "offset": rng.uniform(-1, 1, (1, frames)).astype(np.float32),
        "phase": rng.uniform(0, 1, (1, frames)).astype(np.float32),
    }
    expected = render("lfo", {}, values, 48_000, frames=frames)["out"]
    np.testing.assert_allclose(run_kernel("lfo", params=values)["out"], expected, atol=1e-5)


def test_block_rate_holds_one_value_a_cell_however_the_cell_is_cut() -> None:
    choices = {"rate": "block"}
    whole = run_kernel("lfo", choices=choices, params={"rate_hz": 50.0}, frames=400, time=30)["out"]
    for slices in (1, 17, (3, 60, 9)):
        cut = run_kernel("lfo", choices=choices, params={"rate_hz": 50.0}, frames=400, time=30, slices=slices)["out"]
        np.testing.assert_array_equal(cut, whole)
    starts = (np.arange(30, 430) % CELL == 0) | (np.arange(400) == 0)
    assert (np.diff(whole[0]) != 0).sum() == starts.sum() - 1


@pytest.mark.parametrize("rate_hz", [0.001, 0.01, 3.3])
def test_slow_rates_keep_their_period(rate_hz: float) -> None:
    state = State()
    run_kernel("lfo", width=1, params={"rate_hz": rate_hz}, frames=64, state=state)
    turns, fine = (int(word) for word in state.packs[0][:2])
    expected = 64 * float(np.float32(rate_hz)) / 48_000
    assert abs((turns * 2**32 + fine) / 2**64 / expected - 1) < 2e-7


def test_random_is_new_each_turn_and_even() -> None:
    out = run_kernel("lfo", choices={"shape": "random"}, params={"rate_hz": 100.0}, frames=480_000)["out"][0]
    held = out[240::480]
    assert len(np.unique(held)) == len(held) == 1_000
    assert abs(held.mean()) < 0.06 and abs(held.var() - 1 / 3) < 0.04


@each_rate
@pytest.mark.parametrize("shape", [*SHAPES, "smooth"])
@pytest.mark.parametrize("speed", ["frame", "block"])
@pytest.mark.parametrize("mode", ["loop", "one_shot"])
def test_triggers_skew_and_slew_are_the_model(shape: str, speed: str, mode: str, rate: int) -> None:
    frames, rng = 1_200, np.random.default_rng(6)
    trigger = np.zeros((3, frames), np.float32)
    trigger[0, [5, 300, 301, 700]], trigger[1, 130:600] = 1.0, 0.7
    trigger[2] = rng.uniform(0, 1, frames) > 0.98
    params = {
        "rate_hz": np.float32([97.31, 41.77, 93.13]),
        "skew": np.float32([0.0, 0.3, 1.0]),
        "slew_s": np.float32([0.0, 0.002, 20 / rate]),
        "phase": 0.31,
    }
    values = {name: np.asarray(value)[..., None] for name, value in params.items()}
    choices = {"shape": shape, "rate": speed, "mode": mode}
    plain = {"amount": 1.0, "offset": 0.0, **choices}
    more = {"frames": frames, "channels": 3, "seeds": SEEDS}
    expected = render("lfo", {"trigger": trigger}, values | plain, rate, **more)["out"]
    out = run_kernel("lfo", inputs={"trigger": trigger}, params=params, choices=choices, seeds=SEEDS, sample_rate=rate)[
        "out"
    ]
    error = np.abs(out - expected)
    assert np.count_nonzero(error > 2e-4) <= 12  # a jump may fall a frame early or late
    assert np.median(error) < 1e-5


@pytest.mark.parametrize("sync", SYNC[1:])
def test_a_synced_turn_takes_its_note_length(sync: str) -> None:
    bpm, state = 90.0, State()
    run_kernel("lfo", width=1, choices={"sync": sync}, params={"tempo_bpm": bpm}, frames=128, state=state)
    turns, fine = (int(word) for word in state.packs[0][:2])
    assert (turns * 2**32 + fine) / 2**64 == pytest.approx(128 / 48_000 * bpm / 60 / beats(sync), rel=3e-7)


def test_a_one_shot_rests_where_it_starts_and_lasts_one_turn() -> None:
    trigger = np.zeros(1_000)
    trigger[100] = 1.0
    choices = {"mode": "one_shot", "shape": "saw"}
    out = run_kernel("lfo", inputs={"trigger": trigger}, choices=choices, params={"rate_hz": 100.0})["out"][0]
    assert not out[:101].any() and not out[581:].any()
    assert out[338] == pytest.approx(2 * 238 / 480, abs=1e-5) and out[342] < -0.98


def test_a_plain_wave_has_the_same_bits_beside_a_skewed_one() -> None:
    for shape in SHAPES:
        alone = run_kernel("lfo", choices={"shape": shape}, params={"rate_hz": 3.0}, frames=700)["out"][0]
        params = {"rate_hz": [3.0, 3.0], "skew": [0.5, 0.2], "slew_s": [0.0, 0.1]}
        together = run_kernel("lfo", choices={"shape": shape}, params=params, frames=700, seeds=[1, 2])["out"][0]
        np.testing.assert_array_equal(alone, together)
