"""The addresses under which a graph and its transport can be asked and told things: a message in, replies out.

A question is answered under its own address, an order by `/ok ADDRESS`, what cannot be by `/error SENTENCE ADDRESS`.

    /node/ID/PARAMETER          value, lowest, highest, unit; of a choice its options instead
    /node/ID/PARAMETER VALUE    sets it, a choice by name or number; also bypass, mute, solo, and a group's macros
    /node/ID/type, /node/ID     the type; what can be asked of the node
    /nodes [FROM]               how many there are, from which on, then ids and types, 64 at most
    /find TEXT [FROM]           the same of those in whose id, type or label the text stands
    /transport/play, stop, locate SECONDS, position, playing, tempo [BPM], loop [1], record [1]
    /graph/undo, /graph/redo
    /query [ADDRESS]            the tree below as JSON, as OSCQuery has it
    /ping                       /ok

Nothing here opens a file: recordings and texts cannot be set.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from graphdaw.errors import EngineError, GraphdawError, NameFormError, ValueKindError, suggestion
from graphdaw.graph.controls import FLAGS, Span, Target
from graphdaw.graph.model import GROUP, Node, settings
from graphdaw.graph.ports import node_of, title
from graphdaw.host.controls.desk import Desk
from graphdaw.host.controls.gestures import OscInput
from graphdaw.host.osc.wire import MAX_REPLY_BYTES, Argument, OscMessage
from graphdaw.nodes.base import registry

PAGE = 64
MAX_TEXT = 256
MOST_DESCRIBED = 200  # nodes at once, which may take a tenth of a second
MAX_SAID = 4096  # characters of a text


class Tree:
    """Answers messages for a desk, which does what they ask; any thread."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.graph, self.targets, self.transport = desk.graph, desk.targets, desk.targets.transport
        self._orders: dict[str, Callable[[list[Argument]], object]] = {
            "/transport/play": lambda _: self.transport.play(),
            "/transport/stop": lambda _: self.transport.stop(),
            "/transport/locate": lambda given: self.transport.locate(_number(given, "/transport/locate")),
            "/graph/undo": lambda _: self._step(self.graph.undo),
            "/graph/redo": lambda _: self._step(self.graph.redo),
            "/ping": lambda _: None,
        }

    def answer(self, message: OscMessage) -> list[OscMessage]:
        """The replies to a message: one, that it could not be done if nothing else."""
        address, given = message.address, list(message.arguments)
        try:
            if address in self._orders:
                self._orders[address](given)
                return [_ok(address)]
            target = self._target(address)
            if target is not None and given:
                self.desk.set(target, self._value(target, given[0]))
                return [_ok(address, given[0])]
            if given and self._controlled(address, given):
                return [_ok(address, given[0])]
            return [OscMessage(address, self.ask(address, given))]
        except GraphdawError as error:
            return [OscMessage("/error", (" ".join(str(error).split()), address))]

    def _step(self, step: Callable[[], object]) -> None:
        self.desk.settle()
        step()

    def _controlled(self, address: str, given: list[Argument]) -> bool:
        """Whether a control of the document listens to this address."""
        number = given[0]
        return isinstance(number, (int, float)) and bool(self.desk.handle(OscInput(address, float(number))))

    # Questions

    def ask(self, address: str, given: list[Argument] | None = None) -> tuple[Argument, ...]:
        """What an address says; raises GraphdawError where there is none."""
        given = given or []
        if address == "/nodes":
            return self._page(list(self.graph.nodes.values()), given)
        if address == "/find":
            return self._page(self._found(given), given[1:])
        if address == "/query":
            return (self._json(str(given[0]) if given else "/"),)
        if address == "/transport/position":
            return (self.transport.position_s,)
        if address == "/transport/playing":
            return (self.transport.playing,)
        parts = address.split("/")
        if parts[1] == "node" and len(parts) == 3:
            return tuple(self._names(node_of(self.graph.document, parts[2])))
        if parts[1] == "node" and len(parts) == 4 and parts[3] == "type":
            return (node_of(self.graph.document, parts[2]).type,)
        target = self._target(address)
        if target is None:
            raise NameFormError(f"There is no address {address!r}; /query lists those that there are.")
        return self._said(target)

    def _said(self, target: Target) -> tuple[Argument, ...]:
        span, value = self.targets.span(target), self.targets.value(target)
        if target.kind in ("flag", "transport"):
            return (bool(value),)
        if target.kind == "tempo":
            if value is None:
                raise EngineError("This piece has no tempo of its own; its nodes have parameters for that.")
            return value, *self._range(target), "bpm"
        if span is None or value is None:
            return (str(settings(self.graph.nodes[target.node])[target.name])[:MAX_SAID],)
        if span.options:
            return span.options[round(value)], *span.options
        return value, span.lo, span.hi, self._unit(target)

    def _range(self, target: Target) -> tuple[float, float]:
        span = self.targets.span(target)
        assert span is not None
        return span.lo, span.hi

    def _target(self, address: str) -> Target | None:
        """What an address sets; None for one that sets nothing. Raises UnknownNodeError and UnknownParameterError."""
        parts = address.split("/")
        if parts[1] == "transport" and len(parts) == 3 and parts[2] in ("tempo", "loop", "record"):
            return Target("tempo" if parts[2] == "tempo" else "transport", "", parts[2])
        if parts[1] != "node" or len(parts) != 4 or parts[3] == "type":
            return None
        node = node_of(self.graph.document, parts[2])
        names = list(self._names(node))
        if parts[3] not in names:
            raise NameFormError(f"Node {title(node)} has no {parts[3]!r}; {suggestion(parts[3], names, 'addresses')}")
        kind = registry.get(node.type)
        own = kind is not None and parts[3] in kind.defaults()
        return Target("flag" if parts[3] in FLAGS and not own else "parameter", node.id, parts[3])

    def _value(self, target: Target, value: Argument) -> float | str:
        span = self.targets.span(target)
        if span is None:
            raise ValueKindError(
                f"{target} is a recording or a text, which cannot be set from outside; set it in GraphDAW."
            )
        if isinstance(value, str) and span.options:
            return value
        number = _number([value], str(target))
        if target.kind in ("flag", "transport"):
            return float(number != 0.0)
        if not span.options:
            return number
        if not (number.is_integer() and 0 <= number < len(span.options)):
            raise ValueKindError(
                f"{target} has no option {number:g}; name it, or count from 0 to {len(span.options) - 1}."
            )
        return span.options[int(number)]

    # Nodes

    def _names(self, node: Node) -> Iterator[str]:
        """What can be asked of a node: parameters, choices and what else is set; macros; switches."""
        if node.type == GROUP:
            yield from (p.name for p in node.ports if p.direction == "in" and p.type == "control")
        else:
            yield from settings(node)
        yield from FLAGS

    def _unit(self, target: Target) -> str:
        kind = registry.get(self.graph.nodes[target.node].type)
        param = kind.params.get(target.name) if kind is not None else None
        return param.unit if param is not None else ""

    def _found(self, given: list[Argument]) -> list[Node]:
        text = str(given[0]).lower() if given else ""
        if not text or len(text) > MAX_TEXT:
            raise NameFormError(f"/find needs a text of 1 to {MAX_TEXT} characters to look for.")
        return [node for node in self.graph.nodes.values() if text in f"{node.id}\n{node.type}\n{node.label}".lower()]

    def _page(self, nodes: list[Node], given: list[Argument]) -> tuple[Argument, ...]:
        begin = max(0, int(_number(given, "FROM"))) if given else 0
        page: list[Argument] = [len(nodes), begin]
        for node in nodes[begin : begin + PAGE]:
            page += [node.id, node.type]
        return tuple(page)

    # The tree as JSON

    def _json(self, address: str) -> str:
        """The tree below an address, as deep as fits."""
        path = [part for part in address.split("/") if part]
        whole = len(path) > 1 or len(self.graph.nodes) <= MOST_DESCRIBED
        for depth in (3, 2, 1) if whole else (1,):
            text = json.dumps(self._described(path, depth), ensure_ascii=False, separators=(",", ":"))
            if len(text.encode(errors="replace")) <= MAX_REPLY_BYTES - 64:
                return text
        raise NameFormError(f"What lies below {address!r} does not fit into a reply; page through /nodes instead.")

    def _described(self, path: list[str], depth: int) -> dict[str, Any]:
        full = "/" + "/".join(path)
        children = self._children(path)
        if children is None:
            return {"FULL_PATH": full, **self._facts(full)}
        described: dict[str, Any] = {"FULL_PATH": full, "ACCESS": 0}
        if path[:1] == ["node"] and len(path) == 2:
            described["DESCRIPTION"] = node_of(self.graph.document, path[1]).type
        if depth > 0:
            described["CONTENTS"] = {name: self._described([*path, name], depth - 1) for name in children}
        return described

    def _children(self, path: list[str]) -> list[str] | None:
        """The names below; None for an address that has a value or gives an order."""
        if not path:
            return ["node", "nodes", "find", "transport", "graph", "query", "ping"]
        if path == ["node"]:
            return list(self.graph.nodes)
        if path[0] == "node" and len(path) == 2:
            return ["type", *self._names(node_of(self.graph.document, path[1]))]
        if path == ["transport"]:
            return ["play", "stop", "locate", "position", "playing", "tempo", "loop", "record"]
        return ["undo", "redo"] if path == ["graph"] else None

    def _facts(self, full: str) -> dict[str, Any]:
        if full in self._orders or full in ("/nodes", "/find", "/query"):
            types = {"/transport/locate": "f", "/find": "s", "/query": "s"}
            return {"ACCESS": 2, "TYPE": types.get(full, "")}
        target = self._target(full)
        try:
            said = self.ask(full)
        except EngineError:  # a piece without a tempo
            return {"ACCESS": 0}
        facts: dict[str, Any] = {"TYPE": _tag(said[0]), "VALUE": [said[0]], "ACCESS": 1 if target is None else 3}
        span: Span | None = self.targets.span(target) if target is not None else None
        if span is None:
            facts["ACCESS"] = 1
        elif span.options:
            facts["RANGE"] = [{"VALS": list(span.options)}]
        elif target is not None and target.kind in ("parameter", "tempo"):
            facts |= {"RANGE": [{"MIN": span.lo, "MAX": span.hi}], "UNIT": [said[3]]}
        return facts


def _tag(value: Argument) -> str:
    return "s" if isinstance(value, str) else "T" if value is True else "F" if value is False else "f"


def _ok(address: str, *arguments: Argument) -> OscMessage:
    return OscMessage("/ok", (address, *arguments))


def _number(given: list[Argument], what: str) -> float:
    if not given or isinstance(given[0], str) or given[0] is None:
        raise ValueKindError(f"{what} needs a number{', not ' + repr(given[0])[:99] if given else ''}.")
    return float(given[0])
