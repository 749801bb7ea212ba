"""Ports for the `midi_in` and `midi_out` nodes of a session: opened, found again, and closed with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from graphdaw._core import ffi, lib
from graphdaw.errors import EngineError
from graphdaw.graph.model import Node, settings
from graphdaw.host.engine import Engine
from graphdaw.host.midi.delay import LeastDelay
from graphdaw.host.midi.events import Hearing, NodeEvent, Speaking
from graphdaw.host.midi.messages import MidiMessage
from graphdaw.host.midi.ports import MidiInput, MidiOutput, open_input, open_output, ports
from graphdaw.host.rounds import Rounds

LOOK_S = 1.0  # between two looks at which ports there are
TURN_S = 0.001
MOST_AT_ONCE = 256


class MidiDesk:
    """Looks after the MIDI nodes of an engine: call `follow` now and then, and `close` in the end.

    A `midi_out` node without a port is left alone. A port that cannot be had is told once by `tell(node, sentence)`,
    and looked for again.
    """

    def __init__(self, tell: Callable[[str, str], object]) -> None:
        self._tell = tell
        self._engine: Engine | None = None
        self._listeners: dict[str, _Listener] = {}
        self._speakers: dict[str, _Speaker] = {}
        self._looked_s = -LOOK_S
        self._delay = LeastDelay()
        self._rounds: _SpeakingRounds | None = None
        self._turn = threading.Lock()  # of the speakers, and of whose clock counts

    def follow(self, engine: Engine) -> None:
        """Have a port for every MIDI node of the engine, and for no other."""
        nodes = engine.outside_nodes()
        if not nodes and not self._listeners and not self._speakers:
            return
        now_s = time.monotonic()
        looks = now_s - self._looked_s >= LOOK_S
        if engine is not self._engine:
            self.turn_to(engine)
        wanted = {id: (node, _facts(node)) for id, node in nodes.items()}
        for id in [id for id, one in self._listeners.items() if id not in wanted or one.facts != wanted[id][1]]:
            self._listeners.pop(id).close()
        for id in [id for id, one in self._speakers.items() if id not in wanted or one.facts != wanted[id][1]]:
            with self._turn:
                speaker = self._speakers.pop(id)
            speaker.close()
        for id, (node, facts) in wanted.items():
            ring = engine.ring(id)
            if node.type == "midi_in" and id not in self._listeners:
                self._listeners[id] = _Listener(id, facts, ring, self._tell)
                looks = True
            elif node.type == "midi_out" and facts[0] and id not in self._speakers:
                with self._turn:
                    self._speakers[id] = _Speaker(id, facts, ring, self._tell)
                looks = True
        if looks:
            self._looked_s = now_s
            self._look()
        if self._speakers and self._rounds is None:
            self._rounds = _SpeakingRounds(self.speak)

    def turn_to(self, engine: Engine) -> None:
        """Another engine plays the same graph, at another rate: its nodes have rings of their own. Any thread."""
        with self._turn:
            self._engine = engine
            self._delay.clear()
            those: list[tuple[str, _Listener | _Speaker]] = [*self._listeners.items(), *self._speakers.items()]
            for id, one in those:
                ring = engine.ring(id)
                if ring is not None:
                    one.turn_to(ring)

    def _look(self) -> None:
        if not self._listeners and not self._speakers:
            return
        there = ports()
        for listener in self._listeners.values():
            listener.look([port.name for port in there if port.direction == "in"])
        for speaker in self._speakers.values():
            speaker.look([port.name for port in there if port.direction == "out"])

    def ports_of(self, id: str) -> list[str]:
        """The ports that a `midi_in` node hears now."""
        listener = self._listeners.get(id)
        return listener.open_ports() if listener is not None else []

    def silence(self) -> None:
        """End all notes that are on at the ports that are played to: the session rests."""
        with self._turn:
            for speaker in self._speakers.values():
                speaker.silence()

    def speak(self, now_s: float) -> None:
        """Pass on what the `midi_out` nodes have handed out."""
        with self._turn:
            engine = self._engine
            if engine is None:
                return
            rate_hz = float(engine.sample_rate)
            least_s = self._delay.least_s(now_s, now_s - engine.clock_frames / rate_hz)
            for speaker in self._speakers.values():
                speaker.pass_on(lambda frame: least_s + frame / rate_hz)

    def close(self) -> None:
        """Close all ports, with the ends of all notes."""
        if self._rounds is not None:
            self._rounds.close()
        for listener in self._listeners.values():
            listener.close()
        for speaker in self._speakers.values():
            speaker.close()
        self._listeners.clear()
        self._speakers.clear()


Facts = tuple[str, str, bool, float]
"""What a node says of its port: name, channel, whether it is MPE, and the reach of the bend wheel."""


def _facts(node: Node) -> Facts:
    values = settings(node)
    return str(values["port"]), str(values["channel"]), values["mpe"] == "on", float(values["bend_semitones"])


class _Listener:
    """The ports that one `midi_in` node hears."""

    def __init__(self, id: str, facts: Facts, ring: Any, tell: Callable[[str, str], object]) -> None:
        self.id, self.facts = id, facts
        self._ring, self._tell = ring, tell
        self._inputs: dict[str, MidiInput] = {}
        self._putting = threading.Lock()
        self._told = ""

    def look(self, there: list[str]) -> None:
        """Open ports that are there, and say once where the one that is named is not."""
        wanted = self.facts[0].lower()
        fitting = [name for name in there if wanted in name.lower()]
        for name in fitting:
            if name in self._inputs:
                continue
            try:
                self._inputs[name] = self._open(name)
            except EngineError as error:
                self._say(str(error))
        if wanted and not fitting and not self._inputs:
            self._say(
                f"There is no MIDI port like {self.facts[0]!r} to hear; connect it, or set `port` of {self.id!r}."
            )

    def open_ports(self) -> list[str]:
        """Those that are open."""
        return [name for name, one in self._inputs.items() if one.state == "open"]

    def _say(self, sentence: str) -> None:
        if sentence != self._told:
            self._told = sentence
            self._tell(self.id, sentence)

    def _open(self, name: str) -> MidiInput:
        _, channel, mpe, bend = self.facts
        hearing = Hearing(channel=None if channel == "all" else int(channel) - 1, mpe=mpe, bend_semitones=bend)

        def sink(message: MidiMessage, _when_s: float) -> None:
            for event in hearing.events(message):
                self._put(event)

        def changed(_state: object) -> None:
            for event in hearing.all_off():
                self._put(event)

        return open_input(name, sink, changed=changed)

    def _put(self, event: NodeEvent) -> None:
        item = ffi.new(
            "GdTimedEvent *",
            {
                "time": 0,
                "event": {
                    "kind": event.kind,
                    "channel": event.channel,
                    "number": event.number,
                    "note": event.note,
                    "key": event.key,
                    "value": event.value,
                },
            },
        )
        with self._putting:
            lib.gd_ring_put(self._ring, item)

    def turn_to(self, ring: Any) -> None:
        """Put what comes into another ring."""
        with self._putting:
            self._ring = ring

    def close(self) -> None:
        for one in self._inputs.values():
            one.close()
        self._put(NodeEvent(lib.GD_ALL_OFF, lib.GD_ANY_CHANNEL))


class _SpeakingRounds(Rounds):
    """The thread that has a desk speak."""

    def __init__(self, speak: Callable[[float], None]) -> None:
        self._speak = speak
        super().__init__("graphdaw-midi-desk", TURN_S)

    def _round(self, now_s: float) -> None:
        self._speak(now_s)


class _Speaker:
    """The port that one `midi_out` node plays to."""

    def __init__(self, id: str, facts: Facts, ring: Any, tell: Callable[[str, str], object]) -> None:
        self.id, self.facts = id, facts
        self._ring, self._tell = ring, tell
        self._output: MidiOutput | None = None
        _, channel, mpe, bend = facts
        self._speaking = Speaking(channel=None if channel == "own" else int(channel) - 1, mpe=mpe, bend_semitones=bend)
        self._items = ffi.new("GdTimedEvent[]", MOST_AT_ONCE)
        self._told = ""
        self._drain()

    def turn_to(self, ring: Any) -> None:
        """Take what comes from another ring; nobody will end what the last one began."""
        self.silence()
        self._ring = ring
        self._drain()

    def _drain(self) -> None:
        while lib.gd_ring_take(self._ring, self._items, MOST_AT_ONCE):
            pass  # what was played while nobody listened

    def look(self, there: list[str]) -> None:
        """Open the port where it is there, and say once where it is not."""
        wanted = self.facts[0].lower()
        if self._output is not None:
            return
        sentence = f"There is no MIDI port like {self.facts[0]!r} to play to; connect it, or set `port` of {self.id!r}."
        if any(wanted in name.lower() for name in there):
            try:
                self._output = open_output(next(name for name in there if wanted in name.lower()))
                return
            except EngineError as error:
                sentence = str(error)
        if sentence != self._told:
            self._told = sentence
            self._tell(self.id, sentence)

    def pass_on(self, heard_s: Callable[[int], float]) -> None:
        """Send what the node has handed out since last asked; `heard_s` tells when a frame that was played is heard."""
        while count := lib.gd_ring_take(self._ring, self._items, MOST_AT_ONCE):
            for k in range(count):
                event = self._items[k].event
                heard = NodeEvent(event.kind, event.channel, event.number, event.note, event.key, event.value)
                for message in self._speaking.messages(heard):
                    if self._output is not None:
                        self._output.send(message, heard_s(int(self._items[k].time)))

    def silence(self) -> None:
        for message in self._speaking.all_off():
            if self._output is not None:
                self._output.send(message)

    def close(self) -> None:
        self.silence()
        if self._output is not None:
            self._output.close()
