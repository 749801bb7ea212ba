"""adsr against its model and its promises about time."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel_probe import State, run_kernel
from tests.nodes.forms import each_form, each_rate
from tests.reference import render

VALUES = {"attack_s": 0.004, "decay_s": 0.02, "sustain": 0.6, "release_s": 0.01}


def gates(frames: int) -> np.ndarray:
    """Four gates with edges inside cells, one of them retriggered while it falls."""
    gate = np.zeros((4, frames), np.float32)
    gate[0, 10:] = 1.0
    gate[1, 1 : frames // 2] = 0.8
    gate[2, 5:200], gate[2, 260:300] = 1.0, 1.0
    gate[3, ::2] = 1.0
    return gate


@each_form
@each_rate
def test_envelope_is_its_model(form: tuple[int, str], rate: int) -> None:
    frames = 1_200
    gate = gates(frames)
    expected = render("adsr", {"gate": gate}, VALUES, rate, frames=frames, channels=4)["out"]
    out = run_kernel("adsr", width=form[0], level=form[1], inputs={"gate": gate}, params=VALUES, sample_rate=rate)[
        "out"
    ]
    np.testing.assert_allclose(out, expected, atol=2e-4)


def test_moving_times_are_followed_every_frame() -> None:
    frames, rng = 600, np.random.default_rng(4)
    values = {name: (v * rng.uniform(0.5, 1.5, (1, frames))).astype(np.float32) for name, v in VALUES.items()}
    gate = gates(frames)[2:3]
    expected = render("adsr", {"gate": gate}, values, 48_000, frames=frames)["out"]
    np.testing.assert_allclose(run_kernel("adsr", inputs={"gate": gate}, params=values)["out"], expected, atol=2e-4)


@pytest.mark.parametrize("seconds", [0.001, 0.01, 0.5])
def test_attack_and_release_take_the_time_they_say(seconds: float) -> None:
    frames = int(seconds * 48_000)
    gate = np.zeros(2 * frames + 400, np.float32)
    gate[100 : 200 + frames] = 1.0
    params = {"attack_s": seconds, "release_s": seconds, "sustain": 1.0}
    out = run_kernel("adsr", inputs={"gate": gate}, params=params)["out"][0]
    assert out[99] == 0.0 and out[100] > 0.0
    assert abs(int(np.argmax(out == 1.0)) - (99 + frames)) <= 1 + frames // 1_000
    silent_from = len(out) - int(np.argmax(out[::-1] > 0.0))
    assert abs(silent_from - (199 + 2 * frames)) <= 2 + frames // 500


def test_zero_times_jump_within_a_frame() -> None:
    gate = np.repeat([0.0, 1.0, 0.0], 20)
    params = {"attack_s": 0.0, "decay_s": 0.0, "sustain": 0.5, "release_s": 0.0}
    out = run_kernel("adsr", inputs={"gate": gate}, params=params)["out"][0]
    np.testing.assert_allclose(out[[19, 20, 23, 39, 41]], [0.0, 1.0, 0.5, 0.5, 0.0], atol=1e-3)


def test_at_rest_the_output_is_exactly_zero_and_the_kernel_idle() -> None:
    state = State()
    gate = np.zeros(3_000, np.float32)
    run_kernel("adsr", inputs={"gate": gate[:64]}, params=VALUES, state=state)
    assert state.idle
    gate[:100] = 1.0
    run_kernel("adsr", inputs={"gate": gate[:200]}, params=VALUES, state=state)
    assert not state.idle
    out = run_kernel("adsr", inputs={"gate": gate[200:]}, params=VALUES, state=state)["out"][0]
    assert state.idle
    assert not out[-1_000:].view(np.uint32).any()


def test_retrigger_starts_from_where_the_envelope_is() -> None:
    out = run_kernel("adsr", inputs={"gate": gates(600)[2]}, params=VALUES)["out"][0]
    assert 0.0 < out[259] < out[260] < out[280]
    assert np.abs(np.diff(out[250:300])).max() < 0.02


CURVES = ((0.0, 0.0, 0.0), (-3.0, -0.5, -1.0), (3.0, 0.5, 0.5), (0.3, 0.02, 0.9), (1.0, -1.0, 1.0))


@each_rate
@pytest.mark.parametrize("curves", CURVES)
@pytest.mark.parametrize("retrigger", ["present", "zero", "legato"])
def test_curves_and_retriggers_are_the_model(curves: tuple[float, ...], retrigger: str, rate: int) -> None:
    frames = 1_200
    gate, trigger = gates(frames), np.zeros((4, frames), np.float32)
    trigger[0, 150:160], trigger[1, 300], trigger[2, 100], trigger[2, 250] = 1.0, 1.0, 1.0, 1.0
    values = VALUES | dict(zip(("attack_curve", "decay_curve", "release_curve"), np.float32(curves), strict=True))
    inputs, choices = {"gate": gate, "trigger": trigger}, {"retrigger": retrigger}
    expected = render("adsr", inputs, values | choices, rate, frames=frames, channels=4)["out"]
    out = run_kernel("adsr", inputs=inputs, params=values, choices=choices, sample_rate=rate)["out"]
    np.testing.assert_allclose(out, expected, atol=1e-3)
    moving = {name: np.full((1, frames), value, np.float32) for name, value in values.items()}
    np.testing.assert_array_equal(
        run_kernel("adsr", inputs=inputs, params=moving, choices=choices, sample_rate=rate)["out"], out
    )


@pytest.mark.parametrize("curve", [-1.0, -0.5, -0.1, 0.0, 0.1, 0.9])
@pytest.mark.parametrize("seconds", [0.01, 0.5])
def test_every_curve_takes_the_time_it_says(curve: float, seconds: float) -> None:
    frames = int(seconds * 48_000)
    gate = np.zeros(4 * frames)
    gate[: 2 * frames + 1] = 1.0
    params = {
        "attack_s": seconds, "decay_s": seconds, "release_s": seconds, "sustain": 0.5,
        "attack_curve": curve, "decay_curve": curve, "release_curve": curve,
    }  # fmt: skip
    out = run_kernel("adsr", inputs={"gate": gate}, params=params)["out"][0]
    slack = 2 + frames // 100
    assert abs(int(np.argmax(out == 1.0)) - frames) <= slack
    assert abs(frames + int(np.argmax(out[frames:] == 0.5)) - 2 * frames) <= 2 * slack
    assert abs(len(out) - int(np.argmax(out[::-1] > 0.0)) - (3 * frames + 1)) <= 2 * slack
    half = out[frames // 2]
    assert half == pytest.approx(0.5, abs=0.01) if curve == 0 else (half > 0.5) == (curve > 0)
