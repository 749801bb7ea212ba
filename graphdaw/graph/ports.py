"""Ports of nodes and groups: their types, what they resolve to across group walls, and the search for loops."""

from __future__ import annotations

from collections.abc import Iterator

from graphdaw.errors import UnknownNodeError, UnknownPortError, near, suggestion
from graphdaw.graph import buses
from graphdaw.graph.model import GROUP, Document, Node, Sketch, Wire
from graphdaw.nodes.base import registry

Endpoint = tuple[str, str]
_NOTHING = Sketch()


def node_of(document: Document, id: str) -> Node:
    """The node of this id; raises UnknownNodeError with near matches."""
    node = document.nodes.get(id)
    if node is None:
        raise UnknownNodeError(
            f"There is no node {id!r}: {suggestion(id, document.nodes, 'nodes')}",
            node=id,
            allowed=near(id, document.nodes),
        )
    return node


def title(node: Node) -> str:
    """A node as error messages name it: 'lp1' (filter)."""
    return f"{node.id!r} ({node.type})"


def inlets(document: Document, node: Node) -> dict[str, str]:
    """The declared inlets of a node with their types, parameters not among them."""
    if node.type == GROUP:
        return {p.name: p.type for p in node.ports if p.direction == "in"}
    kind = registry.get(node.type)
    if kind is None:
        return dict(document.sketches.get(node.type, _NOTHING).inputs)
    return {name: port.type for name, port in kind.inputs.items()}


def outlets(document: Document, node: Node) -> dict[str, str]:
    """The outlets of a node with their types."""
    if node.type == GROUP:
        return {p.name: p.type for p in node.ports if p.direction == "out"}
    kind = registry.get(node.type)
    if kind is None:
        return dict(document.sketches.get(node.type, _NOTHING).outputs)
    return {name: port.type for name, port in kind.outputs.items()}


def inlet_type(document: Document, node: Node, port: str) -> str:
    """The type of an inlet or modulated parameter; raises UnknownPortError."""
    kind = registry.get(node.type)
    if kind is not None:
        declared = kind.inputs.get(port)
        if declared is not None:
            return declared.type
        param = kind.params.get(port)
        if param is not None and not param.fixed:
            return "control"
        names = [*kind.inputs, *(n for n, p in kind.params.items() if not p.fixed)]
        if param is not None:
            raise UnknownPortError(
                f"Parameter {port!r} of node {title(node)} is fixed and cannot be modulated; set its value instead.",
                node=node.id,
                port=port,
                allowed=names,
            )
    else:
        ports = inlets(document, node)
        params = document.sketches.get(node.type, _NOTHING).params
        if port in ports:
            return ports[port]
        if port in params:
            return "control"
        names = [*ports, *params]
    raise UnknownPortError(
        f"Node {title(node)} has no inlet {port!r}; {suggestion(port, names, 'inlets')}",
        node=node.id,
        port=port,
        allowed=near(port, names) or names,
    )


def outlet_type(document: Document, node: Node, port: str) -> str:
    """The type of an outlet; raises UnknownPortError."""
    kind = registry.get(node.type)
    if kind is not None:
        declared = kind.outputs.get(port)
        if declared is not None:
            return declared.type
    ports = outlets(document, node)
    if port in ports:
        return ports[port]
    raise UnknownPortError(
        f"Node {title(node)} has no outlet {port!r}; {suggestion(port, ports, 'outlets')}",
        node=node.id,
        port=port,
        allowed=near(port, ports) or ports,
    )


def compatible(source_type: str, target_type: str) -> bool:
    """Audio and control interconnect freely; event, video and latent only with themselves."""
    signal = ("audio", "control")
    return source_type == target_type or (source_type in signal and target_type in signal)


def source_of(document: Document, node: str, port: str) -> Endpoint | None:
    """The outlet of a plain node that a (group's) outlet stands for, or None if it is connected to nothing inside."""
    inner = document.nodes[node]
    while inner.type == GROUP:
        declared = document.ports.get((node, port))
        if declared is None or not declared.inner:
            return None
        node, port = declared.inner[0]
        inner = document.nodes[node]
    return node, port


def targets_of(document: Document, node: str, port: str) -> list[Endpoint]:
    """The inlets of plain nodes that a (group's) inlet stands for, each once, in order of declaration."""
    if document.nodes[node].type != GROUP:
        return [(node, port)]
    found: list[Endpoint] = []
    seen: set[Endpoint] = set()
    waiting = [(node, port)]
    while waiting:
        end = waiting.pop()
        if end in seen:
            continue
        seen.add(end)
        if document.nodes[end[0]].type != GROUP:
            found.append(end)
            continue
        declared = document.ports.get(end)
        if declared is not None:
            waiting.extend(reversed(declared.inner))
    return found


