"""compressor: its static curve, speeds and detectors against the formulas of Giannoulis, Massberg and Reiss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graphdaw.nodes import types
from tests.kernel_probe import CELL, Memory, State, run_kernel

RATES = (8_000, 44_100, 192_000)
DECLARED = types()["compressor"]


def memory(lanes: int, rate: int = 48_000, lookahead_s: float = 0.0) -> list[Memory]:
    assert DECLARED.memory_frames
    frames = DECLARED.memory_frames({"lookahead_s": lookahead_s}, rate)
    return [Memory(np.zeros(frames, np.float32)) for _ in range(lanes)]


def compress(left: Any, right: Any = None, *, rate: int = 48_000, lookahead_s: float = 0.0, **how: Any) -> Any:
    left = np.atleast_2d(np.asarray(left, np.float32))
    inputs = {"in": left, "in.1": left if right is None else right} | how.pop("inputs", {})
    lanes = max(len(left), *(len(np.atleast_1d(v)) for v in how.get("params", {}).values()), 1)
    return run_kernel(
        "compressor",
        inputs=inputs,
        sample_rate=rate,
        memories=memory(lanes, rate, lookahead_s),
        lanes=lanes,
        **how,
    )


def curve(level_db: NDArray[np.float64], threshold: float, ratio: float, knee: float) -> NDArray[np.float64]:
    """Equation 4 of the tutorial: the level that comes out."""
    over = level_db - threshold
    bent = level_db + (1 / ratio - 1) * (over + knee / 2) ** 2 / (2 * max(knee, 1e-9))
    return np.where(2 * over < -knee, level_db, np.where(2 * np.abs(over) <= knee, bent, threshold + over / ratio))


def model(x: NDArray[np.float64], rate: float, v: dict[str, float], rms: bool) -> NDArray[np.float64]:
    """Reduction in decibels, frame by frame in double precision."""
    attack, release, window = (np.exp(-1 / (rate * v[name])) for name in ("attack_s", "release_s", "rms_s"))
    energy = reduction = 0.0
    result = np.empty(len(x))
    for i, sample in enumerate(x):
        energy = window * energy + (1 - window) * sample**2
        size = np.sqrt(energy) if rms else abs(sample)
        level = 20 * np.log10(max(size, 1e-10))
        wanted = level - curve(np.float64(level), v["threshold_db"], v["ratio"], v["knee_db"])
        keep = attack if wanted > reduction else release
        reduction = keep * reduction + (1 - keep) * wanted
        result[i] = reduction
    return result


@pytest.mark.parametrize("topology", ("forward", "feedback"))
@pytest.mark.parametrize(("threshold", "ratio", "knee"), [(-30, 4, 0), (-24, 2, 12), (-40, 100, 6), (-12, 1, 0)])
def test_the_static_curve_is_the_formula(topology: str, threshold: float, ratio: float, knee: float) -> None:
    if topology == "feedback" and knee:
        threshold, knee = threshold - knee, 0.0  # its knee is another one, above which the curves agree
    levels = np.linspace(-60, 6, 34)
    x = np.repeat(10 ** (levels / 20), 6000).reshape(len(levels), -1)
    params = {"threshold_db": threshold, "ratio": ratio, "knee_db": knee, "attack_s": 0.001, "release_s": 0.001}
    out = compress(x, params=params, choices={"topology": topology})
    came_out = 20 * np.log10(out["out"][:, -1])
    np.testing.assert_allclose(came_out, curve(levels, threshold, ratio, knee), atol=2e-4)
    np.testing.assert_allclose(out["reduction"][:, -1], levels - came_out, atol=1e-3)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("detector", ("peak", "rms"))
def test_noise_bursts_are_reduced_as_the_model_says(rate: int, detector: str) -> None:
    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, 6000) * np.where(np.arange(6000) // 1500 % 2, 1.0, 0.05)
    v = {"threshold_db": -20.0, "ratio": 3.0, "knee_db": 8.0, "attack_s": 0.002, "release_s": 0.02, "rms_s": 0.005}
    out = compress(x, rate=rate, params=v, choices={"detector": detector})
    expected = model(np.float64(np.float32(x)), rate, v, detector == "rms")
    np.testing.assert_allclose(out["reduction"][0], expected, atol=2e-3)
    np.testing.assert_allclose(out["out"][0], x * 10 ** (-expected / 20), rtol=3e-4, atol=1e-7)


@pytest.mark.parametrize("rate", RATES)
def test_attack_and_release_are_63_percent_of_the_way(rate: int) -> None:
    attack, release, level = 0.03, 0.07, 0.5
    steps = [int(0.5 * rate), int(0.5 * rate)]
    x = np.repeat([level, 1e-5], steps)
    params = {"threshold_db": -40.0, "ratio": 4.0, "knee_db": 0.0, "attack_s": attack, "release_s": release}
    reduction = compress(x, rate=rate, params=params)["reduction"][0]
    full = (20 * np.log10(level) + 40) * 0.75
    assert np.argmax(reduction > full * (1 - np.exp(-1))) / rate == pytest.approx(attack, abs=2 / rate + 1e-5)
    falling = np.argmax(reduction[steps[0] :] < full * np.exp(-1))
    assert falling / rate == pytest.approx(release, abs=2 / rate + 1e-4)


def test_feedback_settles_on_its_curve_faster_by_the_ratio_at_any_speed() -> None:
    x = np.repeat([0.01, 1.0], [4800, 9600])
    params = {"threshold_db": -40.0, "ratio": 8.0, "knee_db": 0.0, "attack_s": 0.04, "release_s": 0.04}
    reduction = compress(x, params=params, choices={"topology": "feedback"})["reduction"][0]
    assert reduction[-1] == pytest.approx(35.0, abs=0.01)
    assert np.argmax(reduction > 35.0 * (1 - np.exp(-1))) - 4800 == pytest.approx(0.04 * 48_000 / 8, rel=0.02)
    fastest = params | {"attack_s": 0.00001, "release_s": 0.001, "ratio": 100.0}
    reduction = compress(x, params=fastest, choices={"topology": "feedback"})["reduction"][0]
    assert np.abs(np.diff(reduction[5000:])).max() < 1e-3


def test_look_ahead_delays_the_sound_and_not_the_reduction() -> None:
    rng = np.random.default_rng(6)
    x = rng.uniform(-1, 1, 3000) * (np.arange(3000) > 1000)
    params = {"threshold_db": -30.0, "attack_s": 0.0005}
    assert DECLARED.latency_frames
    late = DECLARED.latency_frames({"lookahead_s": 0.005}, 44_100)
    assert late == 220
    now, ahead = (compress(x, rate=44_100, params=params, lookahead_s=s) for s in (0.0, 0.005))
    np.testing.assert_array_equal(now["reduction"], ahead["reduction"])
    gain = 10 ** (-np.float64(now["reduction"][0]) / 20)
    np.testing.assert_allclose(ahead["out"][0][late:], x[:-late] * gain[late:], rtol=1e-4, atol=1e-7)
    assert not ahead["out"][0][: 1000 + late].any()


def test_lanes_of_one_pack_may_look_ahead_differently() -> None:
    x = np.float32(np.random.default_rng(7).uniform(-1, 1, (3, 1000)))
    assert DECLARED.memory_frames
    ahead = [0.0, 0.001, 0.0173]
    frames = [DECLARED.memory_frames({"lookahead_s": s}, 48_000) for s in ahead]
    memories = [Memory(np.zeros(f, np.float32)) for f in frames]
    params = {"threshold_db": 12.0, "knee_db": 0.0}
    out = run_kernel("compressor", inputs={"in": x, "in.1": -x}, params=params, memories=memories)
    for lane, late in enumerate(round(s * 48_000) for s in ahead):
        np.testing.assert_array_equal(out["out"][lane, late:], x[lane, : 1000 - late])
        np.testing.assert_array_equal(out["out.1"][lane, late:], -x[lane, : 1000 - late])


def test_linked_channels_keep_their_balance_and_free_ones_do_not() -> None:
    loud, soft = np.full(9600, 0.8), np.full(9600, 0.1)
    params = {"threshold_db": -20.0, "ratio": 4.0, "knee_db": 0.0, "attack_s": 0.001}
    linked = compress(loud, soft, params=params)
    assert linked["out.1"][0, -1] / linked["out"][0, -1] == pytest.approx(0.125, rel=1e-6)
    free = compress(loud, soft, params=params | {"link": 0.0})
    assert free["out.1"][0, -1] == pytest.approx(0.1 * 10 ** (-0 / 20), rel=1e-4)
    half = compress(loud, soft, params=params | {"link": 0.5})
    heard = 20 * np.log10((0.1 * 0.8) ** 0.5)
    assert 20 * np.log10(half["out.1"][0, -1] / 0.1) == pytest.approx(-(heard + 20) * 0.75, abs=1e-3)


def test_the_sidechain_commands_where_it_is_the_key() -> None:
    pad, kick = np.full(4800, 0.5), np.where(np.arange(4800) > 2400, 1.0, 0.0)
    setting = {"params": {"threshold_db": -20.0, "attack_s": 0.001}, "inputs": {"sidechain": kick, "sidechain.1": kick}}
    own, ducked = (compress(pad, choices={"key": key}, **setting) for key in ("in", "sidechain"))
    assert not ducked["reduction"][0, :2400].any() and ducked["reduction"][0, -1] > 14
    assert own["reduction"][0, -1] == pytest.approx((20 * np.log10(0.5) + 20) * 0.75, abs=0.01)


def test_the_high_pass_keeps_low_notes_from_pumping() -> None:
    t = np.arange(24_000) / 48_000
    bass = 0.9 * np.sin(2 * np.pi * 40 * t)
    params = {"threshold_db": -20.0, "knee_db": 0.0, "ratio": 100.0, "attack_s": 0.001, "release_s": 0.5}
    deaf, open_ = (compress(bass, params=params | {"highpass_hz": hz})["reduction"][0, -1] for hz in (400.0, 0.0))
    assert open_ > 18 and deaf < 0.5


def test_make_up_and_mix_add_up() -> None:
    x = np.full(9600, 10 ** (-10 / 20))
    params = {"threshold_db": -30.0, "ratio": 2.0, "knee_db": 0.0, "attack_s": 0.001, "makeup_db": 3.0}
    whole = compress(x, params=params | {"auto_makeup": 1.0})["out"][0, -1]
    assert 20 * np.log10(whole) == pytest.approx(-20 + 15 + 3, abs=1e-3)
    parallel = compress(x, params=params | {"mix": 0.5})["out"][0, -1]
    assert parallel == pytest.approx(0.5 * (10 ** (-10 / 20) + 10 ** (-17 / 20)), rel=1e-4)


def test_it_recovers_from_anything_and_its_reading_is_the_reduction() -> None:
    x = np.full(48_000, 0.5)
    x[100], x[200], x[300] = np.nan, np.inf, 1e30
    lent, state = memory(1), State()
    for choices in ({"detector": "peak"}, {"detector": "rms"}, {"topology": "feedback"}):
        params = {"highpass_hz": 20.0, "threshold_db": -40.0, "release_s": 0.02}
        out = run_kernel(
            "compressor", inputs={"in": x, "in.1": x}, params=params, choices=choices, memories=lent, state=State()
        )
        assert np.isfinite(out["out"][0, 1000:]).all() and (out["out"][0, -100:] > 0.05).all()
    run_kernel("compressor", inputs={"in": x[1000:11_240]}, memories=lent, state=state, slices=CELL)
    assert lent[0].data[0] == pytest.approx((20 * np.log10(0.5) + 18) * 0.75, abs=0.05)


def test_audio_rate_jumps_of_every_parameter_stay_bounded() -> None:
    rng = np.random.default_rng(8)
    x = rng.uniform(-1, 1, (2, 4000)).astype(np.float32)
    params = {n: rng.choice(np.float32((p.lo, p.hi)), (1, 4000)) for n, p in DECLARED.params.items() if not p.fixed} | {
        "makeup_db": 0.0,
        "auto_makeup": 0.0,
    }
    for topology in ("forward", "feedback"):
        out = compress(x, params=params, choices={"topology": topology})
        assert np.abs(out["out"]).max() <= 1.001 and (out["reduction"] >= 0).all()
