"""transpose: other keys."""

from __future__ import annotations

from graphdaw.nodes.base import Node, Param
from graphdaw.nodes.events import events_in, events_out


class Transpose(Node, tags=("event", "pitch")):
    """Move every note by semitones and octaves.

    A note keeps the key with which it began: what is set or wired in meanwhile moves only the notes that follow.
    Fractions of a semitone are played as they are.
    """

    in_ = events_in()
    out = events_out()
    semitones = Param(0.0, lo=-48.0, hi=48.0, unit="semitones", ramp_s=0.0, help="Added to every key.")
    octaves = Param(0.0, lo=-5.0, hi=5.0, ramp_s=0.0, help="Twelve semitones each, added too; whole numbers.")
