"""What tests of events hear: what flows into a `midi_out` node, with the frame of each event."""

from __future__ import annotations

from typing import NamedTuple

import graphdaw as gd
from graphdaw._core import ffi, lib
from graphdaw.graph.clips import Note, NoteClip
from graphdaw.graph.vocabulary import PutClip
from graphdaw.host.engine import Engine


class Heard(NamedTuple):
    """One event at an absolute frame."""

    frame: int
    kind: int
    key: float
    value: float
    note: int
    number: int = 0
    channel: int = 0


ON, OFF, BEND, PRESSURE, CC, ALL_OFF = 1, 2, 3, 4, 6, 8


def heard(engine: Engine, id: str = "midi_out1") -> list[Heard]:
    """All events that came into a node since last asked."""
    ring = engine.ring(id)
    items = ffi.new("GdTimedEvent[]", 1024)
    found = []
    while count := lib.gd_ring_take(ring, items, 1024):
        for k in range(count):
            e = items[k].event
            found.append(Heard(int(items[k].time), e.kind, e.key, e.value, e.note, e.number, e.channel))
    return found


def press(engine: Engine, id: str, kind: int, *, time: int = 0, **fields: float) -> bool:
    """Put an event into a `midi_in` node, as a port would."""
    item = ffi.new("GdTimedEvent *", {"time": time, "event": {"kind": kind, **fields}})
    return bool(lib.gd_ring_put(engine.ring(id), item))


def ons(events: list[Heard]) -> list[tuple[int, float]]:
    """Beginnings: frame and key."""
    return [(e.frame, e.key) for e in events if e.kind == ON]


def offs(events: list[Heard]) -> list[tuple[int, float]]:
    """Ends: frame and key."""
    return [(e.frame, e.key) for e in events if e.kind == OFF]


def clip(*notes: tuple[int, int, float], id: str = "c1", at: int = 0, length: int = 1 << 30, **more: object) -> NoteClip:
    """A clip of (tick, length, key)."""
    made = tuple(Note(k, tick, length, key) for k, (tick, length, key) in enumerate(notes))
    return NoteClip(id, at, length, notes=made, **more)  # type: ignore[arg-type]


def track(*clips: NoteClip, sample_rate: int = 48_000) -> gd.Graph:
    """`notes1` with these clips, heard by `midi_out1`; an output makes it renderable."""
    graph = gd.Graph(sample_rate=sample_rate)
    graph.add("notes") >> graph.add("midi_out")
    graph.add("output")
    graph.apply([PutClip("notes1", one) for one in clips])
    return graph


def hanging(events: list[Heard]) -> list[int]:
    """Notes that are still on after all of these events."""
    on: dict[int, int] = {}
    for event in events:
        if event.kind == ON:
            on[event.note] = on.get(event.note, 0) + 1
        elif event.kind == OFF:
            on[event.note] -= 1
    return [note for note, count in on.items() if count]
