"""Stems: copies of a graph in each of which only a part of it is heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from graphdaw.errors import EngineError, suggestion
from graphdaw.graph import buses
from graphdaw.graph.flatten import Flat, flat_wires
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import GROUP, Document, Node, Wire
from graphdaw.graph.ports import inlets, node_of
from graphdaw.nodes.base import find

OUTPUT, SIDECHAIN = "output", "sidechain"
SOURCE = "source"  # the tag of what makes sound of nothing
NOWHERE = "\x00nowhere"  # a bus that nobody hears
TRACKS, OUTPUTS = "tracks", "outputs"  # kinds of stems, beside the names of nodes


class Stem(NamedTuple):
    """What is heard of a node: wires that are cut for it, and sends that reach nobody."""

    node: str
    cut: list[str]
    unsent: list[str]


def stem_graphs(graph: Graph, stems: str | tuple[str, ...]) -> Iterator[tuple[str, Graph]]:
    """For each stem: its title, and a copy of the graph in which only it is heard.

    `TRACKS`: each node or group that is wired into an output, or into the main bus where one alone leads to it; what
    comes after, and what only buses feed, is heard in each, with what that track sends, so the sum is exact as far as
    that is linear. `OUTPUTS`: each output. Ids of nodes or groups:
    each as if it were soloed. Raises EngineError and UnknownNodeError.
    """
    if not isinstance(stems, str):
        for id in stems:
            yield _title(graph.document, id), _alone(graph, id)
        return
    kinds: dict[str, Callable[[Document], list[Stem]]] = {TRACKS: tracks_of, OUTPUTS: outputs_of}
    if stems not in kinds:
        raise EngineError(f"There are no stems {stems!r}; {suggestion(stems, kinds, 'kinds')}")
    for stem in kinds[stems](graph.document):
        alone = Graph(document=graph.document.copy())
        for wire in stem.cut:
            alone.disconnect(wire)
        for send in stem.unsent:
            alone.set(send, bus=NOWHERE)
        yield _title(graph.document, stem.node), alone


def stem_path(path: Path, name: str) -> Path:
    """Where a stem goes: beside the mix, with the node's name in it.

    >>> stem_path(Path("out/song.wav"), "drums/left").as_posix()
    'out/song.drums-left.wav'
    """
    plain = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)
    return path.with_name(f"{path.stem}.{plain}{path.suffix}")


def outputs_of(document: Document) -> list[Stem]:
    """Each output with the wires into all others cut."""
    wires = _into_outputs(document)
    leads = {wire.id: {end.target for end in flat_wires(document, wire)} for wire in wires}
    outputs = sorted((n for n in document.nodes.values() if n.type == OUTPUT), key=lambda node: (node.order, node.id))
    return [Stem(one.id, [wire.id for wire in wires if one.id not in leads[wire.id]], []) for one in outputs]


def tracks_of(document: Document) -> list[Stem]:
    """Each track with the others' wires into outputs, and the others' sends, cut."""
    flat = Flat(document)
    wires, end = _mix(document)
    fed = _fed_by_buses(flat, end)
    wires = [w for w in wires if not all(one.source in fed for one in flat_wires(document, w))]
    owners: dict[str, str] = {wire.id: wire.source for wire in wires}
    tracks = dict.fromkeys(owners.values())
    sends = [
        node
        for node in flat.nodes.values()
        if node.type == buses.SEND and node.id not in end and _reaches(flat, node.id, fed | end)
    ]
    senders = {send.id: _sender(flat, send, tracks) for send in sorted(sends, key=lambda node: (node.order, node.id))}
    tracks.update(dict.fromkeys(senders.values()))
    return [
        Stem(
            one,
            [wire for wire, owner in owners.items() if owner != one],
            [send for send, owner in senders.items() if owner != one],
        )
        for one in tracks
    ]


def _mix(document: Document) -> tuple[list[Wire], set[str]]:
    """The wires by which tracks come together, into outputs or what alone leads there, and the nodes from there on."""
    outputs = {node.id for node in document.nodes.values() if node.type == OUTPUT}
    wires, end = _into_outputs(document), set(outputs)
    while len({wire.source for wire in wires}) == 1:
        last = document.nodes[wires[0].source]
        wires = [wire for wire in document.wires_into(last.id) if _is_sound(document, last, wire)]
        parts = [last, *document.below(last.id)]
        if not wires or last.id in end or any(_sounds_by_itself(node) for node in parts):
            return _into_outputs(document), outputs
        end.update(node.id for node in parts)
    return sorted(wires, key=lambda wire: (wire.order, wire.id)), end


def _is_sound(document: Document, node: Node, wire: Wire) -> bool:
    return inlets(document, node).get(wire.target_port) == "audio" and wire.target_port != SIDECHAIN


def _sounds_by_itself(node: Node) -> bool:
    kind = find(node.type)
    return node.type != GROUP and (kind is None or SOURCE in kind.tags)


def _into_outputs(document: Document) -> list[Wire]:
    """The wires that lead, directly or through groups, into outputs, oldest first."""
    nodes = document.nodes
    wires = sorted(document.wires.values(), key=lambda wire: (wire.order, wire.id))
    return [wire for wire in wires if any(nodes[end.target].type == OUTPUT for end in flat_wires(document, wire))]


def _fed_by_buses(flat: Flat, end: set[str]) -> set[str]:
    """The nodes that hear nothing but buses, and lead to nothing that hears something else too.

    A bus that leads elsewhere as well is no matter of its own: it belongs to the track that it leads to.
    """
    left = {node.id for node in flat.nodes.values() if node.type == buses.RETURN} - end
    while True:
        fed, strays = _closure(flat, left, end)
        if not strays:
            return fed
        buses_lost = {buses.bus_of(flat.nodes[id]) for id in strays}
        left = {id for id in left if buses.bus_of(flat.nodes[id]) not in buses_lost}


def _closure(flat: Flat, returns: set[str], end: set[str]) -> tuple[set[str], set[str]]:
    """What hears nothing but these returns, and those of them that hear something else or lead elsewhere."""
    into: dict[str, set[str]] = {}
    after: dict[str, set[str]] = {}
    for wire in flat.wires.values():
        into.setdefault(wire.target, set()).add(wire.source)
        after.setdefault(wire.source, set()).add(wire.target)
    fed, waiting = set(returns), list(returns)
    while waiting:
        for target in after.get(waiting.pop(), ()):
            if target not in fed and target not in end and into[target] <= fed:
                fed.add(target)
                waiting.append(target)
    stray = {id for id in fed if any(t not in fed and t not in end for t in after.get(id, ()))}
    also_wired = {
        wire.target
        for wire in flat.wires.values()
        if wire.target in returns and buses.ends_of(wire.key) is None and wire.source not in fed
    }
    return fed, also_wired | {one for one in returns if _leads_to(after, one, stray)}


def _leads_to(after: dict[str, set[str]], start: str, goals: set[str]) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        id = waiting.pop()
        if id in goals:
            return True
        fresh = after.get(id, set()) - seen
        seen |= fresh
        waiting += fresh
    return False


def _reaches(flat: Flat, send: str, fed: set[str]) -> bool:
    """Whether a send that is a track's own feeds a bus of which every track has its share."""
    return send not in fed and any(
        wire.target in fed for wire in flat.wires.values() if wire.source == send and wire.source_port == buses.SENT
    )


def _sender(flat: Flat, send: Node, tracks: dict[str, None]) -> str:
    """Whose a send is: the track it lies in or leads on to, or what feeds it does, else what feeds it."""
    inside: str = send.id
    while inside:
        if inside in tracks:
            return inside
        inside = flat.document.nodes[inside].parent
    after: dict[str, set[str]] = {}
    for wire in flat.wires.values():
        if buses.ends_of(wire.key) is None:
            after.setdefault(wire.source, set()).add(wire.target)
    feeders = [wire.source for wire in flat.wires.values() if wire.target == send.id]
    for start in (send.id, *feeders):
        for track in tracks:
            if _leads_to(after, start, {track, *(node.id for node in flat.document.below(track))}):
                return track
    return next((wire.source for wire in flat.document.wires_into(send.id)), send.id)


def _alone(graph: Graph, id: str) -> Graph:
    alone = Graph(document=graph.document.copy())
    for node in [node for node in alone.nodes.values() if node.soloed]:
        alone.solo(node.id, False)
    alone.solo(id)
    return alone


def _title(document: Document, id: str) -> str:
    return node_of(document, id).label or id
