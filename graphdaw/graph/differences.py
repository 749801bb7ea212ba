"""The difference of two documents as edits: what turns one into the other and leaves alone what is the same in both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from graphdaw.graph.clip_edits import HELD
from graphdaw.graph.clips import Clip, NoteClip
from graphdaw.graph.model import FLAGS, GROUP, Document, GroupPort, Node, Value, Wire
from graphdaw.graph.structure import outside_paths
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
)

if TYPE_CHECKING:
    from graphdaw.graph.graph import Graph

replace = msgspec.structs.replace


def difference(old: Document, new: Document) -> list[Edit]:
    """The primitive edits that turn `old` into `new`; none where they are equal.

    They fit each other and `old`, so they are made unchecked (`graph.apply(..., trusted=True)`); in between, wires may
    be missing that both documents have. What is no edit's business, `adopt` takes over: the ports of unknown types and
    where recordings lie. Unknown fields of a document as a whole stay those of `old`.

    >>> from graphdaw.graph.graph import Graph
    >>> graph = Graph()
    >>> saw = graph.add("saw")
    >>> before = graph.document.copy()
    >>> graph.set(saw, frequency_hz=220.0)
    >>> difference(graph.document, before)
    [SetValues(id='saw1', values={'frequency_hz': None})]
    """
    stays = {id for id, node in old.nodes.items() if id in new.nodes and _is_same_box(node, new.nodes[id])}
    kept = {id for id, wire in old.wires.items() if id in new.wires and _is_same_wire(wire, new.wires[id], stays)}
    edits: list[Edit] = [Disconnect(id) for id in old.wires if id not in kept]
    edits += _undeclared(old, new, stays)
    edits += _moved_and_remade(old, new, stays)
    if old.sample_rate != new.sample_rate:
        edits.append(SetGraph(new.sample_rate))
    if old.timeline != new.timeline:
        edits.append(SetTimeline(new.timeline))
    edits += _media(old, new)
    edits += [SetControl(id) for id in old.controls if id not in new.controls]
    edits += [SetControl(id, one) for id, one in new.controls.items() if old.controls.get(id) != one]
    for id in sorted(stays):
        edits += _changed(old.nodes[id], new.nodes[id])
    edits += _declared(old, new, stays)
    edits += [SetDepth(id, new.wires[id].depth) for id in sorted(kept) if old.wires[id].depth != new.wires[id].depth]
    fresh = sorted((wire for id, wire in new.wires.items() if id not in kept), key=lambda w: (w.order, w.id))
    return edits + [_connect(wire) for wire in fresh]


def adopt(document: Document, target: Document) -> None:
    """Take over, beside the edits of `difference`, what a document must know to hold what `target` holds.

    A path that came with a file stays one that only the user can make readable, unless the user has done so here.
    """
    for type, sketch in target.sketches.items():
        document.sketches.setdefault(type, sketch)
    for hash, place in target.media_files.items():
        document.media_files.setdefault(hash, place)
    for path, known in target.collected.items():
        document.collected.setdefault(path, known)
    chosen = outside_paths(document) - document.foreign
    document.foreign |= target.foreign - chosen


def bring_to(graph: Graph, target: Document, label: str, author: str = "user") -> list[Edit]:
    """Bring a live graph to the state of another document, in one step that can be undone; returns the edits made.

    What is the same in both plays on untouched.
    """
    history = graph.history
    with history.turn:  # nobody edits in between
        edits = difference(graph.document, target)
        with history.lock:
            adopt(graph.document, target)
        return graph.apply(edits, label, author, trusted=True)


def _connect(wire: Wire) -> Connect:
    return Connect(*(getattr(wire, field) for field in Wire.__struct_fields__))


def _add(node: Node) -> AddNode:
    """The node without its ports, which are declared when what they lead to is there."""
    return AddNode(*(getattr(replace(node, ports=()), field) for field in Node.__struct_fields__))


def _is_same_box(old: Node, new: Node) -> bool:
    """Whether edits can turn one into the other; else it is removed and added."""
    return (old.type, old.order, old.extra) == (new.type, new.order, new.extra)


def _is_same_wire(old: Wire, new: Wire, stays: set[str]) -> bool:
    return replace(old, depth=new.depth) == new and old.source in stays and old.target in stays


def _level_of(document: Document, id: str) -> int:
    """How many groups are around a node."""
    level, parent = 0, document.nodes[id].parent
    while parent:
        level, parent = level + 1, document.nodes[parent].parent
    return level


def _undeclared(old: Document, new: Document, stays: set[str]) -> list[Edit]:
    """Ports taken off groups: those that go, and those of groups that go; innermost groups last, as they are found."""
    edits: list[Edit] = []
    for id in sorted((id for id, node in old.nodes.items() if node.type == GROUP), key=lambda id: _level_of(old, id)):
        wanted = {port.name: port for port in new.nodes[id].ports} if id in stays else {}
        for port in reversed(old.nodes[id].ports):
            if port.name not in wanted:
                edits.append(UndeclarePort(id, port.name))
            elif wanted[port.name] != port or _leads_elsewhere(old, new, stays, port):
                edits.append(DeclarePort(id, replace(port, inner=())))
    return edits


def _leads_elsewhere(old: Document, new: Document, stays: set[str], port: GroupPort) -> bool:
    """Whether a port names a node that is removed, remade or moved in between."""
    return any(id not in stays or old.nodes[id].parent != new.nodes[id].parent for id, _ in port.inner)


def _moved_and_remade(old: Document, new: Document, stays: set[str]) -> list[Edit]:
    """Nodes removed, moved and added, in an order in which every parent is there and no group goes with its members."""
    edits: list[Edit] = []
    moving = [id for id in stays if old.nodes[id].parent != new.nodes[id].parent or old.nodes[id].parent not in stays]
    moving = [id for id in moving if old.nodes[id].parent or new.nodes[id].parent]
    # first out of all groups, so that groups can go and come and change places freely
    edits += [Move((id,), "") for id in sorted(moving) if old.nodes[id].parent]
    gone = sorted((id for id in old.nodes if id not in stays), key=lambda id: (-_level_of(old, id), id))
    edits += [RemoveNode(id) for id in gone]
    # then in again, outermost first, new groups before what goes into them
    coming = [id for id in new.nodes if id not in stays or (id in moving and new.nodes[id].parent)]
    for id in sorted(coming, key=lambda id: (_level_of(new, id), new.nodes[id].order, id)):
        node = new.nodes[id]
        edits.append(Move((id,), node.parent) if id in stays else _add(node))
    return edits


def _media(old: Document, new: Document) -> list[Edit]:
    edits: list[Edit] = [SetMedia(hash) for hash in old.media if hash not in new.media]
    return edits + [SetMedia(hash, medium) for hash, medium in new.media.items() if old.media.get(hash) != medium]


def _changed(old: Node, new: Node) -> list[Edit]:
    """What is set differently on a node that stays."""
    edits: list[Edit] = []
    values: dict[str, Value | None] = {name: None for name in old.values if name not in new.values}
    values |= {name: value for name, value in new.values.items() if _differs(old.values.get(name), value)}
    if values:
        edits.append(SetValues(new.id, values))
    if old.place != new.place:
        edits.append(SetPlace(new.id, new.place))
    if old.label != new.label:
        edits.append(SetLabel(new.id, new.label))
    if old.comment != new.comment:
        edits.append(SetComment(new.id, new.comment))
    flags = {name: getattr(new, name) for name in FLAGS if getattr(old, name) != getattr(new, name)}
    if flags:
        edits.append(SetFlags(new.id, **flags))
    return edits + _clips(old, new)


def _clips(old: Node, new: Node) -> list[Edit]:
    """What makes the clips of a node those of another."""
    had, has = ({clip.id: clip for clip in node.clips} for node in (old, new))
    edits: list[Edit] = [TakeClip(new.id, id) for id in had if id not in has]
    for id, clip in has.items():
        if id in had and type(had[id]) is type(clip):
            edits += _clip_changes(new.id, had[id], clip)
        else:
            edits.append(PutClip(new.id, clip))
    return edits


def _clip_changes(node: str, old: Clip, new: Clip) -> list[Edit]:
    """Fields set and notes edited where that is all; else the whole clip."""
    names = [name for name in new.__struct_fields__ if name not in HELD]
    values = {name: getattr(new, name) for name in names if getattr(old, name) != getattr(new, name)}
    edits: list[Edit] = [SetClip(node, new.id, values)] if values else []
    old = replace(old, **values)
    if old == new:
        return edits
    if isinstance(old, NoteClip) and isinstance(new, NoteClip) and replace(old, notes=new.notes) == new:
        was, now = ({note.id: note for note in clip.notes} for clip in (old, new))
        put = tuple(note for id, note in now.items() if was.get(id) != note)
        return [*edits, EditNotes(node, new.id, tuple(id for id in was if id not in now), put)]
    return [PutClip(node, new)]


def _differs(old: object, new: object) -> bool:
    return type(old) is not type(new) or old != new


def _declared(old: Document, new: Document, stays: set[str]) -> list[Edit]:
    """Ports declared on groups, in order, innermost groups first; what `_undeclared` emptied is filled again."""
    edits: list[Edit] = []
    groups = sorted((id for id, node in new.nodes.items() if node.type == GROUP), key=lambda id: -_level_of(new, id))
    for id in groups:
        wanted = new.nodes[id].ports
        present: list[GroupPort] = []
        if id in stays:
            names = {port.name: port for port in wanted}
            for port in old.nodes[id].ports:
                if port.name in names:
                    emptied = names[port.name] != port or _leads_elsewhere(old, new, stays, port)
                    present.append(replace(port, inner=()) if emptied else port)
        for place, port in enumerate(wanted):
            if place < len(present) and present[place] == port:
                continue
            present = [other for other in present if other.name != port.name]
            present.insert(place, port)
            edits.append(DeclarePort(id, port, place))
    return edits
