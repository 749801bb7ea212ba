"""A desk: controls at work on a graph and its transport, with undo steps as a hand would have them."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from graphdaw.errors import GraphdawError
from graphdaw.graph.controls import Control, Target, parse_target
from graphdaw.graph.graph import Graph
from graphdaw.graph.vocabulary import Edit, SetControl, SetValues
from graphdaw.host.controls.gestures import Gesture
from graphdaw.host.controls.surface import Action, ControlSurface
from graphdaw.host.controls.targets import GraphTargets
from graphdaw.host.controls.transport import Transport
from graphdaw.host.midi.messages import MidiMessage, Sink

IDLE_S = 0.4  # after which a knob that is turned no more has made one undo step

Send = Callable[[str, MidiMessage], object]
"""Who takes feedback: a port's name, or * for wherever it may be wanted, and a message."""


class Desk:
    """Takes gestures from any thread and does what the graph's controls say, and others; close it when done.

    A knob that is turned opens a live transaction, which ends after `IDLE_S` at rest: one undo step. What cannot be
    done stands in `problems`, a sentence a control. With `send`, controllers are told where their targets stand, when
    anything sets these.
    """

    def __init__(
        self, graph: Graph, transport: Transport, controls: Iterable[Control] = (), send: Send | None = None
    ) -> None:
        self.graph = graph
        self.targets = GraphTargets(graph, transport)
        self.problems: dict[str, str] = {}
        self._send = send
        self._turn = threading.RLock()  # of the surface and the open stroke; before the history's locks
        self._woken = threading.Condition()
        self._controls_set: deque[SetControl] = deque()  # by any thread, with the history's lock held
        self._set: dict[str, None] = {}  # what that were set and not yet told of
        self._stroke_s: float | None = None  # when the open stroke was last moved; None while there is none
        self._quit = False
        self._forget = graph.observe(self._note)
        self.surface = ControlSurface((*graph.controls.values(), *controls), self.targets)
        self._thread = threading.Thread(target=self._keep_up, name="graphdaw-desk", daemon=True)
        self._thread.start()

    def sink(self, port: str = "") -> Sink:
        """What to give an input of this name to hear."""
        return lambda message, when_s: self.handle(message, when_s, port)

    def handle(self, gesture: Gesture, at_s: float | None = None, port: str = "") -> list[Action]:
        """Do what a gesture means; returns what was done."""
        with self._turn:
            self._take_controls()
            actions = self.surface.handle(gesture, time.monotonic() if at_s is None else at_s, port)
            return [action for action in actions if self._done(action)]

    def _take_controls(self) -> None:
        """Follow what was changed about the graph's controls."""
        while self._controls_set:
            edit = self._controls_set.popleft()
            if edit.control is not None:
                self.surface.put(edit.control)
            else:
                self.surface.drop(edit.id)

    def _done(self, action: Action) -> bool:
        try:
            self.set(action.target, action.value)
        except GraphdawError as error:
            self.problems[action.control] = str(error)
            return False
        self.problems.pop(action.control, None)
        return True

    def set(self, target: Target, value: float | str) -> None:
        """Set a target as a control would; raises GraphdawError where that cannot be done."""
        with self._turn:
            if target.kind in ("flag", "transport"):
                self.settle()
                self.targets.switch(target, value == 1.0)
                self._changed(str(target))
            elif target.kind == "tempo":
                self._stroke("turn tempo")
                self.targets.transport.set_tempo(float(value))
                self._changed(str(target))
            else:
                edits = self.targets.edits(target, value)
                self._stroke(f"turn {target}")
                self.graph.apply(edits)

    def _stroke(self, label: str) -> None:
        """Go on with the transaction that is open, or open one; within somebody else's it only joins."""
        if self._stroke_s is not None or self.graph.history.begin(label, live=True):
            self._stroke_s = time.monotonic()
            with self._woken:
                self._woken.notify()

    def settle(self) -> None:
        """End the stroke that is open, so that an undo takes it back."""
        with self._turn:
            if self._stroke_s is not None:
                self._stroke_s = None
                if self.graph.history.unfinished is not None:
                    self.graph.history.commit()

    def _note(self, edits: list[Edit]) -> None:
        for edit in edits:
            if isinstance(edit, SetControl):
                self._controls_set.append(edit)
        self._changed(*(f"{edit.id}.{name}" for edit in edits if isinstance(edit, SetValues) for name in edit.values))

    def _changed(self, *targets: str) -> None:
        if self._send is not None and targets:
            with self._woken:
                self._set.update(dict.fromkeys(targets))
                self._woken.notify()

    def show(self, target: str) -> None:
        """Tell controllers where a target stands now."""
        if self._send is not None:
            with self._turn:
                self._take_controls()
                messages = self.surface.feedback(str(parse_target(target)), time.monotonic())
            for port, message in messages:
                self._send(port, message)

    def _keep_up(self) -> None:
        while True:
            with self._woken:
                if not self._set and not self._quit:
                    self._woken.wait(IDLE_S / 4 if self._stroke_s is not None else None)
                if self._quit:
                    return
                changed, self._set = set(self._set), {}
            try:
                self._rest()
                for target in dict.fromkeys(control.target for control in self.surface.controls.values()):
                    if changed and not changed.isdisjoint(self.targets.parts(parse_target(target))):
                        self.show(target)
            except Exception:
                logging.getLogger("graphdaw").exception("Feedback to controllers failed, and goes on.")

    def _rest(self) -> None:
        with self._turn:
            if self._stroke_s is not None and time.monotonic() - self._stroke_s > IDLE_S:
                self.settle()

    def close(self) -> None:
        """End: nothing is heard or told any more."""
        with self._woken:
            self._quit = True
            self._woken.notify()
        if self._thread is not threading.current_thread():
            self._thread.join()
        self.settle()
        self._forget()

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
