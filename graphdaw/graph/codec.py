"""Document <-> msgpack bytes: canonical on the way out, suspicious on the way in, faithful to what it does not know."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from graphdaw.errors import GraphError, ProjectError, VersionError, brief
from graphdaw.graph import checks, clip_checks, clip_codec, control_codec, limits, structure, timeline_checks
from graphdaw.graph.model import GROUP, Document, Medium, Node, Opaque, Sketch, Value, Wire
from graphdaw.graph.timeline import Timeline
from graphdaw.nodes.base import registry

FORMAT = "graphdaw"
VERSION = 1

Fields = dict[str, msgspec.Raw]
Made = TypeVar("Made")
Migration = Callable[[dict[str, Any]], dict[str, Any]]

migrations: dict[int, Migration] = {}
"""How to bring the plain content of a file of this version to the next version."""

_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_DEPTH = Wire("", "", "", "", "").depth  # msgspec leaves out a default float only if it is this very object
_fields = msgspec.msgpack.Decoder(Fields).decode
_value = msgspec.msgpack.Decoder(float | str).decode


def migration(version: int) -> Callable[[Migration], Migration]:
    """Register the function that turns a file of `version` into one of `version + 1`."""

    def register(function: Migration) -> Migration:
        migrations[version] = function
        return function

    return register


def encode(document: Document) -> bytes:
    """The document's bytes; equal documents with equal bookkeeping give equal bytes."""
    nodes = sorted(document.nodes.values(), key=lambda n: (n.order, n.id))
    wires = sorted(document.wires.values(), key=lambda w: (w.order, w.id))
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "sample_rate": document.sample_rate,
        "nodes": [_plain(node) for node in nodes],
        "wires": [_plain(wire) for wire in wires],
        "media": {hash: _plain(medium) for hash, medium in document.media.items()},
        "types": {type: _plain(sketch) for type, sketch in _sketches(document).items()},
        "marks": document.marks,
        "top": document.top,
    }
    if document.timeline != Timeline():
        content["timeline"] = clip_codec.plain(document.timeline)
    if document.controls:
        content["controls"] = control_codec.plain(document.controls.values())
    content.update((name, msgspec.Raw(raw)) for name, raw in document.extra.items())
    return _encode(content)


def check_size(data: bytes, name: str) -> None:
    """Raise ProjectError where a document has grown beyond what `decode` reads, so that nothing is put in its place."""
    fault = f"a document larger than {limits.MAX_BYTES >> 20} MiB" if len(data) > limits.MAX_BYTES else ""
    if limits.MAX_ITEMS < len(data) <= limits.MAX_BYTES:  # each value is a byte at least
        try:
            limits.check(data)
        except limits.LimitError:
            fault = f"more than {limits.MAX_ITEMS} values"
    if fault:
        raise ProjectError(f"{name} would hold {fault}; split the project.")


def content_bytes(document: Document) -> bytes:
    """The bytes of the value alone, without the bookkeeping: equal exactly when the documents are equal."""
    twin = document.copy()
    twin.marks, twin.top = {}, 0
    return encode(twin)


def _sketches(document: Document) -> dict[str, Sketch]:
    """What the file remembers of every type in use, for readers that do not have it."""
    found: dict[str, Sketch] = {}
    for type in {n.type for n in document.nodes.values() if n.type != GROUP}:
        kind = registry.get(type)
        if kind is not None:
            found[type] = Sketch(
                {n: p.type for n, p in kind.inputs.items()},
                {n: p.type for n, p in kind.outputs.items()},
                (*kind.params, *kind.choices, *kind.media, *kind.texts),
            )
        elif type in document.sketches:
            found[type] = document.sketches[type]
    return found


