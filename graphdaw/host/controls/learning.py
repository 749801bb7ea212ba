"""Learning a control: from a few messages, which controller was moved, and of what kind it is."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from graphdaw.graph.controls import Control, Encoding, KeySource, MidiSource, Mode, OscSource
from graphdaw.host.controls.gestures import UNNUMBERED, WIDE, Gesture, KeyInput, OscInput
from graphdaw.host.midi.messages import MidiMessage

ENOUGH = 6  # messages of one controller
AT_MOST = 16  # to see an encoder turned both ways
QUIET_S = 0.3  # after which what has come must do
MOST_HEARD = 256  # controllers at once

_Heard = tuple[str, int, int, str]


class Learner:
    """Hears inputs until it is clear what was moved; made by `ControlSurface.learn`.

    Keys, programs and addresses are clear at once. A controller is known by how its values go: halves of one of 14 bits
    take turns; an encoder says the same again and again, a knob never does; a button knows two values. Until `ENOUGH`
    have come, or nothing more has for `QUIET_S`, it may still be another.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self._values: dict[_Heard, list[int]] = {}
        self._last_s = -1e9
        self._clear: Control | None = None

    def hear(self, gesture: Gesture, at_s: float, port: str) -> None:
        """Take an input into account."""
        if isinstance(gesture, OscInput):
            self._clear = self._clear or Control("learnt", OscSource(gesture.address), self.target)
        elif isinstance(gesture, KeyInput):
            if gesture.down:
                self._clear = self._clear or Control("learnt", KeySource(gesture.key), self.target, mode="toggle")
        else:
            self._hear_midi(gesture, at_s, port or "*")

    def _hear_midi(self, message: MidiMessage, at_s: float, port: str) -> None:
        channel = message.channel
        if message.kind in ("note_on", "program"):
            kind, number = ("note", message.number) if message.kind == "note_on" else ("program", message.value)
            source = MidiSource(kind, number, channel, port)  # type: ignore[arg-type]
            self._clear = self._clear or Control("learnt", source, self.target, mode="toggle")
        elif message.kind in ("cc", "pressure", "bend", *WIDE) and len(self._values) < MOST_HEARD:
            number = 0 if message.kind in UNNUMBERED else message.number
            self._values.setdefault((message.kind, channel, number, port), []).append(message.value)
            self._last_s = at_s

    def control(self, now_s: float) -> Control | None:
        """The control, once it is clear; its id is for the caller to choose."""
        if self._clear is not None:
            return self._clear
        if not self._values:
            return None
        quiet = now_s - self._last_s >= QUIET_S
        kind, channel, number, port = max(self._values, key=self._weight)
        values = self._values[kind, channel, number, port]
        source = MidiSource(kind, number, channel, port)  # type: ignore[arg-type]
        if len(values) < ENOUGH and not quiet:
            return None
        if kind != "cc":
            return Control("learnt", source, self.target)
        if _is_encoder(values):
            encoding = _encoding(values, sure=quiet or len(values) >= AT_MOST)
            return Control("learnt", source, self.target, mode="relative", encoding=encoding) if encoding else None
        mode: Mode = "toggle" if set(values) <= {0, 127} else "pickup"
        return Control("learnt", source, self.target, mode=mode)

    def _weight(self, heard: _Heard) -> tuple[int, int]:
        """What says more goes before what it is made of: parameter numbers, 14 bits, single controllers."""
        kind = heard[0]
        rank = 2 if kind in ("nrpn", "rpn") else 1 if kind == "cc14" else 0
        return rank, len(self._values[heard])


def _is_encoder(values: Sequence[int]) -> bool:
    """Whether values are clicks and no places: some come twice running, and all are near a place of rest."""
    repeated = sum(a == b for a, b in itertools.pairwise(values))
    near_rest = all(0 < v <= 16 or 48 <= v <= 80 or v >= 112 for v in values)
    return repeated >= 2 and near_rest and len(set(values)) <= max(2, len(values) // 2)


def _encoding(values: Sequence[int], *, sure: bool) -> Encoding | None:
    """How an encoder counts; None while it was turned one way only, which may mean two things."""
    low, high = any(v <= 16 for v in values), any(v >= 112 for v in values)
    below, above = any(48 <= v < 64 for v in values), any(64 < v <= 80 for v in values)
    if high:
        return "twos_complement"
    if below or (above and sure and not low):
        return "offset"
    if low and above:
        return "sign_bit"
    return "twos_complement" if sure and low else None
