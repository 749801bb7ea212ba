"""Draws a project as signal flow, left to right, as SVG: `python scripts/picture.py demo/demo.gdaw docs/demo.svg`.

There a group is one box, so that a song of many tracks is a picture too; what it sends to a bus is a faint line.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from html import escape
from pathlib import Path
from typing import NamedTuple

import graphdaw as gd
from graphdaw.graph.flatten import Flat
from graphdaw.graph.model import GROUP, Document, Node, settings
from graphdaw.graph.ports import inlet_type
from graphdaw.graph.strips import strips
from graphdaw.nodes import types

WIDE, HIGH, ACROSS, DOWN, EDGE = 118, 36, 158, 46, 20
COLOURS = {"audio": "#1d4ed8", "control": "#b45309", "event": "#15803d", "send": "#6b7280"}
DASHES = {"control": ' stroke-dasharray="4 3" opacity=".45"', "send": ' opacity=".3"'}
STYLE = (
    "text{font:12px sans-serif;fill:#111}.small{font-size:10px;fill:#555}"
    "rect{fill:#fff;stroke:#444;rx:5}.group{fill:#eef2ff}.frame{fill:#eef2ff;stroke:#c7d2fe}"
    "path{fill:none;stroke-width:1.4}"
)


class Line(NamedTuple):
    """A way from one box to another: a wire, or what is sent to a bus."""

    source: str
    target: str
    kind: str


class Drawing(NamedTuple):
    """What is drawn of a graph: boxes, the lines among them, and, where groups are open, what stands in each."""

    document: Document
    boxes: dict[str, Node]
    lines: list[Line]
    flow: list[Line]  # those that places go by
    frames: dict[str, list[str]]


def opened(graph: gd.Graph) -> Drawing:
    """Every plain node, with a frame around those of a group."""
    document = graph.document
    flat = Flat(document)
    lines = [
        Line(w.source, w.target, _kind(document, flat.nodes[w.target], w.target_port)) for w in flat.wires.values()
    ]
    groups = [node.id for node in document.nodes.values() if node.type == GROUP]
    frames = {id: [inner.id for inner in document.below(id) if inner.type != GROUP] for id in groups}
    return Drawing(document, dict(flat.nodes), lines, lines, {id: inside for id, inside in frames.items() if inside})


def closed(graph: gd.Graph) -> Drawing:
    """The outermost level, groups as boxes."""
    document = graph.document
    boxes = {node.id: node for node in document.inside("")}
    lines = [
        Line(wire.source, wire.target, _kind(document, boxes[wire.target], wire.target_port))
        for wire in document.wires.values()
        if wire.source in boxes and wire.target in boxes
    ]
    sound = [line for line in lines if line.kind in ("audio", "event")]  # so that a track is a row
    return Drawing(document, boxes, lines + _sends(graph, boxes), sound or lines, {})


def _sends(graph: gd.Graph, boxes: dict[str, Node]) -> list[Line]:
    """From groups to the buses that they send to."""
    document = graph.document
    buses = {
        settings(part)["bus"]: strip.group.id
        for strip in strips(graph)
        for part in document.inside(strip.group.id)
        if part.type == "return"
    }
    return [
        Line(id, buses[settings(inner)["bus"]], "send")
        for id, node in boxes.items()
        if node.type == GROUP
        for inner in document.below(id)
        if inner.type == "send" and settings(inner)["bus"] in buses
    ]


def _kind(document: Document, target: Node, port: str) -> str:
    """What flows into a port; a side chain moves a level, and is drawn as what moves things."""
    type = inlet_type(document, target, port)
    return "control" if port == "sidechain" else type if type in COLOURS else "audio"


def columns(drawing: Drawing) -> dict[str, int]:
    """How many lines lie between a box and the end of its longest way to an output, counted from the left."""
    ahead: dict[str, int] = {}

    def steps(id: str, seen: frozenset[str]) -> int:
        if id not in ahead:
            onward = [line.target for line in drawing.flow if line.source == id and line.target not in seen]
            ahead[id] = max((1 + steps(target, seen | {id}) for target in onward), default=0)
        return ahead[id]

    most = max(steps(id, frozenset({id})) for id in drawing.boxes)
    return {id: most - count for id, count in ahead.items()}


def places(drawing: Drawing) -> dict[str, tuple[float, float]]:
    """Top left corner of each box: columns by `columns`, rows near what a box feeds, then near what feeds it."""
    column, flow = columns(drawing), drawing.flow
    by_column: dict[int, list[str]] = defaultdict(list)
    for id in drawing.boxes:
        by_column[column[id]].append(id)
    rows: dict[str, float] = {}
    for number in sorted(by_column, reverse=True):
        fed = {id: [rows[x.target] for x in flow if x.source == id and x.target in rows] for id in by_column[number]}
        rows |= _spread({id: _mean(near) for id, near in fed.items()})
    for number in sorted(by_column):
        feeding = {id: [rows[x.source] for x in flow if x.target == id] for id in by_column[number]}
        rows |= _spread({id: _mean(near) if near else rows[id] for id, near in feeding.items()})
    top = min(rows.values())
    return {id: (EDGE + column[id] * ACROSS, EDGE + (rows[id] - top) * DOWN) for id in drawing.boxes}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _spread(wanted: dict[str, float]) -> dict[str, float]:
    """Rows as near to those that are wanted as boxes that do not overlap can lie."""
    stacks: list[tuple[float, list[str]]] = []  # middle of a stack of boxes, and its boxes from the top
    for id in sorted(wanted, key=lambda id: wanted[id]):
        stacks.append((wanted[id], [id]))
        while len(stacks) > 1 and stacks[-2][0] + len(stacks[-2][1]) / 2 > stacks[-1][0] - len(stacks[-1][1]) / 2:
            ids = stacks[-2][1] + stacks[-1][1]
            stacks[-2:] = [(_mean([wanted[id] for id in ids]), ids)]
    return {id: middle + place - (len(ids) - 1) / 2 for middle, ids in stacks for place, id in enumerate(ids)}


def draw(graph: gd.Graph, *, groups: str = "open") -> str:
    """The SVG of a graph, its groups "open" or "closed"."""
    drawing = opened(graph) if groups == "open" else closed(graph)
    at = places(drawing)
    parts = [frame(drawing, id, [at[inner] for inner in inside]) for id, inside in drawing.frames.items()]
    for line in sorted(drawing.lines, key=lambda line: line.kind != "send"):
        (x0, y0), (x1, y1) = at[line.source], at[line.target]
        x0, y0, y1 = x0 + WIDE, y0 + HIGH / 2, y1 + HIGH / 2
        bend = max(20.0, (x1 - x0) / 2)
        parts.append(
            f'<path d="M{x0:.0f} {y0:.0f}C{x0 + bend:.0f} {y0:.0f} {x1 - bend:.0f} {y1:.0f} {x1:.0f} {y1:.0f}" '
            f'stroke="{COLOURS[line.kind]}"{DASHES.get(line.kind, "")}/>'
        )
    for id, (x, y) in at.items():
        node = drawing.boxes[id]
        shade = ' class="group"' if node.type == GROUP else ""
        parts.append(f'<rect x="{x:.0f}" y="{y:.0f}" width="{WIDE}" height="{HIGH}"{shade}/>')
        parts.append(f'<text x="{x + 8:.0f}" y="{y + 15:.0f}">{escape(node.label or node.type)}</text>')
        parts.append(f'<text class="small" x="{x + 8:.0f}" y="{y + 29:.0f}">{escape(setting(graph, node))}</text>')
    width = max(x for x, _ in at.values()) + WIDE + EDGE
    height = max(y for _, y in at.values()) + HIGH + EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}">'
        f'<style>{STYLE}</style><rect width="100%" height="100%" style="fill:#fafaf9;stroke:none"/>'
        f"{''.join(parts)}</svg>\n"
    )


def frame(drawing: Drawing, group: str, inside: list[tuple[float, float]]) -> str:
    """A frame around the members of a group, with its name."""
    left, top = min(x for x, _ in inside) - 8, min(y for _, y in inside) - 8
    width, height = max(x for x, _ in inside) + WIDE + 8 - left, max(y for _, y in inside) + HIGH + 8 - top
    label = escape(drawing.document.nodes[group].label or group)
    return (
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'class="frame"/><text class="small" x="{left + 6:.0f}" y="{top - 3:.0f}">{label}</text>'
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
