"""notes: clips of notes on the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, Node, Param
from graphdaw.nodes.events import events_out

GRID = ("off", "1/1", "1/2", "1/4", "1/4t", "1/8", "1/8t", "1/16", "1/16t", "1/32")


class Notes(Node, clips="notes", tags=("event", "time", "sequencing", "track")):
    """A track of notes: plays the clips that lie on its timeline, each note on its frame at any tempo.

    Wire `events` into an instrument, or into nodes that change notes on their way. Notes end where they should: also at
    a stop, a locate, the end of a loop, and when they are edited away while they sound; with `chase`, notes and
    controllers that are in force where a locate leads begin there. `quantise`, `swing` and `humanise_ms` change what is
    heard and not what is written; a swung grid's every second note comes late. A note of a chance below 1 is left out
    at random, anew in each turn of a loop.
    """

    events = events_out()
    chase = Choice(("off", "on"), "on", help="What began before the place where playing begins is taken up there.")
    quantise = Choice(GRID, help="Notes begin on this grid, as far as `strength` says; t is a triplet.")
    swing_grid = Choice(("1/8", "1/16"), "1/16", help="Whose every second note swings.")
    strength = Param(1.0, lo=0.0, hi=1.0, fixed=True, help="How far notes are moved to the grid; 1 is all the way.")
    swing = Param(0.5, lo=0.5, hi=0.75, fixed=True, help="Where in its pair the second note comes; 0.667 is a triplet.")
    humanise_ms = Param(0.0, lo=0.0, hi=100.0, unit="ms", fixed=True, help="Beginnings are up to this early or late.")
    humanise_velocity = Param(0.0, lo=0.0, hi=0.5, fixed=True, help="Velocities are up to this much off.")
    transpose = Param(0.0, lo=-48.0, hi=48.0, unit="semitones", fixed=True, help="Added to every key.")

    @staticmethod
    def data(node: Any, values: Mapping[str, Any]) -> bytes:
        """The score."""
        from graphdaw.nodes.prepare.score import score_of_clips

        return score_of_clips(node.id, node.clips, values)
