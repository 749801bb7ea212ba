"""Lowering: keeps the core's flat graph equal to the document's, at the cost of what each edit touches."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from graphdaw._core import ffi, lib
from graphdaw.errors import EngineError
from graphdaw.graph.flatten import Delta, Flat, FlatWire
from graphdaw.graph.model import Node, settings
from graphdaw.nodes import NodeType, registry
from graphdaw.nodes.base import In

OUTPUT = "output"
LAST = 1 << 62  # in the order of nodes and wires: behind all of the document


class LoweredType(NamedTuple):
    """What the core knows of a node type, and how a document's names become its numbers."""

    id: int
    declared: NodeType
    inlets: dict[str, int]
    outlets: dict[str, int]
    params: dict[str, int]
    defaults: array[float]
    choices: dict[str, tuple[int, dict[str, int]]]


TAP = NodeType("tap", "tap", "", False, inputs={"in": In("in")})


class Listening:
    """A tap's node in the core's graph, and the wire into it, if there is something to hear."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.source: tuple[str, str] | None = None
        self.wire = -1


class Lowering:
    """The core's graph for one document; `fill` gives nodes their recordings and rings before they sound.

    `fill(node, settings, index)` is called for nodes whose type declares or prepares media. Wires to and from nodes of
    unknown types are left out, so such a node is silent.
    """

    def __init__(self, flat: Flat, sample_rate_hz: float, fill: Callable[[Node, dict[str, Any], int], None]) -> None:
        self.flat = flat
        self.sample_rate_hz = sample_rate_hz
        self.graph = lib.gd_graph_new(sample_rate_hz)
        if self.graph == ffi.NULL:
            raise MemoryError("no memory for the core's graph")
        self.nodes: dict[str, int] = {}
        self._fill = fill
        self._types: dict[str, LoweredType | None] = {}
        self._wires: dict[str, int] = {}
        self._touching: dict[str, set[str]] = {}
        self._master_wires: dict[str, int] = {}
        self._listening: list[Listening] = []
        self._device = lib.gd_graph_device(self.graph)
        self.whole = True  # false where a change could not be followed, until it is mended
        self._unsaid: list[tuple[str, str, float | str]] = []

    def lower(self) -> None:
        """Bring the whole document over; once, before anything follows it."""
        for node in self.flat.nodes.values():
            self._add(node)
        for wire in self.flat.wires.values():
            self._connect(wire)

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
        for node in self.flat.nodes.values():
            if node.id not in self.nodes:
                self._add(node)
        self._reconnect(set(self.flat.wires))
        messages, rebuilt = self._set_values(value for value in self._unsaid if value[0] in self.flat.nodes)
        self.renew(rebuilt)
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
        for node in delta.nodes_added:
            self._add(node)
        messages, rebuilt = self._set_values(delta.values_set)
        for id in rebuilt:
            loose |= self._rebuild(id)
        for wire in delta.wires_added:
            self._connect(wire)
        self._reconnect(loose)
        return messages

    def renew(self, ids: Iterable[str]) -> None:
        """Put new nodes in the place of these, which then begin as if they had just been added."""
        loose: set[str] = set()
        for id in ids:
            loose |= self._rebuild(id)
        self._reconnect(loose)

    def _rebuild(self, id: str) -> set[str]:
        keys = self._remove(id)
        self._add(self.flat.nodes[id])
        return keys

    def _reconnect(self, keys: set[str]) -> None:
        for key in sorted(keys):
            if key in self.flat.wires and key not in self._wires:
                self._connect(self.flat.wires[key])

    # Taps

    def listen(self, tap: Any) -> Listening:
        """A hidden node that writes what it is aimed at into a tap."""
        if TAP.name not in self._types:
            self._types[TAP.name] = self._declare(TAP)
        kind = self._types[TAP.name]
        index = lib.gd_graph_add(self.graph, kind.id, LAST, 0, ffi.NULL, 0, ffi.NULL) if kind is not None else -1
        if index < 0:
            raise MemoryError(self._error())
        lib.gd_graph_tap(self.graph, index, tap)
        self._listening.append(Listening(index))
        return self._listening[-1]

    def aim(self, listening: Listening, source: tuple[str, str] | None) -> bool:
        """Let a tap hear that outlet of a plain node, or nothing; True if that is a change."""
        if source is not None and source[0] not in self.nodes:
            source = None
        if listening.source == source:
            return False
        if listening.wire >= 0:
            lib.gd_graph_unwire(self.graph, listening.wire)
        listening.source, listening.wire = source, -1
        if source is not None:
            id, port = source
            kind = self._type(self.flat.nodes[id].type)
            outlet = kind.outlets[port] if kind is not None else 0
            listening.wire = lib.gd_graph_wire(self.graph, self.nodes[id], outlet, listening.index, 0, 1.0, LAST)
            if listening.wire < 0:
                raise MemoryError(self._error())
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
        for id, name, value in values:
            kind = self._type(self.flat.nodes[id].type)
            if kind is None or id not in self.nodes:
                continue
            index = kind.params.get(name)
            if index is None:
                rebuilt[id] = None
            else:
                messages.append((id, index, float(value)))
                self._tell_latency(self.flat.nodes[id], kind.declared)
        return messages, rebuilt

    def _type(self, name: str) -> LoweredType | None:
        if name not in self._types:
            declared = registry.get(name)
            self._types[name] = self._declare(declared) if declared is not None else None
        return self._types[name]

    def _declare(self, declared: NodeType) -> LoweredType:
        keep: list[Any] = []

        def text(string: str) -> Any:
            keep.append(ffi.new("char[]", string.encode()) if string else ffi.NULL)
            return keep[-1]

        params = {name: param for name, param in declared.params.items() if not param.fixed}
        ins = ffi.new("GdPortSpec[]", [(text(p.name), p.channels) for p in declared.inputs.values()])
        outs = ffi.new("GdPortSpec[]", [(text(p.name), p.channels) for p in declared.outputs.values()])
        specs = ffi.new("GdParamSpec[]", [(text(n), p.lo, p.hi, p.ramp_s) for n, p in params.items()])
        spec = ffi.new("GdTypeSpec *")
        spec.name, spec.kernel = text(declared.name), text(declared.kernel)
        spec.loop_read, spec.loop_write = text(declared.loop_kernels[0]), text(declared.loop_kernels[1])
        spec.always_loop = declared.always_loop
        spec.ins, spec.outs, spec.params = ins, outs, specs
        spec.in_count, spec.out_count, spec.param_count = len(declared.inputs), len(declared.outputs), len(params)
        id = lib.gd_graph_type(self.graph, spec)
        if id < 0:
            raise EngineError(f"{self._error()}; build graphdaw again.")
        return LoweredType(
            id,
            declared,
            {name: i for i, name in enumerate(declared.inputs)},
            {name: i for i, name in enumerate(declared.outputs)},
            {name: i for i, name in enumerate(params)},
            array("f", [param.default for param in params.values()]),
            {
                name: (i, {option: k for k, option in enumerate(choice.options)})
                for i, (name, choice) in enumerate(declared.choices.items())
            },
        )

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
            node.order,
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
        if declared.channel_count is not None:
            lib.gd_graph_channels(self.graph, index, declared.channel_count(settings(node)))
        if declared.media or declared.media_memory is not None:
            self._fill(node, settings(node), index)
        if node.type == OUTPUT:
            wire = lib.gd_graph_wire(self.graph, index, 0, self._device, 0, 1.0, node.order)
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
        keys = set(self._touching.pop(id, ()))
        for key in keys:
            self._disconnect(key)
        for listening in self._listening:
            if listening.source is not None and listening.source[0] == id:
                self.aim(listening, None)
        if id in self._master_wires:
            lib.gd_graph_unwire(self.graph, self._master_wires.pop(id))
        lib.gd_graph_remove(self.graph, self.nodes.pop(id))
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
        if port is None or outlet is None:
            return
        index = lib.gd_graph_wire(
            self.graph, self.nodes[wire.source], outlet, self.nodes[wire.target], port, wire.depth, wire.order
        )
        if index < 0:
            raise MemoryError(self._error())
        self._wires[wire.key] = index

    def _disconnect(self, key: str) -> None:
        index = self._wires.pop(key, None)
        if index is not None:
            lib.gd_graph_unwire(self.graph, index)
