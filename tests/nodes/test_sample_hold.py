"""sample_hold against a loop over frames."""

from __future__ import annotations

import numpy as np

from tests.kernel_probe import State, run_kernel

FRAMES = 900
rng = np.random.default_rng(3)
IN = rng.uniform(-2, 2, (3, FRAMES)).astype(np.float32)
TRIGGER = np.float32([np.arange(FRAMES) % 50 < 20, rng.uniform(0, 1, FRAMES) > 0.9, np.zeros(FRAMES)])


def test_sampling_takes_the_value_where_the_trigger_rises() -> None:
    out = run_kernel("sample_hold", inputs={"in": IN, "trigger": TRIGGER})["out"]
    for x, trigger, held in zip(IN, TRIGGER > 0.5, out, strict=True):
        value, before = 0.0, False
        for i in range(FRAMES):
            value = x[i] if trigger[i] and not before else value
            before = trigger[i]
            assert held[i] == value


def test_tracking_follows_while_the_gate_is_open() -> None:
    out = run_kernel("sample_hold", inputs={"in": IN, "trigger": TRIGGER}, choices={"mode": "track"})["out"]
    np.testing.assert_array_equal(out[TRIGGER > 0.5], IN[TRIGGER > 0.5])
    closed = (TRIGGER[:, 1:] <= 0.5).nonzero()
    np.testing.assert_array_equal(out[:, 1:][closed], out[:, :-1][closed])


def test_its_own_noise_is_even_new_each_time_and_of_its_seed() -> None:
    inputs, choices = {"trigger": np.arange(8_000) % 2}, {"source": "noise"}
    out = run_kernel("sample_hold", inputs=inputs, choices=choices, seeds=[7])["out"][0]
    values = out[1::2]
    assert len(np.unique(values)) == 4_000
    assert abs(values.mean()) < 0.03 and abs(values.var() - 1 / 3) < 0.02
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 0.05
    np.testing.assert_array_equal(run_kernel("sample_hold", inputs=inputs, choices=choices, seeds=[7])["out"][0], out)
    assert (run_kernel("sample_hold", inputs=inputs, choices=choices, seeds=[8])["out"][0] != out).mean() > 0.9


def test_what_is_not_a_number_is_held_as_zero_and_holding_zero_is_idle() -> None:
    state = State()
    x = np.float32([np.nan, np.inf, -np.inf, 1e20])
    inputs = {"in": np.repeat(x, 2), "trigger": np.tile([1.0, 0.0], 4)}
    assert not run_kernel("sample_hold", inputs=inputs, state=state)["out"].any()
    assert state.idle
    run_kernel("sample_hold", inputs={"in": [0.5, 0.0], "trigger": [1.0, 0.0]}, state=state)
    assert not state.idle
