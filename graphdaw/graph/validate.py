"""Checks a whole document, as `graphdaw check` shows it: everything at once, nothing changed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec

from graphdaw.errors import GraphError
from graphdaw.graph import checks, clip_checks
from graphdaw.graph.clips import OtherClip
from graphdaw.graph.flatten import Flat, FlatWire
from graphdaw.graph.media_values import media_values
from graphdaw.graph.model import GROUP, Document, Node, Opaque, Wire
from graphdaw.graph.ports import breaks_loops, compatible, inlet_type, outlet_type, title
from graphdaw.nodes.base import registry

_FIND_IT = "put it back, or find it with `graphdaw relink FILE FOLDER`"


class Problem(msgspec.Struct, frozen=True):
    """One finding: `severity` is "error" (it will not sound as meant) or "warning"; `node` or `wire` says where."""

    code: str
    message: str
    node: str = ""
    wire: str = ""
    severity: str = "error"


def validate(document: Document) -> list[Problem]:
    """Every problem of a document, nodes first, in the order things were made; empty when it is sound."""
    problems: list[Problem] = []
    for node in sorted(document.nodes.values(), key=lambda n: (n.order, n.id)):
        problems += _node_problems(document, node)
    for wire in sorted(document.wires.values(), key=lambda w: (w.order, w.id)):
        problems += _wire_problems(document, wire)
    return problems + list(_loops(document))


def _from(error: GraphError, severity: str = "error") -> Problem:
    return Problem(error.code, str(error), error.node, error.wire, severity)


def _node_problems(document: Document, node: Node) -> Iterator[Problem]:
    kind = registry.get(node.type)
    if node.type == GROUP:
        for port in node.ports:
            try:
                checks.check_port(document, node, port)
            except GraphError as error:
                yield _from(error)
        return
    if kind is None:
        message = f"Node {title(node)} is of a type that is not installed; it stays as a silent placeholder."
        yield Problem("unknown_type", message, node.id, severity="warning")
        return
    for name, value in node.values.items():
        if isinstance(value, Opaque) and name in {**kind.params, **kind.choices, **kind.media, **kind.texts}:
            message = f"The value of {name!r} of node {title(node)} cannot be read; set it again."
            yield Problem("value_kind", message, node.id)
            continue
        try:
            checks.check_values(document, node, {name: value})
        except GraphError as error:
            yield _from(error, "warning" if error.code == "unknown_parameter" else "error")
    yield from _clip_problems(node)
    for _, value in media_values(node):
        yield from _media_problems(document, node, value)


def _clip_problems(node: Node) -> Iterator[Problem]:
    for clip in node.clips:
        if isinstance(clip, OtherClip):
            message = f"Clip {clip.id!r} of node {title(node)} is of a kind that is not known here; it is silent."
            yield Problem("clip_kind", message, node.id, severity="warning")
            continue
        try:
            clip_checks.check_kind(node, clip)
        except GraphError as error:
            yield _from(error)


def _media_problems(document: Document, node: Node, value: str) -> Iterator[Problem]:
    if value in document.media:
        if value not in document.media_files or not os.path.exists(document.media_files[value]):
            shown = document.media[value].name
            message = f"Recording {shown!r} of node {title(node)} is not in the project file; {_FIND_IT}."
            yield Problem("missing_media", message, node.id)
    elif value in document.foreign:
        message = f"Recording {value} of node {title(node)} lies outside the project; choose it yourself to use it."
        yield Problem("foreign_media", message, node.id)
    elif not os.path.isfile(value) and value not in document.collected:
        message = f"Recording {value} of node {title(node)} is missing; {_FIND_IT}."
        yield Problem("missing_media", message, node.id)


def _wire_problems(document: Document, wire: Wire) -> Iterator[Problem]:
    try:
        a = outlet_type(document, document.nodes[wire.source], wire.source_port)
        b = inlet_type(document, document.nodes[wire.target], wire.target_port)
    except GraphError as error:
        yield Problem(error.code, f"Wire {wire.id!r}: {error}", error.node, wire.id)
        return
    if not compatible(a, b):
        message = (
            f"Wire {wire.id!r} leads from the {a} outlet '{wire.source}.{wire.source_port}' to the {b} inlet "
            f"'{wire.target}.{wire.target_port}'; disconnect it."
        )
        yield Problem("type_mismatch", message, wire.target, wire.id)


def _loops(document: Document) -> Iterator[Problem]:
    """One problem for each loop that meets no delay or feedback node, found by depth-first search."""
    out: dict[str, list[FlatWire]] = {}
    flat = Flat(document)
    for wire in sorted(flat.wires.values(), key=lambda w: (w.order, w.key)):
        if not breaks_loops(flat.nodes[wire.target], wire.target_port):
            out.setdefault(wire.source, []).append(wire)
    finished: set[str] = set()
    for start in list(out):
        if start in finished:
            continue
        path: list[FlatWire] = []
        open_nodes = {start: 0}
        waiting = [(start, iter(out[start]))]
        while waiting:
            id, wires = waiting[-1]
            step = next(wires, None)
            if step is None:
                waiting.pop()
                finished.add(id)
                del open_nodes[id]
                if path:
                    path.pop()
            elif step.target in open_nodes:
                loop = [*path[open_nodes[step.target] :], step]
                ids = dict.fromkeys(wire.key.partition("#")[0] for wire in loop)
                loop_text = checks.wires_in_words(document, ids)
                message = f"There is a loop without a delay: {loop_text}; put a delay or feedback node into it."
                drawn = next((id for id in reversed(ids) if id in document.wires), "")
                yield Problem("cycle", message, step.target, drawn)
            elif step.target not in finished:
                path.append(step)
                open_nodes[step.target] = len(path)
                waiting.append((step.target, iter(out.get(step.target, ()))))
