"""midi_out: notes for another program or instrument."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, Node, Param, Text
from graphdaw.nodes.events import events_in


class MidiOut(Node, outside=True, tags=("event", "device")):
    """Sends its notes and controllers to a MIDI port, at the time at which they would be heard here.

    With `mpe` each note gets a channel of its own, from the second on, so that bend and pressure reach it alone.
    """

    events = events_in()
    port = Text(help="A part of the port's name.")
    channel = Choice(("own", *map(str, range(1, 17))), help="On which channel all of it is sent; own is its own.")
    mpe = Choice(("off", "on"), help="On: each note has a channel of its own, with 48 semitones of bend.")
    bend_semitones = Param(2.0, lo=0.0, hi=96.0, unit="semitones", fixed=True, help="What the receiver's bend reaches.")
