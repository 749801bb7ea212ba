"""What the core tells of itself, as events of a session."""

from __future__ import annotations

from typing import Any

from graphdaw._core import lib
from graphdaw.host.events import Event, Located, Looped, NotFinite, OverBudget, Rolling, Settled, Standing, Swapped


def event_of(item: Any, frame: int, sample_rate_hz: float) -> Event:
    """The event of a GdNews that happened at that frame of the session."""
    position_s = item.position / sample_rate_hz
    match item.kind:
        case lib.GD_NEWS_SWAPPED:
            return Swapped(frame)
        case lib.GD_NEWS_SETTLED:
            return Settled(frame)
        case lib.GD_NEWS_NOT_FINITE:
            return NotFinite(int(item.count), frame)
        case lib.GD_NEWS_LOCATED:
            return Located(position_s, frame)
        case lib.GD_NEWS_LOOPED:
            return Looped(int(item.count), frame)
        case lib.GD_NEWS_ROLLING:
            return Rolling(position_s, frame)
        case lib.GD_NEWS_STANDING:
            return Standing(position_s, frame)
        case _:
            return OverBudget(frame)
