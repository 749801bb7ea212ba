"""SoundFonts as they sound, against FluidSynth: pitch, level by velocity, envelopes."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graphdaw.host.instruments import read_instrument
from graphdaw.nodes.prepare.zone_map import ZoneMap
from graphdaw.nodes.prepare.zones import prepare
from tests.host.instruments.conftest import RATE_HZ, Played, fluidsynth, partial
from tests.instruments import SAMPLE, Wave, play, soundfont
from tests.kernel_probe import Memory

PROGRAMS = (0, 4, 11, 16, 24, 32, 40, 48, 56, 61, 73, 81)
KEYS, VELOCITIES = (48, 69), (25, 50, 80, 105, 127)
STEADY = slice(round(0.4 * RATE_HZ), round(0.95 * RATE_HZ))


def without_velocity_filter(instrument: ZoneMap) -> ZoneMap:
    """FluidSynth leaves out the specification's modulation of the cutoff by velocity, on purpose."""
    zones = [replace(zone, filter=replace(zone.filter, velocity_cents=0.0)) for zone in instrument.zones]
    return replace(instrument, zones=tuple(zones))


def hertz(key: float) -> float:
    return 440.0 * 2.0 ** ((key - 69.0) / 12.0)


def ours(instrument: ZoneMap, note: Played, memories: list[Memory] | None = None) -> NDArray[Any]:
    frames = round(note.heard_s * RATE_HZ)
    lent = memories or Memory.of(prepare(instrument, RATE_HZ), 1)
    held = ((0, round(note.held_s * RATE_HZ)),)
    return play(instrument, note.key, note.velocity / 127.0, frames=frames, notes=held, memories=lent)


@pytest.fixture(scope="module")
def notes(font: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Played, float, float, float, float]]:
    """Each note with pitch and level of its fundamental, of FluidSynth and of ours."""
    wanted = [Played(program, key, v, 1.0, 1.0) for program in PROGRAMS for key in KEYS for v in VELOCITIES]
    theirs = iter(fluidsynth(font, wanted, tmp_path_factory.mktemp("fluid")))
    found = []
    for program, same in groupby(wanted, key=lambda note: note.program):
        instrument = without_velocity_filter(read_instrument(font, str(program)))
        planes = prepare(instrument, RATE_HZ)
        for note in same:
            sounds = next(theirs), ours(instrument, note, Memory.of(planes, 1))
            measured = [partial(sound.sum(axis=0)[STEADY], hertz(note.key)) for sound in sounds]
            found.append((note, *measured[0], *measured[1]))
    return found


def test_pitches_agree_within_a_cent(notes: list[tuple[Played, float, float, float, float]]) -> None:
    cents = {(n.program, n.key, n.velocity): 1_200.0 * np.log2(ours / theirs) for n, theirs, _, ours, _ in notes}

    assert {note: apart for note, apart in cents.items() if abs(apart) > 1.0} == {}


def test_levels_follow_velocity_within_a_decibel(notes: list[tuple[Played, float, float, float, float]]) -> None:
    """Of each preset and key, beside what stands for all velocities."""
    apart: dict[tuple[int, int], list[float]] = {}
    for note, _, theirs, _, own in notes:
        apart.setdefault((note.program, note.key), []).append(own - theirs)

    assert {name: np.ptp(levels) for name, levels in apart.items() if np.ptp(levels) > 1.0} == {}


def test_levels_of_presets_stand_to_one_another_as_theirs(
    notes: list[tuple[Played, float, float, float, float]],
) -> None:
    apart = [own - theirs for note, _, theirs, _, own in notes]

    assert np.std(apart) < 0.3
    assert abs(np.median(apart)) < 1.6  # FluidSynth's flat filter amplifies by 1.5 dB


# Envelopes, on a steady tone

CYCLE = 48
TONE = Wave(0.5 * np.sin(2 * np.pi * np.arange(100 * CYCLE) / CYCLE), loop=(10 * CYCLE, 90 * CYCLE), key=60)
LOOPED = 1
DELAY, ATTACK, HOLD, DECAY, SUSTAIN, RELEASE, HOLD_KEY, DECAY_KEY = range(33, 41)


def timecents(seconds: float) -> int:
    return round(1_200 * np.log2(seconds))


def levels_of(sound: NDArray[Any]) -> NDArray[Any]:
    """The envelope of the tone in dB, every 2 ms: the mean power of a cycle."""
    power = np.convolve(sound[0] ** 2, np.ones(2 * CYCLE) / (2 * CYCLE), "same")[:: 2 * CYCLE]
    return np.asarray(10.0 * np.log10(2.0 * power + 1e-20))


def crossing_s(levels: NDArray[Any], begin_s: float, under_db: float, rising: bool) -> float:
    """When the level comes past so many dB under what it is at its highest; FluidSynth moves in steps of 1.3 ms."""
    first = round(begin_s * 500)
    goal = levels.max() - under_db
    past = levels[first:] >= goal if rising else levels[first:] <= goal
    return begin_s + float(np.argmax(past)) / 500.0


ENVELOPES = {
    "slow": {ATTACK: 0.4, HOLD: 0.1, DECAY: 2.0, RELEASE: 1.5},
    "late": {DELAY: 0.3, ATTACK: 0.05, DECAY: 1.0, RELEASE: 0.5},
    "struck": {HOLD: 0.3, DECAY: 4.0, RELEASE: 3.0},
}


@pytest.mark.parametrize("key", [48, 60, 72])
@pytest.mark.parametrize("name", ENVELOPES)
def test_envelopes_take_their_times_within_five_percent(name: str, key: int, tmp_path: Path) -> None:
    times = {which: timecents(seconds) for which, seconds in ENVELOPES[name].items()}
    bag = {**times, SUSTAIN: 200, HOLD_KEY: 50, DECAY_KEY: 25, 54: LOOPED, SAMPLE: 0}
    path = tmp_path / "tone.sf2"
    path.write_bytes(soundfont([TONE], [bag]))
    note = Played(0, key, 127, 1.6, 3.0)

    theirs, own = (
        levels_of(sound) for sound in (*fluidsynth(path, [note], tmp_path), ours(read_instrument(path), note))
    )

    start_s = ENVELOPES[name].get(DELAY, 0.0)
    for begin_s, after_s, under_db, rising in (
        (start_s, 0.0, 12.0, True), (start_s, start_s, 1.0, True), (0.5, start_s, 6.0, False),
        (0.5, start_s, 12.0, False), (1.6, 1.6, 40.0, False), (1.6, 1.6, 55.0, False),
    ):  # fmt: skip
        times_s = [crossing_s(levels, begin_s, under_db, rising) - after_s for levels in (theirs, own)]
        assert times_s[1] == pytest.approx(times_s[0], rel=0.05, abs=0.008), (under_db, rising, times_s)


def test_sustain_is_a_level_in_centibels() -> None:
    tones = []
    for sustain in (0, 60, 200):
        font = soundfont([TONE], [{DECAY: timecents(0.01), SUSTAIN: sustain, 54: LOOPED, SAMPLE: 0}])
        tones.append(levels_of(play(_read(font), 60, frames=48_000))[400])

    assert tones[0] - tones[1] == pytest.approx(6.0, abs=0.05)
    assert tones[0] - tones[2] == pytest.approx(20.0, abs=0.05)


def _read(data: bytes) -> ZoneMap:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.sf2"
        path.write_bytes(data)
        return read_instrument(path)
