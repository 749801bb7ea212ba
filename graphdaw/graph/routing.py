"""Routing: what bypass, mute, solo and freeze leave of the flat view, which itself knows nothing of them.

Muted: the wires that leave a node or a group are not there, nor those into an output. Bypassed: in place of a node, or
beside a group, stands a pass-through from its first audio inlet to its first audio outlet, and nothing else leaves;
what has no such inlet or outlet is silent, and what would run in a circle, now that a delay is passed by, is not let
in. Soloed: only what leads to a soloed node, through it, and what it leads to is heard. Side wires (into parameters and
sidechains) stay, with what leads to them, so that what is heard sounds as it does among everything else. Frozen: not
there at all, a group with all inside it, since a recording of it plays instead.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

import msgspec

from graphdaw.graph import buses
from graphdaw.graph.flatten import Flat, FlatWire
from graphdaw.graph.model import GROUP, Document, Node, Wire
from graphdaw.graph.ports import breaks_loops, inlets, outlets, source_of, targets_of, wires_through
from graphdaw.nodes.base import registry
from graphdaw.nodes.through import DELAY, INLET, OUTLET, THROUGH

OUTPUT = "output"
SIDECHAINS = {"sidechain"}

End = tuple[str, str]
Latency = Callable[[Node], int]


class Flags(msgspec.Struct, frozen=True):
    """Ids of the nodes and groups that are bypassed, muted, soloed and frozen."""

    bypassed: frozenset[str] = frozenset()
    muted: frozenset[str] = frozenset()
    soloed: frozenset[str] = frozenset()
    frozen: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.bypassed or self.muted or self.soloed or self.frozen)


class Routed(msgspec.Struct):
    """Nodes and wires as they are to sound; a pass-through has the id of what it stands for."""

    nodes: dict[str, Node]
    wires: dict[str, FlatWire]


def routed(flat: Flat, flags: Flags, latency: Latency = lambda _: 0) -> Routed:
    """What the flags leave of a flat view; its own nodes and wires where there are none.

    `latency` tells how late a node is, so that what passes by it is as late.
    """
    if not flags:
        return Routed(flat.nodes, flat.wires)
    router = _Router(flat, flags)
    nodes = router.nodes(latency)
    return Routed(nodes, _without_circles(nodes, {wire.key: wire for wire in router.wires()}))


def first_ports(document: Document, node: Node) -> tuple[str, str] | None:
    """The first audio inlet and outlet of a node or group, or None where one of them is missing."""
    into = next((name for name, type in inlets(document, node).items() if type == "audio"), None)
    out = next((name for name, type in outlets(document, node).items() if type == "audio"), None)
    return (into, out) if into is not None and out is not None else None


def is_side(node: Node, port: str) -> bool:
    """Whether what comes in there moves or keys the node, and is not what it passes on."""
    kind = registry.get(node.type)
    return port in SIDECHAINS or (kind is not None and port in kind.params)


def latency_of(flat: Flat, id: str, latency: Latency) -> int:
    """How late what passes by a node or group has to be."""
    node = flat.document.nodes[id]
    return latency_within(flat, id, latency) if node.type == GROUP else latency(node)


def latency_within(flat: Flat, group: str, latency: Latency) -> int:
    """The longest latency from a group's first audio inlet to its first audio outlet, loops left out."""
    document = flat.document
    ports = first_ports(document, document.nodes[group])
    goal = source_of(document, group, ports[1]) if ports else None
    if ports is None or goal is None:
        return 0
    inside = {node.id for node in document.below(group)}
    starts = {id for id, _ in targets_of(document, group, ports[0])}
    into: dict[str, list[str]] = {}
    for wire in flat.wires.values():
        if {wire.source, wire.target} <= inside and not breaks_loops(flat.nodes[wire.target], wire.target_port):
            into.setdefault(wire.target, []).append(wire.source)
    longest: dict[str, int | None] = {}
    waiting = [goal[0]]
    while waiting:
        id = waiting[-1]
        missing = [source for source in into.get(id, ()) if source not in longest]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        ways = [way for way in (longest[source] for source in into.get(id, ())) if way is not None]
        ways += [0] if id in starts else []
        longest[id] = max(ways) + latency(flat.nodes[id]) if ways else None
    return longest[goal[0]] or 0


