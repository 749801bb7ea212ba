"""Taps and meters: listening to any outlet of a running engine, while nobody waits for anybody."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from graphdaw._core import ffi, lib
from graphdaw.errors import UnknownPortError
from graphdaw.graph.graph import Graph
from graphdaw.graph.handles import End, PortHandle
from graphdaw.graph.ports import node_of, outlet_type, outlets, title
from graphdaw.host.lowering import Listening, Lowering, new_ring

Samples = npt.NDArray[np.float32]

EAR_EVENTS = 256  # read at a time
RING_S = 1.3  # what a tap holds for a reader that is late


class Tapped(Protocol):
    """What a tap hangs on: the engine."""

    sample_rate: int

    def untap(self, tap: Tap | Ear) -> None:
        """Let go of it."""


class Tap:
    """What flows out of one outlet, from the moment of tapping on; made by `Session.tap`.

    One that is not read for longer than `RING_S` loses the oldest frames and counts them in `missed`. Where the outlet
    is gone it hears silence, and the outlet again when an undo brings it back.
    """

    def __init__(self, engine: Tapped, end: tuple[str, str]) -> None:
        self.end = end
        self.engine = engine
        self.ring_frames = 1 << (round(RING_S * engine.sample_rate) - 1).bit_length()
        pointer = lib.gd_tap_new(self.ring_frames)
        if pointer == ffi.NULL:
            raise MemoryError("no memory for a tap")
        self.pointer = ffi.gc(pointer, lib.gd_tap_release)
        self._place = ffi.new("GdTapPlace *")
        self._reading = threading.Lock()  # one reader at a time; nobody holds it who waits for anything
        self._open = True

    @property
    def channels(self) -> int:
        """Channels that it has heard so far; 0 before the first frame."""
        return int(lib.gd_tap_channels(self.pointer))

    @property
    def missed(self) -> int:
        """Frames that were lost because nobody read them in time."""
        return int(self._place.missed)

    def read(self) -> Samples:
        """All that has not been read yet: float32 of shape (channels, frames), and 0 frames if there is nothing new."""
        with self._reading:
            return self._read(self._place)

    def latest(self, frames: int) -> Samples:
        """The newest frames, at most `frames`, whether or not they have been read: float32 of shape (channels, n)."""
        with self._reading:
            place = ffi.new("GdTapPlace *", self._place[0])
            held = self._held(place)
            place.next = max(place.first, held - min(frames, self.ring_frames))
            return self._read(place)[:, :frames]

    def _held(self, place: Any) -> int:
        """The frame up to which it has heard, by the clock that the place is told to go by."""
        lib.gd_tap_read(self.pointer, place, ffi.NULL, 0, 0)
        return int(lib.gd_tap_time(self.pointer))

    def _read(self, place: Any) -> Samples:
        channels, room = self.channels, min(max(0, self._held(place) - place.next), self.ring_frames)
        planes = np.empty((channels, room), np.float32)
        into = ffi.from_buffer("float[]", planes) if planes.size else ffi.NULL
        count = lib.gd_tap_read(self.pointer, place, into, channels if planes.size else 0, room)
        return planes[:, :count]

    def close(self) -> None:
        """Listen no more; what has been heard can still be read."""
        if self._open:
            self._open = False
            self.engine.untap(self)

    def __enter__(self) -> Tap:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Ear:
    """The events that come out of one outlet, in a ring that somebody reads, from the moment of listening on."""

    def __init__(self, engine: Tapped, end: tuple[str, str]) -> None:
        self.end = end
        self.engine = engine
        self.pointer = new_ring()
        self._items = ffi.new("GdTimedEvent[]", EAR_EVENTS)

    def read(self) -> list[tuple[int, Any]]:
        """All that has come since last read: when, by the engine's clock, and the event as the core has it."""
        found = []
        while count := lib.gd_ring_take(self.pointer, self._items, EAR_EVENTS):
            found += [(int(self._items[k].time), ffi.new("GdEvent *", self._items[k].event)) for k in range(count)]
        return found

    @property
    def lost(self) -> int:
        """Events that were lost because nobody read them in time."""
        return int(lib.gd_ring_lost(self.pointer))


class Taps:
    """The taps of an engine, and where in its graph they listen. Control side, under its lock."""

    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering
        self._taps: dict[Tap | Ear, Listening] = {}

    def add(self, tap: Tap | Ear) -> None:
        """Give a tap a node to listen with."""
        hear = self._lowering.listen if isinstance(tap, Tap) else self._lowering.overhear
        self._taps[tap] = hear(tap.pointer)

    def drop(self, tap: Tap | Ear) -> bool:
        """Take its node out; False where it had none."""
        listening = self._taps.pop(tap, None)
        if listening is not None:
            self._lowering.unlisten(listening)
        return listening is not None

    def hand_over(self) -> list[Tap | Ear]:
        """All of them, for another engine; nothing calls this one any more."""
        taps = list(self._taps)
        self._taps.clear()
        return taps

    def aim(self) -> bool:
        """Let taps follow their outlets, wherever groups lead and whatever replaces a node; True if one had to."""
        moved = False
        for tap, listening in self._taps.items():
            moved |= self._lowering.aim(listening, self._lowering.flat.heard_at(*tap.end))
        return moved


class Levels(NamedTuple):
    """Loudness of some time: a number a channel, in dB below full scale, minus infinity for silence."""

    peak_dbfs: tuple[float, ...]
    rms_dbfs: tuple[float, ...]
    frames: int


class Meter:
    """Levels of one outlet, made by `Session.meter`; it reads a tap."""

    def __init__(self, tap: Tap) -> None:
        self.tap = tap

    def read(self) -> Levels:
        """Peak and RMS of each channel since last asked, of `frames` frames; all silent where there were none."""
        heard = self.tap.read().astype(np.float64)
        if not heard.size:
            silent = (-np.inf,) * heard.shape[0]
            return Levels(silent, silent, 0)
        return Levels(_dbfs(np.abs(heard).max(1)), _dbfs(np.sqrt(np.mean(heard**2, 1))), heard.shape[1])

    def close(self) -> None:
        """Listen no more."""
        self.tap.close()

    def __enter__(self) -> Meter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _dbfs(levels: npt.NDArray[np.float64]) -> tuple[float, ...]:
    with np.errstate(divide="ignore"):
        return tuple(float(x) for x in 20.0 * np.log10(levels))


def outlet_of(graph: Graph, end: End) -> tuple[str, str]:
    """The outlet that an end names: of a node alone, its first. Raises UnknownNodeError, UnknownPortError."""
    if isinstance(end, str):
        id, _, port = end.partition(".")
    else:
        id, port = (end.node.id, end.name) if isinstance(end, PortHandle) else (end.id, "")
    node = node_of(graph.document, id)
    names = outlets(graph.document, node)
    if not port and not names:
        raise UnknownPortError(f"Node {title(node)} has no outlet to listen to; name what feeds it.", node=id)
    port = port or next(iter(names))
    outlet_type(graph.document, node, port)
    return id, port
