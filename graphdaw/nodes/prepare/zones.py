"""Instruments as their kernel reads them: one plane of words with zones, keys and recordings, shared by all voices.

`dsp/zones.h` has the same records. A recording has zeros around it, so that its taps always lie inside; a loop is
unrolled further than taps reach, so that they read what comes round, and copies for higher pitches are made of that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphdaw.errors import MediaError
from graphdaw.nodes.base import Prepared, Recording
from graphdaw.nodes.prepare.recording import GRAIN, SHARES, darker
from graphdaw.nodes.prepare.zone_map import Envelope, Zone, ZoneMap, of_recording

Samples = npt.NDArray[Any]

MAGIC = 0x475A4F31
KEYS = 128
LAYERS, LAYER_WORDS, VOICE_WORDS = 16, 35, 3  # of the kernel's `Layer` and `Voice`
FILTERS = ("", "lowpass", "highpass", "bandpass", "notch", "lowpass_1", "highpass_1")
LOOPS, LOOP_ENDS, ONE_SHOT, ON_RELEASE = 1, 2, 4, 8
REACH = 80  # frames of a copy, either side of a place, that its taps and the filter it was made with touch
SPARE_SEMITONES = 4.0  # that a note may be bent up before it is read from a copy too bright for it
MAX_LISTED = 1 << 21  # zones of all keys together
MAX_WORDS = 1 << 28

_ENVELOPE = np.dtype(
    [
        (name, "<f4")
        for name in ("delay", "attack", "hold", "decay", "sustain", "release", "hold_octaves", "decay_octaves")
    ]
)
_SWEEP = np.dtype([("times", _ENVELOPE), ("pitch", "<f4"), ("cutoff", "<f4"), ("convex", "<u4")])
_LFO = np.dtype([*((name, "<f4") for name in ("hz", "delay", "fade", "pitch", "cutoff", "gain")), ("sine", "<u4")])
_WORDS = (
    "left", "right", "room", "copies", "begin", "end", "loop_begin", "loop_end", "period", "leave_at", "body_end",
    "flags", "softest", "loudest",
)  # fmt: skip
ZONE = np.dtype(
    [
        *((name, "<u4") for name in _WORDS),
        ("chance", "<f4", 2), ("turns", "<u4"), ("turn", "<u4"), ("counter", "<u4"), ("group", "<i4"),
        ("off_by", "<i4"), ("off", "<f4"), ("rate", "<f4"), ("root", "<f4"), ("octaves_a_key", "<f4"), ("tune", "<f4"),
        ("level", "<f4", 2), ("velocity_track", "<f4"), ("velocity_power", "<f4"), ("fall", "<f4"),
        ("amplitude", _ENVELOPE),
        ("sweeps", _SWEEP, 2), ("lfos", _LFO, 3), ("filter", "<u4"), ("cutoff", "<f4"), ("damping", "<f4"),
        ("cutoff_by_velocity", "<f4"), ("cutoff_a_key", "<f4"), ("cutoff_center", "<f4"),
    ]
)  # fmt: skip
HEAD = np.dtype([(name, "<u4") for name in ("magic", "words", "zones", "counters", "zone", "key", "list")])


def prepare(source: Recording | ZoneMap | None, sample_rate_hz: float) -> Prepared:
    """One plane for all voices, and what each of them writes; nothing for no instrument."""
    zone_map = of_recording(source) if isinstance(source, Recording) else source
    if zone_map is None or not zone_map.zones:
        return Prepared()
    materials = _Materials(zone_map.name, sample_rate_hz)
    records = np.zeros(len(zone_map.zones), ZONE)
    for zone in zone_map.zones:
        materials.want(zone)
    counters = 0
    for record, zone in zip(records, zone_map.zones, strict=True):
        _write(record, zone, materials)
        if zone.turns > 1:
            record["counter"], counters = counters, counters + 1
    starts, listed = _by_key(zone_map)
    head = np.zeros(1, HEAD)
    tables = [head, records, starts, listed]
    places = np.cumsum([0, *(table.nbytes // 4 for table in tables)])
    begin = -(-int(places[-1]) // GRAIN) * GRAIN
    head[0] = (MAGIC, begin + materials.words, len(records), counters, *places[1:4])
    records["left"] += np.uint32(begin)
    records["right"] += np.uint32(begin)
    plane = np.zeros(begin + materials.words, np.float32)
    words = plane.view(np.uint32)
    for place, table in zip(places[:-1].tolist(), tables, strict=True):
        words[place : place + table.nbytes // 4] = table.view(np.uint32).ravel()
    materials.lay(plane[begin:])
    return Prepared(plane[None], work_frames=VOICE_WORDS + LAYERS * LAYER_WORDS + counters)


def _by_key(zone_map: ZoneMap) -> tuple[Samples, Samples]:
    """The zones of each key one after the other, and where those of each begin."""
    lists: list[list[int]] = [[] for _ in range(KEYS)]
    for number, zone in enumerate(zone_map.zones):
        for key in range(max(zone.keys[0], 0), min(zone.keys[1], KEYS - 1) + 1):
            lists[key].append(number)
    listed = np.array([number for numbers in lists for number in numbers], np.uint32)
    if len(listed) > MAX_LISTED:
        raise MediaError(f"{zone_map.name} has more than {MAX_LISTED} zones on its keys; choose another instrument.")
    return np.cumsum([0, *map(len, lists)]).astype(np.uint32), listed


@dataclass(frozen=True, slots=True)
class _Cut:
    """What of a sample a zone plays: zones that want the same share it."""

    sample: int
    begin: int
    end: int
    mode: str
    loop: tuple[int, int]
    crossfade: int
    ping_pong: bool
    backward: bool


@dataclass(slots=True)
class _Material:
    """A stretch of a recording with its loop unrolled, and where it will lie."""

    channels: Samples  # (channels, frames), with zeros around
    begin: int
    end: int
    loop: tuple[int, int] = (0, 0)
    period: int = 0
    leave_at: int = 0
    body_end: int = 0
    copies: int = 1
    place: int = 0

    @property
    def channel_words(self) -> int:
        """What a channel takes with its copies."""
        return sum(round(self.channels.shape[1] * share) for share in SHARES[: self.copies])


class _Materials:
    """The recordings of an instrument, each cut and laid out once."""

    def __init__(self, name: str, sample_rate_hz: float) -> None:
        self._name = name
        self._rate_hz = sample_rate_hz
        self._copies: dict[_Cut, int] = {}
        self._made: dict[_Cut, _Material] = {}
        self.words = 0

    def want(self, zone: Zone) -> None:
        """Note how high a zone will be played: its recording needs copies for that."""
        cut = _cut(zone)
        self._copies[cut] = max(self._copies.get(cut, 1), copies_for(_highest_speed(zone, self._rate_hz)))

    def of(self, zone: Zone) -> _Material:
        """The material of a zone that has been wanted."""
        cut = _cut(zone)
        if cut not in self._made:
            copies = self._copies[cut]
            made = _unrolled(zone.sample.samples, cut, round(REACH / SHARES[copies - 1]))
            made.copies, made.place = copies, self.words
            self.words += made.channel_words * made.channels.shape[0]
            if self.words > MAX_WORDS - (MAX_LISTED << 1):
                raise MediaError(f"{self._name} takes more than 1 GiB of memory; choose a smaller instrument.")
            self._made[cut] = made
        return self._made[cut]

    def lay(self, words: Samples) -> None:
        """Write them all where they belong."""
        for made in self._made.values():
            at = made.place
            for channel in made.channels:
                for part in darker(channel, made.copies):
                    words[at : at + len(part)] = part
                    at += len(part)


def _cut(zone: Zone) -> _Cut:
    frames = zone.sample.samples.shape[1]
    end = min(zone.end or frames, frames)
    begin = min(max(zone.begin, 0), end - 1)
    first, last = max(zone.loop[0], begin), min(zone.loop[1], end)
    mode = zone.loop_mode if first < last and not zone.on_release else "none"
    loop = (first - begin, last - begin) if mode != "none" else (0, 0)
    fade = max(0, min(zone.loop_crossfade, loop[0], loop[1] - loop[0]))
    return _Cut(id(zone.sample), begin, end, mode, loop, fade, zone.ping_pong and mode != "none", zone.backward)


def _highest_speed(zone: Zone, rate_hz: float) -> float:
    """Recorded frames a frame at the highest pitch that a zone is meant for, and somewhat above."""
    key = zone.keys[1] if zone.keytrack_cents >= 0.0 else zone.keys[0]
    cents = (key - zone.root_key) * zone.keytrack_cents + zone.tune_cents + 100.0 * SPARE_SEMITONES
    cents += sum(max(0.0, sweep.pitch_cents) for sweep in zone.sweeps) + sum(abs(lfo.pitch_cents) for lfo in zone.lfos)
    return float(zone.sample.rate_hz / rate_hz * 2.0 ** min(cents / 1_200.0, 20.0))


def copies_for(speed: float) -> int:
    """How many of the copies are read up to that speed, as `media_pick` of `dsp/media.h` chooses them."""
    copy, full = 0, 1.06
    while copy + 1 < len(SHARES) and speed * SHARES[copy] >= full:
        copy, full = copy + 1, 1.0 / (2.0 * 0.355)
    return min(copy + 2, len(SHARES)) if speed * SHARES[copy] * 1.06 > full else copy + 1


def _unrolled(samples: Samples, cut: _Cut, reach: int) -> _Material:
    """What a zone plays, with so many frames of zeros around it, or of what comes round in a loop."""
    x = samples[:, cut.begin : cut.end]
    first, last = cut.loop
    if cut.backward:
        x, first, last = x[:, ::-1], x.shape[1] - last, x.shape[1] - first
    if cut.mode == "none":
        return _padded([x], reach)
    body = x[:, first:last].copy()
    if cut.crossfade and first >= cut.crossfade:
        rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(cut.crossfade) + 0.5) / cut.crossfade)
        body[:, -cut.crossfade :] *= 1.0 - rise
        body[:, -cut.crossfade :] += rise * x[:, first - cut.crossfade : first]
    if cut.ping_pong:
        body = np.concatenate([body, body[:, ::-1]], axis=1)
    period = body.shape[1]
    if cut.mode == "sustain":
        rounds = 1 + -(-2 * reach // period)
        parts = [x[:, :first], np.tile(body, rounds), x[:, last:]]
        repeated = rounds * period
    else:
        repeated = period + 2 * reach
        parts = [x[:, :first], body[:, np.arange(repeated) % period]]
    made = _padded(parts, reach)
    made.period, made.body_end = period, made.begin + first + repeated
    made.leave_at = made.begin + first + min(reach, period // 2)
    made.loop = (made.begin + first + reach, made.begin + first + reach + period)
    return made


def _padded(parts: list[Samples], reach: int) -> _Material:
    front = -(-reach // GRAIN) * GRAIN
    frames = sum(part.shape[1] for part in parts)
    room = GRAIN * _smooth(-(-(2 * front + frames) // GRAIN))
    zeros = [np.zeros((parts[0].shape[0], count), np.float32) for count in (front, room - front - frames)]
    channels = np.concatenate([zeros[0], *parts, zeros[1]], axis=1).astype(np.float32)
    return _Material(channels, front, front + frames)


def _smooth(number: int) -> int:
    """The next number without factors above 7: transforms of such a length are fast."""
    while True:
        rest = number
        for factor in (2, 3, 5, 7):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return number
        number += 1


def _write(record: Any, zone: Zone, materials: _Materials) -> None:
    made = materials.of(zone)
    stereo = made.channels.shape[0] == 2
    record["left"], record["right"] = made.place, made.place + (made.channel_words if stereo else 0)
    record["room"], record["copies"] = made.channels.shape[1], made.copies
    record["begin"], record["end"] = made.begin, made.end
    record["loop_begin"], record["loop_end"] = made.loop
    record["period"], record["body_end"] = max(1, made.period), made.body_end
    record["leave_at"] = made.leave_at
    record["flags"] = _flags(zone, made)
    record["softest"], record["loudest"] = zone.velocities
    record["chance"] = zone.chance
    record["turns"], record["turn"] = zone.turns, zone.turn - 1
    record["group"], record["off_by"], record["off"] = zone.group, zone.off_by, zone.off_s
    record["rate"], record["root"] = zone.sample.rate_hz, zone.root_key
    record["octaves_a_key"], record["tune"] = zone.keytrack_cents / 1_200.0, zone.tune_cents / 1_200.0
    record["level"] = [level * 10.0 ** (zone.gain_db / 20.0) for level in _sides(zone.pan, stereo)]
    record["velocity_track"], record["velocity_power"] = zone.velocity_track, zone.velocity_power
    record["fall"] = zone.release_fall_db_s * math.log2(10.0) / 20.0
    record["amplitude"] = _envelope(zone.amplitude)
    for place, sweep in zip(record["sweeps"], zone.sweeps, strict=False):
        place["times"], place["convex"] = _envelope(sweep.envelope), sweep.convex
        place["pitch"], place["cutoff"] = sweep.pitch_cents / 1_200.0, sweep.cutoff_cents / 1_200.0
    for place, lfo in zip(record["lfos"], zone.lfos, strict=False):
        place["hz"], place["delay"], place["fade"], place["sine"] = lfo.frequency_hz, lfo.delay_s, lfo.fade_s, lfo.sine
        place["pitch"], place["cutoff"] = lfo.pitch_cents / 1_200.0, lfo.cutoff_cents / 1_200.0
        place["gain"] = lfo.gain_db * math.log2(10.0) / 20.0
    _write_filter(record, zone)


def _write_filter(record: Any, zone: Zone) -> None:
    """Of one pole, the kernel takes its coefficient from that of a damping of 2."""
    kind = zone.filter
    record["filter"] = FILTERS.index(kind.kind)
    record["cutoff"] = math.log2(kind.cutoff_hz)
    record["damping"] = 2.0 if kind.kind.endswith("_1") else math.sqrt(2.0) * 10.0 ** (-kind.resonance_db / 20.0)
    record["cutoff_by_velocity"], record["cutoff_a_key"] = kind.velocity_cents / 1_200.0, kind.key_cents / 1_200.0
    record["cutoff_center"] = kind.key_center


def _flags(zone: Zone, made: _Material) -> int:
    loops = LOOPS if made.period else 0
    ends = LOOP_ENDS if made.period and zone.loop_mode == "sustain" else 0
    return loops | ends | (ONE_SHOT if zone.one_shot or zone.on_release else 0) | (ON_RELEASE if zone.on_release else 0)


def _sides(pan: float, stereo: bool) -> Iterable[float]:
    """Levels left and right: one channel is placed with constant power, two are balanced."""
    if stereo:
        return min(1.0, 1.0 - pan), min(1.0, 1.0 + pan)
    return math.cos((pan + 1.0) * math.pi / 4.0), math.sin((pan + 1.0) * math.pi / 4.0)


def _envelope(e: Envelope) -> tuple[float, ...]:
    return (
        e.delay_s, e.attack_s, e.hold_s, e.decay_s, e.sustain, e.release_s, e.hold_track_cents / 1_200.0,
        e.decay_track_cents / 1_200.0,
    )  # fmt: skip
