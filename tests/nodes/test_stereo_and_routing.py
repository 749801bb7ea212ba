"""The small nodes of stereo and routing against their closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from tests.kernel_probe import Memory, Signal, run_kernel

RATES = (8_000, 44_100, 48_000, 192_000)
FRAMES = 3000


def noise(seed: int, frames: int = FRAMES) -> Signal:
    return np.random.default_rng(seed).uniform(-1, 1, frames).astype(np.float32)


def stereo(kernel: str, left: Signal, right: Signal, **how: object) -> tuple[Signal, Signal]:
    out = run_kernel(kernel, inputs={"in": left, "in.1": right}, **how)  # type: ignore[arg-type]
    return out["out"][0], out["out.1"][0]


def test_mid_and_side_are_half_the_sum_and_difference() -> None:
    left, right = noise(1), noise(2)
    mid, side = stereo("mid_side", left, right, choices={"mode": "encode"})
    np.testing.assert_allclose(mid, (left + right) / 2, atol=1e-7)
    np.testing.assert_allclose(side, (left - right) / 2, atol=1e-7)


def test_decoding_undoes_encoding() -> None:
    left, right = noise(3), noise(4)
    again = stereo("mid_side", *stereo("mid_side", left, right), choices={"mode": "decode"})
    np.testing.assert_allclose(again, (left, right), atol=2e-7)


def test_width_scales_the_sides_and_leaves_the_middle() -> None:
    left, right = noise(5), noise(6)
    for width in (0.0, 0.5, 2.0, 4.0):
        a, b = stereo("stereo_width", left, right, params={"width": width})
        np.testing.assert_allclose(a + b, left + right, atol=1e-6)
        np.testing.assert_allclose(a - b, width * (left - right), atol=2e-6)


def test_a_width_of_one_passes_the_source_bit_for_bit() -> None:
    left, right = noise(7), noise(8)
    np.testing.assert_array_equal(stereo("stereo_width", left, right), (left, right))


@pytest.mark.parametrize("rate", RATES)
def test_bass_is_mono_below_the_frequency_given(rate: int) -> None:
    left, right = noise(9, 8000), noise(10, 8000)
    a, b = stereo("stereo_width", left, right, params={"mono_below_hz": 200.0}, sample_rate=rate)
    sides = signal.sosfilt(signal.butter(2, 200.0, "high", fs=rate, output="sos"), (left - right).astype(float))
    np.testing.assert_allclose(a - b, sides, atol=5e-6)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("late", ("right", "left"))
def test_the_late_side_is_late_by_the_time_given(rate: int, late: str) -> None:
    left, right = noise(11), noise(12)
    frames = 40
    memories = [Memory(np.zeros(16384, np.float32))]
    params = {"time_s": frames / rate, "level_db": -6.0}
    out = stereo("haas", left, right, params=params, choices={"late": late}, memories=memories, sample_rate=rate)
    waits, level = [2, 2], [1.0, 1.0]
    side = int(late == "right")
    waits[side], level[side] = 2 + frames, 10 ** (-6 / 20)
    for channel, (source, heard) in enumerate(zip((left, right), out, strict=True)):
        expected = np.concatenate([np.zeros(waits[channel]), level[channel] * source])[:FRAMES]
        np.testing.assert_allclose(heard, expected, atol=2e-3 if channel == side else 0)


def test_no_lateness_leaves_both_sides_together() -> None:
    source = noise(13)
    memories = [Memory(np.zeros(4096, np.float32))]
    a, b = stereo("haas", source, source, params={"time_s": 0.0}, memories=memories)
    np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("position", (0.0, 0.1, 0.25, 0.5, 0.9, 1.0))
def test_crossfades_follow_their_laws(position: float) -> None:
    a, b = noise(14), noise(15)
    turn = np.pi / 2 * position
    for law, levels in (("linear", (1 - position, position)), ("equal_power", (np.cos(turn), np.sin(turn)))):
        how = {"inputs": {"a": a, "b": b}, "choices": {"law": law}}
        out = run_kernel("crossfade", params={"position": position}, **how)["out"][0]
        np.testing.assert_allclose(out, levels[0] * a + levels[1] * b, atol=1e-6)


def test_a_crossfade_at_its_end_passes_one_source_bit_for_bit() -> None:
    a, b = noise(16), noise(17)
    for law in ("linear", "equal_power"):
        for position, alone in ((0.0, a), (1.0, b)):
            how = {"inputs": {"a": a, "b": b}, "choices": {"law": law}}
            out = run_kernel("crossfade", params={"position": position}, **how)["out"][0]
            np.testing.assert_array_equal(out, alone)


def test_a_matrix_is_a_matrix() -> None:
    rng = np.random.default_rng(18)
    source = rng.uniform(-1, 1, (6, FRAMES)).astype(np.float32)
    levels = rng.uniform(-2, 2, (6, 6)) * (rng.uniform(size=(6, 6)) < 0.6)
    params = {f"level{i + 1}_{j + 1}": levels[i, j] for i in range(6) for j in range(6)}
    out = run_kernel("matrix", inputs={f"in{i + 1}": source[i] for i in range(6)}, params=params)
    np.testing.assert_allclose([out[f"out{j + 1}"][0] for j in range(6)], levels.T @ source, atol=3e-6)


def test_a_new_matrix_passes_each_source_to_its_own_place() -> None:
    source = noise(19)
    out = run_kernel("matrix", inputs={"in3": source})
    for place, heard in out.items():
        np.testing.assert_array_equal(heard[0], source if place == "out3" else np.zeros_like(source))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("cutoff_hz", (1.0, 10.0, 200.0))
def test_the_blocker_of_constants_is_the_bilinear_high_pass(rate: int, cutoff_hz: float) -> None:
    source = noise(20, 20_000) + np.float32(0.3)
    out = run_kernel("dc_block", inputs={"in": source}, params={"cutoff_hz": cutoff_hz}, sample_rate=rate)["out"][0]
    expected = signal.sosfilt(signal.butter(1, cutoff_hz, "high", fs=rate, output="sos"), source.astype(float))
    np.testing.assert_allclose(out, expected, atol=2e-5)


def test_a_constant_is_gone_to_the_last_bit() -> None:
    source = np.full(4_000_000, 0.7, np.float32)
    out = run_kernel("dc_block", inputs={"in": source}, params={"cutoff_hz": 1.0}, sample_rate=192_000.0, width=1)[
        "out"
    ]
    assert np.abs(out[0, -1000:]).max() < 1e-7
