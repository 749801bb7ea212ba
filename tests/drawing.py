"""Graphs drawn in text, for tests: one line a chain.

sine a -> gain b -> output o      makes nodes "a", "b", "o" (the type stands at a node's first mention)
    noise n(seed...) -> a             later mentions name the node alone
    lfo m -> b.gain_db * 6            into a parameter, scaled
    gain c(gain_db=-6, level=0.5)     values in brackets
"""

from __future__ import annotations

import re

import graphdaw as gd
from graphdaw.graph.handles import NodeHandle

ITEM = re.compile(
    r"^(?:(?P<type>[a-z_]\w*)\s+)?(?P<name>\w+)(?:\((?P<values>[^)]*)\))?(?:\.(?P<port>\w+))?(?:\s*\*\s*(?P<depth>-?[\d.]+))?$"
)


def draw(text: str, sample_rate: int = 48_000) -> tuple[gd.Graph, dict[str, NodeHandle]]:
    """The graph that the text shows, and its nodes by the names used there."""
    graph = gd.Graph(sample_rate=sample_rate)
    nodes: dict[str, NodeHandle] = {}
    for line in text.strip().splitlines():
        before = None
        for part in line.split("->"):
            match = ITEM.match(part.strip())
            assert match, f"cannot read {part!r}"
            if match["name"] not in nodes:
                assert match["type"], f"{match['name']!r} has no type at its first mention"
                nodes[match["name"]] = graph.add(match["type"], **values(match["values"] or ""))
            node = nodes[match["name"]]
            if before is not None:
                depth = float(match["depth"] or 1.0)
                graph.connect(before, node[match["port"]] if match["port"] else node, depth=depth)
            before = node
    return graph, nodes


def values(text: str) -> dict[str, float | str]:
    """The dictionary that `a=1, b=word` stands for."""
    found: dict[str, float | str] = {}
    for pair in filter(None, (p.strip() for p in text.split(","))):
        name, _, value = pair.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            found[name.strip()] = value.strip()
    return found
