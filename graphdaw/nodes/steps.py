"""steps: a sequencer of drums and steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, Node, Param, Text
from graphdaw.nodes.events import events_out

DEFAULT = "kick: x . . . x . . . x . . . x . . .\nsnare: . . . . x . . . . . . . x . . .\nhat: 5 . 9 ."


def _rows(text: str) -> object:
    from graphdaw.nodes.prepare.pattern import rows_of

    return rows_of(text)


class Steps(Node, kernel="notes", tags=("event", "time", "sequencing")):
    """A step sequencer: rows of hits, written as text, over and over from the start of the piece.

    A line is a row: a name and a key (`kick 36`, `bass c2`; c4 is 60), or the name of a drum, a colon, and steps. `.`
    rests, `x` is a hit, `X` an accent, a digit from 1 to 9 a velocity (9 is all), `-` lets the hit before go on. Behind
    a hit, `*3` makes three of it, `?50` plays it by chance in percent, `>10` and `<10` move it later or earlier by
    percent of a step, `/2` plays it every second time. Rows of different lengths run against each other.

    A line `@cc74: 0.1 0.5 . 1` below a row sends a controller at its steps; `@pressure`, `@timbre` and `@bend` are for
    the row's own notes, `@velocity` takes the place of their velocities, and a dot leaves things as they are.
    """

    events = events_out()
    pattern = Text(DEFAULT, check=_rows, help="Rows of steps, a line each, such as 'kick: x . . x'.")
    step = Choice(
        ("1/1", "1/2", "1/4", "1/4t", "1/8", "1/8t", "1/16", "1/16t", "1/32"),
        "1/16",
        help="Length of a step; t is a triplet.",
    )
    swing = Param(0.5, lo=0.5, hi=0.75, fixed=True, help="Where in its pair the second step comes; 0.667 is a triplet.")
    gate = Param(0.5, lo=0.01, hi=1.0, fixed=True, help="For which part of its step a hit lasts.")
    transpose = Param(0.0, lo=-48.0, hi=48.0, unit="semitones", fixed=True, help="Added to every key.")

    @staticmethod
    def data(node: Any, values: Mapping[str, Any]) -> bytes:
        """The score."""
        from graphdaw.nodes.prepare.pattern import score_of_pattern

        return score_of_pattern(node.id, values)
