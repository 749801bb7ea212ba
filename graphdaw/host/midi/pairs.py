"""What several controllers say together: values of 14 bits, and registered and free parameter numbers."""

from __future__ import annotations

from collections.abc import Callable

from graphdaw.host.midi.messages import Kind, MidiMessage

_FINE = range(32, 64)
_COARSE = range(32)
_DATA_ENTRY, _DATA_ENTRY_FINE, _MORE, _LESS = 6, 38, 96, 97
_NUMBERS: dict[int, tuple[Kind, int]] = {98: ("nrpn", 0), 99: ("nrpn", 7), 100: ("rpn", 0), 101: ("rpn", 7)}
_NONE = 16383  # the parameter number that means: none


class Pairs:
    """Puts together what belongs together; `feed` gives what a message completes, beside the message itself.

    A controller below 32 is `cc14` once its fine half (32 above) has come. From then on its coarse half is not told by
    itself but waits for the fine one, because in between the value would be up to 127 off; whatever else comes on that
    channel ends the wait, with a fine half of 0. Data entry after a parameter number is `nrpn` or `rpn`.
    """

    def __init__(self) -> None:
        self._coarse: dict[tuple[int, int], int] = {}
        self._has_fine: set[tuple[int, int]] = set()
        self._waiting: dict[int, int] = {}  # channel -> the controller whose coarse half waits
        self._parameter: dict[int, tuple[Kind, int]] = {}
        self._value: dict[int, int] = {}  # channel -> the value of its parameter, as far as it is known

    def feed(self, message: MidiMessage) -> list[MidiMessage]:
        """What is complete now, in order."""
        if message.kind not in ("note_on", "note_off", "key_pressure", "cc", "program", "pressure", "bend"):
            return []
        channel, number = message.channel, message.number
        waits = self._waiting.pop(channel, None)
        is_cc = message.kind == "cc"
        found: list[MidiMessage] = []
        if waits is not None and not (is_cc and number == waits + 32):
            found.append(self._wide(channel, waits, 0))
        if not is_cc:
            return found
        if number in _NUMBERS:
            self._name(channel, *_NUMBERS[number], message.value)
        elif number in (_DATA_ENTRY, _DATA_ENTRY_FINE, _MORE, _LESS) and channel in self._parameter:
            return found + self._data(channel, number, message.value)
        elif number in _COARSE:
            self._coarse[channel, number] = message.value
            if (channel, number) in self._has_fine:
                self._waiting[channel] = number
        elif number in _FINE and (channel, number - 32) in self._coarse:
            self._has_fine.add((channel, number - 32))
            found.append(self._wide(channel, number - 32, message.value))
        return found

    def flush(self) -> list[MidiMessage]:
        """Coarse halves that still wait, with fine halves of 0."""
        found = [self._wide(channel, number, 0) for channel, number in self._waiting.items()]
        self._waiting.clear()
        return found

    def _wide(self, channel: int, number: int, fine: int) -> MidiMessage:
        return MidiMessage("cc14", channel, number, self._coarse[channel, number] << 7 | fine)

    def _name(self, channel: int, kind: Kind, shift: int, value: int) -> None:
        known, number = self._parameter.get(channel, (kind, 0))
        number = (number if known == kind else 0) & ~(127 << shift) | value << shift
        self._parameter[channel] = kind, number
        self._value.pop(channel, None)

    def _data(self, channel: int, number: int, value: int) -> list[MidiMessage]:
        kind, parameter = self._parameter[channel]
        if parameter == _NONE:
            return []
        old = self._value.get(channel, 0)
        new: Callable[[], int] = {
            _DATA_ENTRY: lambda: value << 7,
            _DATA_ENTRY_FINE: lambda: old & ~127 | value,
            _MORE: lambda: min(16383, old + 1),
            _LESS: lambda: max(0, old - 1),
        }[number]
        self._value[channel] = new()
        return [MidiMessage(kind, channel, parameter, self._value[channel])]
