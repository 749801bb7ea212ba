"""zones against closed forms: which zones a note plays, where in a recording they are, and how loud."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

from graphdaw.nodes.prepare.recording import SHARES
from graphdaw.nodes.prepare.zone_map import Envelope, Filter, Lfo, Sample, Sweep, Zone, ZoneMap
from graphdaw.nodes.prepare.zones import copies_for, prepare
from tests.instruments import gate_of, play
from tests.kernel_probe import Memory, run_kernel

RATE_HZ = 48_000
MIDDLE = np.sqrt(0.5)  # each side's part of a recording of one channel
HOLD = Envelope(release_s=0.1)


def noise(frames: int, channels: int = 1, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(-1, 1, (channels, frames)).astype(np.float32)


def constant(frames: int, value: float = 1.0) -> Sample:
    return Sample(f"constant {value}", np.full((1, frames), value, np.float32), RATE_HZ)


def instrument(*zones: Zone) -> ZoneMap:
    return ZoneMap("test", zones)


def test_a_recording_at_its_own_pitch_comes_out_as_it_is() -> None:
    samples = noise(2_000, 2)
    zone = Zone(Sample("stereo", samples, RATE_HZ), amplitude=HOLD)

    sound = play(instrument(zone), 60, frames=2_500, notes=((40, 2_500),))

    assert np.array_equal(sound[:, 40:2_040], samples)
    assert not sound[:, :40].any() and not sound[:, 2_040:].any()


@pytest.mark.parametrize("pan", [-1.0, -0.4, 0.0, 1.0])
def test_one_channel_is_placed_with_constant_power(pan: float) -> None:
    samples = noise(500)
    zone = Zone(Sample("mono", samples, RATE_HZ), amplitude=HOLD, pan=pan, gain_db=-6.0)

    sound = play(instrument(zone), 60, frames=500)

    angle = (pan + 1) * np.pi / 4
    expected = 10 ** (-6 / 20) * np.array([[np.cos(angle)], [np.sin(angle)]]) * samples
    np.testing.assert_allclose(sound, expected, atol=1e-6)


@pytest.mark.parametrize("key", [48.0, 59.5, 60.0, 64.0, 79.37])
@pytest.mark.parametrize("cycle", [48, 337])
def test_a_looped_cycle_is_a_steady_tone_at_every_pitch(key: float, cycle: int) -> None:
    """A loop of one cycle of a sine, of any length: in tune, and nothing else in it."""
    wave = np.sin(2 * np.pi * np.arange(3 * cycle) / cycle).astype(np.float32)[None]
    zone = Zone(Sample("cycle", wave, RATE_HZ), loop_mode="loop", loop=(cycle, 2 * cycle), amplitude=HOLD)
    frames = 24_000

    sound = play(instrument(zone), key, frames=frames)[0]

    expected = MIDDLE * np.sin(2 * np.pi * np.arange(frames) / cycle * 2 ** ((key - 60) / 12))
    late = slice(3 * cycle, None)
    np.testing.assert_allclose(sound[late], expected[late], atol=3e-3)  # pitches are right to 2e-7


def test_a_loop_that_lasts_as_long_as_the_note_is_left_at_its_end() -> None:
    samples = noise(1_000)
    zone = Zone(
        Sample("loop", samples, RATE_HZ), loop_mode="sustain", loop=(300, 700), amplitude=Envelope(release_s=1e4)
    )
    played = samples[0]
    for held in (100, 650, 1_200, 1_337):
        sound = play(instrument(zone), 60, frames=4_000, notes=((0, held),))[0]

        rounds = max(0, (held - 300) // 400)  # whole rounds behind the head when the note ends
        expected = np.concatenate([played[:300], np.tile(played[300:700], rounds + 1), played[700:]])
        np.testing.assert_allclose(sound[: len(expected)], MIDDLE * expected, atol=1e-3)
        assert not sound[len(expected) + 1 :].any()


@pytest.mark.parametrize("backward", [False, True])
def test_begin_end_and_direction_cut_the_recording(backward: bool) -> None:
    samples = noise(900)
    zone = Zone(Sample("cut", samples, RATE_HZ), begin=100, end=400, backward=backward, amplitude=HOLD)

    sound = play(instrument(zone), 60, frames=600)[0]

    part = samples[0, 100:400]
    np.testing.assert_allclose(sound[:300], MIDDLE * (part[::-1] if backward else part), atol=1e-6)
    assert not sound[300:].any()


def test_a_loop_goes_forth_and_back_or_fades_into_itself() -> None:
    samples = noise(600)
    forth = Zone(Sample("forth", samples, RATE_HZ), loop_mode="loop", loop=(200, 500), ping_pong=True, amplitude=HOLD)
    faded = replace(forth, ping_pong=False, loop_crossfade=100)

    sound, other = (play(instrument(zone), 60, frames=1_500)[0] for zone in (forth, faded))

    body = samples[0, 200:500]
    np.testing.assert_allclose(sound[200:1_400], MIDDLE * np.tile(np.r_[body, body[::-1]], 2), atol=1e-6)
    part = 0.5 - 0.5 * np.cos(np.pi * (np.arange(100) + 0.5) / 100)
    seam = samples[0, 400:500] * (1 - part) + samples[0, 100:200] * part
    np.testing.assert_allclose(other[700:800], MIDDLE * seam, atol=1e-6)


def test_what_is_played_higher_does_not_fold_back() -> None:
    """An octave and a fifth up, of a tone that lies above half the rate then."""
    tones = np.sin(2 * np.pi * np.outer([2_000, 11_000, 17_000], np.arange(60_000) / RATE_HZ)).sum(axis=0)
    zone = Zone(Sample("tones", tones[None].astype(np.float32), RATE_HZ), keys=(0, 79), amplitude=HOLD)

    sound = play(instrument(zone), 79, frames=16_384)[0][2_000:14_000]

    spectrum = 20 * np.log10(np.abs(np.fft.rfft(sound * np.blackman(len(sound)))) + 1e-9)
    bins = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    heard = np.abs(bins - 2_000 * 2 ** (19 / 12)) < 60
    assert spectrum[heard].max() - spectrum[~heard].max() > 70


@pytest.mark.parametrize("speed", [0.3, 1.0, 1.05, 1.3, 1.5, 2.0, 3.1, 7.9, 40.0])
def test_so_many_copies_are_made_as_the_kernel_reads(speed: float) -> None:
    """`media_pick` said again: the first copy that stays below half the rate; the next within a semitone of that."""
    copy = next(
        (k for k, share in enumerate(SHARES) if speed * share < (1.06 if k == 0 else 1 / 0.71)), len(SHARES) - 1
    )
    limit = 1.06 if copy == 0 else 1 / 0.71
    fades = speed * SHARES[copy] * 1.06 > limit

    assert copies_for(speed) == min(copy + 1 + fades, len(SHARES))


# Which zones


def levels(zone_map: ZoneMap, key: float, velocity: float, count: int = 1, **more: Any) -> list[float]:
    """The level at the start of each of `count` notes, 400 frames apart."""
    notes = [(400 * k, 400 * k + 200) for k in range(count)]
    sound = play(zone_map, key, velocity, frames=400 * count, notes=notes, **more)[0]
    return [round(float(sound[begin + 5] / MIDDLE), 4) for begin, _ in notes]


def flat(value: float, **how: Any) -> Zone:
    """A zone that is heard as one number, for as long as the note lasts, whatever its key and velocity."""
    usual: dict[str, Any] = {"velocity_track": 0.0, "keytrack_cents": 0.0, "loop_mode": "loop", "loop": (0, 64)}
    return Zone(constant(64, value), **usual | how)


def test_zones_answer_to_their_keys_and_velocities() -> None:
    low, high = flat(0.1, keys=(0, 59), velocities=(0, 63)), flat(0.2, keys=(0, 60), velocities=(64, 127))
    other = flat(0.4, keys=(60, 127))
    for key in (0, 59, 59.4, 59.6, 60, 61, 127):
        for velocity in (1 / 127, 63 / 127, 64 / 127, 1.0):
            expected = sum(zone.sample.samples[0, 0] for zone in (low, high, other) if zone.answers(key, velocity))
            assert levels(instrument(low, high, other), key, velocity) == [pytest.approx(expected, abs=1e-4)]


def test_no_more_than_eight_zones_sound_at_once() -> None:
    assert levels(instrument(*[flat(0.05)] * 11), 60, 1.0) == [pytest.approx(0.4, abs=1e-4)]


def test_zones_take_turns() -> None:
    zones = [flat(0.1 * turn, turns=3, turn=turn) for turn in (1, 2, 3)] + [flat(0.01)]

    assert levels(instrument(*zones), 60, 1.0, 7) == pytest.approx([0.11, 0.21, 0.31] * 2 + [0.11], abs=1e-4)
    assert levels(instrument(*zones), 60, 1.0, 4, channels=[1]) == pytest.approx([0.21, 0.31, 0.11, 0.21], abs=1e-4)


def test_chance_chooses_as_often_as_it_says_and_always_the_same() -> None:
    zones = [flat(0.1, chance=(0.0, 0.25)), flat(0.2, chance=(0.25, 1.0))]
    heard = levels(instrument(*zones), 60, 1.0, 400)

    assert set(heard) == {0.1, 0.2}
    assert 0.19 < heard.count(0.1) / len(heard) < 0.31
    assert levels(instrument(*zones), 60, 1.0, 400) == heard
    assert levels(instrument(*zones), 60, 1.0, 400, seeds=[77]) != heard


@pytest.mark.parametrize("track, power", [(1.0, 2.0), (0.5, 2.0), (0.0, 2.0), (-0.6, 2.0), (1.0, 1.0), (1.0, 3.5)])
def test_velocity_gives_the_level(track: float, power: float) -> None:
    zone = flat(1.0, velocity_track=track, velocity_power=power)
    for velocity in (0.02, 0.3, 0.77, 1.0):
        curve = velocity**power if track >= 0 else 1 - velocity**power
        expected = 1 - abs(track) + abs(track) * curve
        assert levels(instrument(zone), 60, velocity) == [pytest.approx(expected, abs=1e-4)]


def test_a_note_that_names_no_velocity_is_struck_with_100() -> None:
    zone = flat(1.0, velocity_track=1.0)

    assert levels(instrument(zone), 60, 0.0) == [pytest.approx((100 / 127) ** 2, abs=1e-4)]


def test_zones_for_the_end_of_a_note_are_softer_the_longer_it_was() -> None:
    end = flat(0.5, on_release=True, release_fall_db_s=6.0, loop_mode="none")
    sustained = flat(0.25, amplitude=Envelope(release_s=0.001))
    for held in (4_800, 24_000):
        sound = play(instrument(end, sustained), 60, frames=held + 2_000, notes=((0, held),))[0] / MIDDLE
        assert sound[held - 5] == pytest.approx(0.25, abs=1e-5)
        after = sound[held] - 0.25  # both sound in the first frame of the release
        assert after == pytest.approx(0.5 * 10 ** (-6.0 * held / RATE_HZ / 20), abs=1e-4)
        assert not sound[held + 500 :].any()


def test_a_group_cuts_off_what_is_off_by_it_and_drums_else_ring_on() -> None:
    def drum(key: int, value: float, **how: Any) -> Zone:
        return Zone(constant(40_000, value), keys=(key, key), velocity_track=0.0, one_shot=True, **how)

    hat = drum(46, 0.1, group=1, off_by=1, off_s=0.006, keytrack_cents=0.0)
    closed, kick = drum(42, 0.2, group=1, off_by=1, off_s=0.006, keytrack_cents=0.0), drum(36, 0.4, keytrack_cents=0.0)
    zone_map = instrument(hat, closed, kick)
    keys = np.float32(np.repeat([46, 36, 42], 2_000))
    params = {"key": keys[None]}
    notes = [(0, 500), (2_000, 2_500), (4_000, 4_500)]

    sound = play(zone_map, 0, frames=6_000, notes=notes, params=params)[0] / MIDDLE

    assert sound[1_999] == pytest.approx(0.1, abs=1e-5)
    assert sound[3_999] == pytest.approx(0.5, abs=1e-5)  # a kick leaves the hat alone
    assert sound[4_700] == pytest.approx(0.6, abs=1e-5)  # the closed hat does not
    assert zone_map.choke_groups() == [[42, 46]]
    assert zone_map.sounding_keys() == [36, 42, 46]


def test_another_voice_chokes_by_the_inlet_what_belongs_to_a_group() -> None:
    drums: dict[str, Any] = {"keys": (60, 60), "velocity_track": 0.0, "one_shot": True}
    zone_map = instrument(
        Zone(constant(9_000, 0.1), off_by=1, off_s=0.006, **drums), Zone(constant(9_000, 0.4), **drums)
    )

    out = run_kernel(
        "zones",
        inputs={"gate": gate_of(4_000, (0, 100)), "choke": gate_of(4_000, (2_000, 2_001))},
        params={"key": np.float32(60.0), "velocity": np.float32(1.0)},
        memories=Memory.of(prepare(zone_map, RATE_HZ), 1),
    )["out"][0]

    assert out[1_999] / MIDDLE == pytest.approx(0.5, abs=1e-5)
    assert out[2_000 + 288] / MIDDLE == pytest.approx(0.4, abs=1e-4)


def test_what_rings_on_keeps_its_pitch_when_the_next_note_has_another() -> None:
    cycle = 100
    wave = np.sin(2 * np.pi * np.arange(10 * cycle) / cycle).astype(np.float32)[None]
    long = Envelope(release_s=20.0)
    zone = Zone(Sample("sine", wave, RATE_HZ), loop_mode="loop", loop=(cycle, 2 * cycle), keys=(0, 64), amplitude=long)
    params = {"key": np.float32(np.where(np.arange(24_000) < 12_000, 60, 67))[None]}

    sound = play(instrument(zone), 0, frames=24_000, notes=((0, 6_000), (12_000, 18_000)), params=params)[0]

    spectrum = np.abs(np.fft.rfft(sound[13_000:23_000] * np.hanning(10_000)))
    assert np.argmax(spectrum) * RATE_HZ / 10_000 == pytest.approx(480.0, abs=5.0)


def test_key_and_tune_move_the_pitch_while_it_sounds() -> None:
    ramp = np.float32(np.linspace(0, 2_000, 48_000))[None]
    zone = Zone(Sample("ramp", ramp, RATE_HZ), amplitude=HOLD)
    key = np.float32(np.where(np.arange(8_000) < 4_000, 60.0, 72.0))[None]

    sound = play(instrument(zone), 0, frames=8_000, params={"key": key, "tune_cents": np.float32(-1_200.0)})[0] / MIDDLE

    slope = np.diff(sound) / (2_000 / 48_000)
    assert slope[1_000:3_000] == pytest.approx(0.5, abs=0.02)
    assert slope[5_000:7_000] == pytest.approx(1.0, abs=0.02)


# Envelopes, filters, modulation


@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 192_000])
def test_an_envelope_has_its_times_and_levels(rate_hz: int) -> None:
    e = Envelope(0.01, 0.02, 0.03, 0.5, 0.25, 0.2)
    steady = Zone(
        Sample("one", np.ones((1, 64), np.float32), rate_hz),
        loop_mode="loop",
        loop=(0, 64),
        velocity_track=0.0,
        amplitude=e,
    )
    held = int(0.4 * rate_hz)

    sound = play(instrument(steady), 60, frames=int(0.5 * rate_hz), notes=((0, held),), rate_hz=rate_hz)[0] / MIDDLE

    t = np.arange(len(sound)) / rate_hz
    fall = np.maximum(10 ** (-100 / 20 * (t - 0.06) / 0.5), 0.25)
    expected = np.where(t < 0.01, 0, np.where(t < 0.03, (t - 0.01) / 0.02, np.where(t < 0.06, 1, fall)))
    expected = np.where(t < 0.4, expected, 0.25 * 10 ** (-100 / 20 * (t - 0.4) / 0.2))
    np.testing.assert_allclose(sound, expected, atol=2.5 / (0.02 * rate_hz))


def test_scales_stretch_attack_and_release() -> None:
    steady = flat(1.0, amplitude=Envelope(attack_s=0.01, release_s=0.05))
    params = {"attack_scale": np.float32(3.0), "release_scale": np.float32(2.0)}

    sound = play(instrument(steady), 60, frames=9_600, notes=((0, 4_800),), params=params)[0] / MIDDLE

    assert sound[720] == pytest.approx(0.5, abs=2e-3)
    assert sound[4_800 + 960] == pytest.approx(10 ** (-100 / 20 * 0.02 / 0.1), abs=2e-3)


KINDS = {"lowpass": (0, 0, 1), "highpass": (1, 0, 0), "bandpass": (0, 1, 0), "notch": (1, 0, 1)}


@pytest.mark.parametrize("kind", [*KINDS, "lowpass_1", "highpass_1"])
@pytest.mark.parametrize("resonance_db", [0.0, 12.0])
def test_a_filter_is_the_bilinear_transform_of_its_analog(kind: Any, resonance_db: float) -> None:
    samples = noise(4_000)
    shape = Filter(kind, 2_500.0, resonance_db)
    zone = Zone(Sample("noise", samples, RATE_HZ), amplitude=HOLD, filter=shape)

    sound = play(instrument(zone), 60, frames=4_000)[0] / MIDDLE

    g = np.tan(np.pi * 2_500.0 / RATE_HZ)
    if kind.endswith("_1"):
        b = np.array([g, g] if kind == "lowpass_1" else [1, -1]) / (1 + g)
        a = np.array([1, (g - 1) / (1 + g)])
    else:
        k = np.sqrt(2) / 10 ** (resonance_db / 20)
        high, band, low = KINDS[kind]
        a = np.array([1 + k * g + g * g, 2 * g * g - 2, 1 - k * g + g * g])
        b = high * np.array([1, -2, 1]) + band * k * g * np.array([1, 0, -1]) + low * g * g * np.array([1, 2, 1])
        a, b = a / a[0], b / a[0]
    np.testing.assert_allclose(sound, lfilter(b, a, samples[0]), atol=2e-5)


@pytest.mark.parametrize("velocity, key", [(1.0, 60), (0.25, 60), (0.5, 72)])
def test_velocity_and_key_move_the_cutoff(velocity: float, key: int) -> None:
    samples = noise(3_000)
    shape = Filter("lowpass", 4_000.0, velocity_cents=2_400.0, key_cents=50.0)
    zone = Zone(Sample("noise", samples, RATE_HZ), keytrack_cents=0.0, velocity_track=0.0, amplitude=HOLD, filter=shape)
    octaves = -2.0 * (1 - velocity) + (key - 60) * 50 / 1_200
    same = replace(zone, filter=Filter("lowpass", 4_000.0 * 2**octaves))

    np.testing.assert_allclose(
        play(instrument(zone), key, velocity, frames=3_000), play(instrument(same), key, frames=3_000), atol=2e-5
    )


@pytest.mark.parametrize("sine", [False, True])
def test_an_lfo_swells_the_level_after_its_delay(sine: bool) -> None:
    zone = flat(1.0, lfos=(Lfo(5.0, 0.1, 0.2, gain_db=6.0, sine=sine),))

    sound = play(instrument(zone), 60, frames=24_000)[0] / MIDDLE

    t = np.arange(24_000) / RATE_HZ - 0.1
    turns = t * 5.0 % 1.0
    wave = np.sin(2 * np.pi * turns) if sine else 1 - 4 * np.abs((turns + 0.25) % 1.0 - 0.5)
    expected = np.where(t < 0, 0.0, 6.0 * wave * np.clip(t / 0.2, 0, 1))
    np.testing.assert_allclose(20 * np.log10(sound), expected, atol=0.15)


def test_a_sweep_moves_the_pitch_and_lets_it_go() -> None:
    ramp = np.float32(np.linspace(0, 4_000, 96_000))[None]
    sweep = Sweep(Envelope(0.0, 0.1, 0.1, 0.2, 0.5, 0.2), pitch_cents=1_200.0)
    zone = Zone(Sample("ramp", ramp, RATE_HZ), amplitude=Envelope(release_s=1e5), sweeps=(sweep,))

    sound = play(instrument(zone), 60, frames=38_400, notes=((0, 24_000),))[0] / MIDDLE

    octaves = np.log2(np.convolve(np.diff(sound) / (4_000 / 96_000), np.ones(64) / 64, "same"))
    for time_s, expected in ((0.05, 0.5), (0.15, 1.0), (0.3, 0.75), (0.48, 0.5), (0.6, 0.25), (0.75, 0.0)):
        second = max(0.0, (time_s - 0.2) / 0.2)
        held = min(time_s / 0.1, 1.0) if time_s < 0.2 else max(1.0 - second, 0.5)
        assert held == pytest.approx(expected, abs=0.26) or time_s > 0.5
        wanted = held if time_s < 0.5 else max(0.5 - (time_s - 0.5) / 0.2, 0.0)
        assert octaves[round(time_s * RATE_HZ)] == pytest.approx(wanted, abs=0.03)


def test_voices_are_lanes_that_share_one_plane() -> None:
    zones = instrument(*[flat(0.1 * (k + 1), keys=(60 + k, 60 + k)) for k in range(5)])
    lent = Memory.of(prepare(zones, RATE_HZ), 5)

    out = run_kernel(
        "zones",
        inputs={"gate": np.stack([gate_of(1_000, (100 * k, 900)) for k in range(5)])},
        params={"key": np.arange(60, 65, dtype=np.float32), "velocity": np.float32(1.0)},
        memories=lent,
        width=8,
    )["out"]

    assert all(one.data is lent[0].data or np.shares_memory(one.data, lent[0].data) for one in lent)
    assert out[:, 600] / MIDDLE == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5], abs=1e-5)
    assert all(not out[k, : 100 * k].any() and out[k, 100 * k] > 0 for k in range(5))


def test_twenty_notes_at_once_are_more_than_a_voice_can_hold_and_none_is_lost_at_its_start() -> None:
    zone = Zone(constant(96_000, 0.05), velocity_track=0.0, one_shot=True, keytrack_cents=0.0)
    notes = [(200 * k, 200 * k + 100) for k in range(20)]

    sound = play(instrument(zone), 60, frames=5_000, notes=notes)[0] / MIDDLE

    assert sound[199::200][:20] == pytest.approx(np.minimum(np.arange(1, 21), 16) * 0.05, abs=1e-4)
