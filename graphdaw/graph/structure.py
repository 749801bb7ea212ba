"""What must hold before parts form a document at all: ids, parents, ends of wires, bounded expansion."""

from __future__ import annotations

from graphdaw.graph import buses
from graphdaw.graph.media_values import media_values
from graphdaw.graph.model import GROUP, Document, Node, Sketch, Wire
from graphdaw.nodes.base import registry, type_of_wire

MAX_PARTS = 800_000  # nodes and wires
MAX_FLAT_WIRES = 1_000_000
MAX_NESTING = 64
MAX_NAME = 256

TOP_FIELDS = (
    "format", "version", "sample_rate", "timeline", "nodes", "wires", "media", "types", "controls", "marks", "top",
)  # fmt: skip

End = tuple[str, str]


def fault(nodes: list[Node], wires: list[Wire]) -> str:
    """The first fault in words, or "" when the parts fit together."""
    by_id = {node.id: node for node in nodes}
    ids = len(by_id) + len({wire.id for wire in wires})
    if ids != len(nodes) + len(wires) or any(wire.id in by_id for wire in wires):
        return "an id is used twice"
    names = [name for n in nodes for name in (n.id, n.type)]
    names += [name for w in wires for name in (w.id, w.source_port, w.target_port)]
    if not all(0 < len(name) <= MAX_NAME for name in names):
        return f"a name is empty or has more than {MAX_NAME} characters"
    if any(node.order < 0 for node in nodes) or any(wire.order < 0 for wire in wires):
        return "an order number is negative"
    return _nesting_fault(by_id) or _ports_fault(by_id) or _wires_fault(by_id, wires)


def _nesting_fault(nodes: dict[str, Node]) -> str:
    depth: dict[str, int] = {"": 0}
    for node in nodes.values():
        chain: list[str] = []
        id = node.id
        while id not in depth:
            if len(chain) > MAX_NESTING:
                return f"node {node.id!r} is nested more than {MAX_NESTING} deep or inside itself"
            chain.append(id)
            parent = nodes[id].parent
            if parent and (parent not in nodes or nodes[parent].type != GROUP):
                return f"node {id!r} is inside {parent!r}, which is not a group"
            id = parent
        for inner in reversed(chain):
            depth[inner] = depth[nodes[inner].parent] + 1
            if depth[inner] > MAX_NESTING:
                return f"node {inner!r} is nested more than {MAX_NESTING} deep"
    return ""


def _ports_fault(nodes: dict[str, Node]) -> str:
    for node in nodes.values():
        if not node.ports:
            continue
        if node.type != GROUP or len({p.name for p in node.ports}) != len(node.ports):
            return f"node {node.id!r} declares ports it cannot have"
        for port in node.ports:
            if port.direction not in ("in", "out") or port.type not in type_of_wire or not port.name:
                return f"port {port.name!r} of group {node.id!r} has an unknown direction or type"
            if (port.direction == "out" and len(port.inner) > 1) or len(set(port.inner)) != len(port.inner):
                return f"port {port.name!r} of group {node.id!r} names an inner port twice"
            if any(id not in nodes or nodes[id].parent != node.id for id, _ in port.inner):
                return f"port {port.name!r} of group {node.id!r} leads outside the group"
    return ""


def _wires_fault(nodes: dict[str, Node], wires: list[Wire]) -> str:
    ends: set[tuple[str, str, str, str]] = set()
    inner = {(n.id, p.name): p.inner for n in nodes.values() for p in n.ports}
    reach: dict[End, int] = {}
    total = buses.count(nodes.values())
    if total > MAX_FLAT_WIRES:
        return f"its buses lead to more than {MAX_FLAT_WIRES} inlets"
    for wire in wires:
        source, target = nodes.get(wire.source), nodes.get(wire.target)
        if source is None or target is None:
            return f"wire {wire.id!r} runs from {wire.source!r} to {wire.target!r}, one of which does not exist"
        if source.parent != target.parent:
            return f"wire {wire.id!r} runs through the wall of a group"
        end = (wire.source, wire.source_port, wire.target, wire.target_port)
        if end in ends:
            return f"wire {wire.id!r} runs beside another between the same ports"
        ends.add(end)
        total += _reach(nodes, inner, (wire.target, wire.target_port), reach)
        if total > MAX_FLAT_WIRES:
            return f"its wires and buses lead to more than {MAX_FLAT_WIRES} inlets through its groups"
    return ""


def _reach(nodes: dict[str, Node], inner: dict[End, tuple[End, ...]], end: End, known: dict[End, int]) -> int:
    """How many plain inlets a port stands for, counting each way there; depth first without recursion."""
    waiting = [end]
    while waiting:
        last = waiting[-1]
        ends = inner.get(last, ())
        missing = [e for e in ends if e not in known]
        if missing:
            waiting.extend(missing)
            continue
        waiting.pop()
        plain = nodes[last[0]].type != GROUP
        known[last] = 1 if plain else min(sum(known[e] for e in ends), MAX_FLAT_WIRES + 1)
    return known[end]


def assemble(document: Document, nodes: list[Node], wires: list[Wire]) -> None:
    """Put parts without fault into an empty document."""
    for node in nodes:
        if node.type == GROUP:
            document.members[node.id] = {}
    for node in nodes:
        document.insert_node(node)
    for wire in wires:
        document.insert_wire(wire)
    remember_placeholders(document)


def remember_placeholders(document: Document) -> None:
    """Sketch the types this program lacks from the wires that use them, where the file has no sketch."""
    unknown = {n.type for n in document.nodes.values() if n.type not in registry and n.type != GROUP}
    document.sketches = {type: s for type, s in document.sketches.items() if type in unknown}
    bare = unknown - document.sketches.keys()
    if not bare:
        return
    inputs: dict[str, dict[str, str]] = {type: {} for type in bare}
    outputs: dict[str, dict[str, str]] = {type: {} for type in bare}
    for wire in document.wires.values():
        source, target = document.nodes[wire.source].type, document.nodes[wire.target].type
        if source in bare:
            kind = registry.get(target)
            port = kind.inputs.get(wire.target_port) if kind else None
            outputs[source][wire.source_port] = port.type if port else "audio"
        if target in bare:
            kind = registry.get(source)
            port = kind.outputs.get(wire.source_port) if kind else None
            inputs[target][wire.target_port] = port.type if port else "audio"
    for type in bare:
        document.sketches[type] = Sketch(dict(sorted(inputs[type].items())), dict(sorted(outputs[type].items())))


def outside_paths(document: Document) -> set[str]:
    """Media of nodes and clips that are paths; a file may name them, but only the user makes them readable."""
    named = (value for node in document.nodes.values() for _, value in media_values(node))
    return {value for value in named if value not in document.media}
