"""envelope against its points, walked through in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.kernel_probe import State, run_kernel
from tests.nodes.forms import each_form, each_rate

TIMES, LEVELS = (0.01, 0.02, 0.005, 0.03), (1.0, 0.25, 0.5, 0.0)
CURVES = (0.3, -0.4, 0.0, 0.9)
PARAMS = {
    **{f"time{k}_s": np.float32(v) for k, v in enumerate(TIMES, 1)},
    **{f"level{k}": v for k, v in enumerate(LEVELS, 1)},
    **{f"curve{k}": np.float32(v) for k, v in enumerate(CURVES, 1)},
}
FRAMES = 6_000


def model(
    gate: NDArray[Any], trigger: NDArray[Any], rate: int, mode: str, points: int, sustain: int, loop_from: int
) -> NDArray[np.float64]:
    """One frame after another, counting frames."""
    out = np.zeros(len(gate))
    now, start, segment, frame, state, was_open, was_triggered = 0.0, 0.0, 0, 0, "rest", False, False
    for i, (g, t) in enumerate(zip(gate > 0.5, trigger > 0.5, strict=True)):
        if (g and not was_open) or (t and not was_triggered):
            start, segment, frame, state = now, 1, 0, "runs"
        elif was_open and not g and mode != "one_shot" and 0 < segment <= sustain and state != "rest":
            start, frame, state = now, 0, "runs" if sustain < points else "rest"
            segment = sustain + 1 if sustain < points else segment
        was_open, was_triggered = g, t
        if state == "runs":
            length = max(TIMES[segment - 1] * rate, 1.0)
            frame += 1
            place = frame / length
            octaves = 10 * CURVES[segment - 1]
            bent = place if octaves == 0 else (1 - 2 ** (-octaves * place)) / (1 - 2**-octaves)
            now = start + (LEVELS[segment - 1] - start) * bent
            if place >= 1 - 1e-6:
                now = start = LEVELS[segment - 1]
                frame = 0
                if segment == sustain <= points and g and mode != "one_shot":
                    state = "waits" if mode == "hold" else "runs"
                    segment = min(loop_from, sustain) if mode == "loop" else segment
                elif segment == points:
                    state = "rest"
                else:
                    segment += 1
        out[i] = now
    return out


def signals() -> tuple[NDArray[Any], NDArray[Any]]:
    """Gates that close at different places, and triggers in between."""
    gate, trigger = np.zeros((4, FRAMES)), np.zeros((4, FRAMES))
    gate[0, 10:4_000], gate[1, 100:700], gate[1, 2_500:2_800] = 1.0, 1.0, 1.0
    gate[2, 50:2_000], gate[2, 2_100:2_200], gate[3, 700:5_500] = 1.0, 1.0, 1.0
    trigger[1, 1_500], trigger[2, 800:900], trigger[3, [20, 5_000]] = 1.0, 1.0, 1.0
    return gate, trigger


@each_rate
@pytest.mark.parametrize("mode", ["hold", "one_shot", "loop"])
@pytest.mark.parametrize(
    ("points", "sustain", "loop_from"), [(4, 3, 1), (4, 2, 2), (3, 3, 2), (2, 5, 1), (1, 1, 1), (4, 1, 4)]
)
def test_it_travels_through_its_points(mode: str, points: int, sustain: int, loop_from: int, rate: int) -> None:
    gate, trigger = signals()
    choices = {"mode": mode, "points": str(points), "sustain": str(sustain), "loop_from": str(loop_from)}
    out = run_kernel(
        "envelope", inputs={"gate": gate, "trigger": trigger}, params=PARAMS, choices=choices, sample_rate=rate
    )["out"]
    for lane in range(4):
        expected = model(gate[lane], trigger[lane], rate, mode, points, sustain, loop_from)
        error = np.abs(out[lane] - expected)
        # rounding may end a segment a frame later, and what follows is then as late
        late = np.minimum(error, np.abs(out[lane] - np.r_[0, expected[:-1]]))
        late = np.minimum(late, np.abs(out[lane] - np.r_[expected[1:], expected[-1]]))
        assert np.quantile(error, 0.5) < 0.03 and np.quantile(late, 0.95) < 0.02, lane


@each_form
def test_one_way_there_and_back_is_exact_in_all_forms(form: tuple[int, str]) -> None:
    gate = np.zeros(3_000)
    gate[100:1_500] = 1.0
    out = run_kernel("envelope", width=form[0], level=form[1], inputs={"gate": gate}, params=PARAMS)["out"][0]
    t = np.arange(1, 481) / 480
    rise = (1 - 2 ** (-3 * t)) / (1 - 2.0**-3)
    np.testing.assert_allclose(out[100:580], rise, atol=2e-4)
    assert out[99] == 0.0 and out[579] == 1.0
    u = np.arange(1, 961) / 960
    fall = 1 - 0.75 * (1 - 2 ** (4 * u)) / (1 - 2.0**4)
    np.testing.assert_allclose(out[580:1_500], fall[:920], atol=2e-4)


def test_the_end_is_told_and_rest_is_silent() -> None:
    gate, state = np.zeros(9_000), State()
    gate[10:200] = 1.0
    out = run_kernel("envelope", inputs={"gate": gate}, params=PARAMS, state=state)
    ends = np.flatnonzero(np.diff(out["end"][0]) > 0) + 1
    assert ends.tolist() == [200 + 1_440 - 1]
    assert out["end"][0].sum() == 48
    assert state.idle and not out["out"][0, ends[0] :].view(np.uint32).any()


def test_a_loop_without_a_gate_end_goes_round_for_ever() -> None:
    choices = {"mode": "loop", "points": "3", "sustain": "3", "loop_from": "2"}
    out = run_kernel("envelope", inputs={"gate": np.ones(24_000)}, params=PARAMS, choices=choices)["out"][0]
    period = 960 + 240
    np.testing.assert_allclose(out[2_000 : 2_000 + 8 * period], np.tile(out[2_000 : 2_000 + period], 8), atol=1e-3)


def test_levels_follow_while_they_wait_and_stretch_scales_time() -> None:
    level = np.linspace(0.5, 0.8, 6_000, dtype=np.float32)[None]
    out = run_kernel("envelope", inputs={"gate": np.ones(6_000)}, params=PARAMS | {"level3": level})["out"][0]
    np.testing.assert_array_equal(out[2_000:], level[0, 2_000:])
    slow = run_kernel("envelope", inputs={"gate": np.ones(6_000)}, params=PARAMS | {"stretch": 2.0})["out"][0]
    assert int(np.argmax(slow == 1.0)) == 2 * 480 - 1


def test_no_time_is_a_frame() -> None:
    params = PARAMS | {"time1_s": 0.0, "time2_s": 0.0, "time3_s": 0.0}
    out = run_kernel("envelope", inputs={"gate": np.ones(10)}, params=params)["out"][0]
    np.testing.assert_array_equal(out, np.float32([1.0, 0.25] + [0.5] * 8))
