"""Draws a project as signal flow, left to right, as SVG: `python scripts/picture.py demo/demo.gdaw docs/demo.svg`.

A group is one box, so that a song of many tracks is a picture too; what it sends to a bus is a faint line to that bus.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from html import escape
from pathlib import Path
from typing import NamedTuple

import graphdaw as gd
from graphdaw.graph.model import GROUP, Node, settings
from graphdaw.graph.ports import inlets
from graphdaw.graph.strips import strips
from graphdaw.nodes import types

WIDE, HIGH, ACROSS, DOWN, EDGE = 118, 36, 158, 46, 20
COLOURS = {"audio": "#1d4ed8", "control": "#b45309", "event": "#15803d", "send": "#6b7280"}
DASHES = {"control": ' stroke-dasharray="4 3" opacity=".45"', "send": ' opacity=".3"'}
STYLE = (
    "text{font:12px sans-serif;fill:#111}.small{font-size:10px;fill:#555}"
    "rect{fill:#fff;stroke:#444;rx:5}.group{fill:#eef2ff}path{fill:none;stroke-width:1.4}"
)


class Line(NamedTuple):
    """A way from one box to another: a wire, or what is sent to a bus."""

    source: str
    target: str
    kind: str


def lines(graph: gd.Graph) -> list[Line]:
    """All that is drawn between the boxes of the outermost level."""
    document = graph.document
    tops = {node.id: node for node in document.inside()}
    found = [
        Line(wire.source, wire.target, _kind(graph, tops[wire.target], wire.target_port))
        for wire in graph.wires.values()
        if wire.source in tops and wire.target in tops
    ]
    buses = {
        settings(part)["bus"]: strip.group.id
        for strip in strips(graph)
        for part in document.inside(strip.group.id)
        if part.type == "return"
    }
    for id, node in tops.items():
        for inner in document.below(id) if node.type == GROUP else []:
            if inner.type == "send" and settings(inner)["bus"] in buses:
                found.append(Line(id, buses[settings(inner)["bus"]], "send"))
    return found


def _kind(graph: gd.Graph, target: Node, port: str) -> str:
    """What flows into a port; a side chain moves a level, and is drawn as what moves things."""
    return "control" if port == "sidechain" else inlets(graph.document, target).get(port, "control")


def columns(ids: list[str], flow: list[Line]) -> dict[str, int]:
    """How many lines lie between a box and the end of its longest way to an output, counted from the left."""
    ahead: dict[str, int] = {}

    def steps(id: str, seen: frozenset[str]) -> int:
        if id not in ahead:
            onward = [line.target for line in flow if line.source == id and line.target not in seen]
            ahead[id] = max((1 + steps(target, seen | {id}) for target in onward), default=0)
        return ahead[id]

    most = max(steps(id, frozenset({id})) for id in ids)
    return {id: most - count for id, count in ahead.items()}


def places(graph: gd.Graph, drawn: list[Line]) -> dict[str, tuple[float, float]]:
    """Top left corner of each box: columns by `columns`, rows near what a box feeds, then near what feeds it."""
    ids = [node.id for node in graph.document.inside()]
    sound = [line for line in drawn if line.kind in ("audio", "event")] or drawn
    column = columns(ids, sound)
    by_column: dict[int, list[str]] = defaultdict(list)
    for id in ids:
        by_column[column[id]].append(id)
    rows: dict[str, float] = {}
    for number in sorted(by_column, reverse=True):
        rows |= _spread({id: _mean([rows[x.target] for x in sound if x.source == id]) for id in by_column[number]})
    for number in sorted(by_column):
        wanted = {id: [rows[x.source] for x in sound if x.target == id] for id in by_column[number]}
        rows |= _spread({id: _mean(near) if near else rows[id] for id, near in wanted.items()})
    top = min(rows.values())
    return {id: (EDGE + column[id] * ACROSS, EDGE + (rows[id] - top) * DOWN) for id in ids}


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


def draw(graph: gd.Graph) -> str:
    """The SVG of a graph."""
    drawn = lines(graph)
    at = places(graph, drawn)
    parts = []
    for line in sorted(drawn, key=lambda line: line.kind != "send"):
        (x0, y0), (x1, y1) = at[line.source], at[line.target]
        x0, y0, y1 = x0 + WIDE, y0 + HIGH / 2, y1 + HIGH / 2
        bend = max(20.0, (x1 - x0) / 2)
        parts.append(
            f'<path d="M{x0:.0f} {y0:.0f}C{x0 + bend:.0f} {y0:.0f} {x1 - bend:.0f} {y1:.0f} {x1:.0f} {y1:.0f}" '
            f'stroke="{COLOURS[line.kind]}"{DASHES.get(line.kind, "")}/>'
        )
    for id, (x, y) in at.items():
        node = graph.nodes[id]
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


def setting(graph: gd.Graph, node: Node) -> str:
    """What a group is, what lies on a track, or a node's type with the first recording or number set on it."""
    if node.type == GROUP:
        inside = [part.type for part in graph.document.below(node.id)]
        what = next((what for type, what in (("return", "bus"), ("voices", "instrument")) if type in inside), "group")
        return "strip" if what == "group" and {"compressor", "eq"} <= set(inside) else f"{what}, {len(inside)} nodes"
    kind = types()[node.type]
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
    Path(picture).write_text(draw(gd.load(project)))
