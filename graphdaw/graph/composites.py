"""Edits that expand into primitive ones: removal with wires, insertion, replacement, grouping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from graphdaw.errors import GroupingError, UnknownPortError, UnknownWireError
from graphdaw.graph import checks, clip_checks
from graphdaw.graph.buses import bus_of
from graphdaw.graph.model import GROUP, Document, GroupPort, Node, Wire, takes_text
from graphdaw.graph.ports import (
    compatible,
    inlet_type,
    inlets,
    loop_through,
    node_of,
    outlet_type,
    outlets,
    source_of,
    targets_of,
    title,
)
from graphdaw.graph.vocabulary import (
    AddNode,
    Connect,
    DeclarePort,
    Disconnect,
    Edit,
    Group,
    InsertOnWire,
    Move,
    RemoveNode,
    ReplaceNode,
    SetDepth,
    UndeclarePort,
    Ungroup,
)
from graphdaw.nodes.base import registry

Expansion = tuple[list[Edit], bool]
"""The parts, and whether they are safe by construction (checks are skipped)."""

replace = msgspec.structs.replace


def expand(document: Document, edit: Any) -> Expansion:
    """The parts of an edit, each of them primitive or smaller than it."""
    return _EXPANSIONS[type(edit)](document, edit)


def needed(document: Document, edit: RemoveNode | UndeclarePort) -> bool:
    """Whether an edit that can be primitive has something attached that must go first."""
    if type(edit) is UndeclarePort:
        if edit.group not in document.nodes:
            return False
        return any(edit.group in (w.source, w.target) for w in _at_port(document, edit.group, edit.name)) or bool(
            _outer_ports(document, edit.group, edit.name)
        )
    node = document.nodes.get(edit.id)  # type: ignore[union-attr]
    return node is not None and bool(
        document.incoming.get(node.id)
        or document.outgoing.get(node.id)
        or node.ports
        or node.parent
        or document.members.get(node.id)
    )


def _at_port(document: Document, group: str, port: str) -> list[Wire]:
    return document.wires_into(group, port) + document.wires_from(group, port)


def _outer_ports(document: Document, node: str, port: str | None) -> list[GroupPort]:
    """The ports of the enclosing group that lead to this node (and port)."""
    names = {outer for inner, outer in document.exposed.get(node, ()) if port in (None, inner)}
    return [p for p in document.nodes[document.nodes[node].parent].ports if p.name in names] if names else []


def _detach(document: Document, node: str, port: str | None) -> list[Edit]:
    """Take a node (or one of its ports) out of the ports its group declares."""
    edits: list[Edit] = []
    for outer in _outer_ports(document, node, port):
        inner = tuple(end for end in outer.inner if not (end[0] == node and port in (None, end[1])))
        edits.append(DeclarePort(document.nodes[node].parent, replace(outer, inner=inner)))
    return edits


def _remove(document: Document, edit: RemoveNode) -> Expansion:
    node = node_of(document, edit.id)
    into, out = document.wires_into(node.id), document.wires_from(node.id)
    edits: list[Edit] = [Disconnect(id) for id in dict.fromkeys(w.id for w in into + out)]
    if edit.heal:
        edits += _healed(document, node, into, out)
    edits += _detach(document, node.id, None)
    edits += _emptied(document, node)
    edits.append(RemoveNode(node.id))
    return edits, not edit.heal


def _emptied(document: Document, group: Node) -> list[Edit]:
    """Everything inside a group removed, wires and ports first, innermost nodes before their groups."""
    if group.type != GROUP:
        return []
    inner = list(document.below(group.id))
    edits: list[Edit] = [Disconnect(w.id) for node in inner for w in document.wires_from(node.id)]
    edits += [UndeclarePort(node.id, p.name) for node in [group, *inner] for p in reversed(node.ports)]
    edits += [RemoveNode(node.id) for node in reversed(inner)]
    return edits


def _healed(document: Document, node: Node, into: list[Wire], out: list[Wire]) -> list[Edit]:
    """What the node fed is fed by what fed its first inlet; the wires after it keep their ids and order."""
    first = next(iter(inlets(document, node)), None)
    feeds = [w for w in into if w.target_port == first and w.source != node.id]
    edits: list[Edit] = []
    taken = set(document.ends)
    for wire in out:
        for count, feed in enumerate(feeds):
            ends = (feed.source, feed.source_port, wire.target, wire.target_port)
            if wire.target == node.id or ends in taken or not _may_heal(document, *ends):
                continue
            taken.add(ends)
            id, order = (wire.id, wire.order) if count == 0 else (document.issue("w"), 0)
            edits.append(Connect(id, *ends, depth=feed.depth * wire.depth, order=order))
    return edits


def _may_heal(document: Document, source: str, source_port: str, target: str, target_port: str) -> bool:
    """Whether the types fit and no loop without a delay would appear (healing over a delay must not close one)."""
    try:
        a = outlet_type(document, document.nodes[source], source_port)
        b = inlet_type(document, document.nodes[target], target_port)
    except UnknownPortError:
        return False
    start = source_of(document, source, source_port)
    return compatible(a, b) and loop_through(document, start, targets_of(document, target, target_port)) is None


def _undeclare(document: Document, edit: UndeclarePort) -> Expansion:
    edits: list[Edit] = [Disconnect(w.id) for w in _at_port(document, edit.group, edit.name)]
    edits += _detach(document, edit.group, edit.name)
    return [*edits, edit], True


def _insert(document: Document, edit: InsertOnWire) -> Expansion:
    wire = document.wires.get(edit.wire)
    if wire is None:
        raise UnknownWireError(f"There is no wire {edit.wire!r} to insert {edit.node!r} on; name one there is.")
    node = node_of(document, edit.node)
    a = outlet_type(document, document.nodes[wire.source], wire.source_port)
    b = inlet_type(document, document.nodes[wire.target], wire.target_port)
    inlet = edit.inlet or next((n for n, t in inlets(document, node).items() if compatible(a, t)), "")
    outlet = edit.outlet or next((n for n, t in outlets(document, node).items() if compatible(t, b)), "")
    if not inlet or not outlet:
        raise GroupingError(
            f"Node {title(node)} has no {a} inlet and {b} outlet to stand in wire {wire.id!r}; insert another type.",
            node=node.id,
            wire=wire.id,
        )
    before = Connect(document.issue("w"), wire.source, wire.source_port, node.id, inlet)
    after = Connect(wire.id, node.id, outlet, wire.target, wire.target_port, wire.depth, wire.order, wire.extra)
    drawn = document.incoming.get(node.id) or document.outgoing.get(node.id)
    free = not drawn and node.type != GROUP and bus_of(node) is None
    beside = node.parent == document.nodes[wire.source].parent and not _outer_ports(document, node.id, None)
    chosen = bool(edit.inlet or edit.outlet)
    return [Disconnect(wire.id), before, after], free and beside and not chosen


def _replace(document: Document, edit: ReplaceNode) -> Expansion:
    old = node_of(document, edit.id)
    if old.type == GROUP or edit.type == GROUP:
        raise GroupingError(f"Group {old.id!r} cannot be replaced; ungroup it or remove it.", node=old.id)
    checks.check_type(document, edit.type)
    new = edit.new_id or document.issue(edit.type)
    values = {**_shared_values(old, edit.type), **edit.values}
    clips = tuple(clip for clip in old.clips if clip_checks.takes(edit.type, clip))
    edits: list[Edit] = [
        AddNode(
            new,
            edit.type,
            values,
            old.parent,
            old.order,
            old.place,
            old.label,
            old.comment,
            clips=clips,
            bypassed=old.bypassed,
            muted=old.muted,
            soloed=old.soloed,
            frozen=old.frozen,
        )
    ]
    into, out = document.wires_into(old.id), document.wires_from(old.id)
    wires = {w.id: w for w in into + out}
    edits += [Disconnect(id) for id in wires]
    stand_in = Node(new, edit.type)
    homes = {"in": _homes(document, old, stand_in, "in"), "out": _homes(document, old, stand_in, "out")}
    for wire in sorted(wires.values(), key=lambda w: w.order):
        moved = wire
        if wire.source == old.id:
            moved = replace(moved, source=new, source_port=homes["out"].get(wire.source_port, ""))
        if wire.target == old.id:
            moved = replace(moved, target=new, target_port=homes["in"].get(wire.target_port, ""))
        if moved.source_port and moved.target_port:
            edits.append(Connect(*(getattr(moved, field) for field in Wire.__struct_fields__)))
    for port in _outer_ports(document, old.id, None):
        ends = [(new, homes[port.direction].get(p, "")) if id == old.id else (id, p) for id, p in port.inner]
        edits.append(DeclarePort(old.parent, replace(port, inner=tuple(dict.fromkeys(e for e in ends if e[1])))))
    return [*edits, RemoveNode(old.id)], False


def _shared_values(old: Node, type: str) -> dict[str, Any]:
    kind = registry.get(type)
    shared: dict[str, Any] = {}
    if kind is None:
        return shared
    for name, value in old.values.items():
        param = kind.params.get(name)
        in_range = param is not None and isinstance(value, float) and param.lo <= value <= param.hi
        if in_range or (isinstance(value, str) and takes_text(kind, name, value)):
            shared[name] = value
    return shared


def _homes(document: Document, old: Node, new: Node, direction: str) -> dict[str, str]:
    """Where each used port of the old node goes on the new one: the same name, else the same place in the list."""
    ports, type_of = (inlets, inlet_type) if direction == "in" else (outlets, outlet_type)
    before, after = ports(document, old), ports(document, new)
    if direction == "in":
        used = [w.target_port for w in document.wires_into(old.id)]
    else:
        used = [w.source_port for w in document.wires_from(old.id)]
    used += [p for port in _outer_ports(document, old.id, None) for id, p in port.inner if id == old.id]
    homes: dict[str, str] = {}
    for port in used:
        try:
            if compatible(type_of(document, old, port), type_of(document, new, port)):
                homes[port] = port
        except UnknownPortError:
            place = list(before).index(port) if port in before else len(after)
            name = list(after)[place] if place < len(after) else ""
            if name and name not in used and compatible(before[port], after[name]):
                homes[port] = name
    return homes


def _group(document: Document, edit: Group) -> Expansion:
    nodes = sorted((node_of(document, id) for id in dict.fromkeys(edit.ids)), key=lambda n: n.order)
    if not nodes or len({n.parent for n in nodes}) > 1:
        raise GroupingError("Only nodes of one level can be grouped, at least one; choose them in one group.")
    parent = nodes[0].parent
    new = edit.new_id or document.issue(GROUP)
    checks.check_new_id(document, new)
    checks.check_text(edit.label, "label", new)
    checks.check_nesting(document, parent, 1 + checks.height_of(document, edit.ids))
    ids = {n.id for n in nodes}
    place = next((n.place for n in nodes if n.place), None)
    edits: list[Edit] = [AddNode(new, GROUP, {}, parent, place=place, label=edit.label)]
    wires = {w.id: w for n in nodes for w in document.wires_into(n.id) + document.wires_from(n.id)}
    crossing = sorted(
        (w for w in wires.values() if (w.source in ids) != (w.target in ids)), key=lambda w: (w.order, w.id)
    )
    outer = [p for p in document.nodes[parent].ports if any(e[0] in ids for e in p.inner)] if parent else []
    edits += [Disconnect(w.id) for w in crossing]
    edits += [DeclarePort(parent, replace(p, inner=tuple(e for e in p.inner if e[0] not in ids))) for p in outer]
    edits.append(Move(tuple(n.id for n in nodes), new))
    ports = _Ports(document)
    rewired = [_rewired(ports, w, new, ids) for w in crossing]
    exposed = [
        replace(p, inner=tuple((new, ports.take(p.direction, *e)) if e[0] in ids else e for e in p.inner))
        for p in outer
    ]
    edits += [DeclarePort(new, port) for port in ports.taken.values()]
    edits += [DeclarePort(parent, port) for port in exposed]
    edits += rewired
    return edits, True


class _Ports:
    """The ports a new group needs, one for each inner end, with names that say where they lead."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.taken: dict[tuple[str, str, str], GroupPort] = {}

    def take(self, direction: str, node: str, port: str) -> str:
        key = (direction, node, port)
        if key not in self.taken:
            names = {p.name for p in self.taken.values()}
            name = port if port not in names else f"{node}_{port}"
            number = 2
            while name in names:
                name = f"{node}_{port}_{number}"
                number += 1
            type = (inlet_type if direction == "in" else outlet_type)(self.document, self.document.nodes[node], port)
            self.taken[key] = GroupPort(name, direction, type, ((node, port),))
        return self.taken[key].name


