"""A control surface: turns what controllers do into what is to be set; it changes nothing but its own memory."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from graphdaw.graph.controls import Control, MidiSource, Span, Target, parse_target
from graphdaw.host.controls.gestures import Gesture, heard_as, is_pressed, keys, message_for, position_of
from graphdaw.host.controls.learning import Learner
from graphdaw.host.midi.messages import MidiMessage
from graphdaw.host.midi.pairs import Pairs

NEAR = 1 / 127 + 1e-9  # how near to the target's value a knob has to be to have it
FAST_CLICKS = 40.0  # a second: where the acceleration of an encoder is at its most
SLOW_CLICKS = 8.0
BUTTONS = ("toggle", "momentary", "trigger")
BUSY_S = 0.25  # after a movement a motor does not work against the hand


@dataclass(frozen=True, slots=True)
class Action:
    """What to set: a parameter's value or one of its options, for switches and the transport 1 or 0."""

    control: str
    target: Target
    value: float | str


class Targets(Protocol):
    """What can be moved, and where it stands."""

    def span(self, target: Target) -> Span | None:
        """The way of a target; None where there is none, or not now."""

    def value(self, target: Target) -> float | None:
        """Its value, of options the number; None where that cannot be told."""


@dataclass(slots=True)
class _Hand:
    """What is known of a control that was moved."""

    at: float = -1.0  # the controller's last position
    place: float = 0.0  # of the target, between its places
    wrote: float = math.nan  # the target's value as this control left it
    has: bool = False
    pressed: bool = False
    moved_s: float = -1e9
    channel: int = 0
    port: str = ""


class ControlSurface:
    """Listens for controls: `handle` says what a message sets, `learn` makes a control of what is moved next.

    >>> from graphdaw.graph.controls import Control, MidiSource
    >>> class Gains:
    ...     def span(self, target): return Span(-60.0, 0.0)
    ...     def value(self, target): return -30.0
    >>> surface = ControlSurface([Control("k", MidiSource("cc", 7), "gain1.gain_db", mode="jump")], Gains())
    >>> surface.handle(MidiMessage("cc", 0, 7, 127))
    [Action(control='k', target=Target(kind='parameter', node='gain1', name='gain_db'), value=0.0)]
    """

    def __init__(self, controls: Iterable[Control], targets: Targets) -> None:
        self.targets = targets
        self.learner: Learner | None = None
        self._controls: dict[str, Control] = {}
        self._by_key: dict[tuple[str, str | int, int], dict[str, Control]] = {}
        self._by_target: dict[str, dict[str, Control]] = {}
        self._hands: dict[str, _Hand] = {}
        self._pairs: dict[str, Pairs] = {}
        for control in controls:
            self.put(control)

    @property
    def controls(self) -> dict[str, Control]:
        """The controls by id."""
        return dict(self._controls)

    def put(self, control: Control) -> None:
        """Listen for a control, in place of the one of its id."""
        self.drop(control.id)
        self._controls[control.id] = control
        for key in keys(control.source):
            self._by_key.setdefault(key, {})[control.id] = control
        self._by_target.setdefault(control.target, {})[control.id] = control

    def drop(self, id: str) -> None:
        """Listen for a control no more."""
        control = self._controls.pop(id, None)
        self._hands.pop(id, None)
        if control is not None:
            self._by_target[control.target].pop(id)
            for key in keys(control.source):
                self._by_key[key].pop(id)

    def learn(self, target: str) -> None:
        """Let what is moved next move this target; `learned` has the control once it is clear what it is."""
        parse_target(target)
        self.learner = Learner(target)

    def learned(self, at_s: float = math.inf) -> Control | None:
        """The control that was learnt, once; None while nothing has been moved or it is not clear what."""
        control = self.learner.control(at_s) if self.learner is not None else None
        if control is not None:
            self.learner = None
        return control

    def handle(self, gesture: Gesture, at_s: float = 0.0, port: str = "") -> list[Action]:
        """What an input sets, in the order of the controls; while something is being learnt, nothing."""
        gestures: list[Gesture] = [gesture]
        if isinstance(gesture, MidiMessage):
            gestures += self._pairs.setdefault(port, Pairs()).feed(gesture)
        if self.learner is not None:
            for one in gestures:
                self.learner.hear(one, at_s, port)
            return []
        actions: list[Action] = []
        for one in gestures:
            for key in heard_as(one):
                for control in list(self._by_key.get(key, {}).values()):
                    if _fits(control, port):
                        actions += self._move(control, one, at_s, port)
        return actions

    def feedback(self, target: str, at_s: float = math.inf) -> list[tuple[str, MidiMessage]]:
        """What shows controllers where their target stands, each with its port: for motors and lights."""
        found: list[tuple[str, MidiMessage]] = []
        for control in self._by_target.get(target, {}).values():
            hand = self._hands.get(control.id, _Hand())
            span, value = self._way(control), self.targets.value(parse_target(target))
            held = control.mode not in BUTTONS and at_s - hand.moved_s < BUSY_S
            if not control.feedback or span is None or value is None or held:
                continue
            source = control.source
            if isinstance(source, MidiSource):
                channel = source.channel if source.channel >= 0 else hand.channel
                message = message_for(source, channel, span.position(value))
                if message is not None:
                    found.append((source.port if source.port != "*" else hand.port or source.port, message))
        return found

    def _way(self, control: Control) -> Span | None:
        span = self.targets.span(parse_target(control.target))
        return span.within(control) if span is not None else None

    def _move(self, control: Control, gesture: Gesture, at_s: float, port: str) -> list[Action]:
        target, span = parse_target(control.target), self._way(control)
        if span is None:
            return []
        hand = self._hands.setdefault(control.id, _Hand())
        value = self.targets.value(target)
        mine = value is not None and math.isclose(value, hand.wrote, rel_tol=1e-6, abs_tol=1e-9)
        if not mine and value is not None:  # something else has moved it
            hand.place, hand.has = span.position(value), False
        if control.mode in BUTTONS:
            new = _pressed(control, hand, is_pressed(gesture, control), span, value)
        elif control.mode == "relative":
            new = _turned(control, hand, gesture, at_s, span)
        else:
            new = _moved(control, hand, position_of(gesture), span, known=value is not None)
        hand.moved_s, hand.port = at_s, port
        if isinstance(gesture, MidiMessage):
            hand.channel = gesture.channel
        if new is None or (mine and new == hand.wrote and control.mode not in BUTTONS):
            return []
        hand.wrote = new
        return [Action(control.id, target, span.options[round(new)] if span.options else new)]


