"""transport: where the piece is."""

from __future__ import annotations

from graphdaw.nodes.base import Node
from graphdaw.nodes.events import control_out


class Transport(Node, tags=("control", "time")):
    """Say where the piece is, for what is to move with it: its tempo, its beats, its bars.

    Phases go from 0 to 1; a beat is what the time signature says it is, and `position_beats` counts quarter notes from
    the start of the piece. Where the piece stands, so do all of them.
    """

    tempo_bpm = control_out("Quarter notes a minute, through all ramps.")
    beat = control_out("From 0 to 1 in each beat.")
    bar = control_out("From 0 to 1 in each bar.")
    bar_start = control_out("1 for a millisecond at the start of each bar, where the piece rolls.")
    position_beats = control_out("Quarter notes since the start of the piece.")
    rolling = control_out("1 while the piece goes on, 0 while it stands.")
