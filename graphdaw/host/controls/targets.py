"""What controls can move in a graph and its transport: how far, where it stands, and moving it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from graphdaw.errors import EngineError, UnknownParameterError, suggestion
from graphdaw.graph.controls import Span, Target
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import GROUP, Node, settings
from graphdaw.graph.ports import node_of, targets_of
from graphdaw.graph.vocabulary import Edit, SetValues
from graphdaw.host.controls.transport import Transport
from graphdaw.nodes.base import registry

USUAL_TEMPI = Span(40.0, 240.0)  # what a knob sweeps
SWITCH = Span(0.0, 1.0, steps=2)
MACRO = Span(0.0, 1.0)

_MARKS = {"bypass": "bypassed", "mute": "muted", "solo": "soloed"}


@runtime_checkable
class HasFlags(Protocol):
    """A graph whose nodes can be bypassed, muted and soloed."""

    def bypass(self, node: str, on: bool = True) -> object:
        """Let a node's source pass by it."""

    def mute(self, node: str, on: bool = True) -> object:
        """Silence a node."""

    def solo(self, node: str, on: bool = True) -> object:
        """Silence what has no part in a node."""


class GraphTargets:
    """The targets of a graph; a node that is not there has none."""

    def __init__(self, graph: Graph, transport: Transport) -> None:
        self.graph, self.transport = graph, transport

    def span(self, target: Target) -> Span | None:
        """How far a target can be moved; None where there is none."""
        if target.kind == "tempo":
            return USUAL_TEMPI
        if target.kind == "transport":
            return SWITCH
        node = self.graph.nodes.get(target.node)
        if node is None:
            return None
        if target.kind == "flag":
            return SWITCH
        if node.type == GROUP:
            return MACRO if self._led_to(target) else None
        return span_of(node, self._name(target))

    def value(self, target: Target) -> float | None:
        """Where a target stands; a macro where the first thing that it moves does."""
        if target.kind == "tempo":
            return self.transport.tempo_bpm()
        if target.kind == "transport":
            return float(self._running(target.name))
        node = self.graph.nodes.get(target.node)
        if node is None:
            return None
        if target.kind == "flag":
            return float(bool(getattr(node, _MARKS[target.name], False)))
        if node.type == GROUP:
            led = self._led_to(target)
            return led[0][1].position(number_of(led[0][0], led[0][2], led[0][1])) if led else None
        name = self._name(target)
        span = span_of(node, name)
        return number_of(node, name, span) if span is not None else None

    def parts(self, target: Target) -> set[str]:
        """What a target comes down to, written as targets: itself, or the parameters that a route or macro sets."""
        node = self.graph.nodes.get(target.node)
        if node is not None and node.type == GROUP and target.kind == "parameter":
            return {f"{inner.id}.{name}" for inner, _, name in self._led_to(target)}
        return {f"{target.node}.select" if target.kind == "route" else str(target)}

    def edits(self, target: Target, value: float | str) -> list[Edit]:
        """The edits that set a parameter, route or macro; raises UnknownNodeError and UnknownParameterError."""
        node = node_of(self.graph.document, target.node)
        if node.type != GROUP:
            return [SetValues(node.id, {self._name(target): value})]
        led = self._led_to(target)
        if not led or isinstance(value, str):
            names = [port.name for port in node.ports if port.direction == "in" and port.type == "control"]
            raise UnknownParameterError(
                f"Group {node.id!r} has no macro {target.name!r}; {suggestion(target.name, names, 'macros')}",
                node=node.id,
            )
        return [SetValues(inner.id, {name: _as_value(span, value)}) for inner, span, name in led]

    def switch(self, target: Target, on: bool) -> None:
        """Bypass, mute or solo a node, or ask the transport for something; raises EngineError where it cannot be."""
        if target.kind == "flag":
            graph: object = self.graph
            if not isinstance(graph, HasFlags):
                raise EngineError(f"Nodes of this graph cannot be switched to {target.name}.")
            {"bypass": graph.bypass, "mute": graph.mute, "solo": graph.solo}[target.name](target.node, on)
        elif target.name == "play":
            self.transport.play() if on else self.transport.stop()
        elif target.name == "stop":
            self.transport.stop()
        elif target.name == "loop":
            self.transport.set_loop(on)
        else:
            self.transport.set_recording(on)

    def _running(self, verb: str) -> bool:
        transport = self.transport
        if verb == "loop":
            return transport.looping()
        return transport.recording() if verb == "record" else transport.playing == (verb == "play")

    def _name(self, target: Target) -> str:
        return "select" if target.kind == "route" else target.name

    def _led_to(self, target: Target) -> Sequence[tuple[Node, Span, str]]:
        """The parameters that a control inlet of a group leads to."""
        document = self.graph.document
        port = document.ports.get((target.node, target.name))
        if port is None or port.direction != "in" or port.type != "control":
            return ()
        found = []
        for id, name in targets_of(document, target.node, target.name):
            span = span_of(document.nodes[id], name)
            if span is not None:
                found.append((document.nodes[id], span, name))
        return found


def span_of(node: Node, name: str) -> Span | None:
    """How far a parameter or choice of a node can be moved; None for what is neither."""
    kind = registry.get(node.type)
    if kind is None:
        return None
    if name in kind.params:
        param = kind.params[name]
        steps = int(param.hi - param.lo) + 1 if node.type == "switch" and name == "select" else 0
        return Span(param.lo, param.hi, param.curve, steps)
    if name in kind.choices:
        options = kind.choices[name].options
        return Span(0.0, len(options) - 1.0, steps=len(options), options=options)
    return None


def number_of(node: Node, name: str, span: Span) -> float:
    """The present value of a parameter or, by its number, of a choice."""
    value = settings(node)[name]
    return float(span.options.index(value)) if isinstance(value, str) else value


def _as_value(span: Span, position: float) -> float | str:
    value = span.value(position)
    return span.options[round(value)] if span.options else value
