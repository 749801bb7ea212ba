"""Clips and the timeline <-> msgpack: at once where all is known, field by field where a newer version wrote more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import msgspec

from graphdaw.graph.clips import KINDS, AudioClip, Clip, CurveClip, Lane, Note, NoteClip, OtherClip, Point, WarpMark
from graphdaw.graph.timeline import Loop, Marker, Signature, Tempo, Timeline

Fields = dict[str, msgspec.Raw]

PARTS: dict[type, dict[str, type]] = {
    NoteClip: {"notes": Note, "lanes": Lane},
    CurveClip: {"points": Point},
    AudioClip: {"warp": WarpMark},
    Note: {"lanes": Lane},
    Lane: {"points": Point},
    Timeline: {"tempos": Tempo, "signatures": Signature, "markers": Marker, "loop": Loop},
}
"""The fields that hold structs, one or a row, and which."""

_fields = msgspec.msgpack.Decoder(Fields).decode
_row = msgspec.msgpack.Decoder(tuple[msgspec.Raw, ...]).decode
_clip: Callable[[msgspec.Raw], Clip] = msgspec.msgpack.Decoder(Clip).decode
_timeline = msgspec.msgpack.Decoder(Timeline).decode
_text = msgspec.msgpack.Decoder(str).decode
_KNOWN: dict[type, dict[str, Any]] = {
    struct: {
        info.name: msgspec.msgpack.Decoder(info.type).decode
        for info in msgspec.structs.fields(struct)
        if info.name not in ("extra", "what", *PARTS.get(struct, ()))
    }
    for struct in (*get_args(Clip), Note, Lane, Point, WarpMark, Timeline, Tempo, Signature, Marker, Loop)
}


def clip(raw: msgspec.Raw) -> Clip:
    """A clip of a file, with what is not known of it under `extra`; raises msgspec's errors."""
    try:
        found = _clip(raw)
        if not (_has_extra(found) or isinstance(found, OtherClip)):  # or it has fields that are only called so
            return found
    except msgspec.ValidationError:
        pass
    fields = _fields(raw)
    what = _text(fields.pop("kind", msgspec.Raw(b"\xa0")))
    made: Clip = _made(KINDS[what], fields) if what in KINDS else _made(OtherClip, fields, what=what)
    return made


def timeline(raw: msgspec.Raw) -> Timeline:
    """The timeline of a file, in the same way."""
    try:
        found = _timeline(raw)
        if not _has_extra(found):
            return found
    except msgspec.ValidationError:
        pass
    made: Timeline = _made(Timeline, _fields(raw))
    return made


def _made(struct: type, fields: Fields, **more: Any) -> Any:
    found, extra = more, {}
    parts, known = PARTS.get(struct, {}), _KNOWN[struct]
    for name, raw in fields.items():
        if name in known:
            found[name] = known[name](raw)
        elif name not in parts:
            extra[name] = bytes(raw)
        elif name != "loop":
            found[name] = tuple(_made(parts[name], _fields(one)) for one in _row(raw))
        elif bytes(raw) != b"\xc0":
            found[name] = _made(parts[name], _fields(raw))
    try:
        return struct(**found, extra=extra or None)
    except TypeError as error:  # a field without a default is not there
        raise msgspec.ValidationError(str(error)) from None


def is_odd(item: Clip | Note | Timeline) -> bool:
    """Whether something in a clip, a note or a timeline is not known here, so that it must be spelt out."""
    return isinstance(item, OtherClip) or _has_extra(item)


def _has_extra(item: Any) -> bool:
    if item.extra is not None:
        return True
    for name, part in PARTS.get(type(item), {}).items():
        held = getattr(item, name)
        row = held if isinstance(held, tuple) else () if held is None else (held,)
        if any(one.extra is not None for one in row):
            return True
        for inner in PARTS.get(part, ()):
            if any(getattr(one, inner) and _has_extra(one) for one in row):
                return True
    return False


def plain(item: Any) -> Any:
    """A clip or a timeline as msgspec writes it, or spelt out where raw bytes are to be kept."""
    if not is_odd(item):
        return item
    made: dict[str, Any] = {}
    tag = item.__struct_config__.tag
    if isinstance(item, OtherClip):
        made["kind"] = item.what
    elif tag is not None:
        made["kind"] = tag
    for info in msgspec.structs.fields(type(item)):
        value = getattr(item, info.name)
        if info.name in PARTS.get(type(item), ()):
            if isinstance(value, tuple):
                value = [plain(one) for one in value]
            elif value is not None:
                value = plain(value)
        if info.name not in ("extra", "what") and value not in (info.default, []):
            made[info.name] = value
    made.update((name, msgspec.Raw(raw)) for name, raw in (item.extra or {}).items())
    return made


def builtins(item: tuple[Clip, ...] | Timeline) -> Any:
    """Clips or a timeline as plain values, for JSON."""
    return msgspec.to_builtins(item)