def _rewired(ports: _Ports, wire: Wire, group: str, ids: set[str]) -> Connect:
    source, source_port, target, target_port = wire.source, wire.source_port, wire.target, wire.target_port
    if source in ids:
        source, source_port = group, ports.take("out", source, source_port)
    else:
        target, target_port = group, ports.take("in", target, target_port)
    return Connect(wire.id, source, source_port, target, target_port, wire.depth, wire.order, wire.extra)


def _ungroup(document: Document, edit: Ungroup) -> Expansion:
    group = node_of(document, edit.id)
    if group.type != GROUP:
        raise GroupingError(f"Node {title(group)} is not a group, so there is nothing to ungroup.", node=group.id)
    wires = {w.id: w for w in document.wires_into(group.id) + document.wires_from(group.id)}
    outer = _outer_ports(document, group.id, None)
    edits: list[Edit] = [Disconnect(id) for id in wires]
    edits += _detach(document, group.id, None)
    edits += [UndeclarePort(group.id, p.name) for p in reversed(group.ports)]
    edits.append(Move(tuple(n.id for n in document.inside(group.id)), group.parent))
    edits.append(RemoveNode(group.id))
    for port in outer:
        ends: list[tuple[str, str]] = []
        for end in port.inner:
            declared = document.ports.get((group.id, end[1]))
            ends += (declared.inner if declared else ()) if end[0] == group.id else (end,)
        edits.append(DeclarePort(group.parent, replace(port, inner=tuple(dict.fromkeys(ends)))))
    return edits + _unwrapped(document, group, sorted(wires.values(), key=lambda w: (w.order, w.id))), True


