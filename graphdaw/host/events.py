"""What a running session has to tell: typed events, and the thread that hands them to those who asked for them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphdaw.host.devices.settings import DeviceSettings
    from graphdaw.host.tape import Take

MOST_WAITING = 4096  # events; an observer that hangs loses the oldest


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""


@dataclass(frozen=True, slots=True)
class Started(Event):
    """The device plays."""

    device: str


@dataclass(frozen=True, slots=True)
class Stopped(Event):
    """The device rests; the next `play` goes on from this position, in seconds."""

    position_s: float


@dataclass(frozen=True, slots=True)
class Located(Event):
    """The transport has jumped to a position, in seconds; `frame` counts what was played."""

    position_s: float
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Looped(Event):
    """The end of the loop was reached, and its start plays again; `times` counts since the last locate."""

    times: int
    frame: int


@dataclass(frozen=True, slots=True)
class Rolling(Event):
    """The piece goes on from this position, in seconds; after a count-in, when that is over."""

    position_s: float
    frame: int


@dataclass(frozen=True, slots=True)
class Standing(Event):
    """The piece stands at this position, in seconds, and the device plays on."""

    position_s: float
    frame: int


@dataclass(frozen=True, slots=True)
class Swapped(Event):
    """An edit begins to be heard, in that frame of all that was played."""

    frame: int


@dataclass(frozen=True, slots=True)
class Settled(Event):
    """An edit is heard in full."""

    frame: int


@dataclass(frozen=True, slots=True)
class NotFinite(Event):
    """So many samples that were no numbers have been silenced in the callback that ended before that frame."""

    count: int
    frame: int


@dataclass(frozen=True, slots=True)
class OverBudget(Event):
    """A callback's own work took more than 80 % of its time."""

    frame: int


@dataclass(frozen=True, slots=True)
class Problem(Event):
    """Something about a node ("" for the whole graph) does not sound as it should; the sentence says what to do."""

    node: str
    sentence: str


@dataclass(frozen=True, slots=True)
class TakeFinished(Event):
    """A `record` node's take is complete, and has its name."""

    node: str
    take: Take


@dataclass(frozen=True, slots=True)
class RecordingStopped(Event):
    """A `record` node writes no more, against the user's will; what it had is kept."""

    node: str
    sentence: str


@dataclass(frozen=True, slots=True)
class DeviceLost(Event):
    """A device calls no more; the null device has taken over, and made up for the time since the last call."""

    name: str
    why: str
    time_frames: int


@dataclass(frozen=True, slots=True)
class DeviceReturned(Event):
    """A device that was lost plays again."""

    name: str
    time_frames: int


@dataclass(frozen=True, slots=True)
class DeviceWaits(Event):
    """A device that was lost is there again but cannot be taken as it is; `why` says the way out."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class DeviceChanged(Event):
    """Another device plays, or the same one otherwise."""

    settings: DeviceSettings
    name: str


@dataclass(frozen=True, slots=True)
class DevicePriority(Event):
    """Whether the thread that calls has real-time priority: `priority` is 0 where it has none."""

    priority: int
    sentence: str


Observer = Callable[[object], object]


class Observers:
    """Hands events to observers in the order in which they happened, in a thread of its own.

    Problems from before anybody observed, while a session began, are kept for the first one who does.
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
        isinstance(None, kind)  # raises TypeError here, and not where events are handed out
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
            if not self._observers and not isinstance(event, Problem):
                return
            if len(self._waiting) == MOST_WAITING:
                self._waiting.popleft()
                self.dropped += bool(self._observers)
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
