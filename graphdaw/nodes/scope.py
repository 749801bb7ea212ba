"""scope: the wave itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Scope(Node, linked=True, tags=("analysis",)):
    """Pass a stereo source on unchanged and keep pictures of its wave for a panel to draw.

    A picture begins where the trigger passes `level`, or after `wait_s` without that. It has 256 points over
    `window_s`; a point is the least and the most of its frames, at least one, so that nothing short is missed.
    Readings: number of pictures so far, frames a point; then, from the 17th on, two pictures of 256 times least
    left, most left, least right, most right. The one to draw is the first where the number is even, the second
    where it is odd.
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    trigger = In(channels=1, help="What starts pictures where `source` is trigger.")
    out = Out(channels=2)
    edge = Choice(("rising", "falling", "free"), help="Which way the trigger passes the level; free waits for nothing.")
    source = Choice(("left", "right", "trigger"), help="What the trigger listens to.")
    window_s = Param(0.02, lo=0.001, hi=10.0, unit="s", curve="log", help="How much time a picture shows.")
    level = Param(0.0, lo=-1.0, hi=1.0, help="Level at which a picture begins.")
    wait_s = Param(0.2, lo=0.01, hi=60.0, unit="s", curve="log", help="Longest wait for the trigger.")

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """Sixteen words of readings, and two pictures."""
        return 16 + 2 * 256 * 4