class _Router:
    """One routing: the flags, spelt out for every node, and who is heard."""

    def __init__(self, flat: Flat, flags: Flags) -> None:
        self.flat, self.document = flat, flat.document
        self.muted = flags.muted
        self.frozen = {id for one in flags.frozen if one in self.document.nodes for id in self._with_all_inside(one)}
        self.ports = {
            id: first_ports(self.document, self.document.nodes[id])
            for id in sorted(flags.bypassed)
            if id in self.document.nodes and self.document.nodes[id].type != OUTPUT and id not in self.frozen
        }
        wires = [w for w in flat.wires.values() if not {w.source, w.target} & self.frozen]
        self.solo = _Solo(flat.nodes, wires, self._members(flags.soloed) - self.frozen) if flags.soloed else None
        self._reaching: dict[str, list[str]] = {}  # by wires, the bypassed groups whose first audio inlet they feed
        for id, ports in self.ports.items():
            if ports is not None and self.document.nodes[id].type == GROUP:
                for wire in wires_through(self.document, id, ports[0]):
                    self._reaching.setdefault(wire.id, []).append(id)

    def _members(self, ids: Collection[str]) -> set[str]:
        """Plain nodes, and those inside groups."""
        found: set[str] = set()
        for id in ids:
            if id in self.flat.nodes:
                found.add(id)
            elif id in self.document.nodes:
                found |= {node.id for node in self.document.below(id) if node.type != GROUP}
        return found

    def _with_all_inside(self, id: str) -> Iterator[str]:
        yield id
        yield from (node.id for node in self.document.below(id))

    def nodes(self, latency: Latency) -> dict[str, Node]:
        """The plain nodes, with pass-throughs where they are needed."""
        found = {id: node for id, node in self.flat.nodes.items() if id not in self.frozen}
        for id, ports in self.ports.items():
            node = self.document.nodes[id]
            if ports is not None:
                late = latency_of(self.flat, id, latency)
                found[id] = Node(id, THROUGH, {DELAY: float(late)}, node.parent, node.order)
        return found

    def wires(self) -> Iterator[FlatWire]:
        """All wires that are to be there."""
        for wire in self.document.wires.values():
            yield from self._routed(wire)
        for flat in self.flat.wires.values():
            if buses.ends_of(flat.key) is not None:
                yield from self._undrawn(flat)

    def _routed(self, wire: Wire) -> Iterator[FlatWire]:
        """A drawn wire, from the outermost bypassed thing it leaves to all it reaches."""
        left = list(_way_out(self.document, wire))
        start = self._start(left)
        if start is None or start[0] in self.frozen or any(id in self.muted for id, _ in left):
            return
        origin = left[-1][0]  # whose sound it is, where nothing is bypassed
        for place, end in enumerate(targets_of(self.document, wire.target, wire.target_port)):
            key = wire.id if place == 0 else f"{wire.id}#{place}"
            target = self._end(end)
            if target is not None and self._is_heard(origin, *end):
                yield FlatWire(key, *start, *target, wire.depth, wire.order)
        for group in self._reaching.get(wire.id, ()):
            if self.solo is None or self.solo.keeps_into(origin, self._members([group])):
                yield FlatWire(f"{wire.id}@{group}", *start, group, INLET, wire.depth, wire.order)

    def _undrawn(self, wire: FlatWire) -> Iterator[FlatWire]:
        """What a bus carries: it leaves every group around its send, but by no outlet of theirs."""
        left = [id for id in self._around(wire.source) if id not in self._around(wire.target)]
        end = self._end((wire.target, wire.target_port))
        if end is None or wire.source in self.frozen:
            return
        if any(id in self.muted or id in self.ports for id in [*left, wire.source]):
            return
        if self._is_heard(wire.source, wire.target, wire.target_port):
            yield FlatWire(wire.key, wire.source, wire.source_port, *end, wire.depth, wire.order)

    def _around(self, id: str) -> list[str]:
        """The groups around a node."""
        found: list[str] = []
        while id := self.document.nodes[id].parent:
            found.append(id)
        return found

    def _start(self, left: list[End]) -> End | None:
        """Where a wire begins that leaves these groups and at last a node."""
        for id, port in left:
            if id in self.ports:
                ports = self.ports[id]
                return (id, OUTLET) if ports is not None and ports[1] == port else None
        return left[-1] if self.document.nodes[left[-1][0]].type != GROUP else None

    def _end(self, end: End) -> End | None:
        """Where a wire ends that leads to this plain node."""
        id, port = end
        if self.document.nodes[id].type == OUTPUT and not self.muted.isdisjoint([id, *self._around(id)]):
            return None
        if id in self.frozen:
            return None
        if id not in self.ports:
            return end
        ports = self.ports[id]
        return (id, INLET) if ports is not None and ports[0] == port else None

    def _is_heard(self, origin: str, target: str, port: str) -> bool:
        return self.solo is None or self.solo.keeps(origin, target, port)


