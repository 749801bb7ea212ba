"""Waiting for what other threads and programs do."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE_S = 0.005


def wait(condition: Callable[[], object], timeout_s: float = 10.0) -> bool:
    """Whether it comes true before the time is over."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(PAUSE_S)
    return True
