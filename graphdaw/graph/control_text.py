"""Controls as lines of the text form, and what changed in them.

    control knob cc 74 -> lp1.cutoff_hz @channel=3 @port="nano*" @lo=100.0 @hi=5000.0 @mode=jump
    control fader osc "/1/fader" -> tempo
    control stomp key "F5" -> "comp1@bypass" @mode=toggle
    control later raw(...)

Channels count from 1 here, as they do for people; what is left out is as usual. A program without a number is any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, get_args

import msgspec

from graphdaw.errors import GraphError, TextError
from graphdaw.graph import control_codec
from graphdaw.graph.controls import (
    Control,
    KeySource,
    MidiKind,
    MidiSource,
    OscSource,
    OtherSource,
    Source,
    as_stored,
    parse_target,
)
from graphdaw.graph.written import extra_words, quoted, raw_word, word

_NUMBERS = ("lo", "hi", "step", "acceleration")
_WORDS = ("curve", "mode", "encoding")
_DEFAULTS = Control("", KeySource(""), "")


class Words(Protocol):
    """What reads the words of a line."""

    def peek(self) -> str:
        """The kind of the next one."""

    def take(self, *kinds: str) -> str:
        """The next one, of these kinds."""

    def name(self) -> str:
        """A name, quoted or not."""

    def whole(self) -> int:
        """A whole number."""

    def real(self) -> float:
        """A number."""

    def raw(self) -> bytes:
        """Bytes."""

    def extra(self, known: tuple[str, ...]) -> dict[str, bytes] | None:
        """Fields that are not known."""

    def fault(self, message: str) -> TextError:
        """An error that names the line."""


def control_lines(controls: Mapping[str, Control]) -> Iterator[str]:
    """A line for each, in the order of their ids."""
    return (control_line(control) for _, control in sorted(controls.items()))


def control_line(control: Control) -> str:
    """One control as one line."""
    source = control.source
    if isinstance(source, OtherSource):
        return f"control {word(control.id)} {raw_word(source.raw)}"
    target = parse_target(control.target)
    written = control.target if target.kind != "parameter" else f"{word(target.node)}.{word(target.name)}"
    to = quoted(written) if "@" in written else written
    marks = "".join(
        f" @{name}={getattr(control, name)!r}"
        for name in _NUMBERS
        if getattr(control, name) != getattr(_DEFAULTS, name)
    )
    marks += "".join(
        f" @{name}={getattr(control, name)}" for name in _WORDS if getattr(control, name) != getattr(_DEFAULTS, name)
    )
    marks += f" @steps={control.steps}" if control.steps else ""
    marks += "" if control.feedback else " @feedback=off"
    return f"control {word(control.id)} {_source(source)} -> {to}{_heard(source)}{marks}{extra_words(control.extra)}"


def _source(source: Source) -> str:
    if isinstance(source, OscSource):
        return f"osc {quoted(source.address)}"
    if isinstance(source, KeySource):
        return f"key {quoted(source.key)}"
    assert isinstance(source, MidiSource)
    numbered = source.kind not in ("bend", "pressure") and source.number >= 0
    return f"{source.kind} {source.number}" if numbered else source.kind


def _heard(source: Source) -> str:
    if not isinstance(source, MidiSource):
        return ""
    channel = f" @channel={source.channel + 1}" if source.channel >= 0 else ""
    return channel + (f" @port={quoted(source.port)}" if source.port != "*" else "")


def control_changes(old: Mapping[str, Control], new: Mapping[str, Control]) -> list[str]:
    """What changed, as `text.diff` shows it."""
    lines = [f"- {control_line(one)}" for id, one in sorted(old.items()) if new.get(id) != one]
    return lines + [f"+ {control_line(one)}" for id, one in sorted(new.items()) if old.get(id) != one]


def read_control(words: Words) -> Control:
    """The control that a line describes, after its first word; raises TextError."""
    id = words.name()
    if words.peek() == "raw":
        return _other(words, id)
    kind = words.take("word")
    fields: dict[str, Any] = {}
    if kind in ("osc", "key"):
        text = words.take("text", "word")
        source: Source = OscSource(text) if kind == "osc" else KeySource(text)
    elif kind in get_args(MidiKind):
        number = words.whole() if words.peek() == "number" else -1 if kind == "program" else 0
        source = MidiSource(kind, number)  # type: ignore[arg-type]
    else:
        raise words.fault(f"{kind!r} is none of {', '.join(get_args(MidiKind))}, osc, key")
    words.take("arrow")
    target = words.name()
    if words.peek() == ".":
        words.take(".")
        target = f"{target}.{words.name()}"
    while words.peek() == "@":
        words.take("@")
        mark = words.take("word")
        words.take("=")
        source = _mark(words, mark, source, fields)
    extra = words.extra(Control.__struct_fields__)
    try:  # as a file would bring it, so that modes and curves are those that there are
        plain = msgspec.to_builtins(Control(id, source, target)) | fields
        control = msgspec.structs.replace(msgspec.convert(plain, Control), extra=extra)
        control = as_stored(control)
    except (GraphError, msgspec.ValidationError) as error:
        raise words.fault(str(error).rstrip(".")) from None
    return control


def _mark(words: Words, mark: str, source: Source, fields: dict[str, Any]) -> Source:
    if mark in ("channel", "port") and isinstance(source, MidiSource):
        if mark == "port":
            return msgspec.structs.replace(source, port=words.take("text", "word"))
        return msgspec.structs.replace(source, channel=words.whole() - 1)
    if mark in _NUMBERS:
        fields[mark] = words.real()
    elif mark in _WORDS:
        fields[mark] = words.take("word")
    elif mark == "steps":
        fields[mark] = words.whole()
    elif mark == "feedback":
        fields[mark] = words.take("word") != "off"
    else:
        allowed = ", ".join(("channel", "port", *_NUMBERS, *_WORDS, "steps", "feedback"))
        raise words.fault(f"{mark!r} is none of {allowed}, or does not go with its source")
    return source


def _other(words: Words, id: str) -> Control:
    """What a newer program wrote; it is no control of this one, and is of this id."""
    raw = words.raw()
    try:
        found = control_codec.read_one(msgspec.Raw(raw))
    except (GraphError, msgspec.MsgspecError, UnicodeError):
        found = None
    if found is None or found.id != id or not isinstance(found.source, OtherSource):
        raise words.fault(f"raw() must hold control {id!r} of a newer GraphDAW")
    return found
