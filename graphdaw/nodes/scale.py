"""scale: keys of a scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, Node, Text
from graphdaw.nodes.events import events_in, events_out

NAMES = (
    "major", "minor", "harmonic_minor", "melodic_minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian",
    "major_pentatonic", "minor_pentatonic", "blues", "major_blues", "whole_tone", "diminished", "half_whole",
    "phrygian_dominant", "hungarian_minor", "chromatic", "custom",
)  # fmt: skip
HOW = ("nearest", "up", "down", "drop")


def _semitones(text: str) -> object:
    from graphdaw.nodes.prepare.scales import semitones

    return semitones(text)


class Scale(Node, tags=("event", "pitch")):
    """Bring every note into a scale, so that no key is wrong: the church modes, pentatonics, blues and others.

    What lies between two notes of the scale goes to the nearer one (of two the lower), up, down, or nowhere. A note
    keeps the key with which it began, also when the scale is changed.
    """

    in_ = events_in()
    out = events_out()
    root = Choice(("c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b"), help="Where the scale begins.")
    scale = Choice(NAMES, help="Which notes it has; custom goes by `custom`.")
    how = Choice(HOW, help="Where notes go that are not in it; drop leaves them out.")
    custom = Text("0 2 4 5 7 9 11", check=_semitones, help="Semitones above the root, for the scale custom.")

    @staticmethod
    def data(_: Any, values: Mapping[str, Any]) -> bytes:
        """The members of the scale."""
        from graphdaw.nodes.prepare.scales import scale_of

        return scale_of(str(values["root"]), str(values["scale"]), str(values["custom"]), HOW.index(values["how"]))
