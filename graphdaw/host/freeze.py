"""Bounce and freeze: what an outlet gives as a recording, and that recording in the place of what gave it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from graphdaw.errors import EngineError
from graphdaw.graph import buses
from graphdaw.graph.flatten import Flat
from graphdaw.graph.graph import Graph
from graphdaw.graph.handles import End, NodeHandle
from graphdaw.graph.model import GROUP, Document, GroupPort, Node, Wire
from graphdaw.graph.ports import node_of, outlets, title
from graphdaw.graph.vocabulary import AddNode, Connect, DeclarePort, Edit, RemoveNode, SetFlags
from graphdaw.host.export import Watch
from graphdaw.host.files import AudioWriter, Written
from graphdaw.host.regions import Outlet, Region, Sounding
from graphdaw.host.stems import OUTPUT, stem_path
from graphdaw.host.taps import outlet_of
from graphdaw.nodes.base import registry

PLAYER = "audio_file"
BITS = 32  # floating point, which keeps every bit
MARK = "frozen"  # in the id of a player


def bounce(
    graph: Graph,
    end: End,
    path: str | os.PathLike[str],
    *,
    to_s: float,
    from_s: float = 0.0,
    tail_s: float = 0.0,
    progress: Callable[[float], None] | None = None,
    stop: threading.Event | None = None,
) -> Written:
    """Write what an outlet gives over a region, the same bits as live, to a WAV file under a name that is free.

    The node's latency is taken off; it sounds as if nothing were soloed. `in_background` does it in a thread. Raises
    MediaError, CancelledError once `stop` is set, and what compiling the graph raises.
    """
    with graph.history.turn:
        still = Graph(document=graph.document.copy())
    still.apply([SetFlags(node.id, soloed=False) for node in still.nodes.values() if node.soloed])
    watch = Watch(1, progress, stop)
    watch.begin()
    place = outlet_of(still, _named(end))
    if node_of(still.document, place[0]).frozen:
        raise EngineError(f"Node {place[0]!r} is frozen, so it has a recording already; unfreeze it to make another.")
    region = Region(from_s, to_s, tail_s)
    if not 0.0 <= from_s < to_s:
        raise EngineError(f"Nothing can be bounced from {from_s:g} s to {to_s:g} s; give a region.")
    with Sounding(Outlet(still, place), region, still.sample_rate, still.sample_rate, watch.done) as sound:
        writer = AudioWriter(
            Path(path).with_suffix(".wav"),
            sample_rate_hz=still.sample_rate,
            channels=sound.channels,
            bit_depth=BITS,
            expected_frames=sound.most_frames,
        )
        try:
            for block in sound.blocks():
                writer.write(block)
        except BaseException:
            writer.discard()
            raise
        return writer.finish_beside()[0]


def freeze(
    graph: Graph,
    node: NodeHandle | str,
    folder: str | os.PathLike[str],
    *,
    to_s: float,
    tail_s: float = 0.0,
    progress: Callable[[float], None] | None = None,
    stop: threading.Event | None = None,
) -> list[NodeHandle]:
    """Let recordings play in the place of a node or group, from the beginning of the piece; returns their players.

    What was frozen, and what fed nothing else, stays in the document and takes no time; `unfreeze` brings it back. One
    undo step. Raises EngineError where it cannot be frozen or was edited meanwhile, and what `bounce` raises.
    """
    id = node if isinstance(node, str) else node.id
    with graph.history.turn:
        before = graph.document.copy()
    ports = _frozen_ports(before, id)
    watch = Watch(len(ports), progress, stop)
    made: list[tuple[str, Path]] = []
    try:
        for port in ports:
            watch.begin()
            path = stem_path(Path(folder) / f"{id}.wav", port)
            file = bounce(graph, f"{id}.{port}", path, to_s=to_s, tail_s=tail_s, progress=watch.done, stop=stop)
            made.append((port, file.path))
        with graph.history.turn:
            if _heard_from(graph.document, id) != _heard_from(before, id):
                raise EngineError(f"Node {id!r} was edited while it was being frozen; freeze it again.")
            edits, players = _freezing(graph.document, id, made)
            graph.apply(edits, "freeze")
    except BaseException:
        for _, path in made:
            path.unlink(missing_ok=True)
        raise
    return [graph[player] for player in players]


def unfreeze(graph: Graph, node: NodeHandle | str) -> None:
    """Let a frozen node or group play again, and take its players away; raises EngineError where it is not frozen."""
    id = node if isinstance(node, str) else node.id
    with graph.history.turn:
        document = graph.document
        if not node_of(document, id).frozen:
            raise EngineError(f"Node {title(document.nodes[id])} is not frozen.")
        edits: list[Edit] = []
        for port in outlets(document, document.nodes[id]):
            for player in _players(document, id, port):
                edits += _ports_moved(document, (player, "out"), (id, port))
                edits.append(RemoveNode(player))
        others = {one for one in document.nodes if one != id and _is_root(document, one)}
        kept = {one for other in others for one in (other, *_feeding(document, other))}
        edits += [SetFlags(one, frozen=False) for one in (id, *_feeding(document, id)) if one == id or one not in kept]
        graph.apply([edit for edit in edits if not _is_moot(document, edit)], "unfreeze")


def _named(end: End) -> str:
    return end if isinstance(end, str) else end.id if isinstance(end, NodeHandle) else f"{end.node.id}.{end.name}"


def _is_moot(document: Document, edit: Edit) -> bool:
    return isinstance(edit, SetFlags) and not document.nodes[edit.id].frozen


def _members(document: Document, id: str) -> set[str]:
    """The plain nodes that a node is."""
    if document.nodes[id].type != GROUP:
        return {id}
    return {node.id for node in document.below(id) if node.type != GROUP}


def _frozen_ports(document: Document, id: str) -> list[str]:
    """The outlets of which recordings are made; raises EngineError where recordings cannot take a node's place."""
    node = node_of(document, id)
    if node.frozen:
        raise EngineError(f"Node {title(node)} is frozen already.")
    members = _members(document, id)
    for member in sorted(members):
        if document.nodes[member].type == OUTPUT:
            raise EngineError(f"Node {title(node)} holds the output {member!r}; freeze what is wired into that.")
    for wire in Flat(document).wires.values():
        if wire.source in members and wire.target not in members and buses.ends_of(wire.key) is not None:
            raise EngineError(f"Node {title(node)} sends to a bus by {wire.source!r}, which a recording cannot do.")
    used = [port for port in outlets(document, node) if document.wires_from(id, port) or _exposures(document, id, port)]
    for port in used:
        if outlets(document, node)[port] not in ("audio", "control"):
            raise EngineError(f"Node {title(node)} gives events by {port!r}: freeze what plays them instead.")
    if not used:
        raise EngineError(f"Node {title(node)} feeds nothing, so there is nothing to freeze.")
    return used


