"""The journal: every change of a project, appended to a file beside it before anybody hears of the change."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import msgspec

from graphdaw.graph import own_state, records
from graphdaw.graph.clips import recordings
from graphdaw.graph.project import disk
from graphdaw.graph.records import Header, Record, Snapshot
from graphdaw.graph.vocabulary import AddNode, Edit, PutClip, SetClip, SetMedia, SetValues

if TYPE_CHECKING:
    from graphdaw.graph.history import History, Op
    from graphdaw.graph.model import Document, Sketch
    from graphdaw.graph.vocabulary import Primitive

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)


class JournalBroken(msgspec.Struct, frozen=True):
    """The journal cannot be written: edits are made and heard, but a crash would lose those since then."""

    sentence: str


class JournalWorks(msgspec.Struct, frozen=True):
    """The journal is written again, with everything in it that was missing."""

    sentence: str


JournalEvent = JournalBroken | JournalWorks


def journal_path(project: str) -> str:
    """Where the journal of a project file lies.

    >>> journal_path("/songs/a.gdaw")
    '/songs/.a.gdaw.journal'
    """
    folder, name = os.path.split(project)
    return os.path.join(folder, f".{name}.journal")


class Journal:
    """The journal of one open project. The file appears with the first change.

    Three locks, taken in this order: `_renewing` while the file is written anew, `_syncing` while it is synced or put
    in place, `_writing` for the moments in which an edit appends to it. An edit waits for nothing but the last.
    """

    def __init__(self, project: str, history: History, base: str) -> None:
        self.project = project
        self.path = journal_path(project)
        self.id = secrets.token_hex(8)
        self.seq = 0
        self.changes = 0  # since the file was begun
        self.edits = 0
        self.saved_edits = 0
        self.size_bytes = 0
        self.snapshot_bytes = 0
        self.broken = ""
        self.news: Callable[[JournalEvent], object] = lambda _: None
        self._history = history
        self._base = base
        self._file = -1
        self._unsynced = False
        self._named = False
        self._kept: list[bytes] | None = None
        self._closed = False
        self._owner = os.getpid()
        self._renewing, self._syncing, self._writing = threading.RLock(), threading.Lock(), threading.Lock()

    @property
    def unsaved(self) -> int:
        """How many edits the project file does not hold."""
        return self.edits - self.saved_edits

    # Appending

    def record(self, op: Op, edits: list[Edit], label: str, author: str) -> None:
        """Write a change down; where that fails, the change stands and the journal is `broken` until it is renewed."""
        with self._writing:
            if self._closed or os.getpid() != self._owner:  # a forked child edits a document of its own
                return
            self.seq += 1
            self.changes += 1
            self.edits += op in records.COUNTED
            try:
                data = self._entry(op, edits, label, author)
                if self._kept is not None:
                    self._kept.append(data)
                if not self.broken:
                    self._append(data)
            except OSError as error:
                self._break(error)
            except records.FAULTS as error:
                self._kept = None  # a file that is being made lacks this change too
                self._break(error)

    def _entry(self, op: Op, edits: list[Edit], label: str, author: str) -> bytes:
        found, sketches, foreign = _context(self._history.document, edits)
        primitive = cast("list[Primitive]", edits)  # a history records nothing else
        made = Record(self.seq, time.time(), op, primitive, clean(label), clean(author), found, sketches, foreign)
        return records.entry(made)

    def _append(self, data: bytes) -> None:
        if self._file < 0:
            self._file = os.open(self.path, _NEW, 0o666)
            disk.keep_rights(self.project, self._file)
            data = records.head(self._header(self.seq - 1)) + data
        if os.write(self._file, data) != len(data):
            raise OSError("the disk takes only part of it")
        self.size_bytes += len(data)
        self._unsynced = True

    def _header(self, after: int) -> Header:
        header = Header(self.id, after, self._base)
        return msgspec.structs.replace(header, seal=own_state.seal(header.sealed_part))

    def _break(self, error: Exception) -> None:
        """Give the file up as it is: what it holds is sound up to here, and nothing is written behind a hole."""
        if not self.broken:
            why = (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
            self.broken = (
                f"The journal {self.path} cannot be written: {why}; edits go on and are kept in memory only: "
                "free some space or save elsewhere."
            )
            self.news(JournalBroken(self.broken))

    # Syncing

    def sync(self) -> bool:
        """Bring what was written to the disk itself, past a power cut; False where it could not be."""
        with self._syncing:
            with self._writing:
                file, self._unsynced, unsynced = self._file, False, self._unsynced
                if file >= 0:
                    self._look_at(file)
            if file < 0 or not unsynced:
                return not self.broken
            try:
                os.fsync(file)
                if not self._named:
                    disk.sync_folder(os.path.dirname(self.path))
                    self._named = True
            except OSError as error:
                with self._writing:
                    self._break(error)
            return not self.broken

    def _look_at(self, file: int) -> None:
        """Break where somebody has removed the file: what is written to it then is lost with this program."""
        try:
            if not os.fstat(file).st_nlink:
                raise FileNotFoundError(errno.ENOENT, "somebody has removed it")
        except OSError as error:
            self._break(error)

    # Writing it anew

    @contextmanager
    def renewal(self) -> Iterator[Renewal]:
        """Begin a file that takes the place of this one; changes made meanwhile will be in both."""
        with self._renewing:
            renewal = Renewal(self)
            try:
                yield renewal
            finally:
                with self._writing:
                    self._kept = None

    def abandon(self, project: str, error: Exception) -> None:
        """Give the file up for the one of a project, which could not be written so far."""
        with self._writing:
            self.project, self.path = project, journal_path(project)
            self._break(error)

    def close(self, *, remove: bool) -> None:
        """End the journal; what it holds stays on the disk unless `remove`."""
        if not remove:
            self.sync()
        with self._renewing, self._syncing, self._writing:
            self._closed = True
            _close(self._file)
            self._file = -1
            if remove:
                with contextlib.suppress(OSError):
                    os.unlink(self.path)


class Renewal:
    """A journal's next file, from the state at `start` on."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.seq = 0

    def start(self) -> None:
        """Take the present state as what the new file goes on from; call it with the history's lock held."""
        with self._journal._writing:
            self._journal._kept = []
            self.seq = self._journal.seq

    def publish(self, snapshot: Snapshot, project: str = "") -> None:
        """Write the new file whole and put it in place of the old one, or beside another `project` from now on.

        Raises OSError, and the old one goes on then.
        """
        journal = self._journal
        project = project or journal.project
        with disk.temporary(*os.path.split(project)) as (draft, handle):
            file = os.dup(handle)
            try:
                size = _write_all(file, records.head(journal._header(self.seq)) + records.snapshot_entry(snapshot))
                disk.keep_rights(project, file)
                os.fsync(file)
                with journal._syncing:
                    file = self._put(draft, file, size, project)
            finally:
                _close(file)

    def _put(self, draft: str, file: int, size: int, project: str) -> int:
        """Add what was changed meanwhile and change the files over; returns the old one."""
        journal, path = self._journal, journal_path(project)
        with journal._writing:
            if journal._kept is None:
                raise OSError("a change cannot be written down")
            journal.snapshot_bytes = size
            size += _write_all(file, b"".join(journal._kept))
            os.replace(draft, path)
            old, journal._file = journal._file, file
            if path != journal.path:
                with contextlib.suppress(OSError):
                    os.unlink(journal.path)
                journal.project, journal.path = project, path
            journal.size_bytes, journal.changes, journal._kept = size, len(journal._kept), None
            journal._unsynced, journal._named = True, False
            if journal.broken:
                journal.broken = ""
                journal.news(JournalWorks(f"The journal {path} is written again; nothing is missing in it."))
        return old


