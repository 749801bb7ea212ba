"""Checks an edit passes before it is made; each failure is one sentence that says where and what would work."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from graphdaw.errors import (
    CycleError,
    DuplicateIdError,
    DuplicateWireError,
    GroupingError,
    NameFormError,
    NotFiniteError,
    OutOfRangeError,
    UnknownParameterError,
    UnknownTypeError,
    ValueKindError,
    WireTypeError,
    near,
    suggestion,
)
from graphdaw.graph import buses, limits
from graphdaw.graph.controls import Control
from graphdaw.graph.model import GROUP, Document, GroupPort, Medium, Node, Opaque, Value, Wire
from graphdaw.graph.ports import (
    compatible,
    inlet_type,
    loop_through,
    node_of,
    outlet_type,
    source_of,
    targets_of,
    title,
)
from graphdaw.graph.structure import MAX_NESTING
from graphdaw.nodes.base import NodeType, Param, registry, type_of_wire

MAX_TEXT = 64 * 1024
SAMPLE_RATES = (1, 768_000)


def check_type(document: Document, type: str) -> None:
    """The type is built in, a group, or a placeholder the document knows the ports of."""
    if type not in registry and type != GROUP and type not in document.sketches:
        names = [*registry, GROUP]
        raise UnknownTypeError(
            f"There is no node type {type!r}; {suggestion(type, names, 'types')}", allowed=near(type, names)
        )


def check_new_id(document: Document, id: str) -> None:
    """The id is free and can be written as a plain word."""
    if not id.isidentifier() or len(id) > 128:
        raise NameFormError(f"{id!r} cannot be an id; use letters, digits and underscores, such as 'lead_2'.", node=id)
    if id in document.nodes or id in document.wires:
        raise DuplicateIdError(f"The id {id!r} is taken; leave it empty to get a fresh one.", node=id)


def check_text(text: str, what: str, node: str) -> None:
    """The text can be stored: valid Unicode, of sane length."""
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise NameFormError(f"The {what} of node {node!r} must be a text of at most {MAX_TEXT} characters.", node=node)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise NameFormError(f"The {what} of node {node!r} is not valid Unicode; rename it.", node=node) from None


def check_number(number: object, what: str, node: str = "", wire: str = "") -> float:
    """Any finite real number as a float."""
    if isinstance(number, (str, bytes)) or not hasattr(number, "__float__"):
        raise ValueKindError(f"{what} needs a number, not {number!r}.", node=node, wire=wire)
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    except (TypeError, ValueError):
        raise ValueKindError(f"{what} needs a single number, not {number!r}.", node=node, wire=wire) from None
    if not math.isfinite(value):
        raise NotFiniteError(f"{what} cannot be {value}; give it a finite number.", node=node, wire=wire)
    return value


def check_switch(value: object, flag: str, node: str) -> None:
    """True or False."""
    if type(value) is not bool:
        raise ValueKindError(f"Node {node!r} is {flag} or not: give True or False, not {value!r}.", node=node)


def check_place(place: tuple[float, float] | None, node: str) -> tuple[float, float] | None:
    """Two finite numbers, or None."""
    if place is None:
        return None
    if len(place) != 2:
        raise ValueKindError(f"The place of node {node!r} needs two numbers, x and y.", node=node)
    x, y = (check_number(number, f"The place of node {node!r}", node) for number in place)
    return x, y


def check_values(document: Document, node: Node, values: Mapping[str, Value | None]) -> Mapping[str, Value | None]:
    """The values as they are stored, `values` itself if they are; raises for unknown names, wrong kinds and ranges."""
    kind = registry.get(node.type)
    if kind is None:
        return _placeholder_values(document, node, values)
    changed: dict[str, Value | None] = {}
    for name, value in values.items():
        param = kind.params.get(name)
        if param is not None and type(value) is float and param.lo <= value <= param.hi:
            continue
        if value is None and (param or name in kind.choices or name in kind.media or name in kind.texts):
            changed[name] = None
        elif param is not None:
            changed[name] = _number(node, name, param, value)
        elif _text(node, kind, name, value) is not value:
            changed[name] = str(value)
    return {**values, **changed} if changed else values


def _placeholder_values(
    document: Document, node: Node, values: Mapping[str, Value | None]
) -> Mapping[str, Value | None]:
    if node.type == GROUP and values:
        raise UnknownParameterError(
            f"Group {node.id!r} has no parameters of its own; set {', '.join(map(repr, values))} on a node inside it.",
            node=node.id,
        )
    known = {*document.sketches[node.type].params, *node.values} if node.type in document.sketches else set(values)
    for name, value in values.items():
        if name not in known:
            raise _unknown_parameter(node, name, sorted(known))
        if isinstance(value, str):
            check_text(value, f"value {name!r}", node.id)
        elif isinstance(value, Opaque):
            check_raw(value.raw, name, node.id)
        elif value is not None:
            check_number(value, f"Parameter {name!r} of node {title(node)}", node.id)
    return {n: float(v) if isinstance(v, int) else v for n, v in values.items()}


def _unknown_parameter(node: Node, name: str, names: list[str]) -> UnknownParameterError:
    return UnknownParameterError(
        f"Node {title(node)} has no parameter {name!r}; {suggestion(name, names, 'parameters')}",
        node=node.id,
        port=name,
        allowed=near(name, names) or names,
    )


def _number(node: Node, name: str, param: Param, value: object) -> float:
    number = check_number(value, f"Parameter {name!r} of node {title(node)}", node.id)
    if not param.lo <= number <= param.hi:
        unit = f" {param.unit}" if param.unit else ""
        raise OutOfRangeError(
            f"Parameter {name!r} of node {title(node)} cannot be {number:g}{unit}; "
            f"its range is {param.lo:g} to {param.hi:g}{unit}.",
            node=node.id,
            port=name,
            allowed=(repr(param.lo), repr(param.hi)),
        )
    return number


def _text(node: Node, kind: NodeType, name: str, value: object) -> str:
    if name in kind.choices:
        options = kind.choices[name].options
        if value not in options:
            raise ValueKindError(
                f"Choice {name!r} of node {title(node)} cannot be {value!r}; "
                f"{suggestion(str(value), options, 'options')}",
                node=node.id,
                port=name,
                allowed=options,
            )
        return str(value)
    if name not in kind.media and name not in kind.texts:
        raise _unknown_parameter(node, name, [*kind.params, *kind.choices, *kind.media, *kind.texts])
    if name in kind.texts:
        return _setting(node, kind, name, value)
    if not isinstance(value, str):
        raise ValueKindError(
            f"Media {name!r} of node {title(node)} needs the path of a recording, not {value!r}.",
            node=node.id,
            port=name,
        )
    check_text(value, f"media {name!r}", node.id)
    return value


def _setting(node: Node, kind: NodeType, name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueKindError(
            f"Text {name!r} of node {title(node)} cannot be {value!r}; put it in quotes.", node=node.id
        )
    check_text(value, f"text {name!r}", node.id)
    fault = kind.texts[name].fault(value)
    if fault:
        raise ValueKindError(f"Text {name!r} of node {title(node)}: {fault}", node=node.id, port=name)
    return value


def check_parent(document: Document, parent: str) -> None:
    """The parent is the outermost level or an existing group with room below it."""
    if parent and node_of(document, parent).type != GROUP:
        raise GroupingError(
            f"Node {title(document.nodes[parent])} cannot hold other nodes; name a group as the parent.", node=parent
        )
    check_nesting(document, parent, 1)


def check_nesting(document: Document, parent: str, height: int) -> None:
    """Levels stacked inside `parent` stay within what a file may hold."""
    while parent:
        parent = document.nodes[parent].parent
        height += 1
    if height > MAX_NESTING:
        raise GroupingError(f"Groups can be nested {MAX_NESTING} deep; ungroup one of the outer ones first.")


def height_of(document: Document, ids: Iterable[str]) -> int:
    """How many levels these nodes take up, 1 for plain nodes."""
    level, height = list(ids), 0
    while level:
        height += 1
        level = [inner for id in level for inner in document.members.get(id, ())]
    return height


def check_raw(raw: bytes, name: str, item: str) -> None:
    """Bytes that are handed on unread must at least be one msgpack value, or no file could hold them."""
    try:
        limits.check(raw)
    except limits.LimitError as error:
        raise ValueKindError(f"The bytes under {name!r} of {item!r} are no msgpack: {error}.", node=item) from error


def check_extra(extra: Mapping[str, bytes] | None, item: Node | Wire | Medium | Control, id: str) -> None:
    """Unknown fields are msgpack, and do not pass for known ones."""
    for name, raw in (extra or {}).items():
        if name in item.__struct_fields__ or name == "op":
            raise NameFormError(f"{name!r} of {id!r} is a field of its own; set it as such.", node=id)
        check_raw(raw, name, id)


def is_hash(text: str) -> bool:
    """Whether a text is a SHA-256 in hexadecimal, the name of media."""
    return len(text) == 64 and not text.strip("0123456789abcdef")


def check_wire(document: Document, wire: Wire) -> None:
    """Both ends exist in one group, their types go together, the wire is new and closes no loop without a delay."""
    source, target = node_of(document, wire.source), node_of(document, wire.target)
    if source.parent != target.parent:
        raise GroupingError(
            f"Nodes {title(source)} and {title(target)} are in different groups; "
            "declare a port on the group and wire to that.",
            node=target.id,
            port=wire.target_port,
            wire=wire.id,
        )
    a, b = outlet_type(document, source, wire.source_port), inlet_type(document, target, wire.target_port)
    if a != b and not compatible(a, b):
        raise WireTypeError(
            f"The {a} outlet '{source.id}.{wire.source_port}' cannot feed the {b} inlet "
            f"'{target.id}.{wire.target_port}'; only audio and control may be mixed.",
            node=target.id,
            port=wire.target_port,
            wire=wire.id,
        )
    twin = document.ends.get((source.id, wire.source_port, target.id, wire.target_port))
    if twin is not None:
        raise DuplicateWireError(
            f"Wire {twin!r} already runs from '{source.id}.{wire.source_port}' to "
            f"'{target.id}.{wire.target_port}'; set its depth instead.",
            node=target.id,
            port=wire.target_port,
            wire=twin,
        )
    from_end: tuple[str, str] | None = (source.id, wire.source_port)
    if source.type == GROUP:
        from_end = source_of(document, source.id, wire.source_port)
    loop = loop_through(document, from_end, targets_of(document, target.id, wire.target_port))
    if loop is not None:
        named = f"{wire.id!r} ({source.id}.{wire.source_port} -> {target.id}.{wire.target_port})"
        raise cycle_error(document, f"Wire {named}", loop, wire.id)


def cycle_error(document: Document, what: str, loop: Iterable[str], wire: str = "") -> CycleError:
    """The error for a loop about to be closed: its wires in order, and the way out."""
    ids = list(loop)
    back = f"back through {wires_in_words(document, ids)}" if ids else "from the node to itself"
    wires = [wire, *ids] if wire else ids
    return CycleError(
        f"{what} would close a loop {back}; put a delay or feedback node into it.", wires=wires, wire=wire
    )


def wires_in_words(document: Document, ids: Iterable[str]) -> str:
    """Wires with their ends, in the order given; what a bus carries from a send to a return is named as that."""
    words = []
    for id in ids:
        ends = buses.ends_of(id)
        if ends is not None:
            bus = buses.bus_of(document.nodes[ends[0]])
            words.append(f"bus {bus!r} ({ends[0]} -> {ends[1]})")
        else:
            w = document.wires[id]
            words.append(f"{w.id!r} ({w.source}.{w.source_port} -> {w.target}.{w.target_port})")
    return ", then ".join(words)


def check_port(document: Document, group: Node, port: GroupPort) -> None:
    """A declared port is well formed and its inner ends are ports of the group's members, of fitting type."""
    where = f"port {port.name!r} of group {group.id!r}"
    if group.type != GROUP:
        raise GroupingError(f"Node {title(group)} is not a group; only groups declare ports.", node=group.id)
    if not port.name.isidentifier() or len(port.name) > 128:
        raise NameFormError(f"{port.name!r} cannot name a port; use letters, digits and underscores.", node=group.id)
    if port.direction not in ("in", "out") or port.type not in type_of_wire:
        raise NameFormError(
            f"The {where} needs direction 'in' or 'out' and one of the types {', '.join(type_of_wire)}.",
            node=group.id,
            port=port.name,
        )
    if len(set(port.inner)) != len(port.inner) or (port.direction == "out" and len(port.inner) > 1):
        raise GroupingError(
            f"The {where} names an inner port twice, or more than one source; mix the sources inside the group.",
            node=group.id,
            port=port.name,
        )
    for id, name in port.inner:
        inner = node_of(document, id)
        if inner.parent != group.id:
            raise GroupingError(
                f"The {where} leads to node {title(inner)}, which is not a member; move it into the group first.",
                node=group.id,
                port=port.name,
            )
        type = (inlet_type if port.direction == "in" else outlet_type)(document, inner, name)
        if not compatible(port.type, type):
            raise WireTypeError(
                f"The {where} is {port.type} but leads to the {type} port '{id}.{name}'; declare it as {type}.",
                node=group.id,
                port=port.name,
            )


def check_sample_rate(rate: object) -> None:
    """A whole number of hertz in the supported range."""
    lo, hi = SAMPLE_RATES
    if type(rate) is not int or not lo <= rate <= hi:
        raise OutOfRangeError(f"The sample rate cannot be {rate!r}; give a whole number from {lo} to {hi} Hz.")
