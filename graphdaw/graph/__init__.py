"""The document: graphs as values, edits, history, files."""

from graphdaw.graph.graph import Graph
from graphdaw.graph.handles import NodeHandle, PortHandle

__all__ = ["Graph", "NodeHandle", "PortHandle"]
