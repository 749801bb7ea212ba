"""gate, expander and transient: against plain models in double precision, and by what a musician expects of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graphdaw.nodes import types
from tests.kernel_probe import Memory, run_kernel

RATES = (8_000, 44_100, 192_000)


def run(name: str, left: Any, right: Any = None, *, rate: int = 48_000, lookahead_s: float = 0.0, **how: Any) -> Any:
    left = np.atleast_2d(np.asarray(left, np.float32))
    right = left if right is None else np.atleast_2d(np.asarray(right, np.float32))
    declared, lent = types()[name], None
    if declared.memory_frames:
        frames = declared.memory_frames({"lookahead_s": lookahead_s}, rate)
        lent = [Memory(np.zeros(frames, np.float32)) for _ in left]
    inputs = {"in": left, "in.1": right} | how.pop("inputs", {})
    return run_kernel(name, inputs=inputs, sample_rate=rate, memories=lent, lanes=len(left), **how)


def db(x: Any) -> Any:
    return 20 * np.log10(np.maximum(np.abs(np.asarray(x, float)), 1e-10))


def follow(target: NDArray[np.float64], rise_s: float, fall_s: float, rate: float) -> NDArray[np.float64]:
    """A one-pole smoother with two speeds, from 0."""
    rise, fall = np.exp(-1 / (rise_s * rate)), np.exp(-1 / (fall_s * rate))
    y, now = np.empty(len(target)), 0.0
    for i, x in enumerate(target):
        keep = rise if x > now else fall
        now = y[i] = keep * now + (1 - keep) * x
    return y


GATE = {"threshold_db": -20.0, "hysteresis_db": 10.0, "attack_s": 0.002, "hold_s": 0.01, "release_s": 0.03}


def opened(x: NDArray[np.float64], rate: float, v: Mapping[str, float]) -> NDArray[np.float64]:
    """Where the gate is open, written as a story."""
    shuts = v["threshold_db"] - v["hysteresis_db"]
    is_open, wait, result = False, 0.0, np.zeros(len(x))
    for i, level in enumerate(db(x)):
        if level >= v["threshold_db"] or (is_open and level >= shuts):
            is_open, now = True, v["hold_s"] * rate
        else:
            is_open, now = is_open and wait > 0, max(wait - 1, 0)
        wait, result[i] = now, is_open
    return result


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("sense", ("gating", "ducking"))
def test_a_gate_opens_holds_and_shuts_as_its_story_goes(rate: int, sense: str) -> None:
    rng, n = np.random.default_rng(1), np.arange(8000)
    x = np.float32(rng.uniform(-1, 1, 8000) * 10 ** (-1.5 + 1.5 * np.sin(n / 300)))
    v = GATE | {"hold_s": 100.5 / rate}
    out = run("gate", x, rate=rate, params=v | {"range_db": 40.0}, choices={"sense": sense})
    is_open = opened(x.astype(float), rate, v)
    assert 0.2 < is_open.mean() < 0.9
    np.testing.assert_array_equal(out["gate"][0], is_open)
    rise = follow(is_open, GATE["attack_s"], GATE["release_s"], rate)
    gain = 0.01 + 0.99 * (rise if sense == "gating" else 1 - rise)
    np.testing.assert_allclose(out["out"][0], x * gain, rtol=2e-4, atol=1e-7)


def test_a_level_between_both_thresholds_keeps_a_gate_as_it_is() -> None:
    between = np.full(4800, 10 ** (-25 / 20))
    loud = np.full(480, 0.5)
    x = np.concatenate([between, loud, between, np.full(4800, 0.01), between])
    is_open = run("gate", x, params=GATE)["gate"][0]
    assert not is_open[:4800].any() and is_open[4800 : 4800 + 480 + 4800 + 480].all() and not is_open[11_000:].any()


def test_a_gate_looks_ahead_and_listens_to_a_side_chain_without_its_low_notes() -> None:
    n = np.arange(9600)
    pad, hat = np.full(9600, 0.5), 0.5 * np.sin(n * 1.5) * (n > 4800)
    hum = 0.5 * np.sin(2 * np.pi * 50 * n / 48_000)
    keys = {"sidechain": hum + hat, "sidechain.1": hum + hat}
    setting = {"inputs": keys, "choices": {"key": "sidechain"}, "lookahead_s": 0.01}
    out = run("gate", pad, params=GATE | {"highpass_hz": 2000.0, "attack_s": 0.0001}, **setting)
    assert not out["gate"][0, :4800].any() and out["gate"][0, 4900:].all()
    np.testing.assert_allclose(out["out"][0, 4900:], 0.5, rtol=1e-3)
    assert run("gate", pad, params=GATE, **setting)["gate"][0, 1000:].all()
    early = run("gate", np.where(n > 4800, 0.5, 0.0), params=GATE, lookahead_s=0.01)
    assert early["out"][0, 4801 + 480] == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("direction", ("down", "up"))
@pytest.mark.parametrize("detector", ("peak", "rms"))
@pytest.mark.parametrize(("ratio", "knee", "reach"), [(2.0, 0.0, 100.0), (4.0, 12.0, 30.0), (1.0, 6.0, 100.0)])
def test_the_static_curve_of_an_expander(
    direction: str, detector: str, ratio: float, knee: float, reach: float
) -> None:
    levels, threshold = np.linspace(-70, 0, 36), -35.0
    x = np.repeat(10 ** (levels / 20), 9600).reshape(len(levels), -1)
    params = {"threshold_db": threshold, "ratio": ratio, "knee_db": knee, "range_db": reach, "rms_s": 0.001}
    params |= {"attack_s": 0.001, "release_s": 0.005}
    out = run("expander", x, params=params, choices={"direction": direction, "detector": detector})
    beyond = levels - threshold if direction == "up" else threshold - levels
    bent = np.where(np.abs(2 * beyond) <= knee, (beyond + knee / 2) ** 2 / (2 * max(knee, 1e-9)), np.maximum(beyond, 0))
    change = np.minimum((ratio - 1) * bent, reach) * (1 if direction == "up" else -1)
    np.testing.assert_allclose(out["change"][:, -1], change, atol=2e-3)
    np.testing.assert_allclose(db(out["out"][:, -1]) - levels, change, atol=2e-3)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("direction", ("down", "up"))
def test_an_expander_answers_in_63_percent_times(rate: int, direction: str) -> None:
    soft, loud = 0.001, 0.5
    steps = [rate // 2, rate // 2, rate // 2]
    x = np.repeat([soft, loud, soft], steps)
    params = {"threshold_db": -30.0, "ratio": 1.5, "knee_db": 0.0, "attack_s": 0.02, "release_s": 0.05}
    change = run("expander", x, rate=rate, params=params, choices={"direction": direction})["change"][0].astype(float)
    begin, end = steps[0], 2 * steps[0]
    for at, seconds in ((begin, 0.02), (end, 0.05)):
        before, after = change[at - 1], change[at + steps[0] - 1]
        moved = (change[at : at + steps[0]] - before) / (after - before)
        assert np.argmax(moved > 1 - np.exp(-1)) / rate == pytest.approx(seconds, abs=2 / rate + 1e-4)


def held(level: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """The quick follower: up in 0.5 ms, down in 20 ms after 12.5 ms without a new peak."""
    rise, fall = (1 - np.exp(-1 / (s * rate)) for s in (0.0005, 0.02))
    y, now, wait = np.empty(len(level)), 0.0, 0.0
    for i, x in enumerate(level):
        holding = x < now and wait > 0
        wait = max(wait - 1, 0) if x < now else 0.0125 * rate
        now += 0.0 if holding else (rise if x > now else fall) * (x - now)
        y[i] = now
    return y


@pytest.mark.parametrize("hz", (40, 100, 1000))
def test_a_steady_tone_is_left_as_it_is(hz: float) -> None:
    x = 0.5 * np.sin(2 * np.pi * hz * np.arange(96_000) / 48_000)
    out = run("transient", x, params={"attack_db": 24.0, "sustain_db": -24.0})["out"][0]
    np.testing.assert_allclose(out[72_000:], x[72_000:], atol=1e-3)


@pytest.mark.parametrize("rate", RATES)
def test_a_transient_shaper_is_its_model(rate: int) -> None:
    rng, n = np.random.default_rng(4), np.arange(6000)
    x = np.float32(rng.uniform(-1, 1, 6000) * np.exp(-(n % 2500) / (0.02 * rate)))
    v = {"attack_db": 12.0, "sustain_db": -9.0, "attack_s": 0.01, "sustain_s": 0.2, "gain_db": 3.0}
    level = np.maximum(db(x) / (20 * np.log10(2)) + 11.6, 0)
    quick = held(level, rate)
    slow_rise, slow_fall = follow(quick, v["attack_s"], 0.02, rate), follow(quick, 0.0005, v["sustain_s"], rate)
    change = v["attack_db"] * np.clip((quick - slow_rise) / 2, 0, 1)
    change += v["sustain_db"] * np.clip((slow_fall - quick) / 2, 0, 1)
    gain = 10 ** ((follow(change - change.min(), 0.0007, 0.0007, rate) + change.min() + v["gain_db"]) / 20)
    out = run("transient", x, rate=rate, params=v)["out"][0]
    np.testing.assert_allclose(out[600:], (x * gain)[600:], rtol=2e-3, atol=1e-6)


def test_snap_and_body_change_where_they_should_at_any_level() -> None:
    n = np.arange(24_000)
    rng = np.random.default_rng(5)
    hit = rng.uniform(-1, 1, 24_000) * np.exp(-n / 5000) * (n > 2000)

    def energy(x: Any, begin: int, end: int) -> float:
        return float(10 * np.log10(np.mean(np.square(np.float64(x[begin:end])))))

    for level in (0.9, 0.05):
        plain = hit * level
        snap = run("transient", plain, params={"attack_db": 9.0, "sustain_db": 0.0})["out"][0]
        assert energy(snap, 2000, 2300) - energy(plain, 2000, 2300) > 4
        assert abs(energy(snap, 8000, 14_000) - energy(plain, 8000, 14_000)) < 1
        dry = run("transient", plain, params={"attack_db": 0.0, "sustain_db": -12.0})["out"][0]
        assert energy(dry, 10_000, 14_000) - energy(plain, 10_000, 14_000) < -5
        assert abs(energy(dry, 2000, 2300) - energy(plain, 2000, 2300)) < 1


@pytest.mark.parametrize("name", ("gate", "expander", "transient"))
def test_they_recover_from_anything_and_stay_bounded_while_everything_jumps(name: str) -> None:
    rng = np.random.default_rng(6)
    x = np.float32(rng.uniform(-1, 1, 48_000))
    broken = x.copy()
    broken[100], broken[200], broken[300] = np.nan, np.inf, -1e30
    whole, mended = (run(name, y)["out"][0, -4800:] for y in (x, broken))
    np.testing.assert_allclose(mended, whole, rtol=1e-3, atol=1e-6)
    declared = types()[name].params.values()
    params = {p.name: rng.choice(np.float32((p.lo, p.hi)), (1, 4000)) for p in declared if not p.fixed}
    out = run(name, x[:4000], params=params)["out"][0]
    assert np.isfinite(out).all() and np.abs(out).max() < 10 ** (100 / 20)
