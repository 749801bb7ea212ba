"""MIDI messages as values, and their bytes in both directions. Any thread but the audio thread.

Data bytes after the MIDI 1.0 specification. A stream may be cut at any byte, and clocks may stand inside messages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "note_off", "note_on", "key_pressure", "cc", "program", "pressure", "bend",
    "cc14", "nrpn", "rpn",
    "song_position", "clock", "start", "continue", "stop", "sysex",
]  # fmt: skip

MOST_SYSEX_BYTES = 65_536  # longer ones are let go by
USUAL_RELEASE = 64  # of a note that is ended by a start without velocity, as the specification has it

_OF_CHANNEL: tuple[Kind, ...] = ("note_off", "note_on", "key_pressure", "cc", "program", "pressure", "bend")
_ONE_BYTE = ("program", "pressure")
_OF_TIME: dict[int, Kind] = {0xF8: "clock", 0xFA: "start", 0xFB: "continue", 0xFC: "stop"}
_SYSEX, _SONG_POSITION, _SYSEX_END = 0xF0, 0xF2, 0xF7
_COMMON_LENGTHS = {0xF1: 1, _SONG_POSITION: 2, 0xF3: 1}
_DATA_ENTRY, _DATA_ENTRY_FINE, _NRPN, _RPN = 6, 38, (98, 99), (100, 101)
_TIME_BYTES: dict[str, int] = {kind: status for status, kind in _OF_TIME.items()}


@dataclass(frozen=True, slots=True)
class MidiMessage:
    """One message: `number` is the key or controller, `value` the rest.

    `channel` counts from 0. A bend's value goes from -8192 to 8191; those of `cc14`, `nrpn` and `rpn`, which stand for
    several messages, and of a song position (in sixteenths) to 16383, all others to 127.
    """

    kind: Kind
    channel: int = 0
    number: int = 0
    value: int = 0
    data: bytes = b""

    def __str__(self) -> str:
        if self.kind == "sysex":
            return f"sysex {self.data[:32].hex(' ')}" + (
                f" ... ({len(self.data)} bytes)" if len(self.data) > 32 else ""
            )
        if self.kind in _TIME_BYTES:
            return self.kind
        if self.kind == "song_position":
            return f"song_position {self.value}"
        number = "" if self.kind in ("program", "pressure", "bend") else f" {self.number}"
        return f"{self.kind}{number} {self.value} on channel {self.channel + 1}"


Sink = Callable[[MidiMessage, float], object]
"""Who takes messages; the number is when they came, in seconds of `time.monotonic`."""


def encode(message: MidiMessage) -> bytes:
    """The bytes of a message, all its parts if it stands for several; raises ValueError for what cannot be sent.

    >>> encode(MidiMessage("note_on", 0, 60, 100)).hex(" "), encode(MidiMessage("cc14", 1, 7, 8193)).hex(" ")
    ('90 3c 64', 'b1 07 40 b1 27 01')
    """
    kind, number, value = message.kind, message.number, message.value
    _check(message)
    if kind in _TIME_BYTES:
        return bytes((_TIME_BYTES[kind],))
    if kind == "sysex":
        return bytes((_SYSEX, *message.data, _SYSEX_END))
    if kind == "song_position":
        return bytes((_SONG_POSITION, value & 127, value >> 7))
    control = 0xB0 | message.channel
    if kind == "cc14":
        return bytes((control, number, value >> 7, control, number + 32, value & 127))
    if kind in ("nrpn", "rpn"):
        fine, coarse = _NRPN if kind == "nrpn" else _RPN
        named = (control, coarse, number >> 7, control, fine, number & 127)
        return bytes((*named, control, _DATA_ENTRY, value >> 7, control, _DATA_ENTRY_FINE, value & 127))
    status = 0x80 | _OF_CHANNEL.index(kind) << 4 | message.channel
    if kind == "bend":
        return bytes((status, value + 8192 & 127, value + 8192 >> 7))
    return bytes((status, value) if kind in _ONE_BYTE else (status, number, value))


def _check(message: MidiMessage) -> None:
    kind = message.kind
    if kind in _TIME_BYTES:
        return
    if kind == "sysex":
        if len(message.data) > MOST_SYSEX_BYTES or max(message.data, default=0) > 127:
            raise ValueError(f"A system exclusive message holds up to {MOST_SYSEX_BYTES} bytes from 0 to 127.")
        return
    wide = kind in ("cc14", "nrpn", "rpn", "song_position")
    lo, hi = (-8192, 8191) if kind == "bend" else (0, 16383 if wide else 127)
    most = {"cc14": 31, "nrpn": 16383, "rpn": 16383}.get(kind, 127)
    if not (lo <= message.value <= hi and 0 <= message.number <= most and 0 <= message.channel <= 15):
        raise ValueError(
            f"MIDI has no {kind} of number {message.number}, value {message.value} and channel {message.channel}; "
            f"numbers go to {most}, values from {lo} to {hi}, channels from 0 to 15."
        )


class Decoder:
    """Messages out of bytes as they come, with running status; whatever is no message is passed over.

    >>> Decoder().feed(bytes.fromhex("90 3c 64 f8 3c 00"))[2]
    MidiMessage(kind='note_off', channel=0, number=60, value=64, data=b'')
    """

    def __init__(self) -> None:
        self._status = 0  # 0: none holds
        self._data = bytearray()
        self._too_long = False

    def feed(self, data: bytes) -> list[MidiMessage]:
        """The messages that these bytes complete."""
        found: list[MidiMessage] = []
        for byte in data:
            if byte >= 0xF8:
                if byte in _OF_TIME:
                    found.append(MidiMessage(_OF_TIME[byte]))
            elif byte >= 0x80:
                self._begin(byte, found)
            elif self._status:
                self._go_on(byte, found)
        return found

    def _begin(self, status: int, found: list[MidiMessage]) -> None:
        if self._status == _SYSEX and status == _SYSEX_END and not self._too_long:
            found.append(MidiMessage("sysex", data=bytes(self._data)))
        self._data.clear()
        self._too_long = False
        self._status = status if status < 0xF0 or status == _SYSEX or status in _COMMON_LENGTHS else 0

    def _go_on(self, byte: int, found: list[MidiMessage]) -> None:
        status, data = self._status, self._data
        if len(data) < MOST_SYSEX_BYTES:
            data.append(byte)
        else:
            self._too_long = True
        if status == _SYSEX:
            return
        kind = _OF_CHANNEL[status >> 4 & 7] if status < 0xF0 else None
        if len(data) < (_COMMON_LENGTHS[status] if kind is None else 1 if kind in _ONE_BYTE else 2):
            return
        if kind is not None:
            found.append(_of_channel(kind, status & 15, data))
        else:
            self._status = 0  # a system message ends the running status
            if status == _SONG_POSITION:
                found.append(MidiMessage("song_position", value=data[0] | data[1] << 7))
        data.clear()


def _of_channel(kind: Kind, channel: int, data: bytearray) -> MidiMessage:
    if kind == "bend":
        return MidiMessage(kind, channel, 0, (data[0] | data[1] << 7) - 8192)
    if kind in _ONE_BYTE:
        return MidiMessage(kind, channel, 0, data[0])
    if kind == "note_on" and data[1] == 0:
        return MidiMessage("note_off", channel, data[0], USUAL_RELEASE)
    return MidiMessage(kind, channel, data[0], data[1])
