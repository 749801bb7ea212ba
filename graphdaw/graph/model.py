"""The document as a value: nodes, wires and groups, with the indexes that keep edits cheap."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from graphdaw.graph.clips import Clip, Note, weight
from graphdaw.graph.controls import Control
from graphdaw.graph.timeline import Timeline
from graphdaw.nodes.base import NodeType, find

GROUP = "group"
FLAGS = ("bypassed", "muted", "soloed", "frozen")  # of a node


class Opaque(msgspec.Struct, frozen=True, gc=False):
    """A value this version cannot read, kept as the msgpack bytes it came in."""

    raw: bytes


Value = float | str | Opaque


class GroupPort(msgspec.Struct, frozen=True, gc=False):
    """A port a group declares; an inlet feeds all of `inner`, an outlet comes from the only one."""

    name: str
    direction: str
    type: str
    inner: tuple[tuple[str, str], ...] = ()


class Node(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One node; `values` holds only what was set, `parent` is the enclosing group, `extra` fields not known here.

    `clips` are in the order of their starts. What `bypassed`, `muted`, `soloed` and `frozen` do is told in `routing`.
    """

    id: str
    type: str
    values: dict[str, Value] = {}
    parent: str = ""
    order: int = 0
    place: tuple[float, float] | None = None
    label: str = ""
    comment: str = ""
    ports: tuple[GroupPort, ...] = ()
    clips: tuple[Clip, ...] = ()
    bypassed: bool = False
    muted: bool = False
    soloed: bool = False
    frozen: bool = False
    extra: dict[str, bytes] | None = None


