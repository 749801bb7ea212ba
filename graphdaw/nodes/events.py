"""Event ports as nodes declare them."""

from __future__ import annotations

from graphdaw.nodes.base import In, Out


def events_in(help: str = "Notes and what goes with them.") -> In:
    """The inlet `events`."""
    return In(type="event", channels=1, help=help)


def events_out(help: str = "Notes and what goes with them.") -> Out:
    """The outlet `events`."""
    return Out(type="event", channels=1, help=help)


def control_in(help: str) -> In:
    """An inlet for one signal, whatever is wired into it."""
    return In(type="control", channels=1, help=help)


def control_out(help: str, *, sets: bool = False) -> Out:
    """An outlet with one signal."""
    return Out(type="control", channels=1, help=help, sets=sets)
