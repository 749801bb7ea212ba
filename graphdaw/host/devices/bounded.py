"""Calls that may hang: made in a thread that is left behind if they do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class TookTooLongError(Exception):
    """The call has not come back in time; if it ever does, its result is thrown away."""


def bounded(work: Callable[[], T], wait_s: float | None, late: Callable[[T], object] | None = None) -> T:
    """What `work` returns or raises, at once with `wait_s` None, else if it comes within that time.

    A result that comes later is given to `late`, on the thread that was left behind.
    """
    if wait_s is None:
        return work()
    call = _Call(work, late)
    threading.Thread(target=call.run, name="graphdaw-device", daemon=True).start()
    if not call.done.wait(wait_s) and call.abandon():
        raise TookTooLongError
    if call.error is not None:
        raise call.error
    return call.result[0]


class _Call(Generic[T]):
    """One call, and who takes its result: the caller, or `late`."""

    def __init__(self, work: Callable[[], T], late: Callable[[T], object] | None) -> None:
        self._work, self._late = work, late
        self._turn = threading.Lock()
        self._abandoned = False
        self.done = threading.Event()
        self.result: list[T] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result.append(self._work())
        except BaseException as error:  # handed to who waits
            self.error = error
        with self._turn:
            self.done.set()
            abandoned = self._abandoned
        if abandoned and self._late is not None and self.result:
            self._late(self.result[0])

    def abandon(self) -> bool:
        """Wait no more; False if it was done after all."""
        with self._turn:
            self._abandoned = not self.done.is_set()
            return self._abandoned
