"""The MIDI systems of this machine through RtMidi: ALSA's sequencer and JACK, where they are, and their ports."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from typing import Any, Literal

import rtmidi

from graphdaw.errors import EngineError
from graphdaw.host.devices import jack

Direction = Literal["in", "out"]

QUEUE = 4096  # messages that wait for the poll
CLIENT = "GraphDAW"
ALSA_DEVICE = "/dev/snd/seq"
FAULTS = (rtmidi.RtMidiError, ValueError, OSError)  # what opening a port that is just going away runs into

LOOK_S = 0.9

_asking = threading.Lock()
_answers: dict[str, tuple[object, float, bool]] = {}  # what tells a server's runs apart, when it was asked, its answer
_APIS = {"alsa": rtmidi.API_LINUX_ALSA, "jack": rtmidi.API_UNIX_JACK}


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a device or another program: `direction` "in" is one to hear, "out" one to play to."""

    name: str
    direction: Direction
    system: str


def systems() -> list[str]:
    """Those that can be used now, of "alsa" and "jack"; RtMidi itself would complain on stderr about the others."""
    return [system for system in _APIS if usable(system)]


def usable(system: str) -> bool:
    """Whether it is there and answers."""
    if _APIS[system] not in rtmidi.get_compiled_api():
        return False
    if system == "alsa":
        return os.path.exists(ALSA_DEVICE)
    server = jack.default_server()
    return server in jack.running_servers() and jack.probe(server) is not None


def lives(system: str) -> bool:
    """The same, as it was within the last second: every open port asks, and an answer costs a client."""
    with _asking:
        mark = jack.run_of(jack.default_server())
        known = _answers.get(system)
        if known is None or known[0] != mark or time.monotonic() - known[1] > LOOK_S:
            known = _answers[system] = mark, time.monotonic(), usable(system)
        return known[2]


def no_system(system: str = "") -> EngineError:
    """That none can be used, or not this one."""
    through = f" through {system}" if system else ""
    return EngineError(
        f"There is no MIDI here{through}: start a JACK server, or load ALSA's sequencer (the kernel module snd-seq)."
    )


def ports() -> list[Port]:
    """The ports of all of them, those to hear first; ours are not among them. Empty where there is no system."""
    there = systems()
    directions: tuple[Direction, ...] = ("in", "out")
    return [
        Port(name, direction, system)
        for direction in directions
        for system in there
        for name in _names(direction, system)
    ]


def _names(direction: Direction, system: str) -> list[str]:
    try:
        looking = client(direction, system)
    except FAULTS:
        return []
    try:
        return [name for name in looking.get_ports() if not name.startswith(CLIENT)]
    finally:
        looking.delete()


def client(direction: Direction, system: str) -> Any:
    """A new client, without a port yet; raises one of FAULTS."""
    if direction == "out":
        return rtmidi.MidiOut(_APIS[system], CLIENT)
    made = rtmidi.MidiIn(_APIS[system], CLIENT, queue_size_limit=QUEUE)
    made.ignore_types(sysex=False, timing=False, active_sense=True)
    return made
