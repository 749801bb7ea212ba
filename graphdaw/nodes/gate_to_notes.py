"""gate_to_notes: notes from signals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, Node, Param
from graphdaw.nodes.events import control_in, events_out


class GateToNotes(Node, tags=("event", "control", "pitch")):
    """Make notes of a gate and a pitch: from clocks and sequencers, or from a sound that was listened to.

    A note begins when the gate opens, or at a trigger, and ends when the gate shuts. Its pitch is `frequency_hz` where
    that is above 1 Hz, else `key`. To find the notes of a melody, wire `onset` into `trigger`, `pitch_track` into
    `frequency_hz`, a gate made of `follower` into `gate`, and let `wait_s` give the pitch time to be found: all of it
    comes so much later, which is made up for as any latency is.
    """

    gate = control_in("A note lasts while it is above 0.5.")
    trigger = control_in("Begins a note when it rises above 0.5, if notes begin at the trigger.")
    frequency_hz = control_in("The pitch; below 1 Hz, `key` says it.")
    out = events_out()
    begins = Choice(("gate", "trigger"), help="Whether notes begin when the gate opens, or at each trigger.")
    keys = Choice(("whole", "exact"), help="Whole: the nearest key; exact: with what lies between keys.")
    on_change = Choice(("off", "on"), help="On: a key that is another one by now begins a note of its own.")
    key = Param(60.0, lo=0.0, hi=127.0, ramp_s=0.0, help="The key, where no pitch is wired in; 60 is middle C.")
    velocity = Param(0.8, lo=0.0, hi=1.0, ramp_s=0.0, help="How hard a note is struck, as it is when the note begins.")
    wait_s = Param(
        0.0, lo=0.0, hi=0.5, unit="s", ramp_s=0.0, help="How much later the pitch is looked at, and all happens."
    )

    @staticmethod
    def latency_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """All of it is so late."""
        return int(float(values["wait_s"]) * sample_rate_hz + 0.5)

    @staticmethod
    def data(_: Any, values: Mapping[str, Any]) -> bytes:
        """The choices, which change while notes are on."""
        from graphdaw.nodes.prepare.settings import numbers

        return numbers(GateToNotes.type.choices, values)
