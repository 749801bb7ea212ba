"""Controls: what a knob, a key or an address of another program moves, as values of the document.

A target is written "lp1.cutoff_hz" (a parameter or choice; of a group, a control inlet that it declares: a macro, which
moves everything the inlet leads to), "comp1@bypass", "@mute" or "@solo", "switch1@route", "tempo", or "play", "stop",
"record" or "loop" for the transport.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import msgspec

from graphdaw.errors import NameFormError, NotFiniteError, OutOfRangeError, suggestion
from graphdaw.graph import limits

MidiKind = Literal["cc", "cc14", "note", "bend", "pressure", "key_pressure", "program", "nrpn", "rpn"]
Mode = Literal["jump", "pickup", "scaled", "relative", "toggle", "momentary", "trigger"]
Encoding = Literal["twos_complement", "sign_bit", "offset"]

FLAGS = ("bypass", "mute", "solo")
TRANSPORT = ("play", "stop", "record", "loop")
MOST_CONTROLS = 10_000
MAX_TEXT = 256
MAX_STEPS = 16_384
_MOST_NUMBERS = {"cc14": 31, "nrpn": 16_383, "rpn": 16_383}
_UNNUMBERED = ("bend", "pressure")


class MidiSource(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="from", tag="midi"):
    """A controller: `number` is its number or the key, -1 any program; `channel` counts from 0, -1 is any.

    `port` is a port's name, in which * stands for anything.
    """

    kind: MidiKind
    number: int = 0
    channel: int = -1
    port: str = "*"


class OscSource(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="from", tag="osc"):
    """Numbers from 0 to 1 that another program sends to an address."""

    address: str


class KeySource(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="from", tag="key"):
    """A key of the computer's keyboard, as the user interface names it: "Ctrl+F5"."""

    key: str


class OtherSource(msgspec.Struct, frozen=True, tag_field="from", tag="other"):
    """What only a newer GraphDAW knows: the whole control as the msgpack it came in."""

    raw: bytes


Source = MidiSource | OscSource | KeySource | OtherSource


class Control(msgspec.Struct, frozen=True, omit_defaults=True):
    """What moves a target, and how.

    `lo` and `hi` are the target's values at the ends of the way, its own range where they are None; `lo` above `hi`
    turns it round. `curve` is "linear", "log" or, empty, the target's own; `steps` above 1 are that many equal places.
    Of the modes, "jump" takes every position, "pickup" waits until the target's value is passed, "scaled" lets both
    ends meet, "relative" is for encoders, whose `encoding` says how they count, a click being `step` of the way and up
    to `acceleration` times more when turned fast; "toggle", "momentary" and "trigger" are for buttons.
    """

    id: str
    source: Source
    target: str
    lo: float | None = None
    hi: float | None = None
    curve: Literal["", "linear", "log"] = ""
    steps: int = 0
    mode: Mode = "pickup"
    encoding: Encoding = "twos_complement"
    step: float = 1 / 128
    acceleration: float = 0.0
    feedback: bool = True
    extra: dict[str, bytes] | None = None


_PLAIN = Control("", KeySource(""), "")
_USUAL = {"step": _PLAIN.step, "acceleration": _PLAIN.acceleration}


class Target(NamedTuple):
    """A target in its parts: `kind` is parameter, flag, route, tempo or transport."""

    kind: str
    node: str
    name: str

    def __str__(self) -> str:
        if self.kind == "parameter":
            return f"{self.node}.{self.name}"
        return f"{self.node}@{self.name}" if self.node else self.name


def parse_target(text: str) -> Target:
    """The parts of a target; raises NameFormError.

    >>> parse_target("lp1.cutoff_hz"), str(parse_target("comp1@bypass"))
    (Target(kind='parameter', node='lp1', name='cutoff_hz'), 'comp1@bypass')
    """
    if text == "tempo":
        return Target("tempo", "", text)
    if text in TRANSPORT:
        return Target("transport", "", text)
    node, dot, name = text.partition(".")
    if dot and node.isidentifier() and name.isidentifier() and len(text) <= MAX_TEXT:
        return Target("parameter", node, name)
    node, at, name = text.partition("@")
    if at and node.isidentifier() and len(text) <= MAX_TEXT:
        if name == "route" or name in FLAGS:
            return Target("route" if name == "route" else "flag", node, name)
        raise NameFormError(f"Nothing can move {text[:99]!r}; {suggestion(name, (*FLAGS, 'route'), 'switches')}")
    raise NameFormError(
        f"Nothing can move {text[:99]!r}; write a parameter as 'lp1.cutoff_hz', a switch as 'comp1@bypass', "
        f"or one of tempo, {', '.join(TRANSPORT)}."
    )


def node_named(target: str) -> str:
    """The node that a target names, however it is written; empty for what is no node's.

    >>> node_named("$new.cutoff_hz"), node_named("comp1@mute"), node_named("tempo")
    ('$new', 'comp1', '')
    """
    marks = [at for at in map(target.find, ".@") if at >= 0]
    return target[: min(marks)] if marks else ""