def _plain(item: Node | Wire | Medium | Sketch) -> Any:
    """The item as msgspec writes it, or spelt out where raw bytes are to be kept."""
    if isinstance(item, Wire) and item.depth == 1.0 and item.depth is not _DEPTH:
        item = msgspec.structs.replace(item, depth=_DEPTH)
    opaque = isinstance(item, Node) and any(isinstance(v, Opaque) for v in item.values.values())
    odd = isinstance(item, Node) and any(map(clip_codec.is_odd, item.clips))
    if item.extra is None and not opaque and not odd:
        return item
    clips: list[Any] = []
    if isinstance(item, Node) and item.clips:
        clips, item = [clip_codec.plain(clip) for clip in item.clips], msgspec.structs.replace(item, clips=())
    plain: dict[str, Any] = msgspec.to_builtins(item)
    plain.pop("extra", None)
    if clips:
        plain["clips"] = clips
    if isinstance(item, Node) and opaque:
        plain["values"] = {n: msgspec.Raw(v.raw) if isinstance(v, Opaque) else v for n, v in item.values.items()}
    plain.update((name, msgspec.Raw(raw)) for name, raw in (item.extra or {}).items())
    return plain


def decode(data: bytes, where: str) -> Document:
    """A document from bytes of unknown origin; raises ProjectError, naming `where` they came from."""
    try:
        limits.check(data)
        return _document(_current(data, where), where)
    except (limits.LimitError, msgspec.MsgspecError, UnicodeError, OverflowError, RecursionError, GraphError) as error:
        raise ProjectError(
            f"{where} is damaged or no project: {brief(error)}. Open an earlier version of it."
        ) from error


def _current(data: bytes, where: str) -> Fields:
    """The top-level fields, brought to the current version."""
    fields = _fields(data)
    if "format" not in fields or msgspec.msgpack.decode(fields.pop("format")) != FORMAT:
        raise ProjectError(f"{where} is not a GraphDAW project; choose a file that GraphDAW has saved.")
    version = msgspec.msgpack.decode(fields.pop("version", msgspec.Raw(b"\xc0")))
    if type(version) is not int or any(step not in migrations for step in range(version, VERSION)):
        raise VersionError(
            f"{where} has the unknown version {brief(repr(version))}; open it with the GraphDAW that wrote it."
        )
    if version > VERSION:
        raise VersionError(f"{where} is of version {version}, this GraphDAW reads up to {VERSION}; update GraphDAW.")
    if version < VERSION:
        fields = _fields(_encode(_migrated(msgspec.msgpack.decode(data), version, where)))
        fields.pop("format", None)
        fields.pop("version", None)
    return fields


def _migrated(plain: dict[str, Any], version: int, where: str) -> dict[str, Any]:
    """The content of an older file as the present version would have it; a migration may trust that it is sound."""
    try:
        for step in range(version, VERSION):
            plain = migrations[step](plain)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ProjectError(
            f"{where} is damaged: it is not what version {version} wrote ({error!r}). Open an earlier version of it."
        ) from error
    return plain


def _document(fields: Fields, where: str) -> Document:
    document = Document()
    document.sample_rate = _take(fields, "sample_rate", int, 48_000)
    lo, hi = checks.SAMPLE_RATES
    if not lo <= document.sample_rate <= hi:
        raise ProjectError(f"{where} asks for {document.sample_rate} samples a second; {lo} to {hi} are possible.")
    if "timeline" in fields:
        document.timeline = timeline_checks.check_timeline(clip_codec.timeline(fields.pop("timeline")))
    if "controls" in fields:
        document.controls = control_codec.read(fields.pop("controls"))
    document.media = _table(fields, "media", Medium)
    if not all(map(checks.is_hash, document.media)):
        raise ProjectError(f"{where} is damaged: its media are not named by content. Open an earlier version of it.")
    document.sketches = {t: s for t, s in _table(fields, "types", Sketch).items() if t not in registry}
    parts = [_take(fields, name, list[msgspec.Raw], []) for name in ("nodes", "wires")]
    if sum(map(len, parts)) > structure.MAX_PARTS:
        raise ProjectError(f"{where} has more than {structure.MAX_PARTS} nodes and wires; it cannot be opened here.")
    nodes, wires = [_node(raw) for raw in parts[0]], [_wire(raw) for raw in parts[1]]
    document.marks = {stem: n for stem, n in _take(fields, "marks", dict[str, int], {}).items() if n >= 0}
    document.top = max((0, _take(fields, "top", int, 0), *(n.order for n in nodes), *(w.order for w in wires)))
    if document.top > 2**62:
        raise ProjectError(f"{where} is damaged: its order numbers are beyond any edit count.")
    document.extra = {name: bytes(raw) for name, raw in fields.items()}
    _assemble(document, nodes, wires, where)
    return document


