"""Threads that do something every so often."""

from __future__ import annotations

import logging
import threading
import time
from abc import abstractmethod


class Rounds:
    """Base: a thread that makes its rounds, whatever goes wrong, until closed; what went wrong is logged once."""

    def __init__(self, name: str, every_s: float) -> None:
        self._every_s = every_s
        self._quit = threading.Event()
        self._thread = threading.Thread(target=self._go_round, name=name, daemon=True)
        self._thread.start()

    def _go_round(self) -> None:
        told = ""
        while not self._quit.wait(self._every_s):
            try:
                self._round(time.monotonic())
            except Exception as error:
                if told != (told := f"{type(error).__name__}: {error}"):
                    logging.getLogger("graphdaw").exception("%s failed, and goes on.", self._thread.name)

    @abstractmethod
    def _round(self, now_s: float) -> None:
        """What is to be done."""

    def close(self) -> None:
        """End."""
        self._quit.set()
        if self._thread is not threading.current_thread():
            self._thread.join()