def clean(text: str) -> str:
    """A text without what no file can hold."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _close(file: int) -> None:
    """Let go of an open file, if it is one; what it holds was synced where that matters."""
    if file >= 0:
        with contextlib.suppress(OSError):
            os.close(file)


def _write_all(file: int, data: bytes) -> int:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]
    return len(data)


def _context(document: Document, edits: list[Edit]) -> tuple[dict[str, str], dict[str, Sketch], list[str]]:
    """What the document knows beside the edits and they need: where media lie, unknown types, paths that came along."""
    found: dict[str, str] = {}
    sketches: dict[str, Sketch] = {}
    foreign: list[str] = []
    for edit in edits:
        if isinstance(edit, SetMedia) and edit.hash in document.media_files:
            found[edit.hash] = document.media_files[edit.hash]
        elif isinstance(edit, AddNode) and edit.type in document.sketches:
            sketches[edit.type] = document.sketches[edit.type]
    if document.foreign:
        foreign = [text for text in texts(edits) if text in document.foreign]
    return found, sketches, foreign


def texts(edits: Iterable[Edit]) -> list[str]:
    """The texts that edits set, paths among them."""
    found: list[str] = []
    for edit in edits:
        if isinstance(edit, AddNode | SetValues | SetClip):
            found += (value for value in edit.values.values() if isinstance(value, str))
        if isinstance(edit, AddNode):
            found += (recording for _, recording in recordings(edit.clips))
        elif isinstance(edit, PutClip):
            found += (recording for _, recording in recordings((edit.clip,)))
    return found
