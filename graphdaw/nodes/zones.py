"""zones: one voice of an instrument of many recordings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import In, Media, Node, Out, Param, Prepared, Recording, Text, ZoneMap


class Zones(Node, linked=True, tags=("source", "sample", "player", "instrument", "stereo")):
    """Play an instrument from a file: a SoundFont (.sf2), an SFZ file, or a Hydrogen drum kit (its drumkit.xml).

    It is one voice. When `gate` opens, up to eight zones that answer to `key` and `velocity` sound together; `key` goes
    on moving their pitch until the next note. When it closes they are released, but for drums, which play to their end,
    and zones start that are meant for the end of a note. What still sounds of earlier notes rings on at its own pitch,
    as far as sixteen layers reach, unless the new note's group cuts it off. Zones that take turns do so, and those that
    are chosen at random are drawn anew for each note, the same in every rendering.

    Recordings keep their own rate and are read band-limited, as by `sampler`; loops are unrolled beforehand, so that no
    seam is read across. Envelopes, filters and LFOs are those of the file. Any other recording is an instrument of one
    zone, in tune at middle C.
    """

    gate = In(type="control", help="Starts a note when it rises above 0.5, and ends it when it falls.")
    choke = In(
        type="control",
        help="Cuts off what belongs to a choke group when it rises above 0.5: another voice plays a note of the group.",
    )
    out = Out(channels=2)
    file = Media(instrument=True, help="The instrument, held in memory: .sf2, .sfz, drumkit.xml, or a recording.")
    preset = Text(
        help='Which sound of a SoundFont: "bank:program", a program of bank 0, or its name; empty: the first.'
    )
    key = Param(
        0.0, lo=0.0, hi=127.0, ramp_s=0.0, help="The MIDI key, with fractions: 60 is middle C. A wire is added to it."
    )
    velocity = Param(
        0.0,
        lo=0.0,
        hi=1.0,
        ramp_s=0.0,
        help="How hard the next note is struck; 0, which no note is, stands for 100 of MIDI's 127.",
    )
    gain_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Level in decibels; 0 leaves it as the file has it.")
    tune_cents = Param(0.0, lo=-1200.0, hi=1200.0, unit="cents", help="Moves the pitch of all that sounds.")
    cutoff_semitones = Param(
        0.0, lo=-96.0, hi=96.0, unit="semitones", help="Moves the cutoff of the zones' filters, where they have one."
    )
    attack_scale = Param(
        1.0, lo=0.0, hi=100.0, ramp_s=0.0, help="How many times as long attacks take as the file says."
    )
    release_scale = Param(
        1.0, lo=0.0, hi=100.0, ramp_s=0.0, help="How many times as long releases take as the file says."
    )

    @staticmethod
    def media_memory(source: Recording | ZoneMap | None, values: Mapping[str, Any], sample_rate_hz: int) -> Prepared:
        """The zones and all their recordings as one plane, which every voice reads."""
        from graphdaw.nodes.prepare.zones import prepare

        return prepare(source, sample_rate_hz)
