"""crossfade: from one source to another."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Crossfade(Node, tags=("mix", "routing")):
    """Fade between two sources by one knob, which a signal may move."""

    a = In(help="Heard alone at position 0.")
    b = In(help="Heard alone at position 1.")
    out = Out()
    position = Param(0.5, lo=0.0, hi=1.0, help="0 is source a alone, 1 source b alone.")
    law = Choice(
        ("equal_power", "linear"),
        help="Level of both in the middle: -3 dB (cosine and sine, for unlike sources) or -6 dB (for alike ones).",
    )
