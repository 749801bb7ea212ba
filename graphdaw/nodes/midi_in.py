"""midi_in: notes of a keyboard."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, Node, Param, Text
from graphdaw.nodes.events import events_out


class MidiIn(Node, outside=True, tags=("event", "device")):
    """What comes from a MIDI keyboard or another program, heard within a block of the device.

    `port` is a part of a port's name, or "" for all of them; a session finds the port, and again when it was unplugged.
    With `mpe` the channels beside the first are fingers: their bend, pressure and timbre are of the one note on them.
    """

    events = events_out()
    port = Text(help="A part of the port's name; nothing takes all ports.")
    channel = Choice(("all", *map(str, range(1, 17))), help="Of which channel notes are taken.")
    mpe = Choice(("off", "on"), help="On: each note has a channel of its own, with 48 semitones of bend.")
    bend_semitones = Param(2.0, lo=0.0, hi=96.0, unit="semitones", fixed=True, help="What the bend wheel reaches.")
