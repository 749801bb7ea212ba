"""Parts of a document: a selection as a document of its own, and putting one into another under fresh ids."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from graphdaw.errors import GroupingError
from graphdaw.graph.clips import recordings
from graphdaw.graph.model import GROUP, Document, Node, Wire
from graphdaw.graph.ports import node_of
from graphdaw.graph.structure import outside_paths
from graphdaw.graph.vocabulary import AddNode, Connect, DeclarePort, Edit

replace = msgspec.structs.replace


def selection(document: Document, ids: Iterable[str]) -> Document:
    """The nodes of one level, everything inside them, and the wires among them, as a document."""
    chosen = [node_of(document, id) for id in dict.fromkeys(ids)]
    if len({node.parent for node in chosen}) > 1:
        raise GroupingError("Only nodes of one level can be copied together; choose them in one group.")
    part = Document(document.sample_rate)
    for node in chosen:
        part.insert_node(replace(node, parent=""))
        for inner in document.below(node.id):
            part.insert_node(inner)
    for wire in document.wires.values():
        if wire.source in part.nodes and wire.target in part.nodes:
            part.insert_wire(wire)
    types = {node.type for node in part.nodes.values()}
    part.sketches = {type: sketch for type, sketch in document.sketches.items() if type in types}
    used = {v for node in part.nodes.values() for v in node.values.values() if isinstance(v, str)}
    used |= {recording for node in part.nodes.values() for _, recording in recordings(node.clips)}
    part.media = {hash: medium for hash, medium in document.media.items() if hash in used}
    part.collected = {path: known for path, known in document.collected.items() if path in used}
    used |= {hash for hash, _ in part.collected.values()}
    part.media_files = {hash: place for hash, place in document.media_files.items() if hash in used}
    part.foreign = document.foreign & used
    part.top = document.top
    return part


def distrust(document: Document, part: Document) -> None:
    """Paths that `part` brings count as foreign, but for those the user of `document` has chosen already."""
    chosen = outside_paths(document) - document.foreign
    document.foreign |= outside_paths(part) - chosen


def graft(document: Document, part: Document, parent: str = "", shift: tuple[float, float] = (0.0, 0.0)) -> list[Edit]:
    """The edits that put `part` into a group of `document` under fresh ids, moved by `shift`; not yet made."""
    new: dict[str, str] = {"": parent}
    edits: list[Edit] = []
    groups: list[Node] = []
    for node in [n for level in _levels(part) for n in level]:
        new[node.id] = document.issue(_stem(node.id))
        place = node.place
        if place is not None and not node.parent:
            place = (place[0] + shift[0], place[1] + shift[1])
        edits.append(
            AddNode(
                new[node.id],
                node.type,
                node.values,
                new[node.parent],
                0,
                place,
                node.label,
                node.comment,
                (),
                node.clips,
                node.bypassed,
                node.muted,
                node.soloed,
                node.frozen,
                node.extra,
            )
        )
        if node.type == GROUP:
            groups.append(node)
    for node in reversed(groups):
        for port in node.ports:
            inner = tuple((new[id], name) for id, name in port.inner)
            edits.append(DeclarePort(new[node.id], replace(port, inner=inner)))
    for wire in sorted(part.wires.values(), key=lambda w: (w.order, w.id)):
        edits.append(_fresh_wire(document, wire, new))
    return edits


def _levels(part: Document) -> Iterable[list[Node]]:
    level = part.inside("")
    while level:
        yield level
        level = [inner for node in level if node.type == GROUP for inner in part.inside(node.id)]


def _stem(id: str) -> str:
    stem = id.rstrip("0123456789").rstrip("_")
    return stem if stem.isidentifier() else "node"


def _fresh_wire(document: Document, wire: Wire, new: dict[str, str]) -> Connect:
    source, target = new[wire.source], new[wire.target]
    return Connect(document.issue("w"), source, wire.source_port, target, wire.target_port, wire.depth, 0, wire.extra)
