"""Mixer strips: the groups that a track's sound goes through, and buses that several tracks share.

A strip is a group of ordinary nodes, and nothing else knows of it: level, equaliser, compressor, place and fader, with
an inlet `in`, an inlet `sidechain` for the compressor, and an outlet `out`. As it is made it leaves the sound as it is.
A bus is a strip with a `return` in front, which hears what is sent to it by name as well as what is wired into it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from graphdaw.errors import UnknownNodeError, suggestion
from graphdaw.graph.model import GROUP, Document, Node, settings
from graphdaw.nodes.base import registry

if TYPE_CHECKING:
    from graphdaw.graph.graph import Graph
    from graphdaw.graph.handles import End, NodeHandle

PARTS = ("return", "trim", "eq", "compressor", "pan", "fader")
MAIN = "main"


class Strip:
    """A strip of a graph, by the id of its group."""

    def __init__(self, graph: Graph, group: NodeHandle) -> None:
        self.graph = graph
        self.group = group

    def __repr__(self) -> str:
        return f"<strip {self.group.value.label or self.group.id}>"

    def part(self, name: str) -> NodeHandle:
        """One of its nodes: "trim", "eq", "compressor", "pan" or "fader", and "return" of a bus."""
        found = {node.label: node.id for node in members(self.graph.document, self.group.id)}
        if name not in found:
            raise UnknownNodeError(
                f"{self!r} has no part {name!r}; {suggestion(name, found, 'parts')}", node=self.group.id, allowed=found
            )
        return self.graph[found[name]]

    def send(self, bus: str, level_db: float = 0.0, *, before_fader: bool = False) -> NodeHandle:
        """Give what comes out of the strip, or what goes into its fader, to a bus as well; returns the `send` node."""
        graph = self.graph
        with graph.transaction("send"):
            node = graph.add_inside(self.group, "send", bus=bus, level_db=level_db)
            graph.look(node, label=f"to {bus}")
            graph.connect(self.part("pan" if before_fader else "fader")["out"], node["in"])
        return node

    def side_chain(self, source: End) -> None:
        """Let the compressor listen to another sound: a bass that makes room for each beat of a drum."""
        graph = self.graph
        with graph.transaction("side chain"):
            graph.connect(source, self.group["sidechain"])
            graph.set(self.part("compressor"), key="sidechain")


def members(document: Document, group: str) -> list[Node]:
    """The nodes of a group, oldest first."""
    return document.inside(group)


def strips(graph: Graph) -> Iterator[Strip]:
    """All strips and buses of the outermost level, oldest first."""
    for node in graph.document.inside():
        labels = {part.label for part in members(graph.document, node.id)} if node.type == GROUP else set()
        if {"trim", "fader"} <= labels:
            yield Strip(graph, graph[node.id])


def bus_named(graph: Graph, name: str) -> Strip | None:
    """The strip that hears a bus, if there is one."""
    for strip in strips(graph):
        for part in members(graph.document, strip.group.id):
            if part.type == "return" and settings(part)["bus"] == name:
                return strip
    return None


def add_strip(graph: Graph, name: str = "", *, bus: str = "") -> Strip:
    """Make a strip, or a bus of that name; its outlet leads nowhere yet. One undo step."""
    with graph.transaction(f"add {'bus' if bus else 'strip'}"):
        chain = [graph.add("return", bus=bus)] if bus else []
        chain.append(graph.add("gain"))
        chain.append(graph.add("eq"))
        chain.append(graph.add("compressor", ratio=1.0))
        chain.append(graph.add("pan", law="balance"))
        chain.append(graph.add("gain"))
        for label, node in zip(PARTS if bus else PARTS[1:], chain, strict=True):
            graph.look(node, label=label)
        for before, after in pairwise(chain):
            graph.connect(before["out"], after["in"])
        group = graph.group(chain, name or bus)
        graph.declare(group, "in", "in", chain[0]["in"])
        graph.declare(group, "sidechain", "in", chain[-3]["sidechain"])
        graph.declare(group, "out", "out", chain[-1]["out"])
    return Strip(graph, group)


def output_of(graph: Graph) -> NodeHandle:
    """The first output of a graph, made if there is none."""
    found = next((node for node in graph.document.inside() if node.type == "output"), None)
    return graph[found.id] if found is not None else graph.add("output")


def add_bus(graph: Graph, name: str, *, into: str = "") -> Strip:
    """Make a bus: what strips and tracks send to that name comes out of it, into another bus or the output."""
    with graph.transaction("add bus"):
        strip = add_strip(graph, name, bus=name)
        lead(graph, strip, into)
    return strip


def lead(graph: Graph, strip: Strip, bus: str = "") -> None:
    """Let a strip come out in a bus; without a name in the main one if there is such a bus, and else in the output."""
    target = bus_named(graph, bus or MAIN)
    if target is None and bus:
        names = [s.group.value.label for s in strips(graph)]
        raise UnknownNodeError(f"There is no bus {bus!r}; {suggestion(bus, names, 'buses')}", allowed=names)
    if target is None or target.group == strip.group:
        graph.connect(strip.group["out"], output_of(graph)["in"])
    else:
        graph.connect(strip.group["out"], target.group["in"])


# Tracks


class Track(NamedTuple):
    """A track: the node that holds its clips, the instrument that plays its notes, and the strip behind it."""

    name: str
    clips: NodeHandle
    instrument: NodeHandle | None
    strip: Strip


def add_track(graph: Graph, name: str, instrument: End | None = None, *, bus: str = "", **values: float | str) -> Track:
    """A track with a strip, into a bus or the output, as one undo step: recordings, or notes for an instrument.

    The instrument is a node that is there already and takes events, or the name of a type: one that takes events is
    added, and an oscillator gets voices and an envelope. `values` are set on what is added.
    """
    with graph.transaction("add track"):
        player = None
        clips = graph.add("audio_clips" if instrument is None else "notes")
        graph.look(clips, label=name)
        strip = add_strip(graph, name)
        source = clips
        if instrument is not None:
            player = source = _instrument(graph, instrument, name, values)
            graph.connect(clips["events"], player["events"])
        graph.connect(source, strip.group["in"])
        lead(graph, strip, bus)
    return Track(name, clips, player, strip)


def _instrument(graph: Graph, instrument: End, name: str, values: dict[str, float | str]) -> NodeHandle:
    if not isinstance(instrument, str):
        return instrument.node if hasattr(instrument, "node") else instrument
    if instrument in graph.nodes:
        return graph[instrument]
    kind = registry.get(instrument)
    if kind is None or "events" in kind.inputs or "frequency_hz" not in kind.params or not kind.outputs:
        return graph.add(instrument, **values)
    return add_synth(graph, instrument, name, values)


def add_synth(
    graph: Graph, oscillator: str, name: str = "", values: dict[str, float | str] | None = None
) -> NodeHandle:
    """A group with voices around an oscillator: `events` in, `out` out. Velocity and an envelope shape each note."""
    with graph.transaction("add synth"):
        voices = graph.add("voices")
        osc = graph.add(oscillator, **(values or {}))
        envelope = graph.add("adsr")
        touch = graph.add("gain", level=0.0)
        level = graph.add("gain", level=0.0, gain_db=-12.0)
        graph.connect(voices["frequency_hz"], osc["frequency_hz"])
        graph.connect(voices["gate"], envelope["gate"])
        graph.connect(voices["velocity"], touch["level"])
        graph.connect(osc["out"], touch["in"])
        graph.connect(touch["out"], level["in"])
        graph.connect(envelope["out"], level["level"])
        group = graph.group([voices, osc, envelope, touch, level], name or oscillator)
        graph.declare(group, "events", "in", voices["events"], type="event")
        graph.declare(group, "out", "out", level["out"])
    return group
