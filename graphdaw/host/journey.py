"""Where in the piece an engine was when: what the transport did, by all that was played."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

MOST_LEGS = 100_000  # turns of a loop, mostly; of a session that goes on for longer the oldest are forgotten


class Leg(NamedTuple):
    """A stretch of time in which the position stood or went on evenly, from that frame of the clock on."""

    frame: int
    position: int
    rolls: bool


class Stretch(NamedTuple):
    """A stretch of time in which the piece went on: between two frames of the clock, from a place in the piece."""

    begin: int
    end: int
    position: int


class Journey:
    """The legs of a transport."""

    def __init__(self) -> None:
        self._legs = deque([Leg(0, 0, True)], maxlen=MOST_LEGS)

    def turn(self, frame: int, position: int, rolls: bool | None = None) -> None:
        """From that frame on the position is that one; whether it goes on stays as it was where that is not said."""
        self._legs.append(Leg(frame, position, self._legs[-1].rolls if rolls is None else rolls))

    def stretches(self, begin: int, end: int) -> list[Stretch]:
        """When the piece went on between two frames, in order.

        >>> journey = Journey()
        >>> journey.turn(1_000, 500)
        >>> journey.turn(1_500, 900, rolls=False)
        >>> journey.stretches(400, 2_000)
        [Stretch(begin=400, end=1000, position=400), Stretch(begin=1000, end=1500, position=500)]
        """
        legs, found = list(self._legs), []
        for k, leg in enumerate(legs):
            until = min(end, legs[k + 1].frame if k + 1 < len(legs) else end)
            since = max(begin, leg.frame)
            if leg.rolls and since < until:
                found.append(Stretch(since, until, leg.position + since - leg.frame))
        return found
