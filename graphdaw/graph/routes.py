"""Routes: the flat view as bypass, mute, solo and freeze leave it, kept up to date while a document is edited.

Without any of them it costs nothing. With some, an edit of values costs what it touches, and one of nodes or wires a
look at all of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from graphdaw.graph.flatten import Delta, Flat, FlatWire
from graphdaw.graph.model import FLAGS, Document, Node, settings
from graphdaw.graph.routing import Flags, Routed, first_ports, latency_of, routed
from graphdaw.graph.timeline import Timeline
from graphdaw.graph.vocabulary import (
    AddNode,
    Connect,
    DeclarePort,
    Disconnect,
    Edit,
    Move,
    RemoveNode,
    SetDepth,
    SetFlags,
    SetValues,
    UndeclarePort,
)
from graphdaw.nodes.base import find
from graphdaw.nodes.through import DELAY, OUTLET, THROUGH, line_frames

replace = msgspec.structs.replace

STRUCTURE = (AddNode, RemoveNode, Connect, Disconnect, SetDepth, DeclarePort, UndeclarePort, Move, SetFlags)


class Routes:
    """What is to sound of a document: plain nodes, pass-throughs, and the wires that are left."""

    def __init__(self, flat: Flat, sample_rate_hz: float | None = None) -> None:
        self.flat = flat
        self.document: Document = flat.document
        self._rate_hz = sample_rate_hz
        self._flags: dict[str, Node] = {}
        self._look_at(self.document.nodes)
        self._now = self._routed()

    @property
    def nodes(self) -> dict[str, Node]:
        """Plain nodes and pass-throughs by id."""
        return self._now.nodes

    @property
    def wires(self) -> dict[str, FlatWire]:
        """Wires by key."""
        return self._now.wires

    @property
    def timeline(self) -> Timeline:
        """The document's."""
        return self.flat.timeline

    def apply(self, edits: Iterable[Edit]) -> Delta:
        """Follow primitive edits that the document has just been through; returns the net change."""
        edits = list(edits)
        if not self._flags and not any(_brings_flags(edit) for edit in edits):
            return self.flat.apply(edits)
        if not any(isinstance(edit, STRUCTURE) for edit in edits) and not _change_buses(edits):
            return self._follow_values(edits, self.flat.apply(edits))
        old = Routed(dict(self.nodes), dict(self.wires))
        delta = self.flat.apply(edits)
        self._look_at(edit.id for edit in edits if isinstance(edit, AddNode | RemoveNode | SetFlags))
        self._now = self._routed()
        return _between(old, self._now, delta)

    def heard_at(self, id: str, port: str) -> tuple[str, str] | None:
        """The outlet that is heard where a node or group is listened to; None unless it is bypassed."""
        node = self._now.nodes.get(id)
        if node is None or node.type != THROUGH:
            return None
        ports = first_ports(self.document, self.document.nodes[id])
        return (id, OUTLET if ports is not None and ports[1] == port else "")

    def _look_at(self, ids: Iterable[str]) -> None:
        """Take note of the flags of nodes."""
        for id in ids:
            node = self.document.nodes.get(id)
            if node is not None and any(getattr(node, flag) for flag in FLAGS):
                self._flags[id] = node
            else:
                self._flags.pop(id, None)

    def _routed(self) -> Routed:
        sets = ({id for id, node in self._flags.items() if getattr(node, flag)} for flag in FLAGS)
        return routed(self.flat, Flags(*map(frozenset, sets)), self._latency)

    def _latency(self, node: Node) -> int:
        kind = find(node.type)
        if kind is None or kind.latency_frames is None:
            return 0
        return kind.latency_frames(settings(node), int(self._rate_hz or self.document.sample_rate))

    def _follow_values(self, edits: list[Edit], delta: Delta) -> Delta:
        """Nodes that were edited, and how late those are that stand in for them; routes are as they were."""
        nodes = self._now.nodes
        for id in {getattr(edit, "id", "") for edit in edits}:
            if id in nodes and nodes[id].type != THROUGH:
                nodes[id] = self.flat.nodes[id]
        heard = {id for id in (*(id for id, _, _ in delta.values_set), *delta.clips_set) if id in nodes}
        heard = {id for id in heard if nodes[id].type != THROUGH}
        delta.values_set = [value for value in delta.values_set if value[0] in heard]
        delta.clips_set = [id for id in delta.clips_set if id in heard]
        for id in self._flags:
            if id in nodes and nodes[id].type == THROUGH:
                late = latency_of(self.flat, id, self._latency)
                self._hold_back(nodes[id], replace(nodes[id], values={DELAY: float(late)}), delta)
        return delta

    def _hold_back(self, old: Node, new: Node, delta: Delta) -> None:
        self._now.nodes[new.id] = new
        _follow_delay(old, new, delta)
        if not _is_same_box(old, new):
            delta.nodes_removed.append(old)
            delta.nodes_added.append(new)


def _follow_delay(old: Node, new: Node, delta: Delta) -> None:
    """Tell of another delay of a pass-through that stays."""
    late = new.values[DELAY]
    if _is_same_box(old, new) and late != old.values[DELAY]:
        delta.values_set.append((new.id, DELAY, float(late)))  # type: ignore[arg-type]  # it was made here


def _change_buses(edits: list[Edit]) -> bool:
    """Whether undrawn wires may come or go."""
    return any(isinstance(edit, SetValues) and "bus" in edit.values for edit in edits)


def _brings_flags(edit: Edit) -> bool:
    return isinstance(edit, SetFlags) or (isinstance(edit, AddNode) and any(getattr(edit, flag) for flag in FLAGS))


def _between(old: Routed, new: Routed, plain: Delta) -> Delta:
    """What changed from one to the other, given what changed in the flat view."""
    delta = Delta(sample_rate=plain.sample_rate, timeline=plain.timeline)
    stays = {id for id, node in new.nodes.items() if id in old.nodes and _is_same_box(old.nodes[id], node)}
    delta.nodes_removed = [node for id, node in old.nodes.items() if id not in stays]
    delta.nodes_added = [node for id, node in new.nodes.items() if id not in stays]
    delta.wires_removed = [wire for key, wire in old.wires.items() if new.wires.get(key) != wire]
    delta.wires_added = [wire for key, wire in new.wires.items() if old.wires.get(key) != wire]
    heard = {id for id in stays if new.nodes[id].type != THROUGH}
    delta.values_set = [value for value in plain.values_set if value[0] in heard]
    delta.clips_set = [id for id in plain.clips_set if id in heard]
    for id in sorted(stays - heard):
        _follow_delay(old.nodes[id], new.nodes[id], delta)
    return delta


def _is_same_box(old: Node, new: Node) -> bool:
    """Whether a node can go on as what it is."""
    if old.type != new.type:
        return False
    return new.type != THROUGH or _line(old) == _line(new)


def _line(through: Node) -> int:
    return line_frames(float(through.values[DELAY]))  # type: ignore[arg-type]
