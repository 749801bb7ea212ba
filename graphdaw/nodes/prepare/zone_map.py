"""What an instrument file says, whatever its format: recordings, and for which notes and how each is played.

A `Zone` is neutral: SoundFonts, SFZ files and drum kits become the same words, and `prepare/zones.py` makes of them
what the kernel reads. Keys are MIDI numbers, velocities whole numbers from 0 to 127, pitches cents, places frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy.typing as npt

from graphdaw.nodes.base import Recording

Samples = npt.NDArray[Any]

LoopMode = Literal["none", "loop", "sustain"]  # sustain: until the note is released, then on to the end
FilterKind = Literal["", "lowpass", "highpass", "bandpass", "notch", "lowpass_1", "highpass_1"]
FALL_DB = 100.0  # what an amplitude envelope falls by in its decay or release time


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A recording that zones share, at its own rate: `samples` of shape (channels, frames), one or two channels."""

    name: str
    samples: Samples = field(repr=False)
    rate_hz: float


@dataclass(frozen=True, slots=True)
class Envelope:
    """Times in seconds, and the level that is held.

    An amplitude rises in a straight line and falls by FALL_DB in its decay or release time, as a line of decibels; what
    moves pitch or cutoff goes by straight lines. Each key above 60 shortens (below it lengthens) hold and decay by
    `hold_track_cents` and `decay_track_cents`, where 1200 is a factor of two.
    """

    delay_s: float = 0.0
    attack_s: float = 0.0
    hold_s: float = 0.0
    decay_s: float = 0.0
    sustain: float = 1.0
    release_s: float = 0.0
    hold_track_cents: float = 0.0
    decay_track_cents: float = 0.0


@dataclass(frozen=True, slots=True)
class Sweep:
    """An envelope that moves pitch and cutoff, by so much at its top; a `convex` one rises fast at first."""

    envelope: Envelope = Envelope()
    pitch_cents: float = 0.0
    cutoff_cents: float = 0.0
    convex: bool = False


@dataclass(frozen=True, slots=True)
class Lfo:
    """A triangle, or a sine, that begins at 0 and rises, after a delay and a fade-in; depths are to either side."""

    frequency_hz: float = 0.0
    delay_s: float = 0.0
    fade_s: float = 0.0
    pitch_cents: float = 0.0
    cutoff_cents: float = 0.0
    gain_db: float = 0.0
    sine: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter, "" for none; a resonance of 0 dB is as flat as can be.

    The softest note moves the cutoff by -`velocity_cents`, the loudest by nothing; each key from `key_center` up moves
    it by `key_cents`.
    """

    kind: FilterKind = ""
    cutoff_hz: float = 20_000.0
    resonance_db: float = 0.0
    velocity_cents: float = 0.0
    key_cents: float = 0.0
    key_center: float = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Zone:
    """One recording and the notes it answers to.

    A note's level is 1 - |t| + |t| v^p, of its velocity v from 0 to 1, the track t and the power p, where a track below
    0 takes 1 - v^p. Of zones with `turns` above 1 that match the same notes, the one whose turn it is plays; of those
    with a `chance`, those into whose part of 0 to 1 the note's random number falls. A note of `group` cuts off zones
    that are `off_by` it.
    """

    sample: Sample
    keys: tuple[int, int] = (0, 127)
    velocities: tuple[int, int] = (0, 127)
    root_key: float = 60.0
    tune_cents: float = 0.0
    keytrack_cents: float = 100.0
    begin: int = 0
    end: int = 0  # the frame after the last one; 0 is the recording's end
    loop_mode: LoopMode = "none"
    loop: tuple[int, int] = (0, 0)  # first frame, and the one after the last
    loop_crossfade: int = 0
    ping_pong: bool = False
    backward: bool = False
    turns: int = 1
    turn: int = 1
    chance: tuple[float, float] = (0.0, 1.0)
    on_release: bool = False  # starts when the note ends
    one_shot: bool = False  # plays to its end, whatever the note does
    release_fall_db_s: float = 0.0  # what starts at the end of a note is softer by this for each second it lasted
    group: int = 0
    off_by: int = 0
    off_s: float = 0.0  # how long being cut off takes; 0 takes the release
    gain_db: float = 0.0
    pan: float = 0.0
    velocity_track: float = 1.0
    velocity_power: float = 2.0
    amplitude: Envelope = Envelope()
    sweeps: tuple[Sweep, ...] = ()  # two at most
    lfos: tuple[Lfo, ...] = ()  # three at most
    filter: Filter = Filter()

    def answers(self, key: float, velocity: float) -> bool:
        """Whether a note of that key, with fractions, and velocity from 0 to 1 is its own, turns and chance aside."""
        whole, struck = int(key + 0.5), int(velocity * 127.0 + 0.5)
        return self.keys[0] <= whole <= self.keys[1] and self.velocities[0] <= struck <= self.velocities[1]


@dataclass(frozen=True, slots=True, eq=False)
class ZoneMap:
    """An instrument.

    `unsupported` counts, by its name in the file, what is said there and not done here; `missing` names the recordings
    that are not where the file looks for them, whose zones are left out.
    """

    name: str
    zones: tuple[Zone, ...]
    unsupported: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def choke_groups(self) -> list[list[int]]:
        """Keys of which a note silences the notes of the others, in groups that have no key in common."""
        groups: dict[int, set[int]] = {}
        for zone in self.zones:
            if not zone.on_release:
                for group in {zone.group, zone.off_by} - {0}:
                    groups.setdefault(group, set()).update(range(zone.keys[0], zone.keys[1] + 1))
        chokes = {zone.off_by for zone in self.zones} & {zone.group for zone in self.zones}
        joined: list[set[int]] = []
        for keys in (groups[group] for group in sorted(chokes - {0}) if group in groups):
            apart = [other for other in joined if not other & keys]
            joined = [*apart, keys.union(*(other for other in joined if other & keys))]
        return sorted(sorted(keys) for keys in joined)

    def sounding_keys(self) -> list[int]:
        """The keys that have a zone."""
        return sorted({key for zone in self.zones for key in range(zone.keys[0], zone.keys[1] + 1)})


def of_recording(recording: Recording, root_key: float = 60.0) -> ZoneMap:
    """A recording by itself, which answers to every key."""
    sample = Sample(recording.name, recording.samples[:2], recording.rate_hz)
    if not sample.samples.size:
        return ZoneMap(recording.name, ())
    mode: LoopMode = "loop" if recording.loop[1] > recording.loop[0] else "none"
    return ZoneMap(recording.name, (Zone(sample, root_key=root_key, loop_mode=mode, loop=recording.loop),))
