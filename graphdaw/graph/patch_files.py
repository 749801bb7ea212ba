"""Patches in files: JSON, msgpack, or a graph as text, read with limits into the closed vocabulary of edits."""

from __future__ import annotations

import os
from typing import Any, get_args

import msgspec

from graphdaw.errors import PatchError, TextError, brief
from graphdaw.graph import limits, outside, structure
from graphdaw.graph.clip import graft
from graphdaw.graph.model import Document
from graphdaw.graph.parse import parse
from graphdaw.graph.patch import FORMAT, ID_FIELDS, NEW, Expect, Patch, born, renamed
from graphdaw.graph.vocabulary import Edit

MAX_BYTES = 4 * 1024 * 1024
MAX_ITEMS = 400_000
MAX_DEPTH = 12
MAX_TEXT = 128 * 1024  # bytes of one text
OUT = "make it smaller, or save a project instead"
HELP = "`graphdaw apply --schema` says what a patch is"
READING = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)  # what decoders raise


class _Outer(msgspec.Struct, forbid_unknown_fields=True):
    """A patch whose edits are not read yet, so that a fault can name the edit."""

    edits: list[msgspec.Raw]
    format: str = FORMAT
    label: str = "patch"
    author: str = "file"
    prompt: str = ""
    expect: tuple[Expect, ...] = ()


_KNOWN = {struct: {"op", *struct.__struct_fields__} - {"extra", "ports"} for struct in get_args(Edit)}
_JSON: tuple[Any, ...] = tuple(map(msgspec.json.Decoder, (_Outer, dict[str, msgspec.Raw], Edit)))
_MSGPACK: tuple[Any, ...] = tuple(map(msgspec.msgpack.Decoder, (_Outer, dict[str, msgspec.Raw], Edit)))


def read(path: str | os.PathLike[str]) -> Patch:
    """The patch in a file, whatever form it has; raises PatchError or TextError, which name the file."""
    name = os.fspath(path)
    try:
        with outside.opened(name) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or error
        raise PatchError(f"{name} cannot be read: {reason}; choose a patch file.") from error
    return loads(data, name)


def loads(data: bytes, where: str = "The patch") -> Patch:
    """A patch from bytes of unknown origin; `where` names them in a PatchError or TextError.

    Text that does not begin with a brace is a graph as `graphdaw show` prints it, to be put in under fresh ids.

    >>> loads(b'{"format": "graphdaw.patch/1", "edits": [{"op": "set_label", "id": "a", "label": "Lead"}]}').edits
    (SetLabel(id='a', label='Lead'),)
    """
    first = data.lstrip()[:1]
    if first and first[0] >= 0x80:
        return _typed(data, where, _MSGPACK)
    return _typed(data, where, _JSON) if first == b"{" else _from_text(data, where)


def _typed(data: bytes, where: str, decoders: tuple[Any, ...]) -> Patch:
    try:
        if decoders is _JSON:
            limits.check_json(data, MAX_BYTES, MAX_ITEMS, MAX_DEPTH, MAX_TEXT)
        elif len(data) > MAX_BYTES:
            raise limits.LimitError(f"it holds {len(data)} bytes, more than {MAX_BYTES}")
        else:
            limits.check(data, MAX_ITEMS, MAX_DEPTH)
        outer = decoders[0].decode(data)
    except limits.LimitError as error:
        raise PatchError(f"{where} is too large or damaged: {error}; {OUT}.") from error
    except READING as error:
        raise PatchError(f"{where} is no patch: {error}; {HELP}.") from error
    if outer.format != FORMAT:
        raise PatchError(
            f"{where} has the format {brief(repr(outer.format))}, and {FORMAT!r} can be read; update GraphDAW."
        )
    edits: list[Edit] = []
    for place, raw in enumerate(outer.edits):
        try:
            edits.append(_edit(decoders[2].decode(raw), decoders[1].decode(raw)))
        except READING as error:
            raise PatchError(f"{where} is no patch, edit {place + 1}: {error}; {HELP}.", edit=place) from error
    return Patch(tuple(edits), outer.label, outer.author, outer.prompt, outer.expect)


def _edit(edit: Edit, fields: dict[str, Any]) -> Edit:
    """The edit, if nothing was said beside what its kind takes."""
    known = _KNOWN[type(edit)]
    unknown = sorted(fields.keys() - known)
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no field of it, which are {', '.join(sorted(known))}")
    for name in ID_FIELDS:
        value = getattr(edit, name, ())
        for id in (value,) if isinstance(value, str) else value:
            if len(id) > structure.MAX_NAME:
                raise ValueError(f"an id has more than {structure.MAX_NAME} characters")
    return edit


def _from_text(data: bytes, where: str) -> Patch:
    """What a graph as text adds, under names that applying replaces by fresh ids."""
    if len(data) > MAX_BYTES:
        raise PatchError(f"{where} is too large: it holds more than {MAX_BYTES} bytes; {OUT}.")
    try:
        part = parse(data.decode())
    except UnicodeDecodeError as error:
        raise PatchError(f"{where} is no patch; choose JSON, msgpack, or what `graphdaw show` prints.") from error
    except TextError as error:
        raise TextError(f"{where}: {error}", line=error.line) from None
    if not part.nodes:
        raise PatchError(f"{where} holds no node; choose JSON, msgpack, or what `graphdaw show` prints.")
    edits = graft(Document(), part)
    names = {id: NEW + id for edit in edits for id in born(edit)}
    return Patch(tuple(renamed(edit, names) for edit in edits), label="paste")


def dumps(patch: Patch, *, binary: bool = False) -> bytes:
    """The patch as indented JSON, or as msgpack; `loads` gives it back."""
    encode = msgspec.msgpack.encode if binary else msgspec.json.encode
    content = {"format": FORMAT, **msgspec.to_builtins(patch, builtin_types=(bytes,))}
    data = encode(content)
    return data if binary else msgspec.json.format(data, indent=1) + b"\n"


def schema() -> dict[str, Any]:
    """The JSON Schema of patches: what a model that writes them is shown."""
    found: dict[str, Any] = msgspec.json.schema(Patch)
    parts: dict[str, Any] = found["$defs"]
    for name, part in parts.items():
        part["additionalProperties"] = False
        for hidden in ("extra", "ports"):
            part["properties"].pop(hidden, None)
        values = part["properties"].get("values", {}).get("additionalProperties", {})
        if "anyOf" in values:
            values["anyOf"] = [kind for kind in values["anyOf"] if "$ref" not in kind]
        for held in (part["properties"].get("clip", {}), part["properties"].get("clips", {}).get("items", {})):
            if "anyOf" in held:  # clips of other kinds are for files alone
                held["anyOf"] = [kind for kind in held["anyOf"] if not kind["$ref"].endswith("/OtherClip")]
                held["discriminator"]["mapping"].pop("other")
        part["title"] = name
    for hidden in ("Opaque", "OtherClip"):
        parts.pop(hidden, None)
    return found