def wires_through(document: Document, group: str, port: str) -> Iterator[Wire]:
    """The wires that reach or leave a group's port, directly or through the ports of groups around it."""
    waiting = [(group, port)]
    seen: set[Endpoint] = set()
    while waiting:
        end = waiting.pop()
        if end in seen:
            continue
        seen.add(end)
        node = document.nodes.get(end[0])
        if node is None:
            continue
        for id in document.incoming.get(node.id, ()):
            if document.wires[id].target_port == end[1]:
                yield document.wires[id]
        for id in document.outgoing.get(node.id, ()):
            if document.wires[id].source_port == end[1]:
                yield document.wires[id]
        outer = document.exposed.get(node.id, ())
        waiting.extend((node.parent, outer_port) for inner_port, outer_port in outer if inner_port == end[1])


def breaks_loops(node: Node, port: str) -> bool:
    """Whether a loop may enter this node here: delays (not by their time) and feedback, and silent placeholders."""
    kind = registry.get(node.type)
    return kind is None or ((kind.always_loop or kind.loop_kernels[0] != "") and port not in kind.at_once)


def _never_loops(node: Node) -> bool:
    """Whether no inlet of this node leads on without delay."""
    kind = registry.get(node.type)
    return kind is None or ((kind.always_loop or kind.loop_kernels[0] != "") and not kind.at_once)


def _out_wires(document: Document, id: str) -> Iterator[Wire]:
    """The wires that carry what a plain node puts out, also undrawn ones and those that start at groups around it."""
    if document.nodes[id].type == buses.SEND:
        yield from buses.wires_from(document, document.nodes[id])
    for wire_id in document.outgoing.get(id, ()):
        yield document.wires[wire_id]
    for _, outer_port in document.exposed.get(id, ()):
        parent = document.nodes[id].parent
        if document.ports[parent, outer_port].direction == "out":
            yield from wires_through(document, parent, outer_port)


def path_between(document: Document, start: str, goal: str) -> list[str] | None:
    """Wire ids that lead from one plain node to another without entering a node where it breaks loops, or None."""
    if start == goal:
        return []
    came: dict[str, tuple[str, str]] = {}
    waiting = [start]
    seen = {start}
    while waiting:
        id = waiting.pop()
        for wire in _out_wires(document, id):
            for target, port in targets_of(document, wire.target, wire.target_port):
                if target in seen or breaks_loops(document.nodes[target], port):
                    continue
                seen.add(target)
                came[target] = (id, wire.id)
                if target == goal:
                    path: list[str] = []
                    while target != start:
                        target, wire_id = came[target]
                        path.append(wire_id)
                    return path[::-1]
                waiting.append(target)
    return None


def loop_through(document: Document, source: Endpoint | None, targets: list[Endpoint]) -> list[str] | None:
    """The wires that would close a loop if `source` fed `targets`, or None; searches only what is downstream."""
    if source is None:
        return None
    start = document.nodes[source[0]]
    if _never_loops(start):
        return None
    for target, port in targets:
        if breaks_loops(document.nodes[target], port):
            continue
        if target == start.id:
            return []
        leads_on = document.outgoing.get(target) or document.nodes[target].type == buses.SEND
        fed_by = (document.wires[id].target_port for id in document.incoming.get(start.id, ()))
        is_fed = start.type == buses.RETURN or any(not breaks_loops(start, port) for port in fed_by)
        sealed, apart = target not in document.exposed, start.id not in document.exposed
        if (sealed and not leads_on) or (apart and not is_fed):
            continue
        path = path_between(document, target, start.id)
        if path is not None:
            return path
    return None


def loop_through_bus(document: Document, node: Node) -> list[str] | None:
    """The wires of a loop that the bus of a send or return closes, the undrawn one first, or None."""
    bus = buses.bus_of(node)
    if bus is None:
        return None
    sends = [node] if node.type == buses.SEND else [n for n in document.nodes.values() if n.type == buses.SEND]
    for send in sends:
        for wire in buses.wires_from(document, send) if buses.bus_of(send) == bus else ():
            if node.id in (wire.source, wire.target):
                path = path_between(document, wire.target, send.id)
                if path is not None:
                    return [wire.id, *path]
    return None
