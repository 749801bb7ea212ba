"""metronome: a click on every beat."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, Node, Out, Param


class Metronome(Node, tags=("source", "time")):
    """Clicks on every beat of the piece, higher on the first one of a bar, and counts in where that is asked for."""

    out = Out(channels=1)
    gain_db = Param(-12.0, lo=-96.0, hi=6.0, unit="dB", help="Level of the clicks.")
    when = Choice(("always", "counting_in"), help="Whether it goes on once the piece rolls.")
