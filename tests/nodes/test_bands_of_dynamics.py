"""multiband and dynamic_eq against the static curve, their time constants and flat magnitudes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel_probe import Signal, run_kernel

RATE = 48_000


def tone(hz: float, level: float, frames: int, rate: float = RATE) -> Signal:
    return np.float32(level * np.sin(2 * np.pi * hz / rate * np.arange(frames)))


def level_at(sound: Signal, hz: float, rate: float = RATE) -> float:
    """Amplitude of a tone in the last tenth of a second, in decibels."""
    part = sound[-int(rate // 10) :].astype(float)
    turn = np.exp(-2j * np.pi * hz / rate * np.arange(len(part)))
    return float(20 * np.log10(2 * np.abs((part * turn).mean()) + 1e-12))


def curve(db: float, threshold: float, ratio: float, knee: float) -> float:
    """Level out in decibels: Giannoulis, Massberg and Reiss (2012), equation 4."""
    over = db - threshold
    if 2 * over < -knee:
        return db
    if 2 * abs(over) <= knee:
        return db + (1 / ratio - 1) * (over + knee / 2) ** 2 / (2 * knee)
    return threshold + over / ratio


SLOW = {f"attack{k}_s": 0.0001 for k in range(1, 5)} | {f"release{k}_s": 3.0 for k in range(1, 5)}


def multiband(left: Signal, right: Signal | None = None, bands: str = "3", **params: float) -> tuple[Signal, Signal]:
    inputs = {"in": left, "in.1": left if right is None else right}
    out = run_kernel("multiband", inputs=inputs, params=params, choices={"bands": bands})
    return out["out"][0], out["out.1"][0]


@pytest.mark.parametrize(("hz", "band"), [(40.0, 1), (600.0, 2), (9000.0, 3)])
def test_each_band_follows_the_static_curve_alone(hz: float, band: int) -> None:
    ratios = {f"ratio{k}": 1.0 for k in range(1, 5)}
    for db in (-40.0, -24.0, -10.0, 0.0):
        source = tone(hz, 10 ** (db / 20), 2 * RATE)
        params = SLOW | ratios | {f"ratio{band}": 4.0, f"threshold{band}_db": -20.0, "knee_db": 6.0}
        heard, _ = multiband(source, **params)
        split = level_at(
            multiband(source, **(ratios | {f"gain{k}_db": -96.0 for k in range(1, 4) if k != band}))[0], hz
        )
        assert abs(level_at(heard, hz) - curve(split, -20.0, 4.0, 6.0)) < 0.35, db


@pytest.mark.parametrize("bands", ("2", "3", "4"))
def test_with_ratios_at_one_the_magnitude_is_flat(bands: str) -> None:
    source = np.zeros(1 << 16, np.float32)
    source[0] = 0.1
    heard, _ = multiband(source, bands=bands, **{f"ratio{k}": 1.0 for k in range(1, 5)})
    assert np.abs(20 * np.log10(np.abs(np.fft.rfft(heard.astype(float))) * 10)).max() < 0.01


def test_the_louder_channel_counts_for_both() -> None:
    loud, quiet = tone(600.0, 0.9, RATE), tone(600.0, 0.01, RATE)
    params = SLOW | {"ratio2": 10.0, "threshold2_db": -30.0}
    left, right = multiband(loud, quiet, **params)
    assert abs((level_at(left, 600.0) - level_at(right, 600.0)) - 20 * np.log10(90)) < 0.01
    assert level_at(right, 600.0) < -55


def test_gains_come_down_in_the_time_of_the_attack() -> None:
    source = np.concatenate([np.zeros(4800, np.float32), tone(9000.0, 1.0, RATE // 2)])
    fast = {"ratio3": 20.0, "threshold3_db": -40.0, "knee_db": 0.0, "release3_s": 5.0, "attack3_s": 0.05}
    heard, _ = multiband(source, **fast)
    envelope = np.abs(heard[4800:]).reshape(-1, 48).max(axis=1)
    final, first = 20 * np.log10(envelope[-1]), 0.0
    there = 20 * np.log10(envelope[50])  # 50 ms
    assert 0.55 < (there - first) / (final - first) < 0.75


def dynamic(source: Signal, key: Signal | None = None, **params: float) -> Signal:
    inputs = {"in": source, "in.1": source}
    choices = {"key": "self"}
    if key is not None:
        inputs |= {"sidechain": key, "sidechain.1": key}
        choices = {"key": "sidechain"}
    return run_kernel("dynamic_eq", inputs=inputs, params=params, choices=choices)["out"][0]


def test_a_dynamic_band_lowers_its_middle_by_the_static_curve() -> None:
    for db, ratio in ((-40.0, 4.0), (-20.0, 4.0), (-6.0, 2.0), (-6.0, 0.5)):
        params = SLOW | {"frequency3_hz": 2000.0, "q3": 2.0, "ratio3": ratio, "threshold3_db": -20.0, "range3_db": 36.0}
        heard = level_at(dynamic(tone(2000.0, 10 ** (db / 20), 2 * RATE), **params), 2000.0)
        assert abs(heard - curve(db, -20.0, ratio, 6.0)) < 0.2


def test_bands_that_rest_pass_the_source_bit_for_bit() -> None:
    source = np.random.default_rng(2).uniform(-1, 1, 1000).astype(np.float32)
    np.testing.assert_array_equal(dynamic(source), source)


def test_the_range_limits_what_a_band_does() -> None:
    params = SLOW | {"frequency3_hz": 2000.0, "ratio3": 20.0, "threshold3_db": -60.0, "range3_db": 9.0}
    assert abs(level_at(dynamic(tone(2000.0, 1.0, RATE), **params), 2000.0) + 9.0) < 0.1


def test_a_band_listens_to_its_own_frequencies_only() -> None:
    params = SLOW | {"frequency4_hz": 8000.0, "q4": 4.0, "ratio4": 10.0, "threshold4_db": -30.0}
    assert abs(level_at(dynamic(tone(200.0, 0.9, RATE), **params), 200.0) - 20 * np.log10(0.9)) < 0.05


def test_the_side_chain_moves_the_bands() -> None:
    params = SLOW | {"frequency1_hz": 100.0, "ratio1": 20.0, "threshold1_db": -40.0, "range1_db": 12.0}
    source = tone(100.0, 0.5, RATE)
    still = dynamic(source, np.zeros(RATE, np.float32), **params)
    pushed = dynamic(source, tone(100.0, 1.0, RATE), **params)
    assert abs(level_at(still, 100.0) - 20 * np.log10(0.5)) < 0.01
    assert abs(level_at(pushed, 100.0) - 20 * np.log10(0.5) + 12) < 0.1


def test_a_static_gain_is_the_bilinear_bell() -> None:
    frames = 1 << 15
    source = np.zeros(frames, np.float32)
    source[0] = 1e-3
    heard = dynamic(source, frequency2_hz=1000.0, q2=1.5, gain2_db=9.0).astype(float)
    x = np.arange(frames // 2 + 1)[1:-1] * RATE / frames
    s = 1j * np.tan(np.pi * x / RATE) / np.tan(np.pi * 1000 / RATE)
    gain, k = 10 ** (9 / 20), 1 / 1.5
    wanted = np.abs((s * s + gain * k * s + 1) / (s * s + k * s + 1))
    assert np.abs(20 * np.log10(np.abs(np.fft.rfft(heard))[1:-1] * 1e3 / wanted)).max() < 0.05


@pytest.mark.parametrize("kernel", ("multiband", "dynamic_eq"))
def test_it_recovers_from_what_is_not_a_number(kernel: str) -> None:
    source = np.random.default_rng(1).uniform(-1, 1, 4000).astype(np.float32)
    source[100] = np.nan
    source[300] = np.inf
    out = run_kernel(kernel, inputs={"in": source, "in.1": source}, params={"ratio1": 2.0, "ratio3": 3.0})["out"][0]
    assert np.isfinite(out[600:]).all()
    assert np.abs(out[600:]).max() < 10