class Wire(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One connection; wires into one inlet are summed in `order`, `depth` scales the signal."""

    id: str
    source: str
    source_port: str
    target: str
    target_port: str
    depth: float = 1.0
    order: int = 0
    extra: dict[str, bytes] | None = None


class Medium(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A recording in the media table: its original file name and size in bytes."""

    name: str
    size: int = 0
    extra: dict[str, bytes] | None = None


class Sketch(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered of a node type that is not installed: ports with their wire types, and parameter names."""

    inputs: dict[str, str] = {}
    outputs: dict[str, str] = {}
    params: tuple[str, ...] = ()
    extra: dict[str, bytes] | None = None


class Document:
    """A graph and the timeline it plays by; nodes, wires and clips are immutable values, so snapshots are cheap.

    Only `graphdaw.graph.edits` changes a document. `marks`, `top`, `media_files`, `collected`, `foreign`, `origin`,
    `notes` and `weight` are bookkeeping beside the value: ids already given out, the last order number, where media
    lies now, under which hash a save took in what is named by a path, paths that came with a file, that file, what
    finds the notes of clips that were edited last, and how much all clips hold.
    """

    __slots__ = (
        "collected", "controls", "ends", "exposed", "extra", "foreign", "incoming", "marks", "media", "media_files",
        "members", "nodes", "notes", "origin", "outgoing", "ports", "sample_rate", "sketches", "timeline", "top",
        "weight", "wires",
    )  # fmt: skip

    def __init__(self, sample_rate: int = 48_000) -> None:
        self.sample_rate = sample_rate
        self.timeline = Timeline()
        self.nodes: dict[str, Node] = {}
        self.wires: dict[str, Wire] = {}
        self.media: dict[str, Medium] = {}
        self.sketches: dict[str, Sketch] = {}
        self.controls: dict[str, Control] = {}
        self.extra: dict[str, bytes] = {}
        self.marks: dict[str, int] = {}
        self.top = 0
        self.media_files: dict[str, str] = {}
        self.collected: dict[str, tuple[str, Medium]] = {}
        self.foreign: set[str] = set()
        self.origin = ""
        self.incoming: dict[str, dict[str, None]] = {}
        self.outgoing: dict[str, dict[str, None]] = {}
        self.members: dict[str, dict[str, None]] = {"": {}}
        self.ends: dict[tuple[str, str, str, str], str] = {}
        self.ports: dict[tuple[str, str], GroupPort] = {}
        self.exposed: dict[str, dict[tuple[str, str], None]] = {}  # node -> (its port, the port of its group)
        self.notes: dict[tuple[str, str], tuple[Clip, dict[int, Note]]] = {}  # as of that very clip
        self.weight = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and self._content() == other._content()

    __hash__ = None  # type: ignore[assignment]  # changes in place

    def _content(self) -> tuple[object, ...]:
        return (
            self.sample_rate, self.timeline, self.nodes, self.wires, self.media, self.sketches, self.controls,
            self.extra,
        )  # fmt: skip

    def copy(self) -> Document:
        """An independent document with the same content."""
        new = Document(self.sample_rate)
        for name in (
            "nodes",
            "wires",
            "media",
            "sketches",
            "controls",
            "extra",
            "marks",
            "media_files",
            "collected",
            "foreign",
            "ends",
            "ports",
        ):
            setattr(new, name, getattr(self, name).copy())
        for name in ("incoming", "outgoing", "members", "exposed"):
            setattr(new, name, {key: ids.copy() for key, ids in getattr(self, name).items()})
        new.timeline, new.top, new.origin, new.weight = self.timeline, self.top, self.origin, self.weight
        return new

    def issue(self, stem: str) -> str:
        """A fresh id such as "saw1" that no node or wire has or had."""
        if stem[-1:].isdigit():
            stem += "_"
        number = self.marks.get(stem, 0) + 1
        while (id := f"{stem}{number}") in self.nodes or id in self.wires:
            number += 1
        self.marks[stem] = number
        return id

    def retire(self, id: str) -> None:
        """Remember a removed id, so that it is not given out again."""
        stem = id.rstrip("0123456789")
        if stem != id:
            number = int(id[len(stem) :][:15])
            if number > self.marks.get(stem, 0):
                self.marks[stem] = number

    def next_order(self) -> int:
        """The next order number; they only grow."""
        self.top += 1
        return self.top

    def insert_node(self, node: Node) -> None:
        """Put a node in, or in its own place, and index it."""
        if node.clips and node.id not in self.nodes:
            self.weight += sum(map(weight, node.clips))
        self.nodes[node.id] = node
        self.members[node.parent][node.id] = None
        if node.type == GROUP:
            self.members.setdefault(node.id, {})
            for port in node.ports:
                self._index_port(node.id, port)

    def drop_node(self, node: Node) -> None:
        """Take a node out; its wires and members are gone already."""
        del self.nodes[node.id], self.members[node.parent][node.id]
        self.weight -= sum(map(weight, node.clips))
        self.incoming.pop(node.id, None)
        self.outgoing.pop(node.id, None)
        self.members.pop(node.id, None)
        self.exposed.pop(node.id, None)
        self.retire(node.id)

    def put_port(self, group: Node, port: GroupPort, index: int) -> None:
        """Give a group a port, in place of the one of that name if there is one."""
        old = self.ports.get((group.id, port.name))
        if old is not None:
            self._forget_port(group.id, old)
        ports = [p for p in group.ports if p is not old]
        ports.insert(index, port)
        self.nodes[group.id] = msgspec.structs.replace(group, ports=tuple(ports))
        self._index_port(group.id, port)

    def drop_port(self, group: Node, port: GroupPort) -> None:
        """Take a port from a group."""
        self._forget_port(group.id, port)
        self.nodes[group.id] = msgspec.structs.replace(group, ports=tuple(p for p in group.ports if p is not port))

    def _index_port(self, group: str, port: GroupPort) -> None:
        self.ports[group, port.name] = port
        for id, inner in port.inner:
            self.exposed.setdefault(id, {})[inner, port.name] = None

    def _forget_port(self, group: str, port: GroupPort) -> None:
        del self.ports[group, port.name]
        for id, inner in port.inner:
            ways = self.exposed.get(id)
            if ways is not None:
                ways.pop((inner, port.name), None)
                if not ways:
                    del self.exposed[id]

    def insert_wire(self, wire: Wire) -> None:
        """Put a wire in and index it."""
        id = wire.id
        self.wires[id] = wire
        self.ends[wire.source, wire.source_port, wire.target, wire.target_port] = id
        out = self.outgoing.get(wire.source)
        if out is None:
            self.outgoing[wire.source] = {id: None}
        else:
            out[id] = None
        into = self.incoming.get(wire.target)
        if into is None:
            self.incoming[wire.target] = {id: None}
        else:
            into[id] = None

    def drop_wire(self, wire: Wire) -> None:
        """Take a wire out."""
        del self.wires[wire.id], self.ends[wire.source, wire.source_port, wire.target, wire.target_port]
        del self.outgoing[wire.source][wire.id], self.incoming[wire.target][wire.id]
        self.retire(wire.id)

    def wires_into(self, node: str, port: str | None = None) -> list[Wire]:
        """The wires that end at a node (or at one of its ports), in the order they are summed."""
        found = (self.wires[id] for id in self.incoming.get(node, ()))
        return sorted((w for w in found if port is None or w.target_port == port), key=_order)

    def wires_from(self, node: str, port: str | None = None) -> list[Wire]:
        """The wires that begin at a node (or at one of its ports), oldest first."""
        found = (self.wires[id] for id in self.outgoing.get(node, ()))
        return sorted((w for w in found if port is None or w.source_port == port), key=_order)

    def inside(self, group: str = "") -> list[Node]:
        """The members of a group ("" is the outermost level), oldest first."""
        return sorted((self.nodes[id] for id in self.members.get(group, ())), key=_order)

    def below(self, group: str) -> Iterator[Node]:
        """Everything inside a group, at any depth, enclosing groups before their members."""
        waiting = [group]
        while waiting:
            for node in self.inside(waiting.pop()):
                yield node
                if node.type == GROUP:
                    waiting.append(node.id)

    def settings(self, id: str) -> dict[str, float | str]:
        """Every setting of a node at its value, within its range; the default where none is set."""
        return settings(self.nodes[id])


def settings(node: Node) -> dict[str, float | str]:
    """As `Document.settings`; values of a wrong kind, which only a file can bring in, count as not set."""
    kind = find(node.type)
    if kind is None:
        return {name: v for name, v in node.values.items() if not isinstance(v, Opaque)}
    merged = kind.defaults()
    for name, value in node.values.items():
        if isinstance(value, float) and name in kind.params:
            merged[name] = min(max(value, kind.params[name].lo), kind.params[name].hi)
        elif isinstance(value, str) and takes_text(kind, name, value):
            merged[name] = value
    return merged


def takes_text(kind: NodeType, name: str, value: str) -> bool:
    """Whether a text is a possible value: any for media, one of the options for a choice, and what a text allows."""
    if name in kind.texts:
        return not kind.texts[name].fault(value)
    return name in kind.media or (name in kind.choices and value in kind.choices[name].options)


def _order(item: Node | Wire) -> tuple[int, str]:
    return item.order, item.id