def _unwrapped(document: Document, group: Node, wires: list[Wire]) -> list[Edit]:
    """Wires of a group led on to the inner ends; the first keeps the id, all keep order and depth, twins are summed."""
    made: dict[tuple[str, str, str, str], Edit] = {}
    for wire in wires:
        sources: tuple[tuple[str, str], ...] = ((wire.source, wire.source_port),)
        targets: tuple[tuple[str, str], ...] = ((wire.target, wire.target_port),)
        if wire.source == group.id:
            port = document.ports.get((group.id, wire.source_port))
            sources = port.inner if port else ()
        if wire.target == group.id:
            port = document.ports.get((group.id, wire.target_port))
            targets = port.inner if port else ()
        id = wire.id
        for ends in [(*source, *target) for source in sources for target in targets]:
            twin = made.get(ends)
            if isinstance(twin, (Connect, SetDepth)):
                made[ends] = replace(twin, depth=twin.depth + wire.depth)
            elif ends in document.ends:
                there = document.wires[document.ends[ends]]
                made[ends] = SetDepth(there.id, there.depth + wire.depth)
            else:
                made[ends] = Connect(id, *ends, wire.depth, wire.order, wire.extra)
                id = document.issue("w")
    return list(made.values())


PARTS = (RemoveNode, UndeclarePort)
_EXPANSIONS: dict[type, Callable[[Document, Any], Expansion]] = {
    RemoveNode: _remove,
    UndeclarePort: _undeclare,
    InsertOnWire: _insert,
    ReplaceNode: _replace,
    Group: _group,
    Ungroup: _ungroup,
}
