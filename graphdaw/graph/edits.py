"""Applying edits: each is made entirely or not at all, and leaves behind the edits that take it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from graphdaw.errors import GroupingError, NameFormError, UnknownPortError, UnknownWireError, near, suggestion
from graphdaw.graph import checks, clip_checks, clip_edits, composites
from graphdaw.graph.clips import weight
from graphdaw.graph.controls import MOST_CONTROLS, as_stored
from graphdaw.graph.model import FLAGS, Document, Node, Wire
from graphdaw.graph.ports import loop_through, loop_through_bus, node_of, source_of, targets_of, title, wires_through
from graphdaw.graph.vocabulary import (
    AddNode,
    Composite,
    Connect,
    DeclarePort,
    Disconnect,
    Edit,
    EditNotes,
    Group,
    InsertOnWire,
    Move,
    Primitive,
    PutClip,
    RemoveNode,
    ReplaceNode,
    SetClip,
    SetComment,
    SetControl,
    SetDepth,
    SetFlags,
    SetGraph,
    SetLabel,
    SetMedia,
    SetPlace,
    SetTimeline,
    SetValues,
    TakeClip,
    UndeclarePort,
    Ungroup,
)

__all__ = [
    "AddNode", "Composite", "Connect", "DeclarePort", "Disconnect", "Edit", "EditNotes", "Group", "InsertOnWire",
    "Move", "Primitive", "PutClip", "RemoveNode", "ReplaceNode", "SetClip", "SetComment", "SetControl", "SetDepth",
    "SetFlags", "SetGraph", "SetLabel", "SetMedia", "SetPlace", "SetTimeline", "SetValues", "TakeClip", "UndeclarePort",
    "Ungroup", "apply", "perform", "replay",
]  # fmt: skip

Step = tuple[Any, Any]
"""What was done, with every id, order and value spelt out, and the edit that takes it back."""

replace = msgspec.structs.replace


def apply(document: Document, edit: Edit | Iterable[Edit]) -> list[Edit]:
    """Make one edit or a list of them, all or nothing; returns the edits that undo it, in the order to apply them."""
    return perform(document, [edit] if isinstance(edit, msgspec.Struct) else edit)[1]


def perform(document: Document, edits: Iterable[Edit], trusted: bool = False) -> tuple[list[Edit], list[Edit]]:
    """Make edits, all or nothing; returns what was done in primitive edits, and the inverse.

    `trusted` skips the checks: for edits that only lead back to a state the document was in.
    """
    done: list[Edit] = []
    undo: list[Edit] = []
    try:
        for edit in edits:
            _perform(document, edit, trusted, done, undo)
    except BaseException:
        for edit in reversed(undo):
            PRIMITIVES[type(edit)](document, edit, True)
        raise
    undo.reverse()
    return done, undo


def replay(document: Document, edits: Iterable[Edit]) -> list[Edit]:
    """Make primitive edits that are known to fit, unchecked (undo, journal, a second copy); returns the inverse."""
    return perform(document, edits, trusted=True)[1]


def _perform(document: Document, edit: Any, trusted: bool, done: list[Edit], undo: list[Edit]) -> None:
    primitive = PRIMITIVES.get(type(edit))
    if primitive is None or (not trusted and type(edit) in composites.PARTS and composites.needed(document, edit)):
        parts, safe = composites.expand(document, edit)
        for part in parts:
            _perform(document, part, safe, done, undo)
        return
    made, inverse = primitive(document, edit, trusted)
    done.append(made)
    undo.append(inverse)


def _add_node(document: Document, edit: AddNode, trusted: bool) -> Step:
    values, place, clips = edit.values, edit.place, edit.clips
    if not trusted:
        checks.check_type(document, edit.type)
        checks.check_new_id(document, edit.id)
        if edit.parent:
            checks.check_parent(document, edit.parent)
        if values:
            checked = checks.check_values(document, edit, values)
            if checked is not values:
                values = {name: value for name, value in checked.items() if value is not None}
        if edit.label or edit.comment or edit.place or edit.ports or edit.extra:
            place = _check_look(edit)
        for flag in FLAGS:
            checks.check_switch(getattr(edit, flag), flag, edit.id)
        if clips:
            for clip in clips:
                clip_checks.check_kind(edit, clip)
            clips = clip_checks.check_clips(clips, edit.id)
            clip_checks.check_room(document, sum(map(weight, clips)), edit.id)
    order = edit.order or document.next_order()
    if order > document.top:
        document.top = order
    node = Node(
        edit.id, edit.type, values, edit.parent, order, place, edit.label, edit.comment, edit.ports, clips,
        edit.bypassed, edit.muted, edit.soloed, edit.frozen, edit.extra,
    )  # fmt: skip
    document.insert_node(node)
    if order != edit.order or values is not edit.values or place is not edit.place or clips is not edit.clips:
        edit = replace(edit, order=order, values=values, place=place, clips=clips)
    return edit, RemoveNode(edit.id)


def _check_look(node: Node) -> tuple[float, float] | None:
    checks.check_text(node.label, "label", node.id)
    checks.check_text(node.comment, "comment", node.id)
    checks.check_extra(node.extra, node, node.id)
    if node.ports:
        raise GroupingError(
            f"Node {title(node)} is added with ports; add it without and declare its ports afterwards.", node=node.id
        )
    return checks.check_place(node.place, node.id)


def _remove_node(document: Document, edit: RemoveNode, trusted: bool) -> Step:
    node = node_of(document, edit.id)
    document.drop_node(node)
    return RemoveNode(edit.id), AddNode(*(getattr(node, field) for field in Node.__struct_fields__))


def _set_values(document: Document, edit: SetValues, trusted: bool) -> Step:
    node = node_of(document, edit.id)
    new = edit.values
    if not trusted:
        new = dict(checks.check_values(document, node, edit.values))
    values = node.values.copy()
    old = {name: values.get(name) for name in new}
    for name, value in new.items():
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value
    document.nodes[edit.id] = replace(node, values=values)
    if not trusted and "bus" in new:
        loop = loop_through_bus(document, document.nodes[edit.id])
        if loop is not None:
            document.nodes[edit.id] = node
            raise checks.cycle_error(document, f"The bus of node {title(node)}", loop)
    return (edit if trusted else SetValues(edit.id, new)), SetValues(edit.id, old)


def _connect(document: Document, edit: Connect, trusted: bool) -> Step:
    depth = edit.depth
    if not trusted:
        checks.check_new_id(document, edit.id)
        checks.check_wire(document, edit)
        if edit.extra:
            checks.check_extra(edit.extra, edit, edit.id)
        if depth != 1.0 or type(depth) is not float:
            depth = checks.check_number(depth, f"The depth of wire {edit.id!r}", wire=edit.id)
    order = edit.order or document.next_order()
    if order > document.top:
        document.top = order
    wire = Wire(edit.id, edit.source, edit.source_port, edit.target, edit.target_port, depth, order, edit.extra)
    document.insert_wire(wire)
    if order != edit.order or depth is not edit.depth:
        edit = replace(edit, order=order, depth=depth)
    return edit, Disconnect(edit.id)


def wire_of(document: Document, id: str) -> Wire:
    """The wire of this id; raises UnknownWireError."""
    wire = document.wires.get(id)
    if wire is None:
        raise UnknownWireError(
            f"There is no wire {id!r}: {suggestion(id, document.wires, 'wires')}",
            wire=id,
            allowed=near(id, document.wires),
        )
    return wire


def _disconnect(document: Document, edit: Disconnect, trusted: bool) -> Step:
    wire = wire_of(document, edit.id)
    document.drop_wire(wire)
    return edit, Connect(*(getattr(wire, field) for field in Wire.__struct_fields__))


def _set_depth(document: Document, edit: SetDepth, trusted: bool) -> Step:
    wire = wire_of(document, edit.id)
    depth = checks.check_number(edit.depth, f"The depth of wire {edit.id!r}", wire=edit.id)
    document.wires[edit.id] = replace(wire, depth=depth)
    return SetDepth(edit.id, depth), SetDepth(edit.id, wire.depth)


def _move(document: Document, edit: Move, trusted: bool) -> Step:
    nodes = [node_of(document, id) for id in edit.ids]
    if not trusted:
        checks.check_parent(document, edit.parent)
        _check_move(document, edit, nodes)
    for node in nodes:
        del document.members[node.parent][node.id]
        document.insert_node(replace(node, parent=edit.parent))
    return edit, Move(edit.ids, nodes[0].parent if nodes else "")


def _check_move(document: Document, edit: Move, nodes: list[Node]) -> None:
    moved = set(edit.ids)
    if len(moved) != len(nodes) or len({node.parent for node in nodes}) > 1:
        raise GroupingError("Only different nodes of one group can be moved together; move them group by group.")
    above = edit.parent
    while above:
        if above in moved:
            raise GroupingError(f"Group {above!r} cannot be moved into itself; choose another group.", node=above)
        above = document.nodes[above].parent
    checks.check_nesting(document, edit.parent, checks.height_of(document, edit.ids))
    for node in nodes:
        for id in [*document.incoming.get(node.id, ()), *document.outgoing.get(node.id, ())]:
            wire = document.wires[id]
            if wire.source not in moved or wire.target not in moved:
                raise GroupingError(
                    f"Wire {id!r} holds node {title(node)} back; disconnect it, or group the nodes instead.",
                    node=node.id,
                    wire=id,
                )
        if node.id in document.exposed:
            raise GroupingError(
                f"Group {node.parent!r} declares a port on node {title(node)}; undeclare it first.", node=node.id
            )


def _declare_port(document: Document, edit: DeclarePort, trusted: bool) -> Step:
    group = node_of(document, edit.group)
    port = edit.port
    old = document.ports.get((group.id, port.name))
    if not trusted:
        checks.check_port(document, group, port)
        changed = old is not None and (old.direction, old.type) != (port.direction, port.type)
        if old is not None and changed and _in_use(document, group, port.name):
            raise GroupingError(
                f"Port {port.name!r} of group {group.id!r} is in use as {old.direction} {old.type}; "
                "disconnect it before it becomes something else.",
                node=group.id,
                port=port.name,
            )
    was = group.ports.index(old) if old is not None else len(group.ports)
    index = min(edit.index, len(group.ports) - (old is not None)) if edit.index >= 0 else was
    inverse = UndeclarePort(group.id, port.name) if old is None else DeclarePort(group.id, old, was)
    document.put_port(group, port, index)
    if not trusted:
        loop = _loop_at_port(document, group.id, port.name)
        if loop is not None:
            PRIMITIVES[type(inverse)](document, inverse, True)
            raise checks.cycle_error(document, f"Port {port.name!r} of group {group.id!r}", loop)
    return replace(edit, index=index), inverse


def _in_use(document: Document, group: Node, port: str) -> bool:
    outer = document.exposed.get(group.id, ())
    return any(inner == port for inner, _ in outer) or any(True for _ in wires_through(document, group.id, port))


def _loop_at_port(document: Document, group: str, port: str) -> list[str] | None:
    for wire in wires_through(document, group, port):
        source = source_of(document, wire.source, wire.source_port)
        loop = loop_through(document, source, targets_of(document, wire.target, wire.target_port))
        if loop is not None:
            return [wire.id, *loop] if wire.id not in loop else loop
    return None


def _undeclare_port(document: Document, edit: UndeclarePort, trusted: bool) -> Step:
    group = node_of(document, edit.group)
    old = document.ports.get((group.id, edit.name))
    if old is None:
        names = [p.name for p in group.ports]
        raise UnknownPortError(
            f"Group {group.id!r} declares no port {edit.name!r}; {suggestion(edit.name, names, 'ports')}",
            node=group.id,
            port=edit.name,
            allowed=names,
        )
    index = group.ports.index(old)
    document.drop_port(group, old)
    return edit, DeclarePort(group.id, old, index)


def _set_place(document: Document, edit: SetPlace, trusted: bool) -> Step:
    node = node_of(document, edit.id)
    place = checks.check_place(edit.place, node.id)
    document.nodes[node.id] = replace(node, place=place)
    return SetPlace(node.id, place), SetPlace(node.id, node.place)


def _set_label(document: Document, edit: SetLabel, trusted: bool) -> Step:
    node = node_of(document, edit.id)
    checks.check_text(edit.label, "label", node.id)
    document.nodes[node.id] = replace(node, label=edit.label)
    return edit, SetLabel(node.id, node.label)


def _set_comment(document: Document, edit: SetComment, trusted: bool) -> Step:
    node = node_of(document, edit.id)
    checks.check_text(edit.comment, "comment", node.id)
    document.nodes[node.id] = replace(node, comment=edit.comment)
    return edit, SetComment(node.id, node.comment)


def _set_flags(document: Document, edit: SetFlags, trusted: bool) -> Step:
    node = node_of(document, edit.id)
    new = {name: getattr(edit, name) for name in FLAGS if getattr(edit, name) is not None}
    if not trusted:
        for name, value in new.items():
            checks.check_switch(value, name, node.id)
    document.nodes[node.id] = replace(node, **new)
    return SetFlags(node.id, **new), SetFlags(node.id, **{name: getattr(node, name) for name in new})


def _set_graph(document: Document, edit: SetGraph, trusted: bool) -> Step:
    checks.check_sample_rate(edit.sample_rate)
    old, document.sample_rate = document.sample_rate, edit.sample_rate
    return edit, SetGraph(old)


def _set_media(document: Document, edit: SetMedia, trusted: bool) -> Step:
    old = document.media.get(edit.hash)
    if not checks.is_hash(edit.hash):
        raise NameFormError(f"{edit.hash!r} is not a SHA-256 in hexadecimal; media are named by content.")
    if edit.medium is None:
        document.media.pop(edit.hash, None)
    else:
        checks.check_text(edit.medium.name, "medium", edit.hash)
        checks.check_extra(edit.medium.extra, edit.medium, edit.hash)
        document.media[edit.hash] = edit.medium
    return edit, SetMedia(edit.hash, old)


def _set_control(document: Document, edit: SetControl, trusted: bool) -> Step:
    old = document.controls.get(edit.id)
    if edit.control is None:
        document.controls.pop(edit.id, None)
    else:
        if edit.control.id != edit.id:
            raise NameFormError(f"Control {edit.control.id[:99]!r} cannot be set as {edit.id[:99]!r}; name it once.")
        control = as_stored(edit.control)
        checks.check_extra(control.extra, control, edit.id)
        if old is None and len(document.controls) >= MOST_CONTROLS:
            raise NameFormError(f"A project holds up to {MOST_CONTROLS} controls; remove one first.")
        document.controls[edit.id] = control
        edit = replace(edit, control=control)
    return edit, SetControl(edit.id, old)


PRIMITIVES: dict[type, Callable[[Document, Any, bool], Step]] = {
    AddNode: _add_node,
    RemoveNode: _remove_node,
    SetValues: _set_values,
    Connect: _connect,
    Disconnect: _disconnect,
    SetDepth: _set_depth,
    Move: _move,
    DeclarePort: _declare_port,
    UndeclarePort: _undeclare_port,
    SetPlace: _set_place,
    SetLabel: _set_label,
    SetComment: _set_comment,
    SetFlags: _set_flags,
    SetGraph: _set_graph,
    SetMedia: _set_media,
    PutClip: clip_edits.put_clip,
    TakeClip: clip_edits.take_clip,
    SetClip: clip_edits.set_clip,
    EditNotes: clip_edits.edit_notes,
    SetTimeline: clip_edits.set_timeline,
    SetControl: _set_control,
}
