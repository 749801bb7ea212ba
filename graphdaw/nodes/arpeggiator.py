"""arpeggiator: keys one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, Node, Param
from graphdaw.nodes.events import events_in, events_out
from graphdaw.nodes.tempo import SYNC


class Arpeggiator(Node, tags=("event", "time", "sequencing")):
    """Play the keys that are held one after the other, up and down through octaves, in time with the piece.

    While the piece rolls, steps lie on its grid at any tempo, so that keys which are struck early or late come in time;
    while it stands, and with `sync` free, the first key begins. Up and down play their ends once. With `hold` keys go
    on when all are up, until others are struck, the piece stops or all notes end.
    """

    in_ = events_in()
    out = events_out()
    order = Choice(
        ("up", "down", "up_down", "down_up", "as_played", "random", "chord"), help="In which order keys are played."
    )
    sync = Choice(
        SYNC, "1/16", help="Length of a step; free goes by `rate_hz`, a dot is half as long again, t a triplet."
    )
    retrigger = Choice(
        ("first_key", "every_key", "every_bar", "never"), help="What begins the order anew, but for its end."
    )
    velocities = Choice(
        ("as_played", "fixed", "accents"),
        help="Each key's own, `velocity`, or `velocity` times it but for first steps.",
    )
    hold = Choice(("off", "on"), help="On: keys stay until the first one of the next chord.")
    rate_hz = Param(
        8.0, lo=0.1, hi=50.0, unit="Hz", curve="log", ramp_s=0.0, help="Steps a second when `sync` is free."
    )
    octaves = Param(1.0, lo=1.0, hi=4.0, ramp_s=0.0, help="Through how many octaves it goes; whole numbers.")
    gate = Param(0.5, lo=0.01, hi=2.0, ramp_s=0.0, help="For which part of a step a note lasts; above 1 notes overlap.")
    swing = Param(0.5, lo=0.5, hi=0.75, ramp_s=0.0, help="Where in its pair the second step comes; 0.667 is a triplet.")
    velocity = Param(0.8, lo=0.0, hi=1.0, ramp_s=0.0, help="What `velocities` says it is.")
    chance = Param(1.0, lo=0.0, hi=1.0, ramp_s=0.0, help="Part of the steps that are played, by chance.")

    @staticmethod
    def data(_: Any, values: Mapping[str, Any]) -> bytes:
        """The choices, which change while notes are on."""
        from graphdaw.nodes.prepare.settings import numbers

        return numbers(Arpeggiator.type.choices, values)
