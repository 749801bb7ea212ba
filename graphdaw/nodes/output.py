"""output: what the device plays, or a render writes."""

from __future__ import annotations

from graphdaw.nodes.base import In, Node, Out, Param


class Output(Node, tags=("device",)):
    """The way to the device or file; it has as many channels as are wired in."""

    in_ = In()
    out = Out(help="The signal as it is played, for whoever wants to record or measure it.")
    gain_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Master level in decibels; 0 leaves the signal as it is.")
