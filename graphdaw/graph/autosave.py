"""The keeper of an open project: syncs its journal, shortens it from time to time, and mends it when it broke.

It runs on a thread of its own. What it takes from the document is a copy of two tables of immutable values, so an edit
waits for it no longer than that.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable

import msgspec

from graphdaw.errors import GraphdawError
from graphdaw.graph import codec, records
from graphdaw.graph.history import History, Transaction
from graphdaw.graph.journal import Journal, JournalEvent, Renewal, clean
from graphdaw.graph.model import Document
from graphdaw.graph.records import Snapshot

SYNC_S = 0.5
MEND_S = 1.0
MAX_STEPS = 1000
MAX_STEP_EDITS = 20_000


def snapshot(document: Document, history: History, seq: int, unsaved: int) -> Callable[[], Snapshot]:
    """The present state, taken at once; its bytes are made when the result is called, on any thread."""
    twin, steps = light_copy(document), steps_alone(history, seq)

    def encoded() -> Snapshot:
        data = codec.encode(twin)
        codec.check_size(data, "The journal")  # the one there is goes on, and can be read
        return msgspec.structs.replace(
            steps,
            document=data,
            places=twin.media_files,
            foreign=sorted(twin.foreign),
            unsaved=unsaved,
        )

    return encoded


def steps_alone(history: History, seq: int) -> Snapshot:
    """The undo steps, for a journal that goes on from a file that was just saved."""
    held = history.unfinished
    if held is not None:  # it goes on changing
        held = Transaction(clean(held.label), held.edits.copy(), held.inverse.copy(), clean(held.author))
    return Snapshot(seq=seq, past=_latest(history.past), future=_latest(history.future), unfinished=held)


def light_copy(document: Document) -> Document:
    """What encoding reads, without the indexes: for 10,000 nodes well under a millisecond."""
    twin = Document(document.sample_rate)
    for name in ("nodes", "wires", "media", "sketches", "controls", "extra", "marks", "media_files", "foreign"):
        setattr(twin, name, getattr(document, name).copy())
    twin.timeline, twin.top, twin.origin = document.timeline, document.top, document.origin
    return twin


def _latest(steps: list[Transaction]) -> list[Transaction]:
    """The last undo steps, as many as a journal carries along."""
    chosen: list[Transaction] = []
    edits = 0
    for step in reversed(steps[-MAX_STEPS:]):
        edits += len(step.edits)
        if edits > MAX_STEP_EDITS:
            break
        chosen.append(Transaction(clean(step.label), step.edits, step.inverse, clean(step.author)))
    chosen.reverse()
    return chosen


class Keeper:
    """Looks after a journal until it is closed.

    The journal is renewed from a snapshot once it has grown by `max_changes` or `max_bytes`, or `every_s` after the
    first change that is only in it. Events of the journal reach `tell` on this thread.
    """

    def __init__(
        self,
        journal: Journal,
        history: History,
        tell: Callable[[JournalEvent], object],
        *,
        every_s: float = 120.0,
        max_changes: int = 10_000,
        max_bytes: int = 8 << 20,
    ) -> None:
        self._journal = journal
        self._history = history
        self._tell = tell
        self._every_s = every_s
        self._max_changes = max_changes
        self._max_bytes = max_bytes
        self._renewed_s = time.monotonic()
        self._tried_s = self._renewed_s
        self.trouble: Exception | None = None  # of the last renewal
        self._events: queue.SimpleQueue[JournalEvent] = queue.SimpleQueue()
        self._woken = threading.Event()
        self._quit = False
        journal.news = self._hear
        self._thread = threading.Thread(target=self._run, name="graphdaw-keeper", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; nothing is written any more."""
        self._quit = True
        self._woken.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def renew(self) -> bool:
        """Write the journal anew from the present state; False where it cannot be written, or not now."""
        self._tried_s = time.monotonic()
        try:
            with self._journal.renewal() as renewal:
                taken = self._take(renewal)
                if taken is None:
                    return False
                renewal.publish(taken())
        except (OSError, GraphdawError, *records.FAULTS) as error:
            self.trouble = error
            return False
        self.trouble = None
        self._renewed_s = time.monotonic()
        return True

    def _take(self, renewal: Renewal) -> Callable[[], Snapshot] | None:
        with self._history.lock:
            if not self._history.heard:
                return None  # a transaction that nobody has heard of may yet be taken back
            renewal.start()
            return snapshot(self._history.document, self._history, renewal.seq, self._journal.unsaved)

    def _hear(self, event: JournalEvent) -> None:
        self._events.put(event)
        self._woken.set()

    def _run(self) -> None:
        while not self._quit:
            self._woken.wait(SYNC_S)
            self._woken.clear()
            self._pass_on()
            self._journal.sync()
            if self._is_due():
                self.renew()
        self._pass_on()

    def _is_due(self) -> bool:
        journal, now = self._journal, time.monotonic()
        if self._quit or now - self._tried_s < MEND_S:
            return False
        if journal.broken:
            return True
        if not journal.changes:
            self._renewed_s = now
            return False
        grown_bytes = journal.size_bytes - journal.snapshot_bytes
        grown = grown_bytes > max(self._max_bytes, journal.snapshot_bytes)
        return grown or journal.changes >= self._max_changes or now - self._renewed_s >= self._every_s

    def _pass_on(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                event = self._events.get_nowait()
                with contextlib.suppress(Exception):  # an observer's fault is no reason to stop keeping
                    self._tell(event)
