"""events_to_control: a signal from events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, Node, Param
from graphdaw.nodes.events import control_out, events_in

WHAT = ("cc", "pressure", "bend", "timbre", "velocity", "key", "gate", "program")


class EventsToControl(Node, tags=("event", "control")):
    """Let a wheel, a pedal or the keys move a parameter: one kind of what comes through an event wire, as a signal.

    `lo` and `hi` are what 0 and 1 become. A bend is 1 a semitone, a key 1 a key (60 is middle C), a program its number.
    Of notes the newest that is on counts: its velocity and key stay after its end, and going back to one that is still
    held goes back to its own. The signal begins at 0 and changes on the frame of its event, smoothed by a one-pole
    low-pass.
    """

    in_ = events_in()
    out = control_out("What came last, from `lo` to `hi`.")
    what = Choice(WHAT, help="Which of it: a controller, what fingers do, or notes.")
    channel = Choice(("all", *map(str, range(1, 17))), help="Of which channel.")
    number = Param(
        1.0, lo=0.0, hi=127.0, ramp_s=0.0, help="Of the controller; 1 is the modulation wheel, 64 the pedal."
    )
    lo = Param(0.0, lo=-100_000.0, hi=100_000.0, ramp_s=0.0, help="What comes out for 0.")
    hi = Param(1.0, lo=-100_000.0, hi=100_000.0, ramp_s=0.0, help="What comes out for 1.")
    smooth_s = Param(0.005, lo=0.0, hi=10.0, unit="s", ramp_s=0.0, help="Time constant of smoothing; 0 jumps.")

    @staticmethod
    def data(_: Any, values: Mapping[str, Any]) -> bytes:
        """The choices, which change while notes are on."""
        from graphdaw.nodes.prepare.settings import numbers

        return numbers(EventsToControl.type.choices, values)