def _fits(control: Control, port: str) -> bool:
    source = control.source
    return not isinstance(source, MidiSource) or source.port == "*" or fnmatch.fnmatchcase(port, source.port)


def _pressed(control: Control, hand: _Hand, pressed: bool, span: Span, value: float | None) -> float | None:
    was, hand.pressed = hand.pressed, pressed
    if control.mode == "momentary":
        return (span.hi if pressed else span.lo) if pressed != was else None
    if not pressed or (was and not _comes_alone(control)):
        return None
    if control.mode == "trigger":
        return span.hi
    return span.lo if value is not None and span.position(value) >= 0.5 else span.hi


def _comes_alone(control: Control) -> bool:
    """Whether presses come without releases between them."""
    return isinstance(control.source, MidiSource) and control.source.kind == "program"


def _moved(control: Control, hand: _Hand, x: float, span: Span, *, known: bool) -> float | None:
    """An absolute position: at once, once it has met the target's, or so that both reach the ends together."""
    before, hand.at = hand.at, x
    if control.mode == "scaled" and known and not hand.has:
        if before < 0.0:
            return None
        if x > before:
            hand.place += (1.0 - hand.place) * (x - before) / (1.0 - before)
        elif x < before:
            hand.place -= hand.place * (before - x) / before
        hand.has = abs(hand.place - x) <= NEAR / 2
        return span.value(hand.place)
    if control.mode == "pickup" and known and not hand.has:
        near = max(NEAR, 0.5 / (span.steps - 1) if span.steps > 1 else 0.0)
        passed = before >= 0.0 and (before - hand.place) * (x - hand.place) <= 0.0
        if not passed and abs(x - hand.place) > near:
            return None
    hand.place, hand.has = x, True
    return span.value(x)


def clicks(encoding: str, value: int) -> int:
    """How far an encoder says that it was turned.

    >>> clicks("twos_complement", 127), clicks("sign_bit", 65), clicks("offset", 66)
    (-1, -1, 2)
    """
    if encoding == "offset":
        return value - 64
    if encoding == "sign_bit":
        return -(value - 64) if value > 64 else value % 64
    return value - 128 if value >= 64 else value


def _turned(control: Control, hand: _Hand, gesture: Gesture, at_s: float, span: Span) -> float | None:
    if not isinstance(gesture, MidiMessage):
        return None
    count = clicks(control.encoding, gesture.value >> 7 if gesture.kind in ("cc14", "nrpn", "rpn") else gesture.value)
    rate = abs(count) / max(at_s - hand.moved_s, 1e-3)
    haste = min(max((rate - SLOW_CLICKS) / (FAST_CLICKS - SLOW_CLICKS), 0.0), 1.0)
    step = 1.0 / (span.steps - 1) if span.steps > 1 else control.step * (1.0 + control.acceleration * haste)
    hand.place = min(max(hand.place + count * step, 0.0), 1.0)
    return span.value(hand.place)
