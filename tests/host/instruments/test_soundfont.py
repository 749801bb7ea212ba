"""What is read of SoundFonts: the specification's rules of zones, and what damaged files are refused with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphdaw.errors import MediaError
from graphdaw.host.instruments import Preset, presets, read_instrument
from graphdaw.nodes.prepare.zone_map import ZoneMap
from graphdaw.nodes.prepare.zones import prepare
from tests.instruments import INSTRUMENT, KEYS, SAMPLE, VELOCITIES, Wave, play, soundfont, span

RAMP = Wave(np.linspace(-1, 1, 1_000), loop=(200, 800))


def read(folder: Path, *arguments: Any, preset: str = "", **more: Any) -> ZoneMap:
    path = folder / "a.sf2"
    path.write_bytes(soundfont(*arguments, **more))
    return read_instrument(path, preset)


def test_a_bare_zone_has_the_specification_s_defaults(tmp_path: Path) -> None:
    (zone,) = read(tmp_path, [RAMP], [{SAMPLE: 0}]).zones

    assert (zone.keys, zone.velocities, zone.root_key, zone.keytrack_cents) == ((0, 127), (0, 127), 60.0, 100.0)
    assert (zone.gain_db, zone.pan, zone.loop_mode, zone.group, zone.lfos, zone.sweeps) == (0.0, 0.0, "none", 0, (), ())
    assert (zone.velocity_track, zone.velocity_power) == (1.0, 2.0)
    assert zone.amplitude.attack_s == zone.amplitude.delay_s == 0.0 and zone.amplitude.sustain == 1.0
    assert zone.filter.cutoff_hz == pytest.approx(19_912, abs=1)
    assert zone.filter.velocity_cents == 2_400.0


@pytest.mark.parametrize("bits, tolerance", [(16, 2.0**-15), (24, 2.0**-23)])
def test_samples_have_the_bits_of_the_file(tmp_path: Path, bits: int, tolerance: float) -> None:
    wave = Wave(np.random.default_rng(1).uniform(-1, 1, 3_000), rate_hz=44_100)
    (zone,) = read(tmp_path, [RAMP, wave], [{SAMPLE: 1}], bits=bits).zones

    assert zone.sample.rate_hz == 44_100
    np.testing.assert_allclose(zone.sample.samples[0], wave.samples, atol=1.01 * tolerance)
    assert zone.sample.samples.shape == (1, 3_000)


def test_generators_of_an_instrument_stand_and_those_of_a_preset_are_added(tmp_path: Path) -> None:
    inside = [{17: 100, 52: 10}, {SAMPLE: 0, 52: -20, 48: 100}, {SAMPLE: 0, 9: 60}]
    over = [{52: 7, 48: 50}, {INSTRUMENT: 0, 17: 250}, {INSTRUMENT: 0, 48: 25, 51: 2, 58: 40, 54: 1}]

    zones = read(tmp_path, [RAMP], inside, [over]).zones

    assert [zone.tune_cents for zone in zones] == [-20 + 7, 10 + 7, -20 + 7 + 200, 10 + 7 + 200]
    assert [zone.pan for zone in zones] == [0.7, 0.7, 0.2, 0.2]
    assert [zone.gain_db for zone in zones] == pytest.approx([-6.0, -2.0 - 3.0, -5.0, -1.0 - 3.0])
    assert {zone.root_key for zone in zones} == {60.0} and {zone.loop_mode for zone in zones} == {"none"}


def test_ranges_of_preset_and_instrument_must_both_hold(tmp_path: Path) -> None:
    inside = [
        {KEYS: span(0, 59), VELOCITIES: span(0, 100), SAMPLE: 0}, {KEYS: span(60, 127), SAMPLE: 0, 57: 3},
        {KEYS: span(90, 127), SAMPLE: 0},
    ]  # fmt: skip
    over = [{KEYS: span(40, 72), VELOCITIES: span(20, 127), INSTRUMENT: 0}]

    found = read(tmp_path, [RAMP], inside, [over])

    assert [(zone.keys, zone.velocities) for zone in found.zones] == [((40, 59), (20, 100)), ((60, 72), (20, 127))]
    assert found.choke_groups() == [list(range(60, 73))]


def test_pitch_comes_from_root_corrections_and_scale(tmp_path: Path) -> None:
    wave = Wave(RAMP.samples, key=62, correction=-7)
    bags = [{SAMPLE: 0}, {SAMPLE: 0, 58: 50, 51: -3, 52: 30, 56: 50}, {SAMPLE: 0, 46: 74}]
    plain, moved, fixed = read(tmp_path, [wave], bags).zones

    assert (plain.root_key, plain.tune_cents) == (62.0, -7.0)
    assert (moved.root_key, moved.tune_cents, moved.keytrack_cents) == (50.0, -277.0, 50.0)
    assert (fixed.tune_cents, fixed.keytrack_cents) == (1_193.0, 0.0)


def test_offsets_move_the_places_and_are_held_inside_the_sample(tmp_path: Path) -> None:
    long = Wave(np.zeros(70_000), loop=(1_000, 60_000))
    bags = [
        {SAMPLE: 0, 0: 10, 1: -20, 2: 5, 3: -6, 54: 3},
        {SAMPLE: 0, 4: 1, 45: 1, 54: 1},
        {SAMPLE: 0, 12: 9, 50: 9, 54: 1},
    ]
    fine, coarse, beyond = read(tmp_path, [RAMP, long], [{**bag, SAMPLE: 1} for bag in bags]).zones

    assert (fine.begin, fine.end, fine.loop, fine.loop_mode) == (10, 69_980, (1_005, 59_994), "sustain")
    assert (coarse.begin, coarse.loop, coarse.loop_mode) == (32_768, (33_768, 60_000), "loop")
    assert (beyond.end, beyond.loop) == (70_000, (1_000, 70_000))


def test_modulators_of_velocity_change_how_it_counts(tmp_path: Path) -> None:
    gain, cutoff, other = (0x0502, 48, 480, 0, 0), (0x0102, 8, 0, 0, 0), (0x0081, 6, 50, 0, 0)
    zones = read(tmp_path, [RAMP], [{SAMPLE: 0}, {SAMPLE: 0}], modulators={1: [gain, cutoff, other]})

    assert [zone.velocity_power for zone in zones.zones] == [2.0, 1.0]
    assert [zone.filter.velocity_cents for zone in zones.zones] == [2_400.0, 0.0]
    assert zones.unsupported == {"modulator": 1}


def test_envelopes_sweeps_and_lfos_are_in_seconds_cents_and_decibels(tmp_path: Path) -> None:
    bag = {33: 0, 34: 1_200, 35: -1_200, 36: 2_400, 37: 60, 38: 0, 39: 100, 7: 700, 11: -2_400, 25: 0, 26: -1_200,
           29: 250, 6: 30, 24: 0, 23: -1_200, 13: 60, 22: 1_200, 15: 5}  # fmt: skip
    found = read(tmp_path, [RAMP], [{**bag, SAMPLE: 0}])
    (zone,) = found.zones

    e = zone.amplitude
    assert (e.delay_s, e.attack_s, e.hold_s, e.hold_track_cents) == (1.0, 2.0, 0.5, 100.0)
    assert (e.decay_s, e.release_s) == pytest.approx((4.0 * 100 / 96, 100 / 96))
    assert e.sustain == pytest.approx(10 ** (-6 / 20))
    (sweep,) = zone.sweeps
    assert (sweep.pitch_cents, sweep.cutoff_cents, sweep.convex) == (700.0, -2_400.0, True)
    assert (sweep.envelope.delay_s, sweep.envelope.attack_s, sweep.envelope.sustain) == (1.0, 0.5, 0.75)
    vibrato, wobble = zone.lfos
    assert (vibrato.pitch_cents, vibrato.frequency_hz, vibrato.delay_s) == (30.0, pytest.approx(8.176, abs=1e-3), 0.5)
    assert (wobble.gain_db, wobble.frequency_hz) == (6.0, pytest.approx(16.352, abs=1e-3))
    assert found.unsupported == {"chorusEffectsSend": 1}


def test_presets_are_listed_and_chosen_by_number_or_name(tmp_path: Path) -> None:
    path = tmp_path / "a.sf2"
    path.write_bytes(soundfont([RAMP], [{SAMPLE: 0}], [[{INSTRUMENT: 0, 52: k}] for k in range(3)]))

    assert presets(path) == [Preset(0, k, f"preset {k}") for k in range(3)]
    for preset, cents in (("", 0), ("0:2", 2), ("1", 1), ("Preset 2", 2), (" 0 : 1 ", 1)):
        assert read_instrument(path, preset).zones[0].tune_cents == cents
    with pytest.raises(MediaError, match=r"no preset 'preset 7'; did you mean 'preset \d'"):
        read_instrument(path, "preset 7")
    with pytest.raises(MediaError, match="no preset '5:0'; "):
        read_instrument(path, "5:0")


def test_a_real_font_is_read_whole(font: Path) -> None:
    """Every preset of a General MIDI font answers to the middle of the keyboard."""
    found = presets(font)
    assert len(found) > 180 and {preset.bank for preset in found} >= {0, 128}
    for preset in found[:128:9]:
        zones = read_instrument(font, f"{preset.bank}:{preset.program}")
        assert {*zones.sounding_keys()} >= {*range(48, 77)}
        assert set(zones.unsupported) <= {"reverbEffectsSend", "chorusEffectsSend", "modulator"}


# Damage


@pytest.mark.parametrize("kept", [0, 4, 11, 40, 200, 600, -200, -30, -1])
def test_a_font_that_is_cut_short_is_refused_in_one_sentence(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "a.sf2"
    path.write_bytes(soundfont([RAMP], [{SAMPLE: 0}])[:kept] or b"x")

    with pytest.raises(MediaError, match=r"^[^\n]*a\.sf2 [^\n]*\.$"):
        read_instrument(path)


@pytest.mark.parametrize(
    "bags, sentence",
    [([{SAMPLE: 9}], "sample that is not there"), ([{17: 3}], "no sample that can be played"), ([], "no sample")],
)
def test_links_that_lead_nowhere_are_refused(tmp_path: Path, bags: list[dict[int, int]], sentence: str) -> None:
    with pytest.raises(MediaError, match=sentence):
        read(tmp_path, [RAMP], bags)


def test_samples_that_cannot_be_read_are_counted_and_left_out(tmp_path: Path) -> None:
    packed = Wave(RAMP.samples, kind=0x11)
    found = read(tmp_path, [RAMP, packed], [{SAMPLE: 0}, {SAMPLE: 1}])

    assert len(found.zones) == 1 and found.unsupported == {"compressed sample": 1}


def test_a_sample_outside_the_file_or_of_no_rate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="has a rate of 7 Hz"):
        read(tmp_path, [Wave(RAMP.samples, rate_hz=7)], [{SAMPLE: 0}])
    with pytest.raises(MediaError, match="lies outside"):
        read(tmp_path, [Wave(np.zeros(0))], [{SAMPLE: 0}])


WHICH = st.integers(0, 60).filter(lambda which: which not in (SAMPLE, INSTRUMENT))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.dictionaries(WHICH, st.integers(-32_768, 32_767)), min_size=1, max_size=4
    )
)  # fmt: skip
def test_whatever_generators_say_what_is_read_can_be_played(bags: list[dict[int, int]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        try:
            found = read(Path(folder), [RAMP], [{**bag, SAMPLE: 0} for bag in bags], [[{**bags[0], INSTRUMENT: 0}]])
        except MediaError:
            return
    key, velocity = found.zones[0].keys[0], max(1, found.zones[0].velocities[1]) / 127
    sound = play(found, key, velocity, frames=600, notes=((10, 400),))

    assert prepare(found, 48_000).planes.dtype == np.float32
    assert np.isfinite(sound).all() and np.abs(sound).max() < 1e5
