"""Ableton Link: a tempo and a beat that programs on one network share. It needs the extra `link`.

aalink lives in an event loop, which has a thread of its own here; what it says may be asked from any thread but the
audio thread.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from typing import Any

from graphdaw.errors import EngineError
from graphdaw.graph.clips import TICKS_PER_QUARTER
from graphdaw.graph.timeline import BPM

START_S = 5.0


class LinkFollower:
    """A place in the session of Link that all peers share, and a `Follower` as a MIDI clock is; close it when done.

    The first of a session brings its tempo, who comes later takes over what is there. Ticks are counted from a beat
    that only the session knows, so of a tick only its place within `quantum_beats` means the same to all. Raises
    EngineError without aalink.

    >>> from graphdaw.host.midi.clock import Follower
    >>> with LinkFollower(bpm=100.0, quantum_beats=4.0) as link:
    ...     follower: Follower = link
    ...     isinstance(follower.bpm, float)
    True
    """

    def __init__(self, bpm: float = 120.0, quantum_beats: float = 4.0) -> None:
        try:
            import aalink
        except ImportError as error:
            raise EngineError(
                "Ableton Link needs the library aalink; install it by: pip install 'graphdaw[link]'."
            ) from error
        _check(bpm)
        self._loop = asyncio.new_event_loop()
        self._link: Any = None
        made = threading.Event()

        async def make() -> None:
            self._link = aalink.Link(bpm)
            self._link.quantum = quantum_beats
            self._link.start_stop_sync_enabled = True
            self._link.enabled = True
            made.set()

        def run() -> None:
            self._loop.create_task(make())
            self._loop.run_forever()
            self._link = None
            self._loop.close()

        self._thread = threading.Thread(target=run, name="graphdaw-link", daemon=True)
        self._thread.start()
        if not made.wait(START_S):
            raise EngineError("Ableton Link does not start; look whether a firewall holds up UDP at port 20808.")

    @property
    def peers(self) -> int:
        """How many others there are."""
        return int(self._link.num_peers)

    @property
    def bpm(self) -> float | None:
        """Quarters a minute of the session."""
        return float(self._link.tempo)

    @property
    def playing(self) -> bool:
        """Whether the session plays."""
        return bool(self._link.playing)

    def tick_at(self, when_s: float) -> float | None:
        """Where the session is at a time of `time.monotonic`."""
        ahead_s = when_s - time.monotonic()
        return float((self._link.beat + ahead_s * self._link.tempo / 60.0) * TICKS_PER_QUARTER)

    def set_tempo(self, bpm: float) -> None:
        """Set the session's tempo, for all."""
        _check(bpm)
        self._link.tempo = bpm

    def set_playing(self, on: bool) -> None:
        """Start or stop the session, for all who follow that."""
        self._link.playing = on

    def close(self) -> None:
        """Leave the session."""
        if self._thread.is_alive():
            self._link.enabled = False
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def __enter__(self) -> LinkFollower:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check(bpm: float) -> None:
    lo, hi = max(20.0, BPM[0]), BPM[1]
    if not (math.isfinite(bpm) and lo <= bpm <= hi):
        raise EngineError(f"Ableton Link has no tempo of {bpm} bpm; choose {lo:g} to {hi:g}.")
