"""Hydrogen's drum kits as zones: a drum a key, from 36 up in their order or where the kit says, by layers of velocity.

Drums play to their end whatever the note does, but for those that stop with it. Levels follow velocity in a straight
line, as there; where layers claim the same velocities they take turns.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from itertools import groupby

from graphdaw.errors import MediaError
from graphdaw.graph.instruments.drumkit import Drum, DrumkitFile, DrumLayer, read_drumkit
from graphdaw.host.instruments.samples import Samples
from graphdaw.host.instruments.sfz import missing_sentence
from graphdaw.nodes.prepare.zone_map import Envelope, Zone, ZoneMap

FIRST_KEY = 36
FRAMES_A_SECOND = 44_100.0  # in which envelope times are counted
MIDDLE_DB = 3.0102999566398  # what a recording in the middle loses in each channel here, and not there


def read_drumkit_zones(path: str | os.PathLike[str], name: str = "") -> ZoneMap:
    """A kit with its recordings, as far as they are there. Raises `MediaError`."""
    called = name or os.fspath(path)
    kit = read_drumkit(path, called)
    samples = Samples(called)
    zones = tuple(
        zone
        for drum, key in zip(kit.drums, keys(kit), strict=True)
        if key <= 127
        for zone in _zones(drum, key, samples, kit)
    )
    if not zones and kit.missing:
        raise MediaError(missing_sentence(called, kit.missing))
    if not zones:
        raise MediaError(f"{called} has no drum that can be played; choose another kit.")
    return ZoneMap(kit.name or os.path.basename(called), zones, dict(kit.unsupported), tuple(kit.missing))


def keys(kit: DrumkitFile) -> list[int]:
    """The key of each drum: its own where the kit gives each another one, else by its place."""
    own = [int(drum.number("midiInNote", drum.number("midiOutNote", -1.0))) for drum in kit.drums]
    if len(set(own)) == len(own) and all(0 <= key <= 127 for key in own):
        return own
    return [FIRST_KEY + place for place in range(len(kit.drums))]


def _zones(drum: Drum, key: int, samples: Samples, kit: DrumkitFile) -> Iterator[Zone]:
    if drum.is_on("filterActive"):
        kit.unsupported["filterActive"] += 1
    if drum.number("randomPitchFactor", 0.0) > 0.0:
        kit.unsupported["randomPitchFactor"] += 1
    if drum.is_on("isMuted") or not drum.layers:
        return
    layers = sorted(drum.layers, key=lambda layer: layer.least)
    together = [list(same) for _, same in groupby(layers, key=lambda layer: layer.least)]
    bounds = [round(127.0 * min(max(same[0].least, 0.0), 1.0)) for same in together]
    bounds[:1] = [0]  # the softest layer takes what is softer still, and the loudest what is louder
    for same, low, high in zip(together, bounds, [*bounds[1:], 128], strict=True):
        for turn, layer in enumerate(same, 1):
            if low < high:
                yield _zone(drum, layer, key, (low, high - 1), (len(same), turn), samples)


def _zone(
    drum: Drum, layer: DrumLayer, key: int, velocities: tuple[int, int], turns: tuple[int, int], samples: Samples
) -> Zone:
    sample = samples.load(layer.path).sample
    level = layer.gain * drum.number("gain", 1.0) * drum.number("volume", 1.0)
    group = int(drum.number("muteGroup", -1.0)) + 1
    stereo = sample.samples.shape[0] == 2
    return Zone(
        sample=sample,
        keys=(key, key),
        velocities=velocities,
        root_key=float(key),
        tune_cents=100.0 * min(max(layer.pitch_semitones + drum.number("pitchOffset", 0.0), -48.0), 48.0),
        turns=min(turns[0], 100),
        turn=min(turns[1], 100),
        one_shot=not drum.is_on("isStopNote"),
        group=max(0, group),
        off_by=max(0, group),
        off_s=0.006 if group > 0 else 0.0,
        gain_db=(20.0 * math.log10(level) if level > 1e-7 else -144.0) + (0.0 if stereo else MIDDLE_DB),
        pan=_pan(drum),
        velocity_power=1.0,
        velocity_track=0.0 if drum.words.get("applyVelocity") == "false" else 1.0,
        amplitude=_envelope(drum),
    )


def _pan(drum: Drum) -> float:
    """Newer kits have one number, older ones a level for each side."""
    if "pan" in drum.numbers:
        return min(max(drum.number("pan", 0.0), -1.0), 1.0)
    left, right = (min(max(drum.number(f"pan_{side}", 1.0), 0.0), 1.0) for side in "LR")
    loud = max(left, right)
    return (right - left) / loud if loud else 0.0


def _envelope(drum: Drum) -> Envelope:
    """Times are in frames; a fall is a line of decibels here."""
    attack, decay, release = (
        min(max(drum.number(name, usual), 0.0), 1e7) / FRAMES_A_SECOND
        for name, usual in (("Attack", 0.0), ("Decay", 0.0), ("Release", 1_000.0))
    )
    return Envelope(0.0, attack, 0.0, decay, min(max(drum.number("Sustain", 1.0), 0.0), 1.0), release)
