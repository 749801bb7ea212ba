"""Graph: what a program holds to build and change a graph; every call becomes an edit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from operator import eq
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from graphdaw.errors import NameFormError, UnknownPortError, UnknownWireError, WireTypeError, suggestion
from graphdaw.graph import checks, vocabulary
from graphdaw.graph.controls import Control, Source
from graphdaw.graph.handles import End, NodeHandle, PortHandle
from graphdaw.graph.history import History, Transaction
from graphdaw.graph.model import GROUP, Document, GroupPort, Node, Value, Wire
from graphdaw.graph.music import Music
from graphdaw.graph.ports import compatible, inlets, node_of, outlets, title
from graphdaw.graph.tracks import Tracks
from graphdaw.graph.vocabulary import (
    AddNode,
    Connect,
    DeclarePort,
    Disconnect,
    Edit,
    InsertOnWire,
    RemoveNode,
    ReplaceNode,
    SetComment,
    SetControl,
    SetDepth,
    SetFlags,
    SetGraph,
    SetLabel,
    SetPlace,
    SetValues,
    UndeclarePort,
    Ungroup,
)
from graphdaw.nodes.base import registry

if TYPE_CHECKING:
    from graphdaw.graph.opened import Project
    from graphdaw.graph.project.saving import Saved
    from graphdaw.graph.recovery import Recovery


class Graph(Music, Tracks):
    """A graph that is edited call by call: `add`, `connect`, `set`, `write`, `remove`, `undo`, `redo`, `save`."""

    def __init__(self, sample_rate: int = 48_000, *, document: Document | None = None) -> None:
        checks.check_sample_rate(sample_rate)
        self.document = Document(sample_rate) if document is None else document
        self.history = History(self.document)
        self.path: str | None = None
        self.recovered: Recovery | None = None
        self.project: Project | None = None

    @classmethod
    def of(cls, history: History) -> Graph:
        """The graph of a document that has a past already."""
        graph = cls(document=history.document)
        graph.history = history
        return graph

    def __repr__(self) -> str:
        return f"<Graph {len(self.nodes)} nodes, {len(self.wires)} wires, {self.sample_rate} Hz>"

    def __getitem__(self, id: str) -> NodeHandle:
        """The handle of the node with this id; raises UnknownNodeError."""
        return NodeHandle(self, node_of(self.document, id).id)

    @property
    def sample_rate(self) -> int:
        """Samples per second, in hertz."""
        return self.document.sample_rate

    @sample_rate.setter
    def sample_rate(self, rate: int) -> None:
        self.apply([SetGraph(rate)], "set sample rate")

    @property
    def nodes(self) -> Mapping[str, Node]:
        """All nodes by id, groups and their members among them; read only."""
        return MappingProxyType(self.document.nodes)

    @property
    def wires(self) -> Mapping[str, Wire]:
        """All wires by id; read only."""
        return MappingProxyType(self.document.wires)

    @property
    def controls(self) -> Mapping[str, Control]:
        """What knobs, keys and other programs move, by id; read only."""
        return MappingProxyType(self.document.controls)

    # Building

    def add(self, type: str, /, **values: float | str) -> NodeHandle:
        """Add a node, in the outermost level; raises UnknownTypeError, UnknownParameterError, OutOfRangeError."""
        document = self.document
        id = document.issue(type) if type in registry else self._id_for(type)
        self._choose(values)
        self.history.apply((AddNode(id, type, values, "", document.next_order()),), "add")  # type: ignore[arg-type]
        return NodeHandle(self, id)

    def _choose(self, values: Mapping[str, float | str | None]) -> None:
        """A path set by a call is one the user has chosen, whatever a file said before; edits alone choose nothing."""
        if self.document.foreign:
            self.document.foreign.difference_update(v for v in values.values() if isinstance(v, str))

    def _id_for(self, type: str) -> str:
        checks.check_type(self.document, type)
        stem = "".join(c if c.isalnum() or c == "_" else "_" for c in type)
        return self.document.issue(stem if stem.isidentifier() else "node")

    def add_inside(self, group: End, type: str, /, **values: float | str) -> NodeHandle:
        """Add a node inside a group."""
        id = self._id_for(type)
        self._choose(values)
        self.apply([AddNode(id, type, values, self._id(group))], "add")  # type: ignore[arg-type]
        return NodeHandle(self, id)

    def add_preset(self, name: str, inside: End = "") -> NodeHandle:
        """Add an instrument of the library, or of a .txt file, as a group; raises UnknownPresetError.

        >>> import graphdaw as gd
        >>> g = gd.Graph()
        >>> g.add("notes") >> g.add_preset("Velvet Pad") >> g.add("output")
        <output output1>
        """
        from graphdaw.graph import library

        preset, edits = library.adding(self.document, name, self._id(inside))
        made = self.apply(edits, f"add {preset.name}")
        return NodeHandle(self, next(edit.id for edit in made if isinstance(edit, AddNode)))

    def connect(self, source: End, target: End, depth: float = 1.0) -> Wire:
        """Wire an outlet to an inlet or parameter; a node alone means its first ports that fit."""
        a, source_port = self._end(source)
        b, target_port = self._end(target)
        if not source_port or not target_port:
            source_port, target_port = self._fitting(a, source_port, b, target_port)
        document = self.document
        id = document.issue("w")
        edit = Connect(id, a, source_port, b, target_port, depth, document.next_order())
        self.history.apply((edit,), "connect")
        return document.wires[id]

    def disconnect(self, wire: Wire | End, target: End | None = None) -> None:
        """Remove a wire, given itself or its id, or all wires between two nodes or ports."""
        if target is None:
            self.apply([Disconnect(wire.id if isinstance(wire, Wire) else str(wire))], "disconnect")
            return
        if isinstance(wire, Wire):
            raise TypeError("disconnect takes one wire, or two ends")
        (a, source_port), (b, target_port) = self._end(wire), self._end(target)
        found = [
            w.id
            for w in self.document.wires_from(node_of(self.document, a).id, source_port or None)
            if w.target == node_of(self.document, b).id and target_port in ("", w.target_port)
        ]
        if not found:
            raise UnknownWireError(
                f"No wire runs from {_written(a, source_port)} to {_written(b, target_port)}; there is nothing to cut.",
                node=b,
                port=target_port,
            )
        self.apply([Disconnect(id) for id in found], "disconnect")

    def set(self, node: End, /, **values: float | str | None) -> None:
        """Set parameters, choices, media and texts of a node; None returns one to its default."""
        id = node.id if isinstance(node, NodeHandle) else self._id(node)
        self._choose(values)
        self.history.apply((SetValues(id, values),), "set")  # type: ignore[arg-type]

    def set_depth(self, wire: Wire | str, depth: float) -> None:
        """Set the factor a wire's signal is multiplied by."""
        self.apply([SetDepth(wire if isinstance(wire, str) else wire.id, depth)], "set depth")

    def remove(self, *nodes: End, heal: bool = False) -> None:
        """Remove nodes with their wires; `heal` joins what fed each to what it fed."""
        self.apply([RemoveNode(self._id(node), heal) for node in nodes], "remove")

    def insert(self, node: End, wire: Wire | str, inlet: str = "", outlet: str = "") -> None:
        """Put a node that is there already into a wire."""
        id = wire if isinstance(wire, str) else wire.id
        self.apply([InsertOnWire(self._id(node), id, inlet, outlet)], "insert")

    def replace(self, node: End, type: str, /, **values: float | str) -> NodeHandle:
        """Put another type in a node's place, keeping the wires and values both have."""
        new = self._id_for(type)
        self._choose(values)
        self.apply([ReplaceNode(self._id(node), type, dict[str, Value](values), new)], "replace")
        return NodeHandle(self, new)

    # Groups and looks

    def group(self, nodes: Iterable[End], name: str = "") -> NodeHandle:
        """Put nodes of one level into a new group; wires across its wall get declared ports."""
        new = self.document.issue(GROUP)
        self.apply([vocabulary.Group(tuple(self._id(n) for n in nodes), name, new)], "group")
        return NodeHandle(self, new)

    def ungroup(self, group: End) -> None:
        """Dissolve a group and keep its members."""
        self.apply([Ungroup(self._id(group))], "ungroup")

    def declare(self, group: End, name: str, direction: str, *inner: PortHandle | str, type: str = "audio") -> None:
        """Declare a port of a group that leads to ports of its members."""
        ends = tuple(self._end(end) for end in inner)
        self.apply([DeclarePort(self._id(group), GroupPort(name, direction, type, ends))], "declare port")

    def undeclare(self, group: End, name: str) -> None:
        """Remove a port of a group with its wires."""
        self.apply([UndeclarePort(self._id(group), name)], "undeclare port")

    def look(
        self,
        node: End,
        *,
        place: tuple[float, float] | None = None,
        label: str | None = None,
        comment: str | None = None,
    ) -> None:
        """Set where a node stands on the canvas, its title, or a remark on it."""
        id = self._id(node)
        edits: list[Edit] = []
        if place is not None:
            edits.append(SetPlace(id, place))
        if label is not None:
            edits.append(SetLabel(id, label))
        if comment is not None:
            edits.append(SetComment(id, comment))
        self.apply(edits, "arrange")

    def control(self, source: Source, target: str, /, **how: Any) -> Control:
        """Let something move a target, such as "lp1.cutoff_hz"; `how` are the other fields of a `Control`.

        >>> from graphdaw.graph.controls import MidiSource
        >>> g = Graph()
        >>> knob = g.control(MidiSource("cc", 74), f"{g.add('filter').id}.cutoff_hz", mode="jump")
        >>> knob.id, list(g.controls)
        ('control1', ['control1'])
        """
        number = 1
        while f"control{number}" in self.document.controls:
            number += 1
        return self.put_control(Control(f"control{number}", source, target, **how))

    def put_control(self, control: Control) -> Control:
        """Enter a control, in place of the one of its id."""
        self.apply([SetControl(control.id, control)], "control")
        return self.document.controls[control.id]

    def drop_control(self, id: str) -> None:
        """Let a control move nothing any more; raises NameFormError where there is none."""
        if id not in self.document.controls:
            raise NameFormError(f"There is no control {id!r}; {suggestion(id, self.document.controls, 'controls')}")
        self.apply([SetControl(id)], "remove control")

    def bypass(self, node: End, on: bool = True) -> None:
        """Let what comes into a node or group pass by it, as late as it would be; or let it in again.

        >>> g = Graph()
        >>> g.bypass(g.add("reverb"))
        >>> g.nodes["reverb1"].bypassed
        True
        """
        self.apply([SetFlags(self._id(node), bypassed=on)], "bypass" if on else "end bypass")

    def mute(self, node: End, on: bool = True) -> None:
        """Silence a node or group; or let it sound again."""
        self.apply([SetFlags(self._id(node), muted=on)], "mute" if on else "unmute")

    def solo(self, node: End, on: bool = True) -> None:
        """Hear only what has a part in this node or group, and in others that are soloed; or end that."""
        self.apply([SetFlags(self._id(node), soloed=on)], "solo" if on else "end solo")

    # History

    def apply(
        self, edits: Iterable[Edit], label: str = "edit", author: str = "user", *, trusted: bool = False
    ) -> list[Edit]:
        """Make edits, all or nothing, as one undo step; returns the primitive edits that were made.

        `trusted` skips the checks: for primitive edits that lead to a document that is known, as `difference` gives.
        """
        return self.history.apply(edits, label, author, trusted=trusted)

    def undo(self) -> Transaction:
        """Take the last step back; raises HistoryError when there is none."""
        return self.history.undo()

    def redo(self) -> Transaction:
        """Make the last undone step again; raises HistoryError when there is none."""
        return self.history.redo()

    @contextmanager
    def transaction(self, label: str, author: str = "user", *, live: bool = False) -> Iterator[Graph]:
        """One undo step out of everything inside; an exception takes it all back.

        Observers hear of it at the end, or with `live` (a knob being turned) edit by edit.
        """
        if not self.history.begin(label, author, live):
            yield self
            return
        try:
            yield self
        except BaseException:
            self.history.rollback()
            raise
        self.history.commit()

    def observe(self, callback: Callable[[list[Edit]], object]) -> Callable[[], None]:
        """Call `callback(edits)` after every change, undo and redo; returns a function that ends it."""
        return self.history.observe(callback)

    # Files

    def save(self, path: str | os.PathLike[str]) -> Saved:
        """Write the project file, atomically; raises ProjectError, also where the file is open in another program.

        The result says in a sentence what was saved, what had to be left out, and whether a power cut can undo it.
        """
        from graphdaw.graph import standalone

        return standalone.save_graph(self, os.fspath(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Graph:
        """Read a project file, or a graph as text from a file called .txt; raises ProjectError or TextError.

        Edits that a crash left in the project's journal are in the graph, and `recovered` tells of them.
        """
        from graphdaw.graph import examples, standalone

        if os.fspath(path).endswith(".txt"):
            return cls(document=examples.read(path))
        return standalone.load_graph(os.fspath(path))

    # Ends

    def _id(self, node: End) -> str:
        return node if isinstance(node, str) else node.id if isinstance(node, NodeHandle) else node.node.id

    def _end(self, end: End) -> tuple[str, str]:
        if isinstance(end, NodeHandle):
            return end.id, ""
        if isinstance(end, PortHandle):
            return end.node.id, end.name
        id, _, port = end.partition(".")
        return id, port

    def _fitting(self, a: str, source_port: str, b: str, target_port: str) -> tuple[str, str]:
        """The first outlet and inlet of one type, else the first that go together, keeping what is named."""
        document = self.document
        source, target = node_of(document, a), node_of(document, b)
        outs, ins = outlets(document, source), inlets(document, target)
        kept_out = {source_port: outs.get(source_port, "")} if source_port else outs
        kept_in = {target_port: ins.get(target_port, "control")} if target_port else ins
        for fits in (eq, compatible):
            for out_name, out_type in kept_out.items():
                for in_name, in_type in kept_in.items():
                    if fits(out_type, in_type):
                        return out_name, in_name
        if kept_out and kept_in:
            if source_port and source_port not in outs:
                return source_port, next(iter(kept_in))  # the edit's own check says what is wrong with the name
            raise WireTypeError(
                f"No outlet of node {title(source)} fits an inlet of node {title(target)}; "
                f"it gives {', '.join(kept_out.values())} and takes {', '.join(kept_in.values())}.",
                node=b,
                allowed=kept_in,
            )
        missing, what = (source, "outlet") if not kept_out else (target, "inlet")
        raise UnknownPortError(
            f"Node {title(missing)} has no {what} to wire; name a parameter, or another node.", node=missing.id
        )


def _written(id: str, port: str) -> str:
    return repr(f"{id}.{port}" if port else id)
