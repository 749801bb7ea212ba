"""Flat: the document without groups, kept up to date at the cost of what each edit touches."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from graphdaw.graph.buses import Buses
from graphdaw.graph.model import GROUP, Document, Node, Wire, settings
from graphdaw.graph.ports import source_of, targets_of, wires_through
from graphdaw.graph.timeline import Timeline
from graphdaw.graph.vocabulary import (
    AddNode,
    Connect,
    DeclarePort,
    Disconnect,
    Edit,
    EditNotes,
    Move,
    PutClip,
    RemoveNode,
    SetClip,
    SetComment,
    SetDepth,
    SetFlags,
    SetGraph,
    SetLabel,
    SetPlace,
    SetValues,
    TakeClip,
    UndeclarePort,
)


class FlatWire(msgspec.Struct, frozen=True, gc=False):
    """A wire between plain nodes; wires into one inlet are summed by (order, key)."""

    key: str
    source: str
    source_port: str
    target: str
    target_port: str
    depth: float
    order: int


class Delta(msgspec.Struct):
    """What changed between two flat views; a wire whose depth changed is in both wire lists.

    `clips_set` names the nodes that stay and hold other clips than before; `timeline` is the new one.
    """

    nodes_added: list[Node] = []
    nodes_removed: list[Node] = []
    values_set: list[tuple[str, str, float | str]] = []
    wires_added: list[FlatWire] = []
    wires_removed: list[FlatWire] = []
    sample_rate: int | None = None
    clips_set: list[str] = []
    timeline: Timeline | None = None

    def __bool__(self) -> bool:
        return self != Delta()


class Flat:
    """The group-free view of a document: plain nodes by id, and wires with their ends resolved through groups.

    A wire's key is its id; where one wire reaches several inlets through a group, the second is "w1#1" and so on. What
    a bus carries from a send to a return is a wire "send1>return1".
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.timeline = document.timeline
        self.nodes = {id: node for id, node in document.nodes.items() if node.type != GROUP}
        self.wires: dict[str, FlatWire] = {}
        self._keys: dict[str, int] = {}
        for wire in document.wires.values():
            self._put(wire.id, flat_wires(document, wire))
        self._buses = Buses(self.nodes.values())
        for node in self.nodes.values():
            for wire in self._buses.wires_at(node):
                self._put(wire.id, [_as_it_is(wire)])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Flat) and self._content() == other._content()

    __hash__ = None  # type: ignore[assignment]  # changes in place

    def _content(self) -> tuple[object, ...]:
        return self.nodes, self.wires, self.timeline

    def apply(self, edits: Iterable[Edit]) -> Delta:
        """Follow primitive edits that the document has just been through; returns the net change."""
        document = self.document
        nodes: dict[str, None] = {}
        wires: dict[str, None] = {}
        delta = Delta()
        for edit in edits:
            match edit:
                case SetValues() | AddNode() | RemoveNode() | SetPlace() | SetLabel() | SetComment() | SetFlags():
                    nodes[edit.id] = None
                case PutClip() | TakeClip() | SetClip() | EditNotes():
                    nodes[edit.id] = None
                case Connect() | Disconnect() | SetDepth():
                    wires[edit.id] = None
                case DeclarePort(group=group, port=port):
                    wires.update((w.id, None) for w in wires_through(document, group, port.name))
                case UndeclarePort(group=group, name=name):
                    wires.update((w.id, None) for w in wires_through(document, group, name))
                case Move():
                    nodes.update(dict.fromkeys(edit.ids))
                case SetGraph():
                    delta.sample_rate = document.sample_rate
        if self.timeline != document.timeline:
            self.timeline = delta.timeline = document.timeline
        for id in nodes:
            self._follow_node(id, delta)
        for id in wires:
            self._follow_wire(id, delta)
        return delta

    def _follow_node(self, id: str, delta: Delta) -> None:
        old, new = self.nodes.get(id), self.document.nodes.get(id)
        if new is not None and new.type == GROUP:
            new = None
        if old is new:
            return
        self._follow_bus(old, new, delta)
        if new is None:
            if old is not None:
                del self.nodes[id]
                delta.nodes_removed.append(old)
            return
        self.nodes[id] = new
        if old is None or old.type != new.type:
            if old is not None:
                delta.nodes_removed.append(old)
            delta.nodes_added.append(new)
            return
        if old.values != new.values:
            before = settings(old)
            delta.values_set += [(id, name, v) for name, v in settings(new).items() if before.get(name) != v]
        if old.clips != new.clips:
            delta.clips_set.append(id)

    def _follow_bus(self, old: Node | None, new: Node | None, delta: Delta) -> None:
        """Undrawn wires of a node that comes, goes or changes its bus."""
        before = {wire.id: wire for wire in self._buses.wires_at(old)} if old is not None else {}
        if old is not None:
            self._buses.drop(old)
        if new is not None:
            self._buses.put(new)
        after = {wire.id: wire for wire in self._buses.wires_at(new)} if new is not None else {}
        for id, wire in before.items():
            if after.get(id) != wire:
                flat = self.wires.pop(id)
                del self._keys[id]
                _cancel_or_add(flat, delta.wires_added, delta.wires_removed)
        for id, wire in after.items():
            if before.get(id) != wire:
                self._put(id, [_as_it_is(wire)])
                _cancel_or_add(self.wires[id], delta.wires_removed, delta.wires_added)

    def _follow_wire(self, id: str, delta: Delta) -> None:
        wire = self.document.wires.get(id)
        old = [self.wires.pop(key) for key in _keys(id, self._keys.pop(id, 0))]
        new = flat_wires(self.document, wire) if wire is not None else []
        self._put(id, new)
        if old != new:
            delta.wires_removed += [w for w in old if w not in new]
            delta.wires_added += [w for w in new if w not in old]

    def _put(self, id: str, wires: list[FlatWire]) -> None:
        for wire in wires:
            self.wires[wire.key] = wire
        if wires:
            self._keys[id] = len(wires)


def _keys(id: str, count: int) -> list[str]:
    return [id if i == 0 else f"{id}#{i}" for i in range(count)]


def _cancel_or_add(wire: FlatWire, cancel: list[FlatWire], add: list[FlatWire]) -> None:
    """What comes and goes within one change has not changed."""
    if wire in cancel:
        cancel.remove(wire)
    else:
        add.append(wire)


def _as_it_is(wire: Wire) -> FlatWire:
    """A wire whose ends are plain nodes."""
    return FlatWire(wire.id, wire.source, wire.source_port, wire.target, wire.target_port, wire.depth, wire.order)


def flat_wires(document: Document, wire: Wire) -> list[FlatWire]:
    """The wires between plain nodes that one wire stands for; none while an end leads nowhere."""
    source, target = document.nodes[wire.source], document.nodes[wire.target]
    start: tuple[str, str] | None = (wire.source, wire.source_port)
    ends = [(wire.target, wire.target_port)]
    if source.type == GROUP:
        start = source_of(document, wire.source, wire.source_port)
    if target.type == GROUP:
        ends = targets_of(document, wire.target, wire.target_port)
    if start is None:
        return []
    return [
        FlatWire(key, *start, *end, wire.depth, wire.order)
        for key, end in zip(_keys(wire.id, len(ends)), ends, strict=True)
    ]
