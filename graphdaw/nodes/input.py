"""input: what the device hears."""

from __future__ import annotations

from graphdaw.nodes.base import Node, Out, Param


class Input(Node, tags=("device", "source")):
    """The device's input, channel by channel; channels that it does not have are silent."""

    out = Out()
    gain_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Level in decibels; 0 leaves the input as it is.")
