"""event_filter: some events and not others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, Node, Param, Text
from graphdaw.nodes.events import events_in, events_out


def _kinds(text: str) -> object:
    from graphdaw.nodes.prepare.filters import kinds

    return kinds(text)


def _channels(text: str) -> object:
    from graphdaw.nodes.prepare.filters import ranges

    return ranges(text, 1, 16, "channels")


def _controllers(text: str) -> object:
    from graphdaw.nodes.prepare.filters import ranges

    return ranges(text, 0, 127, "controllers")


class EventFilter(Node, tags=("event", "utility")):
    """Let pass what is of these kinds, channels, keys, velocities and controllers: a keyboard's lower half, say.

    Two of them, one inverted, split a keyboard in two instruments. A note that has begun ends, whatever is set
    meanwhile, and the end of all notes always passes.
    """

    in_ = events_in()
    out = events_out()
    passes = Choice(("these", "others"), help="What is described below passes, or everything else does.")
    kinds = Text(check=_kinds, help="Some of: notes bend pressure timbre cc program; nothing means all.")
    channels = Text(check=_channels, help="Channels such as '1 3-5'; nothing means all.")
    controllers = Text(check=_controllers, help="Numbers of controllers such as '1 64'; nothing means all.")
    low_key = Param(0.0, lo=0.0, hi=127.0, ramp_s=0.0, help="Lowest key that is meant.")
    high_key = Param(127.0, lo=0.0, hi=127.0, ramp_s=0.0, help="Highest key that is meant.")
    low_velocity = Param(0.0, lo=0.0, hi=1.0, ramp_s=0.0, help="Softest velocity that is meant.")
    high_velocity = Param(1.0, lo=0.0, hi=1.0, ramp_s=0.0, help="Hardest velocity that is meant.")

    @staticmethod
    def data(_: Any, values: Mapping[str, Any]) -> bytes:
        """What passes."""
        from graphdaw.nodes.prepare.filters import filter_of

        kinds, channels, controllers = (str(values[name]) for name in ("kinds", "channels", "controllers"))
        return filter_of(kinds, channels, controllers, values["passes"] == "others")
