"""MIDI messages as the events that nodes exchange, and back. Any thread but the audio thread.

A note has an id from its beginning to its end; MIDI has only channel and key, so who translates remembers which notes
are on. With MPE (MIDI Polyphonic Expression 1.0, lower zone) the first channel speaks for all notes and each other one
for the one note on it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from graphdaw._core import lib
from graphdaw.host.midi.messages import MidiMessage

MPE_BEND_SEMITONES = 48.0
TIMBRE = 74  # the controller that MPE uses for the finger's place on the key
SOUND_OFF, NOTES_OFF = 120, 123
_MEMBERS = range(1, 16)
_IDS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class NodeEvent:
    """An event as the core knows it; values go from 0 to 1, a bend is in semitones."""

    kind: int
    channel: int = 0
    number: int = 0
    note: int = 0
    key: float = 0.0
    value: float = 0.0


class Hearing:
    """Messages of one port to events; `channel` is the only one that is taken, None takes all."""

    def __init__(self, *, channel: int | None = None, mpe: bool = False, bend_semitones: float = 2.0) -> None:
        self._channel, self._mpe, self._bend_semitones = channel, mpe, bend_semitones
        self._on: dict[tuple[int, int], int] = {}  # (channel, key) -> note

    def events(self, message: MidiMessage) -> Iterator[NodeEvent]:
        """The events that a message is; none for clocks and the like."""
        channel = message.channel
        if self._channel is not None and channel != self._channel:
            return
        match message.kind:
            case "note_on":
                yield from self._end(channel, message.number, 64)
                note = self._on[channel, message.number] = next(_IDS) & 0x7FFF_FFFF
                yield NodeEvent(
                    lib.GD_NOTE_ON, channel, note=note, key=float(message.number), value=message.value / 127.0
                )
            case "note_off":
                yield from self._end(channel, message.number, message.value)
            case "key_pressure":
                if note := self._on.get((channel, message.number), 0):
                    yield NodeEvent(lib.GD_PRESSURE, channel, note=note, value=message.value / 127.0)
            case "pressure":
                yield from self._express(lib.GD_PRESSURE, channel, message.value / 127.0)
            case "bend":
                member = self._mpe and channel in _MEMBERS
                reach = MPE_BEND_SEMITONES if member else self._bend_semitones
                yield from self._express(lib.GD_BEND, channel, message.value / 8192.0 * reach)
            case "cc":
                yield from self._control(channel, message)
            case "program":
                yield NodeEvent(lib.GD_PROGRAM, channel, number=message.value)
            case _:
                return

    def all_off(self) -> Iterator[NodeEvent]:
        """The end of every note that is on: the port has gone."""
        for channel, key in list(self._on):
            yield from self._end(channel, key, 64)

    def _end(self, channel: int, key: int, release: int) -> Iterator[NodeEvent]:
        note = self._on.pop((channel, key), 0)
        if note:
            yield NodeEvent(lib.GD_NOTE_OFF, channel, note=note, key=float(key), value=release / 127.0)

    def _control(self, channel: int, message: MidiMessage) -> Iterator[NodeEvent]:
        if message.number in (SOUND_OFF, *range(NOTES_OFF, 128)):
            for one, key in [end for end in self._on if end[0] == channel]:
                yield from self._end(one, key, 64)
        if self._mpe and message.number == TIMBRE:
            yield from self._express(lib.GD_TIMBRE, channel, message.value / 127.0)
        else:
            yield NodeEvent(lib.GD_CC, channel, number=message.number, value=message.value / 127.0)

    def _express(self, kind: int, channel: int, value: float) -> Iterator[NodeEvent]:
        """What a channel is told; with MPE, a member channel's notes."""
        if not (self._mpe and channel in _MEMBERS):
            yield NodeEvent(kind, lib.GD_ANY_CHANNEL if self._mpe else channel, value=value)
            return
        for (one, _), note in list(self._on.items()):
            if one == channel:
                yield NodeEvent(kind, channel, note=note, value=value)


