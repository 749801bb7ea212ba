"""send and return: to a bus and from it, without a wire."""

from __future__ import annotations

from graphdaw.nodes.base import In, Node, Out, Param, Text


def check_bus(name: str) -> None:
    """A bus is called by 1 to 64 characters that are not all blank."""
    if not name.strip() or len(name) > 64:
        raise ValueError("a bus needs a name of 1 to 64 characters, such as 'reverb'")


class Send(Node, tags=("routing", "mix")):
    """Pass the source on, and give it to a bus: every `return` of the same name hears it, in any group, without a wire.

    A bus adds its sends in the order they were made. It is live: new names, sends and returns fade in and out like
    wires, and a loop through a bus needs a delay or feedback node in it, as any loop does. The outlet `sent` is what
    the bus is given, for a look or a second use.
    """

    in_ = In()
    out = Out(help="The source, untouched.")
    sent = Out(help="What the bus is given.")
    level_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Level on the bus.")
    bus = Text("main", check=check_bus, help="Name of the bus.")


class Return(Node, tags=("routing", "mix")):
    """Give out the sum of what all `send` nodes of the same bus give, in any group; several returns hear the same."""

    in_ = In(help="Added to what the bus carries.")
    out = Out()
    level_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Level of the bus.")
    bus = Text("main", check=check_bus, help="Name of the bus.")
