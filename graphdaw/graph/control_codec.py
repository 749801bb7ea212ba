"""Controls <-> msgpack: those that only a newer GraphDAW can read are kept byte for byte, and rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from graphdaw.errors import GraphError
from graphdaw.graph.controls import (
    MOST_CONTROLS,
    Control,
    KeySource,
    MidiSource,
    OscSource,
    OtherSource,
    as_stored,
    check_control,
)

_fields = msgspec.msgpack.Decoder(dict[str, msgspec.Raw]).decode
_rows = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_control = msgspec.msgpack.Decoder(Control).decode
_text = msgspec.msgpack.Decoder(str).decode
_encode = msgspec.msgpack.Encoder(order="deterministic").encode

_KNOWN = set(Control.__struct_fields__) - {"extra"}
_OF_SOURCE = {
    struct.__struct_config__.tag: {"from", *struct.__struct_fields__} for struct in (MidiSource, OscSource, KeySource)
}


def plain(controls: Iterable[Control]) -> list[Any]:
    """Controls as the encoder takes them, in the order of their ids."""
    return [_plain(control) for control in sorted(controls, key=lambda one: one.id)]


def _plain(control: Control) -> Any:
    if isinstance(control.source, OtherSource):
        return msgspec.Raw(control.source.raw)
    if control.extra is None:
        return control
    fields: dict[str, Any] = msgspec.to_builtins(control)
    fields.pop("extra", None)
    return fields | {name: msgspec.Raw(raw) for name, raw in control.extra.items()}


def read(raw: msgspec.Raw) -> dict[str, Control]:
    """Controls of a file by their ids; raises msgspec's errors and GraphError."""
    found: dict[str, Control] = {}
    for one in _rows(raw):
        control = read_one(one)
        if control.id in found or len(found) >= MOST_CONTROLS:
            raise msgspec.ValidationError(f"control {control.id[:99]!r} is there twice, or one of too many")
        found[control.id] = control
    return found


def read_one(raw: msgspec.Raw) -> Control:
    """One control of a file, in the same way."""
    fields = _fields(raw)
    id = _text(fields.get("id", b"\xa0"))
    known = {name: part for name, part in fields.items() if name in _KNOWN}
    try:
        control = _control(_encode(known))
        control = as_stored(control)
        source = _fields(fields["source"])
        if source.keys() <= _OF_SOURCE.get(_text(source["from"]), set()):
            extra = {name: bytes(part) for name, part in fields.items() if name not in _KNOWN}
            return msgspec.structs.replace(control, extra=extra or None)
    except (msgspec.ValidationError, GraphError, KeyError):
        pass
    other = Control(id, OtherSource(bytes(raw)), "")
    check_control(other)
    return other
