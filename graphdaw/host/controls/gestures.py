"""What moves: MIDI messages, numbers by OSC and keys, as the controls of a document know them."""

from __future__ import annotations

from dataclasses import dataclass

from graphdaw.graph.controls import Control, KeySource, MidiSource, OscSource, OtherSource, Source
from graphdaw.host.midi.messages import MidiMessage

WIDE = ("cc14", "nrpn", "rpn")
UNNUMBERED = ("bend", "pressure")


@dataclass(frozen=True, slots=True)
class OscInput:
    """A number, usually from 0 to 1, that came to an address."""

    address: str
    value: float = 1.0


@dataclass(frozen=True, slots=True)
class KeyInput:
    """A key of the keyboard that went down or up."""

    key: str
    down: bool = True


Gesture = MidiMessage | OscInput | KeyInput
Key = tuple[str, str | int, int]


def keys(source: Source) -> list[Key]:
    """What an input's key must be one of for a source to hear it: its kind, its number, its channel (-1: any)."""
    if isinstance(source, OscSource):
        return [("osc", source.address, -1)]
    if isinstance(source, KeySource):
        return [("key", source.key, -1)]
    if isinstance(source, OtherSource):  # what only a newer GraphDAW hears
        return []
    return [(source.kind, 0 if source.kind in UNNUMBERED else source.number, source.channel)]


def heard_as(gesture: Gesture) -> list[Key]:
    """The keys of an input, that of its channel first."""
    if isinstance(gesture, OscInput):
        return [("osc", gesture.address, -1)]
    if isinstance(gesture, KeyInput):
        return [("key", gesture.key, -1)]
    kind = "note" if gesture.kind in ("note_on", "note_off") else gesture.kind
    number = gesture.value if kind == "program" else 0 if kind in UNNUMBERED else gesture.number
    found: list[Key] = [(kind, number, gesture.channel), (kind, number, -1)]
    return [*found, (kind, -1, gesture.channel), (kind, -1, -1)] if kind == "program" else found


def position_of(gesture: Gesture) -> float:
    """Where the controller stands, from 0 to 1; a bend at rest is exactly in the middle."""
    if isinstance(gesture, OscInput):
        return min(max(gesture.value, 0.0), 1.0)
    if isinstance(gesture, KeyInput):
        return float(gesture.down)
    if gesture.kind == "note_off":
        return 0.0
    if gesture.kind == "bend":
        return 0.5 + gesture.value / (16384 if gesture.value < 0 else 16382)
    return gesture.value / (16383 if gesture.kind in WIDE else 127)


def is_pressed(gesture: Gesture, control: Control) -> bool:
    """Whether a button is down: keys of any velocity, programs when they are called, the rest from the middle on."""
    if isinstance(gesture, MidiMessage):
        named = isinstance(control.source, MidiSource) and control.source.number >= 0
        if gesture.kind == "note_on" or (gesture.kind == "program" and named):
            return True
    return position_of(gesture) >= 0.5


def message_for(source: MidiSource, channel: int, position: float) -> MidiMessage | None:
    """What tells a controller that it stands there; None for kinds that have no way back."""
    x = min(max(position, 0.0), 1.0)
    if source.kind == "note":
        return (
            MidiMessage("note_on", channel, source.number, 127)
            if x >= 0.5
            else MidiMessage("note_off", channel, source.number, 0)
        )
    if source.kind == "bend":
        return MidiMessage("bend", channel, 0, round((x - 0.5) * (16382 if x > 0.5 else 16384)))
    if source.kind in WIDE:
        return MidiMessage(source.kind, channel, source.number, round(x * 16383))
    return MidiMessage("cc", channel, source.number, round(x * 127)) if source.kind == "cc" else None
