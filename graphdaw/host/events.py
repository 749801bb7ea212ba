"""What a running session has to tell: typed events, and the thread that hands them to those who asked for them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

import msgspec

MOST_WAITING = 4096  # events; an observer that hangs loses the oldest


class Event(msgspec.Struct, frozen=True):
    """Something that happened."""


class Started(Event, frozen=True):
    """The device plays."""

    device: str


class Stopped(Event, frozen=True):
    """The device rests; the next `play` goes on from this position, in seconds."""

    position_s: float


class Located(Event, frozen=True):
    """The transport has jumped to a position, in seconds; `frame` counts what was played."""

    position_s: float
    frame: int = 0


class Swapped(Event, frozen=True):
    """An edit begins to be heard, in that frame of all that was played."""

    frame: int


class Settled(Event, frozen=True):
    """An edit is heard in full."""

    frame: int


class NotFinite(Event, frozen=True):
    """So many samples that were no numbers have been silenced in the callback that ended before that frame."""

    count: int
    frame: int


class OverBudget(Event, frozen=True):
    """A callback's own work took more than 80 % of its time."""

    frame: int


class Problem(Event, frozen=True):
    """Something about a node ("" for the whole graph) does not sound as it should; the sentence says what to do."""

    node: str
    sentence: str


class RecordingStopped(Event, frozen=True):
    """A `record` node writes no more, against the user's will; what it had is kept."""

    node: str
    sentence: str


class DeviceLost(Event, frozen=True):
    """A device calls no more; the sound goes on on the null device."""

    name: str
    why: str


class DeviceReturned(Event, frozen=True):
    """A device that was lost plays again."""

    name: str


class DeviceChanged(Event, frozen=True):
    """Another device plays, or the same one with other settings."""

    name: str


class Saved(Event, frozen=True):
    """The project is on disk."""

    path: str


Observer = Callable[[object], object]


class Observers:
    """Hands events to observers in the order in which they happened, in a thread of its own.

    An observer that raises is reported (logger "graphdaw") and hears the next event all the same; others do not notice.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._observers: list[tuple[Observer, type | tuple[type, ...]]] = []
        self._waiting: deque[object] = deque()
        self._change = threading.Condition()
        self._ends = False
        self._thread: threading.Thread | None = None

    def observe(self, callback: Observer, kind: type | tuple[type, ...] = object) -> Callable[[], None]:
        """Call `callback(event)` for events of that kind from now on; returns a function that ends it."""
        entry = (callback, kind)
        with self._change:
            self._observers.append(entry)
            if self._thread is None and not self._ends:
                self._thread = threading.Thread(target=self._deliver, name="graphdaw-events", daemon=True)
                self._thread.start()

        def cancel() -> None:
            with self._change:
                if entry in self._observers:
                    self._observers.remove(entry)

        return cancel

    def tell(self, event: object) -> None:
        """Note an event; never waits for an observer."""
        with self._change:
            if not self._observers:
                return
            if len(self._waiting) == MOST_WAITING:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(event)
            self._change.notify()

    def close(self, timeout_s: float = 1.0) -> None:
        """Deliver what waits, and end; an observer that hangs is left to itself, and so is one that calls this."""
        with self._change:
            self._ends = True
            self._change.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _deliver(self) -> None:
        while True:
            with self._change:
                while not self._waiting and not self._ends:
                    self._change.wait()
                if not self._waiting:
                    return
                event = self._waiting.popleft()
                observers = [callback for callback, kind in self._observers if isinstance(event, kind)]
            for callback in observers:
                try:
                    callback(event)
                except Exception:
                    logging.getLogger("graphdaw").exception("An observer of %s failed.", type(event).__name__)