def _take(fields: Fields, name: str, type: Any, default: Any) -> Any:
    raw = fields.pop(name, None)
    return default if raw is None else msgspec.msgpack.decode(raw, type=type)


def _table(fields: Fields, name: str, struct: type[Any]) -> dict[str, Any]:
    table: dict[str, msgspec.Raw] = _take(fields, name, Fields, {})
    return {key: _make(struct, _split(raw, _KNOWN[struct])) for key, raw in table.items()}


_TYPES = {"values": Fields, "clips": list[msgspec.Raw]}  # what is read further by itself
_KNOWN: dict[type, dict[str, Callable[[msgspec.Raw], Any]]] = {
    struct: {
        info.name: msgspec.msgpack.Decoder(_TYPES.get(info.name, info.type)).decode
        for info in msgspec.structs.fields(struct)
        if info.name != "extra"
    }
    for struct in (Node, Wire, Medium, Sketch)
}


def _split(raw: msgspec.Raw, known: dict[str, Callable[[msgspec.Raw], Any]]) -> dict[str, Any]:
    """Known fields decoded, all others kept as bytes under "extra"."""
    found: dict[str, Any] = {}
    extra: dict[str, bytes] = {}
    for name, part in _fields(raw).items():
        if name in known:
            found[name] = known[name](part)
        else:
            extra[name] = bytes(part)
    if extra:
        found["extra"] = extra
    return found


def _make(struct: Callable[..., Made], found: dict[str, Any]) -> Made:
    try:
        return struct(**found)
    except TypeError as error:  # a field without a default is not there
        raise msgspec.ValidationError(str(error)) from None


def _node(raw: msgspec.Raw) -> Node:
    found = _split(raw, _KNOWN[Node])
    place = found.get("place")
    if not {"id", "type"} <= found.keys() or (place and not all(map(math.isfinite, place))):
        raise msgspec.ValidationError("a node needs an id, a type and a finite place")
    kind = registry.get(found["type"])
    values: dict[str, Value] = {}
    for name, part in found.get("values", {}).items():
        values[name] = _read_value(part, kind is not None and name in kind.params)
    found["values"] = values
    if "clips" in found:
        found["clips"] = clip_checks.check_clips([clip_codec.clip(raw) for raw in found["clips"]], found["id"])
    return Node(**found)


def _read_value(part: msgspec.Raw, is_number: bool) -> Value:
    """A finite number or a text; anything else, or a number written in a way of its own, stays as its bytes."""
    raw = bytes(part)
    try:
        value: float | str = _value(raw)
    except msgspec.MsgspecError:
        return Opaque(raw)
    if isinstance(value, float) and (not math.isfinite(value) or not (is_number or _encode(value) == raw)):
        return Opaque(raw)
    if isinstance(value, str) and _encode(value) != raw:
        return Opaque(raw)
    return value


def _wire(raw: msgspec.Raw) -> Wire:
    found = _split(raw, _KNOWN[Wire])
    wire = _make(Wire, found)
    if not math.isfinite(wire.depth):
        raise msgspec.ValidationError(f"wire {wire.id!r} has no finite depth")
    return wire


def _assemble(document: Document, nodes: list[Node], wires: list[Wire], where: str) -> None:
    """Put the parts together after `structure` has found them sound; raises ProjectError otherwise."""
    fault = structure.fault(nodes, wires)
    if fault:
        raise ProjectError(f"{where} is damaged: {fault}. Open an earlier version of it.")
    structure.assemble(document, nodes, wires)
    document.foreign = structure.outside_paths(document)
