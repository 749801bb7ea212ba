"""The document as text, one line a node and one a wire: for `show`, for comparing, and for the clipboard.

    graph 48000
    node group1 group @order=4 @label="Voice"
      port out out audio -> lp1.out
      node saw1 saw frequency_hz=110.0 @order=1
      node lp1 filter mode=lowpass cutoff_hz=900.0 @order=2 @place=120.0,80.0
      wire w1 saw1.out -> lp1.in @order=3
    node out1 output @order=5
    wire w2 group1.out -> out1.in @depth=0.5 @order=6

The timeline and the clips of nodes have lines of their own, which `clip_text` shows, and so have controls, which
stand before the nodes (`control_text`). Names that are not plain words
are quoted as in JSON; `raw(...)` is base64 of msgpack this version cannot read. Lines that begin with # are remarks,
which are read over. A node that is bypassed, muted, soloed or frozen is marked @bypassed, @muted, @soloed or @frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from graphdaw.graph.clip import distrust, graft, selection
from graphdaw.graph.clip_text import clip_changes, clip_lines, timeline_changes, timeline_lines
from graphdaw.graph.control_text import control_changes, control_lines
from graphdaw.graph.model import FLAGS, Document, GroupPort, Medium, Node, Opaque, Sketch, Value, Wire
from graphdaw.graph.parse import parse
from graphdaw.graph.vocabulary import Edit
from graphdaw.graph.written import extra_words, quoted, raw_word, word
from graphdaw.nodes.base import registry

Item = TypeVar("Item", Node, Wire)

__all__ = ["copy", "diff", "parse", "paste", "show", "show_json"]


def show(document: Document) -> str:
    """The whole document as stable text; `parse` gives it back exactly."""
    return "\n".join(_lines(document)) + "\n"


def show_json(document: Document) -> str:
    """The whole document as JSON for other programs; bytes this version cannot read are base64."""
    content = {
        "sample_rate": document.sample_rate,
        "timeline": document.timeline,
        "nodes": document.nodes,
        "wires": document.wires,
        "media": document.media,
        "types": document.sketches,
        "controls": document.controls,
    }
    return msgspec.json.encode(content, order="deterministic").decode()


def copy(document: Document, ids: Iterable[str]) -> str:
    """A selection (nodes of one level with all inside them, and the wires among them) as text."""
    return show(selection(document, ids))


def paste(document: Document, text: str, parent: str = "", shift: tuple[float, float] = (20.0, 20.0)) -> list[Edit]:
    """The edits that put copied text into a group under fresh ids; raises TextError. They are not yet made.

    A recording that the text names by a path is read only once the user chooses it, unless the document has it already.
    """
    part = parse(text)
    distrust(document, part)
    return graft(document, part, parent, shift)


def _lines(document: Document) -> Iterable[str]:
    yield f"graph {document.sample_rate}" + extra_words(document.extra)
    yield from timeline_lines(document.timeline)
    for type, sketch in sorted(document.sketches.items()):
        yield f"type {word(type)}{_sketch(sketch)}"
    for hash, medium in sorted(document.media.items()):
        yield f"media #{hash} {word(medium.name)} {medium.size}{extra_words(medium.extra)}"
    yield from control_lines(document.controls)
    waiting: list[tuple[int, Node | Wire]] = _level(document, "", 0)
    while waiting:
        depth, item = waiting.pop()
        margin = "  " * depth
        if isinstance(item, Wire):
            yield margin + wire_line(item)
            continue
        yield margin + node_line(item)
        for port in item.ports:
            yield f"{margin}  {_port_line(port)}"
        for clip in item.clips:
            yield from (f"{margin}  {line}" for line in clip_lines(clip))
        waiting += _level(document, item.id, depth + 1)


def _level(document: Document, parent: str, depth: int) -> list[tuple[int, Node | Wire]]:
    """One level, last line first, as the stack in `_lines` takes it."""
    nodes = document.inside(parent)
    wires = sorted(
        (document.wires[id] for node in nodes for id in document.outgoing.get(node.id, ())),
        key=lambda w: (w.order, w.id),
    )
    return [*((depth, wire) for wire in reversed(wires)), *((depth, node) for node in reversed(nodes))]


def node_line(node: Node) -> str:
    """One node as one line, its ports not included."""
    values = "".join(f" {word(name)}={_value(value)}" for name, value in sorted(node.values.items()))
    marks = f" @order={node.order}"
    if node.place is not None:
        marks += f" @place={node.place[0]!r},{node.place[1]!r}"
    if node.label:
        marks += f" @label={quoted(node.label)}"
    if node.comment:
        marks += f" @comment={quoted(node.comment)}"
    marks += "".join(f" @{flag}" for flag in FLAGS if getattr(node, flag))
    return f"node {word(node.id)} {word(node.type)}{values}{marks}{extra_words(node.extra)}"


def wire_line(wire: Wire) -> str:
    """One wire as one line."""
    ends = f"{_end(wire.source, wire.source_port)} -> {_end(wire.target, wire.target_port)}"
    depth = f" @depth={wire.depth!r}" if wire.depth != 1.0 else ""
    return f"wire {word(wire.id)} {ends}{depth} @order={wire.order}{extra_words(wire.extra)}"


def _port_line(port: GroupPort) -> str:
    ends = "".join(f" {_end(*end)}" for end in port.inner)
    return f"port {port.direction} {word(port.name)} {port.type} ->{ends}"


def _sketch(sketch: Sketch) -> str:
    ports = "".join(f" in {word(n)} {word(t)}" for n, t in sorted(sketch.inputs.items()))
    ports += "".join(f" out {word(n)} {word(t)}" for n, t in sorted(sketch.outputs.items()))
    return ports + "".join(f" param {word(n)}" for n in sketch.params) + extra_words(sketch.extra)


def _end(node: str, port: str) -> str:
    return f"{word(node)}.{word(port)}"


def _value(value: Value) -> str:
    if isinstance(value, Opaque):
        return raw_word(value.raw)
    return repr(value) if isinstance(value, float) else word(value)


def diff(a: Document, b: Document) -> str:
    """What changed from `a` to `b`, one line a change: + added, - removed, ~ changed; empty when nothing did."""
    lines: list[str] = []
    if a.sample_rate != b.sample_rate:
        lines.append(f"~ graph sample_rate {a.sample_rate} -> {b.sample_rate} Hz")
    lines += timeline_changes(a.timeline, b.timeline)
    lines += [f"- {node_line(n)}" for n in _ordered(a.nodes) if n.id not in b.nodes]
    lines += [f"- {wire_line(w)}" for w in _ordered(a.wires) if w.id not in b.wires]
    for node in _ordered(b.nodes):
        old = a.nodes.get(node.id)
        lines += [f"+ {node_line(node)}", *clip_changes(None, node)] if old is None else _node_changes(old, node)
    for wire in _ordered(b.wires):
        before = a.wires.get(wire.id)
        lines += [f"+ {wire_line(wire)}"] if before is None else _wire_changes(before, wire)
    lines += _media_changes(a.media, b.media)
    lines += control_changes(a.controls, b.controls)
    if a.extra != b.extra or a.sketches != b.sketches:
        lines.append("~ graph fields this version cannot read")
    return "".join(line + "\n" for line in lines)


def _ordered(items: Mapping[str, Item]) -> list[Item]:
    return sorted(items.values(), key=lambda item: (item.order, item.id))


def _node_changes(old: Node, new: Node) -> list[str]:
    kind = registry.get(new.type)
    lines: list[str] = []
    for name in sorted({*old.values, *new.values}):
        before, after = old.values.get(name), new.values.get(name)
        if before != after:
            unit = f" {kind.params[name].unit}" if kind and name in kind.params and kind.params[name].unit else ""
            shown = ["default" if v is None else _value(v) for v in (before, after)]
            lines.append(f"~ {word(new.id)}.{word(name)} {shown[0]} -> {shown[1]}{unit}")
    for field in ("type", "parent", "order", "place", "label", "comment", *FLAGS, "extra"):
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            lines.append(f"~ {word(new.id)} {field} {_shown(before)} -> {_shown(after)}")
    ports = {p.name: p for p in old.ports}, {p.name: p for p in new.ports}
    for name in dict.fromkeys([*ports[0], *ports[1]]):
        was, now = ports[0].get(name), ports[1].get(name)
        if was != now:
            lines += [f"{sign} {word(new.id)} {_port_line(p)}" for sign, p in (("-", was), ("+", now)) if p]
    lines += clip_changes(old, new)
    if not lines and old != new:
        lines.append(f"~ {word(new.id)} order of ports")
    return lines


def _wire_changes(old: Wire, new: Wire) -> list[str]:
    if old == new:
        return []
    if msgspec.structs.replace(old, depth=new.depth) == new:
        return [f"~ {word(new.id)} depth {old.depth!r} -> {new.depth!r}"]
    return [f"- {wire_line(old)}", f"+ {wire_line(new)}"]


def _media_changes(old: Mapping[str, Medium], new: Mapping[str, Medium]) -> list[str]:
    lines = [f"- media #{hash} {word(m.name)}" for hash, m in sorted(old.items()) if hash not in new]
    lines += [f"+ media #{hash} {word(m.name)}" for hash, m in sorted(new.items()) if hash not in old]
    return lines + [f"~ media #{hash}" for hash, m in sorted(new.items()) if hash in old and old[hash] != m]


def _shown(value: object) -> str:
    return quoted(value) if isinstance(value, str) else "none" if value is None else str(value)
