"""Long work in a thread of its own: a future that tells its progress and can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")
Progress = Callable[[float], None]


class Work(Future[T], Generic[T]):
    """What `in_background` does; `cancel` stops it, and `result` then raises CancelledError."""

    def __init__(self) -> None:
        super().__init__()
        self.progress = 0.0  # 0 to 1
        self.stop = threading.Event()

    def cancel(self) -> bool:
        """Stop it as soon as it can; False once it is done."""
        self.stop.set()
        return not self.done()


def in_background(work: Callable[[Progress, threading.Event], T]) -> Work[T]:
    """Start work that takes a function to tell its progress and an event that tells it to stop."""
    made: Work[T] = Work()

    def tell(done: float) -> None:
        made.progress = done

    def run() -> None:
        try:
            result = work(tell, made.stop)
        except BaseException as error:
            made.set_exception(error)
        else:
            made.progress = 1.0
            made.set_result(result)

    made.set_running_or_notify_cancel()
    threading.Thread(target=run, name="graphdaw-work", daemon=True).start()
    return made
