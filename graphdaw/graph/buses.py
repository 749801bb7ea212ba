"""Buses: what a `send` passes to every `return` of the same name, as wires that nobody draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from graphdaw.graph.model import Document, Node, Wire, settings

SEND, RETURN = "send", "return"
SENT, INLET = "sent", "in"  # the ports such a wire joins
BETWEEN = ">"  # no id holds it, so the id of an undrawn wire is never that of a drawn one


def bus_of(node: Node) -> str | None:
    """The bus a node feeds or hears; None if it is neither a send nor a return."""
    return str(settings(node)["bus"]) if node.type in (SEND, RETURN) else None


def undrawn(send: Node, back: Node) -> Wire:
    """The wire from a send to a return; it is summed in the order of its send."""
    return Wire(f"{send.id}{BETWEEN}{back.id}", send.id, SENT, back.id, INLET, 1.0, send.order)


def wires_from(document: Document, send: Node) -> Iterator[Wire]:
    """The undrawn wires that carry what a send passes on."""
    bus = bus_of(send)
    for node in document.nodes.values():
        if node.type == RETURN and bus_of(node) == bus:
            yield undrawn(send, node)


def ends_of(id: str) -> tuple[str, str] | None:
    """Send and return of an undrawn wire's id; None if it is none."""
    send, between, back = id.partition(BETWEEN)
    return (send, back) if between else None


def count(nodes: Iterable[Node]) -> int:
    """How many undrawn wires there are."""
    sends: Counter[str | None] = Counter()
    returns: Counter[str | None] = Counter()
    for node in nodes:
        if node.type == SEND:
            sends[bus_of(node)] += 1
        elif node.type == RETURN:
            returns[bus_of(node)] += 1
    return sum(sends[bus] * returns[bus] for bus in sends)


class Buses:
    """Which sends and returns share a bus, kept up to date node by node."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._bus: dict[str, str] = {}
        self._members: dict[tuple[str, str], dict[str, Node]] = {}
        for node in nodes:
            self.put(node)

    def put(self, node: Node) -> None:
        """Take a node in, or its new bus."""
        bus = bus_of(node)
        if bus is not None:
            self._bus[node.id] = bus
            self._members.setdefault((node.type, bus), {})[node.id] = node

    def drop(self, node: Node) -> None:
        """Forget a node, as it was."""
        bus = self._bus.pop(node.id, None)
        if bus is not None:
            members = self._members[node.type, bus]
            del members[node.id]
            if not members:
                del self._members[node.type, bus]

    def wires_at(self, node: Node) -> list[Wire]:
        """The undrawn wires that begin or end at a node that was put in."""
        bus = self._bus.get(node.id)
        if bus is None:
            return []
        if node.type == SEND:
            return [undrawn(node, back) for back in self._members.get((RETURN, bus), {}).values()]
        return [undrawn(send, node) for send in self._members.get((SEND, bus), {}).values()]