def check_control(control: Control) -> None:
    """Raise NameFormError, NotFiniteError or OutOfRangeError for a control that makes no sense."""
    name = f"Control {control.id[:99]!r}"
    if not control.id.isidentifier() or len(control.id) > 128:
        raise NameFormError(f"{name} needs another id: letters, digits and underscores, such as 'knob_2'.")
    if isinstance(control.source, OtherSource):
        _check_other(name, control)
        return
    parse_target(control.target)
    _check_source(name, control.source)
    for number in (control.lo, control.hi, control.step, control.acceleration):
        if number is not None and not math.isfinite(number):
            raise NotFiniteError(f"{name} has an end or step of {number}; give it a finite number.")
    if not (0.0 < control.step <= 1.0 and 0.0 <= control.acceleration <= 100.0 and 0 <= control.steps <= MAX_STEPS):
        raise OutOfRangeError(
            f"{name} needs a step above 0 and up to 1, an acceleration from 0 to 100, and at most {MAX_STEPS} steps."
        )


def _check_other(name: str, control: Control) -> None:
    assert isinstance(control.source, OtherSource)
    try:
        limits.check(control.source.raw)
        fields = msgspec.msgpack.decode(control.source.raw, type=dict[str, msgspec.Raw])
        fault = msgspec.msgpack.decode(fields["id"], type=str) != control.id
    except (limits.LimitError, msgspec.MsgspecError, UnicodeError, KeyError):
        fault = True
    if fault or msgspec.structs.replace(control, source=OtherSource(b""), id="") != Control("", OtherSource(b""), ""):
        raise NameFormError(f"{name} holds what no GraphDAW wrote; take it out.")


def _check_source(name: str, source: Source) -> None:
    if isinstance(source, MidiSource):
        lo = -1 if source.kind == "program" else 0
        hi = 0 if source.kind in _UNNUMBERED else _MOST_NUMBERS.get(source.kind, 127)
        if not (lo <= source.number <= hi and -1 <= source.channel <= 15):
            raise OutOfRangeError(
                f"{name} listens to {source.kind} {source.number} of channel {source.channel}; "
                f"numbers go from {lo} to {hi}, channels from 0 to 15, and -1 is any channel."
            )
        texts: tuple[str, ...] = (source.port,)
    elif isinstance(source, OscSource):
        if not source.address.startswith("/"):
            raise NameFormError(f"{name} listens to address {source.address[:99]!r}; begin it with a slash.")
        texts = (source.address,)
    else:
        assert isinstance(source, KeySource)
        texts = (source.key,)
    if not all(0 < len(text) <= MAX_TEXT and text.isprintable() for text in texts):
        raise NameFormError(f"{name} names its source by a text of 1 to {MAX_TEXT} characters that can be printed.")


def as_stored(control: Control) -> Control:
    """The control as documents hold it, checked; equal ones give equal bytes."""
    check_control(control)
    numbers = {name: getattr(control, name) for name in ("lo", "hi", "step", "acceleration")}
    floats = {name: None if number is None else float(number) for name, number in numbers.items()}
    floats |= {name: usual for name, usual in _USUAL.items() if floats[name] == usual}  # msgspec leaves out that object
    return msgspec.structs.replace(control, **floats)


class Span(NamedTuple):
    """The way of a target from 0 to 1: its ends, its curve, and how many places it has (0: any).

    >>> Span(20.0, 20_000.0, "log").value(0.5), Span(0.0, 3.0, steps=4).value(0.4)
    (632.4555320336758, 1.0)
    """

    lo: float
    hi: float
    curve: str = "linear"
    steps: int = 0
    options: tuple[str, ...] = ()

    def value(self, position: float) -> float:
        """The value at a position from 0 to 1, on one of its places if it has some."""
        x = min(max(position, 0.0), 1.0)
        if self.steps > 1:
            x = math.floor(x * (self.steps - 1) + 0.5) / (self.steps - 1)
        if x in (0.0, 1.0):
            return self.hi if x else self.lo
        return self.lo * (self.hi / self.lo) ** x if self._is_log else self.lo + (self.hi - self.lo) * x

    def position(self, value: float) -> float:
        """Where a value stands, from 0 to 1."""
        if self.lo == self.hi:
            return 0.0
        if self._is_log:
            x = math.log(max(value, 1e-300) / self.lo) / math.log(self.hi / self.lo) if value > 0.0 else -1.0
            x = 1.0 - x if value <= 0.0 and self.hi < self.lo else x
        else:
            x = (value - self.lo) / (self.hi - self.lo)
        return min(max(x, 0.0), 1.0)

    @property
    def _is_log(self) -> bool:
        return self.curve == "log" and self.lo > 0.0 and self.hi > 0.0

    def within(self, control: Control) -> Span:
        """The part of the way, and the curve and places, that a control asks for."""
        lo = self.lo if control.lo is None else min(max(control.lo, min(self.lo, self.hi)), max(self.lo, self.hi))
        hi = self.hi if control.hi is None else min(max(control.hi, min(self.lo, self.hi)), max(self.lo, self.hi))
        return Span(lo, hi, control.curve or self.curve, control.steps or self.steps, self.options)