class Speaking:
    """Events to messages for one port: on `channel`, where that is None on their own, with MPE on one for each note."""

    def __init__(self, *, channel: int | None = None, mpe: bool = False, bend_semitones: float = 2.0) -> None:
        self._channel, self._mpe, self._bend_semitones = channel, mpe, bend_semitones
        self._on: dict[int, tuple[int, int]] = {}  # note -> (channel, key)
        self._turn = itertools.cycle(_MEMBERS)

    def messages(self, event: NodeEvent) -> Iterator[MidiMessage]:
        """The messages that an event is; a key between keys is sent as the nearest one, bent to its place with MPE."""
        kind = event.kind
        if kind == lib.GD_NOTE_ON:
            yield from self._begin(event)
        elif kind == lib.GD_NOTE_OFF:
            place = self._on.pop(event.note, None)
            if place is not None:
                yield MidiMessage("note_off", *place, _byte(event.value))
        elif kind == lib.GD_ALL_OFF:
            yield from self.all_off()
        elif kind == lib.GD_CC:
            yield MidiMessage("cc", self._channel_of(event), event.number, _byte(event.value))
        elif kind == lib.GD_PROGRAM:
            yield MidiMessage("program", self._channel_of(event), 0, event.number)
        elif kind == lib.GD_BEND:
            reach = MPE_BEND_SEMITONES if event.note and self._mpe else self._bend_semitones
            yield from self._of_note_or_channel(event, "bend", _bend(event.value, reach))
        elif kind == lib.GD_PRESSURE:
            yield from self._of_note_or_channel(event, "pressure", _byte(event.value))
        elif kind == lib.GD_TIMBRE:
            for channel in self._channels_of(event):
                yield MidiMessage("cc", channel, TIMBRE, _byte(event.value))

    def all_off(self) -> Iterator[MidiMessage]:
        """The end of every note that is on."""
        for channel, key in self._on.values():
            yield MidiMessage("note_off", channel, key, 64)
        self._on.clear()

    def _begin(self, event: NodeEvent) -> Iterator[MidiMessage]:
        key = min(127, max(0, round(event.key)))
        channel = self._free_channel() if self._mpe else self._channel_of(event)
        if self._mpe:
            yield MidiMessage("bend", channel, 0, _bend(event.key - key, MPE_BEND_SEMITONES))
        for note in [note for note, place in self._on.items() if place == (channel, key)]:
            del self._on[note]
            yield MidiMessage("note_off", channel, key, 64)
        self._on[event.note] = (channel, key)
        yield MidiMessage("note_on", channel, key, max(1, _byte(event.value)))

    def _free_channel(self) -> int:
        """The member channel that has been free for longest, or else the next in turn."""
        busy = {channel for channel, _ in self._on.values()}
        for channel in itertools.islice(self._turn, len(_MEMBERS)):
            if channel not in busy:
                return channel
        return next(self._turn)

    def _channel_of(self, event: NodeEvent) -> int:
        if self._mpe:
            return 0
        return self._channel if self._channel is not None else event.channel & 15

    def _channels_of(self, event: NodeEvent) -> list[int]:
        if not event.note:
            return [self._channel_of(event)]
        place = self._on.get(event.note)
        return [place[0]] if place is not None else []

    def _of_note_or_channel(self, event: NodeEvent, kind: str, value: int) -> Iterator[MidiMessage]:
        if event.note and not self._mpe and kind == "pressure":
            if (place := self._on.get(event.note)) is not None:
                yield MidiMessage("key_pressure", *place, value)
            return
        for channel in self._channels_of(event):
            yield MidiMessage("bend" if kind == "bend" else "pressure", channel, 0, value)


def _byte(value: float) -> int:
    return min(127, max(0, round(value * 127.0)))


def _bend(semitones: float, reach: float) -> int:
    return min(8191, max(-8192, round(semitones / reach * 8192.0))) if reach else 0
