"""Projects as commands get them: loaded, and at another sample rate where that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphdaw.graph.graph import Graph


def load(path: str) -> Graph:
    """The project in a file; raises ProjectError."""
    from graphdaw.graph.graph import Graph

    return Graph.load(path)


def at_rate(graph: Graph, sample_rate: int | None) -> Graph:
    """The graph itself, or set to another rate; the file is not touched."""
    if sample_rate is not None:
        graph.sample_rate = sample_rate
    return graph
