"""Lowering: keeps the core's flat graph equal to the document's, at the cost of what each edit touches."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from graphdaw._core import ffi, lib
from graphdaw.graph.flatten import Delta, FlatWire
from graphdaw.graph.model import Node, settings
from graphdaw.graph.voicing import Voiced, VoiceNode, voice_of
from graphdaw.host.audio_tracks import Arranged
from graphdaw.host.declared import DeclaredType, DeclaredTypes
from graphdaw.nodes import NodeType
from graphdaw.nodes.base import In, find

OUTPUT = "output"
LAST = 1 << 62  # in the order of nodes and wires: behind all of the document
VOICE_BITS = 7  # of the order, for the voices that share a place in the document


def speaks(node: Node) -> bool:
    """False for a curve without points, which leaves alone what it is wired into."""
    kind = find(node.type)
    return (
        kind is None
        or kind.clips != "curve"
        or any(getattr(clip, "points", ()) for clip in node.clips if not clip.muted)
    )


TAP = NodeType("tap", "tap", "", False, inputs={"in": In("in")})
EAR = NodeType("~ear", "midi_out", "", False, inputs={"events": In("events", "event", 1)})


class Listening:
    """A tap's node in the core's graph, and the wires into it: one a voice of what it hears."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.sources: list[tuple[str, str]] = []
        self.wires: list[int] = []


