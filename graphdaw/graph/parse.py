"""Reading a document from its text form; every fault names its line."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TypeVar

import msgspec

from graphdaw.errors import TextError
from graphdaw.graph import checks, structure
from graphdaw.graph.clip_parse import MusicLines
from graphdaw.graph.control_text import read_control
from graphdaw.graph.controls import MOST_CONTROLS
from graphdaw.graph.model import FLAGS, Document, GroupPort, Medium, Node, Opaque, Sketch, Value, Wire

MAX_TEXT = 8 * 1024 * 1024  # characters; a project of 10,000 nodes has 2 million

Item = TypeVar("Item", Node, Wire)

replace = msgspec.structs.replace


def parse(text: str) -> Document:
    """The document a text describes; lines that begin with # are remarks. Raises TextError, naming the line."""
    if len(text) > MAX_TEXT:
        raise TextError(f"The text has more than {MAX_TEXT} characters; save a project instead.")
    reader = _Reader()
    for number, ended in enumerate(io.StringIO(text, newline="\n"), 1):
        line = ended.rstrip("\r\n")
        if line.strip() and not line.lstrip().startswith("#"):
            reader.number = number
            reader.read(line)
    return reader.finish()


class _Reader(MusicLines):
    """Reads line by line; `parents` holds the node, or part of a clip, that each level of indentation belongs to."""

    def __init__(self) -> None:
        super().__init__()
        self.document = Document()
        self.nodes: list[Node] = []
        self.wires: list[Wire] = []
        self.ports: dict[str, list[GroupPort]] = {}

    def read(self, line: str) -> None:
        margin = len(line) - len(line.lstrip(" "))
        level = margin // 2
        if margin % 2 or level >= len(self.parents):
            raise self.fault("the indentation fits no node above; indent by two spaces inside a group")
        del self.parents[level + 1 :]
        self.begin(line)
        verb = self.take("word")
        lines: dict[str, Callable[[], None]] = {
            "graph": self._graph,
            "type": self._type,
            "media": self._media,
            "node": self._node,
            "port": self._port,
            "wire": self._wire,
            **self.music,
            "control": self._control,
        }
        if verb not in lines:
            raise self.fault(f"{verb!r} is none of {', '.join(lines)}")
        lines[verb]()
        if self.at < len(self.tokens):
            raise self.fault(f"{self.tokens[self.at][1]!r} was not expected there")

    def _graph(self) -> None:
        rate = self.whole()
        if not checks.SAMPLE_RATES[0] <= rate <= checks.SAMPLE_RATES[1]:
            raise self.fault(f"a sample rate of {rate} Hz is not possible")
        self.document.sample_rate = rate
        self.document.extra = self.extra(structure.TOP_FIELDS) or {}

    def _type(self) -> None:
        type = self.name()
        ports: dict[str, dict[str, str]] = {"in": {}, "out": {}}
        params: list[str] = []
        while self.peek() == "word":
            what = self.take("word")
            name = self.name()
            if what == "param":
                params.append(name)
            elif what in ports:
                ports[what][name] = self.name()
            else:
                raise self.fault(f"{what!r} is none of in, out, param")
        self.document.sketches[type] = Sketch(
            ports["in"], ports["out"], tuple(params), self.extra(Sketch.__struct_fields__)
        )

    def _media(self) -> None:
        hash = self.take("hash")[1:]
        name = self.take("word", "text")
        self.document.media[hash] = Medium(name, self.whole(), self.extra(Medium.__struct_fields__))

    def _node(self) -> None:
        id, type = self.name(), self.name()
        values: dict[str, Value] = {}
        while self.peek() in ("word", "text"):
            name = self.name()
            self.take("=")
            values[name] = self._value()
        order, place, texts = -1, None, {"label": "", "comment": ""}
        flags: set[str] = set()
        while self.peek() == "@":
            self.at += 1
            mark = self.take("word")
            if mark in FLAGS:
                flags.add(mark)
                continue
            self.take("=")
            if mark == "order":
                order = self.whole()
            elif mark == "place":
                x = self.real()
                self.take(",")
                place = (x, self.real())
            elif mark in texts:
                texts[mark] = self.take("text", "word")
            else:
                raise self.fault(f"{mark!r} is none of order, place, label, comment, {', '.join(FLAGS)}")
        extra = self.extra(Node.__struct_fields__)
        parent = self.enclosing()
        on = ("bypassed" in flags, "muted" in flags, "soloed" in flags, "frozen" in flags)
        node = Node(id, type, values, parent, order, place, texts["label"], texts["comment"], (), (), *on, extra)
        self.nodes.append(node)
        self.parents.append(id)

    def _value(self) -> Value:
        kind = self.peek()
        if kind == "raw":
            return Opaque(self.raw())
        return self.real() if kind == "number" else self.take("word", "text")

    def _port(self) -> None:
        direction, name, type = self.take("word"), self.name(), self.name()
        self.take("arrow")
        inner: list[tuple[str, str]] = []
        while self.peek():
            inner.append(self.end())
        self.ports.setdefault(self.enclosing(), []).append(GroupPort(name, direction, type, tuple(inner)))

    def _wire(self) -> None:
        self.enclosing()
        id, source = self.name(), self.end()
        self.take("arrow")
        target = self.end()
        depth, order = 1.0, -1
        while self.peek() == "@":
            self.at += 1
            mark = self.take("word")
            self.take("=")
            if mark == "depth":
                depth = self.real()
            elif mark == "order":
                order = self.whole()
            else:
                raise self.fault(f"{mark!r} is none of depth, order")
        self.wires.append(Wire(id, *source, *target, depth, order, self.extra(Wire.__struct_fields__)))

    def _control(self) -> None:
        control = read_control(self)
        if control.id in self.document.controls or len(self.document.controls) >= MOST_CONTROLS:
            raise self.fault(f"control {control.id!r} is there twice, or one of too many")
        self.document.controls[control.id] = control

    def finish(self) -> Document:
        """Put the parts together; lines without an order come after the others, as they stand."""
        document = self.document
        document.top = max((0, *(n.order for n in self.nodes), *(w.order for w in self.wires)))
        nodes = [_ordered(document, node) for node in self.nodes]
        wires = [_ordered(document, wire) for wire in self.wires]
        clips = self.clips()
        nodes = [replace(n, ports=tuple(self.ports.pop(n.id, ())), clips=clips.pop(n.id, ())) for n in nodes]
        document.timeline = self.timeline()
        fault = structure.fault(nodes, wires)
        if fault or self.ports:
            raise TextError(f"The text is no graph: {fault or 'a port stands outside a group'}.")
        structure.assemble(document, nodes, wires)
        return document


def _ordered(document: Document, item: Item) -> Item:
    return item if item.order >= 0 else replace(item, order=document.next_order())
