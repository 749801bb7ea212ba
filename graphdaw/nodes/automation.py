"""automation: a curve over the piece."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Node
from graphdaw.nodes.events import control_out


class Automation(Node, clips="curve", tags=("control", "time", "track")):
    """Moves a parameter along a curve on the timeline: wire `out` into it, and the curve takes the place of its value.

    Points lie on their frames at any tempo. Between two of them the curve is a line, held, bent (`curve` k from -1 to
    1: (e^8kx - 1) / (e^8k - 1)) or smooth (half a turn of a cosine); before the first and after the last it stands.
    Between clips the last value holds. Where there are no points the parameter keeps its own value.
    """

    out = control_out("In the unit of what it is wired into.", sets=True)

    @staticmethod
    def data(node: Any, values: Mapping[str, Any]) -> bytes:
        """The curve."""
        from graphdaw.nodes.prepare.curve import curve_of_clips

        return curve_of_clips(node.clips)
