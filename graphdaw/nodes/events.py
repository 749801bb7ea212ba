"""Event ports as nodes declare them."""

from __future__ import annotations

from graphdaw.nodes.base import In, Out


def events_in(says: str = "Notes and what goes with them.") -> In:
    """The inlet `events`."""
    return In(type="event", channels=1, help=says)


def events_out(says: str = "Notes and what goes with them.") -> Out:
    """The outlet `events`."""
    return Out(type="event", channels=1, help=says)


def control_in(says: str) -> In:
    """An inlet for one signal, whatever is wired into it."""
    return In(type="control", channels=1, help=says)


def control_out(says: str, *, sets: bool = False) -> Out:
    """An outlet with one signal."""
    return Out(type="control", channels=1, help=says, sets=sets)
