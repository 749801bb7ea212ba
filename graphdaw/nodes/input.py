"""input: what the device hears."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, Node, Out, Param

MOST_CHANNELS = 64


class Input(Node, tags=("device", "source")):
    """The device's input, from its `first` channel on; channels that it does not have are silent.

    Which inputs of a sound card the device's channels are, `DeviceSettings` says.
    """

    out = Out()
    gain_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Level in decibels; 0 leaves the input as it is.")
    channels = Param(1.0, lo=1.0, hi=MOST_CHANNELS, fixed=True, help="How many: 2 is stereo.")
    first = Choice(
        tuple(f"in{n + 1}" for n in range(MOST_CHANNELS)), help="The channel of the device that is heard first."
    )

    @staticmethod
    def channel_count(values: Mapping[str, Any]) -> int:
        """As many as are asked for, whatever is wired in."""
        return round(float(values["channels"]))
