"""Draws a project as signal flow, left to right, as SVG: `python scripts/picture.py demo/demo.gdaw docs/demo.svg`."""

from __future__ import annotations

import sys
from collections import defaultdict
from html import escape
from pathlib import Path
from typing import NamedTuple

import graphdaw as gd
from graphdaw.graph.flatten import Flat
from graphdaw.graph.model import GROUP, Document, Node, Wire
from graphdaw.graph.ports import inlet_type
from graphdaw.nodes import types

WIDE, HIGH, ACROSS, DOWN, EDGE = 118, 36, 158, 52, 20
COLOURS = {"control": "#b45309", "audio": "#1d4ed8", "event": "#ea580c"}
STYLE = (
    "text{font:12px sans-serif;fill:#111}.small{font-size:10px;fill:#555}"
    "rect{fill:#fff;stroke:#444;rx:5}path{fill:none;stroke-width:1.4}"
)


class Drawing(NamedTuple):
    """What is drawn of a graph: boxes, the wires among them, and, where groups are open, what stands in each."""

    document: Document
    boxes: dict[str, Node]
    wires: list[Wire]
    frames: dict[str, list[str]]


def opened(graph: gd.Graph) -> Drawing:
    """Every plain node, with a frame around those of a group."""
    document = graph.document
    flat = Flat(document)
    wires = [Wire(w.key, w.source, w.source_port, w.target, w.target_port) for w in flat.wires.values()]
    groups = [node.id for node in document.nodes.values() if node.type == GROUP]
    frames = {id: [inner.id for inner in document.below(id) if inner.type != GROUP] for id in groups}
    return Drawing(document, dict(flat.nodes), wires, {id: inside for id, inside in frames.items() if inside})


def closed(graph: gd.Graph) -> Drawing:
    """The outermost level, groups as boxes."""
    document = graph.document
    boxes = {node.id: node for node in document.inside("")}
    return Drawing(document, boxes, [w for w in document.wires.values() if w.source in boxes], {})


def columns(drawing: Drawing) -> dict[str, int]:
    """How many wires lie between a node and the end of its longest way to an output, counted from the left."""
    ahead: dict[str, int] = {}

    def steps(id: str, seen: frozenset[str]) -> int:
        if id not in ahead:
            onward = [w.target for w in drawing.wires if w.source == id and w.target not in seen]
            ahead[id] = max((1 + steps(target, seen | {id}) for target in onward), default=0)
        return ahead[id]

    most = max(steps(id, frozenset({id})) for id in drawing.boxes)
    return {id: most - count for id, count in ahead.items()}


def places(drawing: Drawing) -> dict[str, tuple[float, float]]:
    """Top left corner of each box: columns by `columns`, rows by the mean row of what a node feeds."""
    column = columns(drawing)
    rows: dict[str, float] = {}
    by_column: dict[int, list[str]] = defaultdict(list)
    for id, number in column.items():
        by_column[number].append(id)
    tallest = max(map(len, by_column.values()))
    for number in sorted(by_column, reverse=True):
        fed = {id: [rows[w.target] for w in drawing.wires if w.source == id and w.target in rows] for id in column}
        order = sorted(by_column[number], key=lambda id: (sum(fed[id]) / len(fed[id]) if fed[id] else 0.0, id))
        for place, id in enumerate(order):
            rows[id] = (place + 0.5) * tallest / len(order)
    return {id: (EDGE + column[id] * ACROSS, EDGE + rows[id] * DOWN - HIGH / 2) for id in column}


def draw(graph: gd.Graph, *, groups: str = "open") -> str:
    """The SVG of a graph, its groups "open" or "closed"."""
    drawing = opened(graph) if groups == "open" else closed(graph)
    at = places(drawing)
    parts = [frame(drawing, id, [at[inner] for inner in inside]) for id, inside in drawing.frames.items()]
    for wire in drawing.wires:
        (x0, y0), (x1, y1) = at[wire.source], at[wire.target]
        x0, y0, y1 = x0 + WIDE, y0 + HIGH / 2, y1 + HIGH / 2
        carries = kind_of(drawing, wire)
        dashes = {"control": ' stroke-dasharray="4 3" opacity=".4"', "event": ' stroke-dasharray="2 3"'}.get(
            carries, ""
        )
        bend = max(20.0, (x1 - x0) / 2)
        parts.append(
            f'<path d="M{x0:.0f} {y0:.0f}C{x0 + bend:.0f} {y0:.0f} {x1 - bend:.0f} {y1:.0f} {x1:.0f} {y1:.0f}" '
            f'stroke="{COLOURS[carries]}"{dashes}/>'
        )
    for id, (x, y) in at.items():
        node = drawing.boxes[id]
        parts.append(f'<rect x="{x:.0f}" y="{y:.0f}" width="{WIDE}" height="{HIGH}"/>')
        parts.append(f'<text x="{x + 8:.0f}" y="{y + 15:.0f}">{escape(node.label or node.type)}</text>')
        parts.append(f'<text class="small" x="{x + 8:.0f}" y="{y + 29:.0f}">{escape(setting(graph, node))}</text>')
    width = max(x for x, _ in at.values()) + WIDE + EDGE
    height = max(y for _, y in at.values()) + HIGH + EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}">'
        f'<style>{STYLE}</style><rect width="100%" height="100%" style="fill:#fafaf9;stroke:none"/>'
        f"{''.join(parts)}</svg>\n"
    )


def kind_of(drawing: Drawing, wire: Wire) -> str:
    """What a wire carries, as its colour says it."""
    type = inlet_type(drawing.document, drawing.boxes[wire.target], wire.target_port)
    return type if type in COLOURS else "audio"


def frame(drawing: Drawing, group: str, inside: list[tuple[float, float]]) -> str:
    """A frame around the members of a group, with its name."""
    left, top = min(x for x, _ in inside) - 8, min(y for _, y in inside) - 8
    width, height = max(x for x, _ in inside) + WIDE + 8 - left, max(y for _, y in inside) + HIGH + 8 - top
    label = escape(drawing.document.nodes[group].label or group)
    return (
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'style="fill:#eef2ff;stroke:#c7d2fe"/><text class="small" x="{left + 6:.0f}" y="{top - 3:.0f}">{label}</text>'
    )


def setting(graph: gd.Graph, node: Node) -> str:
    """What a group is, what lies on a track, or a node's type with the first recording or number set on it."""
    kind = types().get(node.type)
    if kind is None:
        inside = [part.type for part in graph.document.below(node.id)]
        what = next((what for type, what in (("return", "bus"), ("voices", "instrument")) if type in inside), "group")
        return "strip" if what == "group" and {"compressor", "eq"} <= set(inside) else f"{what}, {len(inside)} nodes"
    if node.clips:
        return f"{node.type}, {len(node.clips)} clip{'s' * (len(node.clips) > 1)}"
    for name in (*kind.media, *kind.params):
        value = node.values.get(name)
        if name in kind.media and value:
            return graph.document.media[value].name if value in graph.document.media else Path(str(value)).name
        if name in kind.params and isinstance(value, float) and len([n for n in node.values if n in kind.params]) < 4:
            number = f"{value:.0f}" if abs(value) >= 100.0 else f"{value:.3g}"
            return f"{node.type} {number} {kind.params[name].unit}".strip()
    return node.type


if __name__ == "__main__":
    project, picture = sys.argv[1:]
    Path(picture).write_text(draw(gd.load(project), groups="closed"))
