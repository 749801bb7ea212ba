"""What a program holds of a node and its ports; all of it asks the graph anew each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphdaw.errors import UnknownPortError, suggestion
from graphdaw.graph.clips import Clip
from graphdaw.graph.model import Node
from graphdaw.graph.ports import inlets, node_of, outlets, title
from graphdaw.nodes.base import registry

if TYPE_CHECKING:
    from graphdaw.graph.graph import Graph


class PortHandle:
    """A port of a node, as `node["name"]` gives it."""

    __slots__ = ("name", "node")

    def __init__(self, node: NodeHandle, name: str) -> None:
        self.node = node
        self.name = name

    def __rshift__(self, other: NodeHandle | PortHandle) -> NodeHandle:
        self.node.graph.connect(self, other)
        return other if isinstance(other, NodeHandle) else other.node

    def __repr__(self) -> str:
        return f"{self.node.id}.{self.name}"


class NodeHandle:
    """A node of a graph; it stays valid while the node exists, also across undo and redo."""

    __slots__ = ("graph", "id")

    def __init__(self, graph: Graph, id: str) -> None:
        self.graph = graph
        self.id = id

    def __getitem__(self, port: str) -> PortHandle:
        """The inlet, outlet or parameter of this name; raises UnknownPortError."""
        node = self.value
        kind = registry.get(node.type)
        if kind is None or not (port in kind.inputs or port in kind.outputs or port in kind.params):
            document = self.graph.document
            names = [*inlets(document, node), *outlets(document, node), *(kind.params if kind else ())]
            sketch = document.sketches.get(node.type)
            names += sketch.params if sketch else ()
            if port not in names:
                raise UnknownPortError(
                    f"Node {title(node)} has no port {port!r}; {suggestion(port, names, 'ports')}",
                    node=self.id,
                    port=port,
                    allowed=names,
                )
        return PortHandle(self, port)

    def __rshift__(self, other: NodeHandle | PortHandle) -> NodeHandle:
        self.graph.connect(self, other)
        return other if isinstance(other, NodeHandle) else other.node

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NodeHandle) and (self.graph, self.id) == (other.graph, other.id)

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<{self.type} {self.id}>"

    @property
    def value(self) -> Node:
        """The node as it is now, an immutable value; raises UnknownNodeError once it is removed."""
        return node_of(self.graph.document, self.id)

    @property
    def type(self) -> str:
        """The name of the node's type."""
        return self.value.type

    @property
    def params(self) -> dict[str, float | str]:
        """Every parameter, choice and media at its present value."""
        return self.graph.document.settings(self.value.id)

    @property
    def clips(self) -> tuple[Clip, ...]:
        """What the node holds of the piece, by when it begins."""
        return self.value.clips


End = NodeHandle | PortHandle | str
"""A node or a port: a handle, or its id ("lp1" or "lp1.cutoff_hz")."""