def _feeding(document: Document, id: str) -> list[str]:
    """What feeds a node and nothing else, however far up."""
    flat = Flat(document)
    after: dict[str, set[str]] = {}
    into: dict[str, set[str]] = {}
    for wire in flat.wires.values():
        after.setdefault(wire.source, set()).add(wire.target)
        into.setdefault(wire.target, set()).add(wire.source)
    found = members = _members(document, id)
    waiting = list(members)
    while waiting:
        for source in into.get(waiting.pop(), ()):
            kind = registry.get(flat.nodes[source].type)
            if source not in found and after[source] <= found and not (kind is not None and kind.taped):
                found = found | {source}
                waiting += [source, *after[source]]
    return sorted(found - members)


def _heard_from(document: Document, id: str) -> object:
    """All that a node's sound depends on, as far as that is easily told: everything before it."""
    flat = Flat(document)
    into: dict[str, list[object]] = {}
    before: dict[str, set[str]] = {}
    for wire in flat.wires.values():
        into.setdefault(wire.target, []).append(wire)
        before.setdefault(wire.target, set()).add(wire.source)
    if id not in document.nodes:
        return None
    found = _members(document, id)
    waiting = list(found)
    while waiting:
        fresh = before.get(waiting.pop(), set()) - found
        found |= fresh
        waiting += fresh
    sounding = {one: _sound_of(flat.nodes[one]) for one in found if one in flat.nodes}
    return document.timeline, document.sample_rate, sounding, {one: into.get(one) for one in found}


def _sound_of(node: Node) -> object:
    return node.type, node.values, node.clips, node.bypassed, node.muted, node.frozen


def _freezing(document: Document, id: str, made: Iterable[tuple[str, Path]]) -> tuple[list[Edit], list[str]]:
    """The edits that put players in the place of a node's outlets, and the players."""
    node = document.nodes[id]
    edits: list[Edit] = []
    players: list[str] = []
    for port, path in made:
        player = document.issue(f"{id}_{port}_{MARK}")
        place = (node.place[0], node.place[1] + 60.0) if node.place is not None else None
        label = f"{node.label or id} ({MARK})"
        values = {"file": str(path.resolve())}
        edits.append(
            AddNode(player, PLAYER, dict(values), node.parent, 0, place, label, muted=node.muted, soloed=node.soloed)
        )
        for wire in document.wires_from(id, port):
            edits.append(_twin(document, wire, player))
        edits += _ports_moved(document, (id, port), (player, "out"))
        players.append(player)
    edits += [SetFlags(one, frozen=True) for one in (id, *_feeding(document, id)) if not document.nodes[one].frozen]
    return edits, players


def _twin(document: Document, wire: Wire, player: str) -> Connect:
    """A wire from a player at the place of another, in the order of summation too."""
    return Connect(document.issue("w"), player, "out", wire.target, wire.target_port, wire.depth, wire.order)


def _exposures(document: Document, id: str, port: str) -> list[GroupPort]:
    """The outlets of the group around a node that an outlet of it leads to."""
    parent = document.nodes[id].parent
    names = [outer for inner, outer in document.exposed.get(id, ()) if inner == port]
    found = [document.ports[parent, name] for name in names]
    return [outer for outer in found if outer.direction == "out"]


def _ports_moved(document: Document, old: tuple[str, str], new: tuple[str, str]) -> list[Edit]:
    parent = document.nodes[old[0]].parent
    return [
        DeclarePort(parent, GroupPort(outer.name, outer.direction, outer.type, (new,)))
        for outer in _exposures(document, *old)
    ]


def _players(document: Document, id: str, port: str) -> list[str]:
    stem = f"{id}_{port}_{MARK}"
    return [one for one, node in document.nodes.items() if node.type == PLAYER and one.rstrip("0123456789") == stem]


def _is_root(document: Document, id: str) -> bool:
    node = document.nodes[id]
    return node.frozen and any(_players(document, id, port) for port in outlets(document, node))
