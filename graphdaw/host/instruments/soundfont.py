"""SoundFonts as zones, by the SoundFont Technical Specification 2.04: a preset's zones, each over an instrument's.

An instrument's generators stand, a preset's are added to them; either may have a global zone first, whose values its
other zones begin with. Of modulators, those of velocity on level and on the filter's cutoff count; the rest is listed
as unsupported. Where fonts expect what the hardware did for which they were made, that counts: attenuation set in zones
is 0.4 of what the specification says, a decay or release takes its time for 96 dB and not for 100, and a release is
never shorter than 16 ms. FluidSynth does the same.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from graphdaw.errors import MediaError, suggestion
from graphdaw.host.instruments.budget import Budget
from graphdaw.host.instruments.soundfont_file import COMPRESSED, READ_ONLY_MEMORY, Bag, Preset, SoundFontFile
from graphdaw.nodes.prepare.zone_map import FALL_DB, Envelope, Filter, Lfo, Sample, Sweep, Zone, ZoneMap

MAX_ZONES = 16_384
ATTENUATION_SHARE = 0.4
FALL_DB_HERE = 96.0
LEAST_RELEASE = -7_200  # timecents
LOWEST_HZ = 8.175798915643707  # what pitches and cutoffs in cents count from: MIDI key 0

# Generators by their numbers in section 8.1.2
START, END, LOOP_START, LOOP_END = 0, 1, 2, 3
START_COARSE, END_COARSE, LOOP_START_COARSE, LOOP_END_COARSE = 4, 12, 45, 50
MOD_LFO_PITCH, VIBRATO_PITCH, MOD_ENV_PITCH, CUTOFF, RESONANCE, MOD_LFO_CUTOFF, MOD_ENV_CUTOFF = 5, 6, 7, 8, 9, 10, 11
MOD_LFO_GAIN, CHORUS, REVERB, PAN = 13, 15, 16, 17
MOD_LFO_DELAY, MOD_LFO_HZ, VIBRATO_DELAY, VIBRATO_HZ = 21, 22, 23, 24
MOD_ENV, AMPLITUDE = 25, 33  # delay, attack, hold, decay, sustain, release, and what keys do to hold and decay
INSTRUMENT, KEYS, VELOCITIES, FIXED_KEY, FIXED_VELOCITY, ATTENUATION = 41, 43, 44, 46, 47, 48
COARSE_TUNE, FINE_TUNE, SAMPLE, LOOP_MODE, SCALE, EXCLUSIVE, ROOT_KEY = 51, 52, 53, 54, 56, 57, 58

DEFAULTS = {
    CUTOFF: 13_500, MOD_LFO_DELAY: -12_000, VIBRATO_DELAY: -12_000, SCALE: 100, FIXED_KEY: -1, FIXED_VELOCITY: -1,
    ROOT_KEY: -1, **{first + k: -12_000 for first in (MOD_ENV, AMPLITUDE) for k in (0, 1, 2, 3, 5)},
}  # fmt: skip
FOR_INSTRUMENTS_ALONE = {
    START, END, LOOP_START, LOOP_END, START_COARSE, END_COARSE, LOOP_START_COARSE, LOOP_END_COARSE, FIXED_KEY,
    FIXED_VELOCITY, LOOP_MODE, EXCLUSIVE, ROOT_KEY,
}  # fmt: skip
NOT_VALUES = {KEYS, VELOCITIES, INSTRUMENT, SAMPLE}
SENT = {CHORUS: "chorusEffectsSend", REVERB: "reverbEffectsSend"}

VELOCITY_GAIN, VELOCITY_CUTOFF = (0x0502, ATTENUATION), (0x0102, CUTOFF)  # a modulator's source, and what it moves
MODULATIONS = {VELOCITY_GAIN: 960, VELOCITY_CUTOFF: -2_400}


class _Layer(NamedTuple):
    """What zones of one kind say together: values, ranges of keys and velocities, and amounts of modulation."""

    values: dict[int, int]
    keys: tuple[int, int]
    velocities: tuple[int, int]
    modulations: dict[tuple[int, int], int]
    next: int  # instrument or sample


def soundfont_presets(path: str | os.PathLike[str], name: str = "") -> list[Preset]:
    """The sounds of a SoundFont, by bank and program; raises MediaError."""
    with SoundFontFile(path, name or os.fspath(path)) as file:
        return file.presets()


def read_soundfont(path: str | os.PathLike[str], preset: str = "", name: str = "") -> ZoneMap:
    """A preset of a SoundFont: "bank:program", a program of bank 0, or its name; "" is the first. Raises MediaError."""
    with SoundFontFile(path, name or os.fspath(path)) as file:
        chosen = _chosen(file, preset)
        reader = _Reader(file)
        zones = tuple(reader.zones(chosen))
        if not zones:
            raise MediaError(f"Preset {chosen.name!r} of {file.name} has no sample that can be played; choose another.")
        return ZoneMap(chosen.name, zones, dict(reader.unsupported))


def _chosen(file: SoundFontFile, preset: str) -> Preset:
    presets = file.presets()
    if not presets:
        raise file.damaged("it has no presets")
    wanted = preset.strip()
    if not wanted:
        return presets[0]
    bank, colon, program = wanted.partition(":")
    number = (bank, program) if colon else ("0", bank)
    for one in presets:
        if (str(one.bank), str(one.program)) == tuple(part.strip() for part in number):
            return one
    for one in presets:
        if one.name.casefold() == wanted.casefold():
            return one
    known = (
        [one.name for one in presets] if any(map(str.isalpha, wanted)) else [f"{p.bank}:{p.program}" for p in presets]
    )
    raise MediaError(f"{file.name} has no preset {preset!r}; {suggestion(wanted, known, 'presets')}")


class _Reader:
    """Makes zones of one preset; samples are read once."""

    def __init__(self, file: SoundFontFile) -> None:
        self.unsupported: Counter[str] = Counter()
        self._file = file
        self._samples: dict[int, Sample] = {}
        self._budget = Budget(file.name)
        self._instruments: dict[int, list[_Layer]] = {}

    def zones(self, preset: Preset) -> Iterator[Zone]:
        count = 0
        for upper in self._layers(self._file.preset_bags(preset), INSTRUMENT, FOR_INSTRUMENTS_ALONE):
            if upper.next not in self._instruments:
                self._instruments[upper.next] = self._layers(self._file.instrument_bags(upper.next), SAMPLE, set())
            for lower in self._instruments[upper.next]:
                count += 1
                if count > MAX_ZONES:
                    raise self._file.damaged(f"a preset has more than {MAX_ZONES} zones")
                zone = self._zone(upper, lower)
                if zone is not None:
                    yield zone

    def _layers(self, bags: list[Bag], link: int, ignored: set[int]) -> list[_Layer]:
        """The zones of a preset or an instrument, with what its global zone says."""
        layers = []
        base = Bag({}, bags[0].modulators[:0]) if bags else None
        for place, bag in enumerate(bags):
            if link not in bag.generators:
                if place == 0:
                    base = bag
                continue
            assert base is not None
            values = {**base.generators, **bag.generators}
            amounts = self._modulations(base) | self._modulations(bag)
            plain = {which: value for which, value in values.items() if which not in NOT_VALUES | ignored}
            spans = [_span(values.get(which)) for which in (KEYS, VELOCITIES)]
            layers.append(_Layer(plain, spans[0], spans[1], amounts, values[link] & 0xFFFF))
        return layers

    def _modulations(self, bag: Bag) -> dict[tuple[int, int], int]:
        found = {}
        for one in bag.modulators:
            what = int(one["source"]), int(one["target"])
            if what in MODULATIONS and not one["by"]:
                found[what] = int(one["amount"])
            elif one["amount"]:
                self.unsupported["modulator"] += 1
        return found

    def _zone(self, upper: _Layer, lower: _Layer) -> Zone | None:
        keys, velocities = _both(upper.keys, lower.keys), _both(upper.velocities, lower.velocities)
        head = self._file.sample_head(lower.next)
        if head["kind"] & (COMPRESSED | READ_ONLY_MEMORY):
            self.unsupported["compressed sample" if head["kind"] & COMPRESSED else "ROM sample"] += 1
            return None
        if keys[0] > keys[1] or velocities[0] > velocities[1]:
            return None

        def value(which: int, least: float = -32_768.0, most: float = 32_767.0) -> float:
            total = lower.values.get(which, DEFAULTS.get(which, 0)) + upper.values.get(which, 0)
            return min(max(float(total), least), most)

        for which, called in SENT.items():
            if value(which) > 0:
                self.unsupported[called] += 1
        amounts = {
            what: lower.modulations.get(what, usual) + upper.modulations.get(what, 0)
            for what, usual in MODULATIONS.items()
        }
        return self._made(value, head, lower.next, keys, velocities, amounts)

    def _made(self, value: Any, head: Any, number: int, keys: Any, velocities: Any, amounts: Any) -> Zone:
        root = value(ROOT_KEY, -1, 127)
        root = root if root >= 0 else float(head["key"]) if head["key"] <= 127 else 60.0
        tune = 100.0 * value(COARSE_TUNE, -120, 120) + value(FINE_TUNE, -99, 99) + float(head["correction"])
        scale, fixed, struck = value(SCALE, 0, 1_200), value(FIXED_KEY, -1, 127), value(FIXED_VELOCITY, -1, 127)
        if fixed >= 0:
            tune, scale = tune + (fixed - root) * scale, 0.0
        track, power = 1.0, amounts[VELOCITY_GAIN] / 480.0
        gain_db = -0.1 * ATTENUATION_SHARE * value(ATTENUATION, 0, 1_440) - 0.05 * value(RESONANCE, 0, 960)
        velocity_cents = float(-amounts[VELOCITY_CUTOFF])
        if struck >= 0:
            gain_db += -40.0 if struck < 1 else 20.0 * power * math.log10(struck / 127.0)
            velocity_cents, track = 0.0, 0.0
        mode = int(value(LOOP_MODE)) & 3
        begin, end, loop = self._places(value, head)
        group = int(value(EXCLUSIVE, 0, 127))
        return Zone(
            sample=self._sample(number, head),
            keys=keys,
            velocities=velocities,
            root_key=root,
            tune_cents=tune,
            keytrack_cents=scale,
            begin=begin,
            end=end,
            loop_mode="none" if mode in (0, 2) or loop[0] >= loop[1] else "loop" if mode == 1 else "sustain",
            loop=loop if loop[0] < loop[1] else (0, 0),
            group=group,
            off_by=group,
            off_s=0.006 if group else 0.0,
            gain_db=gain_db,
            pan=value(PAN, -500, 500) / 500.0,
            velocity_track=track,
            velocity_power=max(0.0, power),
            amplitude=_amplitude(value),
            sweeps=_sweeps(value),
            lfos=_lfos(value),
            filter=Filter(
                "lowpass",
                LOWEST_HZ * 2.0 ** (value(CUTOFF, 1_500, 13_500) / 1_200.0),
                0.1 * value(RESONANCE, 0, 960),
                velocity_cents,
            ),
        )

    def _places(self, value: Any, head: Any) -> tuple[int, int, tuple[int, int]]:
        """Beginning, end and loop within the sample, held inside it."""
        frames = int(head["end"]) - int(head["start"])

        def place(recorded: int, fine: int, coarse: int) -> int:
            moved = recorded - int(head["start"]) + int(value(fine)) + 32_768 * int(value(coarse))
            return min(max(moved, 0), frames)

        begin = place(int(head["start"]), START, START_COARSE)
        end = place(int(head["end"]), END, END_COARSE)
        if end <= begin:
            begin, end = 0, frames
        first = place(int(head["loop_start"]), LOOP_START, LOOP_START_COARSE)
        last = place(int(head["loop_end"]), LOOP_END, LOOP_END_COARSE)
        return begin, end, (max(first, begin), min(last, end))

    def _sample(self, number: int, head: Any) -> Sample:
        if number not in self._samples:
            self._budget.take(int(head["end"]) - int(head["start"]))
            name = head["name"].partition(b"\0")[0].decode("latin-1").strip()
            self._samples[number] = Sample(name, self._file.sample(head)[None], float(head["rate_hz"]))
        return self._samples[number]


def _span(packed: int | None) -> tuple[int, int]:
    """A range of keys or velocities: the low byte is its lower end."""
    return (0, 127) if packed is None else (packed & 0x7F, packed >> 8 & 0x7F)


def _both(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    return max(a[0], b[0]), min(a[1], b[1])


def _seconds(timecents: float) -> float:
    """A time; the shortest there is stands for none."""
    return 0.0 if timecents <= -12_000.0 else float(2.0 ** (timecents / 1_200.0))


def _hertz(cents: float) -> float:
    return float(LOWEST_HZ * 2.0 ** (cents / 1_200.0))


def _times(value: Any, first: int, sustain: float, least_release: float) -> Envelope:
    """The six generators of an envelope and the two of keys, which follow one another."""
    delay, attack, hold, decay = (value(first + k, -12_000, 8_000) for k in range(4))
    release, hold_track, decay_track = value(first + 5, least_release, 8_000), value(first + 6), value(first + 7)
    return Envelope(
        _seconds(delay), _seconds(attack), _seconds(hold), _seconds(decay), sustain, _seconds(release),
        min(max(hold_track, -1_200.0), 1_200.0), min(max(decay_track, -1_200.0), 1_200.0),
    )  # fmt: skip


def _amplitude(value: Any) -> Envelope:
    e = _times(value, AMPLITUDE, 10.0 ** (-value(AMPLITUDE + 4, 0, 1_440) / 200.0), LEAST_RELEASE)
    return replace(e, decay_s=e.decay_s * FALL_DB / FALL_DB_HERE, release_s=e.release_s * FALL_DB / FALL_DB_HERE)


def _sweeps(value: Any) -> tuple[Sweep, ...]:
    pitch, cutoff = value(MOD_ENV_PITCH, -12_000, 12_000), value(MOD_ENV_CUTOFF, -12_000, 12_000)
    if not pitch and not cutoff:
        return ()
    envelope = _times(value, MOD_ENV, 1.0 - value(MOD_ENV + 4, 0, 1_000) / 1_000.0, -12_000)
    return (Sweep(envelope, pitch, cutoff, convex=True),)


def _lfos(value: Any) -> tuple[Lfo, ...]:
    vibrato = Lfo(
        _hertz(value(VIBRATO_HZ, -16_000, 4_500)),
        _seconds(value(VIBRATO_DELAY, -12_000, 5_000)),
        pitch_cents=value(VIBRATO_PITCH, -12_000, 12_000),
    )
    wobble = Lfo(
        _hertz(value(MOD_LFO_HZ, -16_000, 4_500)),
        _seconds(value(MOD_LFO_DELAY, -12_000, 5_000)),
        pitch_cents=value(MOD_LFO_PITCH, -12_000, 12_000),
        cutoff_cents=value(MOD_LFO_CUTOFF, -12_000, 12_000),
        gain_db=0.1 * value(MOD_LFO_GAIN, -960, 960),
    )
    return tuple(lfo for lfo in (vibrato, wobble) if lfo.pitch_cents or lfo.cutoff_cents or lfo.gain_db)
