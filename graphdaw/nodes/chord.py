"""chord: a chord for each note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, Node, Param
from graphdaw.nodes.events import events_in, events_out

NAMES = (
    "own", "major", "minor", "diminished", "augmented", "sus2", "sus4", "fifth", "sixth", "minor_sixth", "seventh",
    "major_seventh", "minor_seventh", "half_diminished", "diminished_seventh", "minor_major_seventh", "add9", "ninth",
    "major_ninth", "minor_ninth", "eleventh", "thirteenth", "octaves",
)  # fmt: skip


def added(number: int) -> Param:
    """One note that is added."""
    text = f"Semitones from what is played to added note {number} of the chord own; 0 adds none."
    return Param(0.0, lo=-48.0, hi=48.0, unit="semitones", ramp_s=0.0, help=text)


class Chord(Node, tags=("event", "pitch")):
    """Play a chord for each note: one by name, or up to six notes of your own choice; strummed if you like.

    A chord stays as it began until its note ends. Bends and pressure of a note are for all of its chord. A note that
    ends in the middle of a strum leaves out the strings that it has not come to. To stay in a key, put `scale` behind.
    """

    in_ = events_in()
    out = events_out()
    chord = Choice(NAMES, "major", help="Which chord; own goes by the notes below.")
    add1 = added(1)
    add2 = added(2)
    add3 = added(3)
    add4 = added(4)
    add5 = added(5)
    add6 = added(6)
    inversion = Param(
        0.0, lo=-6.0, hi=6.0, ramp_s=0.0, help="So often the lowest note goes up an octave; below 0 down."
    )
    strum_ms = Param(
        0.0, lo=-200.0, hi=200.0, unit="ms", ramp_s=0.0, help="From string to string; below 0 from the top."
    )
    level = Param(1.0, lo=0.0, hi=1.0, ramp_s=0.0, help="Velocity of what is added, in that of what is played.")

    @staticmethod
    def data(_: Any, values: Mapping[str, Any]) -> bytes:
        """The chord's notes."""
        from graphdaw.nodes.prepare.chords import chord_of

        return chord_of(str(values["chord"]))