def _way_out(document: Document, wire: Wire) -> Iterator[End]:
    """The outlets that a wire comes out of, the outermost group's first, the plain node's last."""
    id, port = wire.source, wire.source_port
    yield id, port
    while document.nodes[id].type == GROUP:
        declared = document.ports.get((id, port))
        if declared is None or not declared.inner:
            return
        id, port = declared.inner[0]
        yield id, port


def _without_circles(nodes: dict[str, Node], wires: dict[str, FlatWire]) -> dict[str, FlatWire]:
    """The wires, without those that lead back into a pass-through from what it feeds."""
    through = sorted(id for id, node in nodes.items() if node.type == THROUGH)
    on: dict[str, list[FlatWire]] = {}
    for wire in wires.values():
        if nodes[wire.target].type == THROUGH or not breaks_loops(nodes[wire.target], wire.target_port):
            on.setdefault(wire.source, []).append(wire)
    left = dict(wires)
    for id in through:
        fed = {id}
        waiting = [id]
        while waiting:
            fresh = {wire.target for wire in on.get(waiting.pop(), ()) if wire.key in left} - fed
            fed |= fresh
            waiting += fresh
        for source in fed:
            for wire in on.get(source, ()):
                if wire.target == id:
                    left.pop(wire.key, None)
    return left


class _Solo:
    """Which wires are heard while some nodes are soloed."""

    def __init__(self, nodes: dict[str, Node], wires: list[FlatWire], soloed: set[str]) -> None:
        self._nodes = nodes
        main = [wire for wire in wires if not is_side(nodes[wire.target], wire.target_port)]
        side = {wire.source for wire in wires if is_side(nodes[wire.target], wire.target_port)}
        self._before = _reached((wire.target, wire.source) for wire in main)(soloed)
        self._after = _reached((wire.source, wire.target) for wire in main)(soloed)
        self._helps = _reached((wire.target, wire.source) for wire in wires)(side)

    def keeps(self, source: str, target: str, port: str) -> bool:
        """Whether a wire is there."""
        return is_side(self._nodes[target], port) or self.keeps_into(source, {target})

    def keeps_into(self, source: str, targets: Collection[str]) -> bool:
        """The same for what leads to any of these nodes, by no side wire."""
        if source in self._after:
            return True
        if source in self._before and not self._before.isdisjoint(targets):
            return True
        return any(id in self._helps and id not in self._after and self._nodes[id].type != OUTPUT for id in targets)


def _reached(steps: Iterable[tuple[str, str]]) -> Callable[[set[str]], set[str]]:
    """What one gets to from some nodes, themselves among it, by these steps."""
    on: dict[str, list[str]] = {}
    for start, end in steps:
        on.setdefault(start, []).append(end)

    def reached(starts: set[str]) -> set[str]:
        found, waiting = set(starts), list(starts)
        while waiting:
            for end in on.get(waiting.pop(), ()):
                if end not in found:
                    found.add(end)
                    waiting.append(end)
        return found

    return reached
