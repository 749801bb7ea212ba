"""`graphdaw show`: a project as text, the same for the same project, or as JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from graphdaw.cli.output import AsJson, ProjectFile, say_json

if TYPE_CHECKING:
    from graphdaw.graph.model import Document


def show(file: ProjectFile, as_json: AsJson = False) -> None:
    """Print FILE as text that can be compared and pasted, or as JSON."""
    from graphdaw.cli.project import load
    from graphdaw.graph import text

    document = load(file).document
    if as_json:
        say_json(described(document))
    else:
        sys.stdout.write(text.show(document))


def described(document: Document) -> dict[str, Any]:
    """A document as plain values, every parameter at its present value."""
    from graphdaw.graph.clip_codec import builtins

    return {
        "sample_rate_hz": document.sample_rate,
        "timeline": builtins(document.timeline),
        "nodes": [
            {
                "id": node.id,
                "type": node.type,
                "label": node.label,
                "group": node.parent,
                "values": document.settings(node.id),
                "place": list(node.place) if node.place else None,
                "clips": builtins(node.clips),
            }
            for node in sorted(document.nodes.values(), key=lambda node: (node.order, node.id))
        ],
        "wires": [
            {
                "id": wire.id,
                "from": [wire.source, wire.source_port],
                "to": [wire.target, wire.target_port],
                "depth": wire.depth,
            }
            for wire in sorted(document.wires.values(), key=lambda wire: (wire.order, wire.id))
        ],
        "media": [{"sha256": key, "name": one.name, "bytes": one.size} for key, one in sorted(document.media.items())],
    }
