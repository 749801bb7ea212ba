"""event_delay: echoes of notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, Node, Param
from graphdaw.nodes.events import events_in, events_out
from graphdaw.nodes.tempo import sync


class EventDelay(Node, tags=("event", "time", "delay")):
    """Play each note again, later, softer and, if you like, higher or lower each time: echoes before the instrument.

    An echo lasts as long as its note. Echoes go by the time and the tempo at which their note began and ring out
    whatever the transport does; the end of all notes ends them too. Bends and pressure of a note are for those of its
    echoes that sound meanwhile, controllers pass at once. With no repeats and `dry` off it leaves out everything.
    """

    in_ = events_in()
    out = events_out()
    sync = sync("the delay, in place of `time_s`")
    dry = Choice(("off", "on"), "on", help="Whether what comes in is heard too, or its echoes alone.")
    time_s = Param(0.25, lo=0.001, hi=10.0, unit="s", curve="log", ramp_s=0.0, help="Delay when `sync` is free.")
    repeats = Param(3.0, lo=0.0, hi=16.0, ramp_s=0.0, help="Echoes of each note; whole numbers.")
    decay = Param(0.7, lo=0.0, hi=1.0, ramp_s=0.0, help="Velocity of an echo in that of the one before.")
    semitones = Param(0.0, lo=-24.0, hi=24.0, unit="semitones", ramp_s=0.0, help="How much higher each echo is.")
    chance = Param(1.0, lo=0.0, hi=1.0, ramp_s=0.0, help="Part of the echoes that are played, by chance.")

    @staticmethod
    def data(_: Any, values: Mapping[str, Any]) -> bytes:
        """The choices, which change while notes are on."""
        from graphdaw.nodes.prepare.settings import numbers

        return numbers(EventDelay.type.choices, values)