class Lowering:
    """The core's graph for one document; `fill` gives nodes their recordings and rings before they sound.

    `fill(node, settings, index)` is called for nodes whose type declares or prepares media, `arrange(node)` for tracks
    of recordings. Wires to and from nodes of unknown types are left out, so such a node is silent.
    """

    def __init__(
        self,
        flat: Voiced,
        sample_rate_hz: float,
        fill: Callable[[Node, dict[str, Any], int], None],
        arrange: Callable[[Node], Arranged],
    ) -> None:
        self.flat = flat
        self.sample_rate_hz = sample_rate_hz
        self.graph = lib.gd_graph_new(sample_rate_hz)
        if self.graph == ffi.NULL:
            raise MemoryError("no memory for the core's graph")
        self.nodes: dict[str, int] = {}
        self._fill = fill
        self._arrange = arrange
        self._channels: dict[str, int] = {}  # of tracks of recordings
        self._types = DeclaredTypes(self.graph)
        self._wires: dict[str, int] = {}
        self._touching: dict[str, set[str]] = {}
        self._setting: dict[tuple[str, str], set[str]] = {}  # a parameter -> wires that take the place of its value
        self._setting_by: dict[str, tuple[str, str]] = {}  # such a wire -> the parameter
        self._aside: set[tuple[str, str]] = set()  # parameters of which the engine was told that they stand at 0
        self._unsettled: dict[tuple[str, str], None] = {}  # parameters that may have come into another hand
        self.rings: dict[str, Any] = {}  # of nodes that exchange events with other threads
        self._master_wires: dict[str, int] = {}
        self._listening: list[Listening] = []
        self._device = lib.gd_graph_device(self.graph)
        self.whole = True  # false where a change could not be followed, until it is mended
        self.widened = False  # a node has got more channels, which the next plan gives it
        self._unsaid: list[tuple[str, str, float | str]] = []

    def lower(self) -> None:
        """Bring the whole document over; once, before anything follows it."""
        self._add_all(self.flat.nodes.values())
        for wire in self.flat.wires.values():
            self._connect(wire)
        self._settle()

    def close(self) -> None:
        """Free the core's graph; the engine that uses it is gone already."""
        lib.gd_graph_free(self.graph)

    def follow(self, delta: Delta) -> list[tuple[str, int, float]]:
        """Make the core's graph follow a change; returns what to tell a running engine: (node id, parameter, value).

        Where that fails, for want of memory or of a recording, the rest is left to `mend`.
        """
        whole, self.whole = self.whole, False
        self._unsaid += delta.values_set
        if not whole:
            self._drop(delta)  # what comes anew under the same name must not be taken for what was there
            return self.mend()
        messages = self._follow(delta)
        self.whole = True
        self._unsaid.clear()
        return messages

    def mend(self) -> list[tuple[str, int, float]]:
        """Bring over what changes that failed have left out; returns what to tell a running engine."""
        for key in self._wires.keys() - self.flat.wires.keys():
            self._disconnect(key)
        for id in self.nodes.keys() - self.flat.nodes.keys():
            self._remove(id)
        self._add_all(node for node in self.flat.nodes.values() if node.id not in self.nodes)
        self._reconnect(set(self.flat.wires))
        messages, rebuilt = self._set_values(value for value in self._unsaid if value[0] in self.flat.nodes)
        self.renew(rebuilt)
        for id in self.flat.nodes:
            self.reshape(id)
        messages += self._settle()
        self.whole = True
        self._unsaid.clear()
        return messages

    def _drop(self, delta: Delta) -> set[str]:
        """Take out what is gone; returns the keys of wires that went with it."""
        for wire in delta.wires_removed:
            self._disconnect(wire.key)
        loose: set[str] = set()
        for node in delta.nodes_removed:
            loose |= self._remove(node.id)
        return loose

    def _follow(self, delta: Delta) -> list[tuple[str, int, float]]:
        loose = self._drop(delta)
        self._add_all(delta.nodes_added)
        messages, rebuilt = self._set_values(delta.values_set)
        for id in delta.clips_set:
            loose |= self._follow_clips(id)
        for id in rebuilt:
            loose |= self._rebuild(id)
        for wire in delta.wires_added:
            self._connect(wire)
        self._reconnect(loose)
        return messages + self._settle()

    def _add_all(self, nodes: Iterable[Node]) -> None:
        """Hands before the voices that they give notes to."""
        for node in sorted(nodes, key=lambda node: isinstance(node, VoiceNode)):
            self._add(node)

    def _follow_clips(self, id: str) -> set[str]:
        """A track has other clips; returns the keys of its wires, none of the core's while it has no points."""
        self.reshape(id)
        there = self._touching.get(id, set()) & self.flat.wires.keys()
        keys = {key for key in there if self.flat.wires[key].source == id}
        if not speaks(self.flat.nodes[id]):
            for key in keys:
                self._disconnect(key)
        return keys

    def renew(self, ids: Iterable[str]) -> None:
        """Put new nodes in the place of these, which then begin as if they had just been added."""
        loose: set[str] = set()
        for id in ids:
            loose |= self._rebuild(id)
        self._reconnect(loose)
        self._settle()

    def _rebuild(self, id: str) -> set[str]:
        keys = self._remove(id)
        self._add(self.flat.nodes[id])
        return keys

    def _reconnect(self, keys: set[str]) -> None:
        for key in sorted(keys):
            if key in self.flat.wires and key not in self._wires:
                self._connect(self.flat.wires[key])

    def all_of(self, id: str) -> list[int]:
        """The core's nodes for a node of the document: one, or one a voice; none where it does not play."""
        return [self.nodes[copy] for copy in self.flat.copies(id) if copy in self.nodes]

    # Taps

    def listen(self, tap: Any) -> Listening:
        """A hidden node that writes the sound that it is aimed at into a tap."""
        listening = self._listen(TAP)
        lib.gd_graph_tap(self.graph, listening.index, tap)
        return listening

    def overhear(self, ring: Any) -> Listening:
        """A hidden node that puts the events that it is aimed at into a ring."""
        listening = self._listen(EAR)
        lib.gd_graph_ring(self.graph, listening.index, ring)
        return listening

    def _listen(self, type: NodeType) -> Listening:
        kind = self._types.of(type)
        index = lib.gd_graph_add(self.graph, kind.id, LAST, 0, ffi.NULL, 0, ffi.NULL)
        if index < 0:
            raise MemoryError(self._error())
        self._listening.append(Listening(index))
        return self._listening[-1]

    def aim(self, listening: Listening, source: tuple[str, str] | None) -> bool:
        """Let a tap hear that outlet of a plain node, or nothing; True if that is a change."""
        sources = [end for end in (self.flat.ends(*source) if source is not None else ()) if end[0] in self.nodes]
        if listening.sources == sources:
            return False
        for wire in listening.wires:
            lib.gd_graph_unwire(self.graph, wire)
        listening.sources, listening.wires = sources, []
        for id, port in sources:
            kind = self._type(self.flat.nodes[id].type)
            outlet = kind.outlets.get(port) if kind is not None else None
            if outlet is None:
                continue
            order = LAST + len(listening.wires)
            wire = lib.gd_graph_wire(self.graph, self.nodes[id], outlet, listening.index, 0, 1.0, order)
            if wire < 0:
                raise MemoryError(self._error())
            listening.wires.append(wire)
        return True

    def unlisten(self, listening: Listening) -> None:
        """Take a tap's node out."""
        self.aim(listening, None)
        self._listening.remove(listening)
        lib.gd_graph_remove(self.graph, listening.index)

    def _set_values(
        self, values: Iterable[tuple[str, str, float | str]]
    ) -> tuple[list[tuple[str, int, float]], dict[str, None]]:
        """Parameters can be sent to the playing node; anything else takes a new node in its place."""
        messages = []
        rebuilt: dict[str, None] = {}
        reshaped: dict[str, None] = {}
        for id, name, value in values:
            kind = self._type(self.flat.nodes[id].type)
            if kind is None or id not in self.nodes:
                continue
            index = kind.params.get(name)
            if index is None and kind.declared.data is not None:
                reshaped[id] = None
            elif index is None:
                rebuilt[id] = None
            elif (id, name) not in self._setting:
                messages.append((id, index, float(value)))
                self._tell_latency(self.flat.nodes[id], kind.declared)
        for id in reshaped.keys() - rebuilt.keys():
            self.reshape(id)
        return messages, rebuilt

    def reshape(self, id: str) -> None:
        """Give a node that plays what its clips and settings make of it now: notes, a curve, a tuning."""
        node = self.flat.nodes[id]
        kind = self._type(node.type)
        if kind is None or id not in self.nodes:
            return
        if kind.declared.clips == "audio":
            track = self._arrange(node)
            self._give(id, track.data, track.media)
            if track.channels > self._channels.get(id, 1):
                self._channels[id] = track.channels
                lib.gd_graph_channels(self.graph, self.nodes[id], track.channels)
                self.widened = True
        elif kind.declared.data is not None:
            self._give(id, kind.declared.data(node, settings(node)), ())

    def _give(self, id: str, data: bytes, media: Sequence[Any]) -> None:
        """Let the kernel of a node find these bytes, which name recordings by number."""
        table = ffi.new("GdMedia *[]", media) if media else ffi.NULL
        if not lib.gd_graph_data(
            self.graph, self.nodes[id], ffi.from_buffer("char[]", data), len(data), table, len(media)
        ):
            raise MemoryError("no memory for what a track plays")

    def _type(self, name: str) -> DeclaredType | None:
        return self._types.named(name)

    def _error(self) -> str:
        return str(ffi.string(lib.gd_graph_error(self.graph)).decode())

    def _add(self, node: Node) -> None:
        kind = self._type(node.type)
        if kind is None:
            return
        values = kind.defaults[:]
        choices = b""
        if node.values or kind.choices:
            now = settings(node)
            for name, index in kind.params.items():
                values[index] = float(now[name])
            choices = bytes(options[now[name]] for name, (_, options) in kind.choices.items())  # type: ignore[index]
        index = lib.gd_graph_add(
            self.graph,
            kind.id,
            node.order << VOICE_BITS | (node.voice if isinstance(node, VoiceNode) else 0),
            zlib.crc32(node.id.encode()),
            choices or ffi.NULL,
            len(choices),
            ffi.from_buffer("float[]", values),
        )
        if index < 0:
            raise MemoryError(self._error())
        self.nodes[node.id] = index
        try:
            self._furnish(node, kind.declared, index)
        except BaseException:
            lib.gd_graph_remove(self.graph, self.nodes.pop(node.id))
            raise

    def _furnish(self, node: Node, declared: NodeType, index: int) -> None:
        """What a new node has beside its values: memory, latency, channels, recordings, the way out."""
        if declared.memory_frames is not None:
            frames = declared.memory_frames(settings(node), int(self.sample_rate_hz))
            if not declared.taped:
                lib.gd_graph_memory(self.graph, index, frames)
            elif not lib.gd_graph_tape(self.graph, index, frames // 2):
                raise MemoryError("no memory for a tape")
        self._tell_latency(node, declared)
        if isinstance(node, VoiceNode) and node.hand in self.nodes:
            lib.gd_graph_voice(self.graph, index, self.nodes[node.hand], node.voice)
        self.reshape(node.id)
        if declared.outside:
            if node.id not in self.rings:
                self.rings[node.id] = new_ring()
            lib.gd_graph_ring(self.graph, index, self.rings[node.id])
        if declared.channel_count is not None:
            lib.gd_graph_channels(self.graph, index, declared.channel_count(settings(node)))
        if declared.media or declared.media_memory is not None:
            self._fill(node, settings(node), index)
        if node.type == OUTPUT:
            order = node.order << VOICE_BITS | voice_of(node.id)
            wire = lib.gd_graph_wire(self.graph, index, 0, self._device, 0, 1.0, order)
            if wire < 0:
                raise MemoryError(self._error())
            self._master_wires[node.id] = wire

    def _tell_latency(self, node: Node, declared: NodeType) -> None:
        if declared.latency_frames is not None:
            frames = declared.latency_frames(settings(node), int(self.sample_rate_hz))
            lib.gd_graph_latency(self.graph, self.nodes[node.id], frames)

    def _remove(self, id: str) -> set[str]:
        """Take a node out with its wires; returns the keys of those."""
        if id not in self.nodes:
            return set()
        self._unsettled.update((end, None) for end in self._aside if end[0] == id)
        keys = set(self._touching.pop(id, ()))
        for key in keys:
            self._disconnect(key)
        for listening in self._listening:
            if any(source == id for source, _ in listening.sources):
                self.aim(listening, None)
        if id in self._master_wires:
            lib.gd_graph_unwire(self.graph, self._master_wires.pop(id))
        lib.gd_graph_remove(self.graph, self.nodes.pop(id))
        self._channels.pop(id, None)
        return keys

    def _connect(self, wire: FlatWire) -> None:
        nodes = self.flat.nodes
        source, target = self._type(nodes[wire.source].type), self._type(nodes[wire.target].type)
        for id in (wire.source, wire.target):
            touching = self._touching.get(id)
            if touching is None:
                self._touching[id] = {wire.key}
            else:
                touching.add(wire.key)
        if source is None or target is None:
            return
        port = target.inlets.get(wire.target_port)
        if port is None and wire.target_port in target.params:
            port = len(target.inlets) + target.params[wire.target_port]
        outlet = source.outlets.get(wire.source_port)
        if port is None or outlet is None or not speaks(nodes[wire.source]):
            return
        if self._sets(wire):
            end = self._setting_by[wire.key] = (wire.target, wire.target_port)
            self._setting.setdefault(end, set()).add(wire.key)
            self._unsettled[end] = None
        order = wire.order << VOICE_BITS | voice_of(wire.key)
        index = lib.gd_graph_wire(
            self.graph, self.nodes[wire.source], outlet, self.nodes[wire.target], port, wire.depth, order
        )
        if index < 0:
            raise MemoryError(self._error())
        self._wires[wire.key] = index

    def _sets(self, wire: FlatWire) -> bool:
        """Whether what comes through a wire takes the place of a parameter's value, instead of being added to it."""
        source, target = self._type(self.flat.nodes[wire.source].type), self._type(self.flat.nodes[wire.target].type)
        if source is None or target is None or wire.target_port not in target.params:
            return False
        return getattr(source.declared.outputs[wire.source_port], "sets", False)

    def _settle(self) -> list[tuple[str, int, float]]:
        """Parameters in whose place a wire speaks stand at 0, others at their value; returns what to tell an engine."""
        messages = []
        for end in self._unsettled:
            id, name = end
            node = self.flat.nodes.get(id)
            kind = self._type(node.type) if node is not None else None
            if node is None or kind is None or id not in self.nodes:
                self._aside.discard(end)
                continue
            aside = end in self._setting
            value = 0.0 if aside else float(settings(node)[name])
            lib.gd_graph_set(self.graph, self.nodes[id], kind.params[name], value)
            if aside != (end in self._aside):
                messages.append((id, kind.params[name], value))
            (self._aside.add if aside else self._aside.discard)(end)
        self._unsettled.clear()
        return messages

    def _disconnect(self, key: str) -> None:
        index = self._wires.pop(key, None)
        if index is not None:
            lib.gd_graph_unwire(self.graph, index)
        end = self._setting_by.pop(key, None)
        if end is not None:
            self._setting[end].discard(key)
            if not self._setting[end]:
                del self._setting[end]
            self._unsettled[end] = None


def new_ring() -> Any:
    """A ring of events for a node and one other thread; whoever holds it last frees it."""
    ring = lib.gd_ring_new()
    if ring == ffi.NULL:
        raise MemoryError("no memory for events")
    return ffi.gc(ring, lib.gd_ring_release)
