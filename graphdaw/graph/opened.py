"""An opened project: a graph whose every edit is written down before it is heard, until it is saved and closed."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec

from graphdaw.errors import HistoryError, ProjectError
from graphdaw.graph import own_state
from graphdaw.graph.autosave import Keeper, steps_alone
from graphdaw.graph.differences import bring_to
from graphdaw.graph.graph import Graph
from graphdaw.graph.journal import Journal, JournalEvent, journal_path
from graphdaw.graph.model import Document
from graphdaw.graph.project import checkpoints, kept
from graphdaw.graph.project.checkpoints import Checkpoint, Checkpoints
from graphdaw.graph.project.checkpoints import restore as restore_checkpoint
from graphdaw.graph.project.kept import Generation
from graphdaw.graph.project.loading import load_marked
from graphdaw.graph.project.lock import ProjectLock
from graphdaw.graph.project.marks import JournalMark
from graphdaw.graph.project.saving import save
from graphdaw.graph.recovery import Recovered, Recovery, recover
from graphdaw.graph.unnamed import is_unnamed, new_unnamed, remove_project

if TYPE_CHECKING:
    from graphdaw.graph.project.saving import Saved
    from graphdaw.graph.vocabulary import Edit


def open_project(
    path: str | os.PathLike[str] | None = None, *, create: bool = False, every_s: float = 120.0
) -> Project:
    """Open a project to edit it, with every edit in it that a crash left in its journal.

    `create` makes the file where there is none. Without a path the project has no name until `save_as`, and lies in the
    user's state folder. `every_s` is how often the journal is shortened, in seconds. Raises ProjectError where the file
    cannot be read, is no project, or is open in another program.

    >>> import tempfile, graphdaw as gd
    >>> folder = tempfile.TemporaryDirectory()
    >>> with gd.open(f"{folder.name}/song.gdaw", create=True) as project:
    ...     osc = project.graph.add("sine", frequency_hz=110.0)
    ...     _ = project.save()
    ...     project.graph.set(osc, frequency_hz=220.0)
    >>> project = gd.open(f"{folder.name}/song.gdaw")  # it was closed with an edit that is not saved
    >>> project.unsaved, project.graph[osc.id].params["frequency_hz"]
    (1, 220.0)
    >>> project.close(discard=True)
    >>> gd.load(f"{folder.name}/song.gdaw")[osc.id].params["frequency_hz"]
    110.0
    >>> folder.cleanup()
    """
    if path is None:
        return _open(new_unnamed(), "", every_s)
    name = os.path.realpath(os.fspath(path))
    lock = ProjectLock(name)
    try:
        if create and not _is_there(name):
            if not _is_there(journal_path(name)):
                save(Document(), name)
            else:
                return _open_orphan(name, os.fspath(path), every_s, lock)
        return _open(name, os.fspath(path), every_s, lock)
    except BaseException:
        lock.close()
        raise


def _open(name: str, shown: str, every_s: float, lock: ProjectLock | None = None) -> Project:
    lock = lock or ProjectLock(name)
    try:
        found = recover(name)
        report = found.report
        if report is not None:
            report = _put_aside(name, msgspec.structs.replace(report, path=shown or "the project without a name"))
        return Project(name, found._replace(report=report), lock, every_s)
    except BaseException:
        lock.close()
        raise


def _open_orphan(name: str, shown: str, every_s: float, lock: ProjectLock) -> Project:
    """Open a project of which the journal alone is there, which may hold all of it."""
    try:
        return _open(name, shown, every_s, lock)
    except ProjectError as error:
        raise ProjectError(
            f"{name} is gone, but {journal_path(name)} with edits of it is still there; bring the project back, or "
            "move the journal away to begin a new one."
        ) from error


def _is_there(path: str) -> bool:
    """Whether a file exists; where that cannot be told it is no licence to write there, and raises ProjectError."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}; check the disk and the rights.") from error
    return True


def _put_aside(name: str, report: Recovery) -> Recovery:
    """Keep a journal that could not be used in full, for whoever can read more of it."""
    journal = journal_path(name)
    if report.fits and not report.dropped and not report.why:
        return report
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept_as = f"{journal}.{moment}.{secrets.token_hex(2)}"
    try:
        os.link(journal, kept_as)
    except OSError:  # a file system without hard links
        try:
            shutil.copyfile(journal, kept_as, follow_symlinks=False)
        except OSError as error:
            raise ProjectError(
                f"{journal} cannot be kept as {kept_as}: {error.strerror or error}; free some space, or move it away."
            ) from error
    return msgspec.structs.replace(report, kept_as=kept_as)


class Project:
    """A project that is open for editing; `open_project` makes one.

    `graph` is edited as any other. `recovered` says what a crash had left in the journal, None where it left nothing.
    Closing keeps edits that are not saved, and the next opening has them.
    """

    def __init__(self, name: str, found: Recovered, lock: ProjectLock, every_s: float) -> None:
        self._name = name
        self._lock = lock
        self._observers: list[Callable[[JournalEvent], object]] = []
        self.recovered = found.report
        self.graph = Graph.of(found.history)
        self.graph.project = self
        self.graph.recovered = found.report
        self._history = found.history
        self._journal = Journal(name, found.history, found.digest)
        self._keeper = Keeper(self._journal, found.history, _teller(self._observers), every_s=every_s)
        self._checkpoints: Checkpoints | None = None
        self._closed = False
        self._owner = os.getpid()
        self._finalizer = weakref.finalize(self, _let_go, os.getpid(), self._keeper, self._journal, self._lock)
        self.graph.path = self.path
        self._history.journal = self._journal
        if found.report is not None:
            self._take_over(name, found.report)
        else:
            own_state.seal(b"")  # makes the key, if there is none yet, so that no edit has to wait for it

    def _take_over(self, name: str, report: Recovery) -> None:
        """Go on from what was recovered, in a journal of our own; the old one stays until the new one is whole."""
        self._journal.edits = max(report.applied, 1 if report.damaged_file else 0)
        if self._journal.edits:
            if not self._keeper.renew() and self._keeper.trouble is not None:
                self._journal.abandon(name, self._keeper.trouble)
        else:
            with contextlib.suppress(OSError):
                os.unlink(self._journal.path)

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{self.unsaved} unsaved edits"
        return f"<Project {self.path or 'without a name'}, {state}>"

    @property
    def is_named(self) -> bool:
        """False until a project that was opened without a path is saved under one."""
        return not is_unnamed(self._name)

    @property
    def path(self) -> str | None:
        """The project file; None while the project has no name."""
        return self._name if self.is_named else None

    @property
    def unsaved(self) -> int:
        """How many edits were made since the project was saved; they are in the journal."""
        return self._journal.unsaved

    def observe(self, callback: Callable[[JournalEvent], object]) -> Callable[[], None]:
        """Call `callback(event)`, on another thread, when the journal breaks or works again; returns what ends it."""
        self._observers.append(callback)
        return lambda: self._observers.remove(callback) if callback in self._observers else None

    def sync(self) -> bool:
        """Bring every edit to the disk itself now, as before a risky act; False while the journal cannot be written."""
        return self._journal.sync()

    # Saving

    def save(self) -> Saved:
        """Write the project file; raises ProjectError, and then the old file and the journal stay as they were."""
        self._check_open()
        if not self.is_named:
            raise ProjectError("The project has no name yet; save it with save_as(path).")
        return self._save(self._name)

    def save_as(self, path: str | os.PathLike[str]) -> Saved:
        """Write the project to another file and go on there; the old file stays as it was last saved.

        A project that was there is kept as an earlier version of the new one. Raises ProjectError.
        """
        self._check_open()
        name = os.path.realpath(os.fspath(path))
        if name == self._name:
            return self._save(name)
        lock = ProjectLock(name)
        try:
            if _is_there(journal_path(name)):
                _put_aside(name, Recovery(name, fits=False))
            saved = self._save(name)
        except BaseException:
            lock.close()
            raise
        old, self._name, old_lock, self._lock = self._name, name, self._lock, lock
        self._finalizer.detach()
        self._finalizer = weakref.finalize(self, _let_go, os.getpid(), self._keeper, self._journal, lock)
        if is_unnamed(old):
            remove_project(old)
        old_lock.close()
        self.graph.path = name
        return saved

    # Checkpoints and earlier versions

    def checkpoint(self, label: str, prompt: str = "", author: str = "user") -> Checkpoint:
        """Save the project with a labelled state in it to come back to; raises ProjectError, and then there is none."""
        self._check_open()
        known = self._known_checkpoints()
        with self._history.lock:
            made = known.add(self._history.document, label, author, prompt)
        try:
            self._save(self._name)
        except BaseException:
            known.remove(made.id)
            raise
        return known[made.id]

    def checkpoints(self) -> list[Checkpoint]:
        """The checkpoints in the project, oldest first; raises ProjectError."""
        return list(self._known_checkpoints())

    def generations(self) -> list[Generation]:
        """The versions that were saved over and are kept, newest first."""
        return kept.generations(self._name)

    def restore(self, state: Checkpoint | Generation | int) -> list[Edit]:
        """Bring the graph to a checkpoint (or its number) or an earlier version, as one step that can be undone.

        Returns the edits made. What is the same in both plays on untouched. Raises ProjectError where the state is
        damaged or not there.
        """
        self._check_open()
        if isinstance(state, Generation):
            return bring_to(self.graph, load_marked(state.path)[0], f"restore {state}")
        if not isinstance(state, Checkpoint | int):
            raise ProjectError(f"{state!r} is no state of the project; choose one of checkpoints() or generations().")
        id = state if isinstance(state, int) else state.id
        return restore_checkpoint(self.graph, self._known_checkpoints(), id)

    def _known_checkpoints(self) -> Checkpoints:
        if self._checkpoints is None:
            self._checkpoints = checkpoints.read(self._name)
        return self._checkpoints

    def _save(self, name: str) -> Saved:
        """Write the file with a mark that says up to where the journal is in it, then begin the journal anew."""
        history, journal = self._history, self._journal
        with journal.renewal() as renewal:
            with history.lock:
                if not history.heard:
                    raise HistoryError("Cannot save inside an open transaction; leave it first.")
                renewal.start()
                twin, steps, edits = history.document.copy(), steps_alone(history, renewal.seq), journal.edits
            saved = save(twin, name, mark=JournalMark(journal.id, renewal.seq), checkpoints=self._checkpoints)
            journal.saved_edits = edits
            with history.lock:
                _adopt_places(history.document, twin)
            try:
                renewal.publish(steps, name)
            except OSError as error:  # the old journal goes on, and the mark says what of it is in the file
                if name != self._name:
                    journal.abandon(name, error)
        return saved

    # Ends

    def close(self, *, discard: bool = False) -> None:
        """Close the project. Edits that are not saved stay in the journal for the next opening, unless `discard`.

        Raises ProjectError, and stays open, where they could not be kept.
        """
        if self._closed or os.getpid() != self._owner:  # a forked child closes nothing of its parent's
            return
        if self.unsaved and not discard and not self._journal.sync() and not self._keeper.renew():
            edits = "1 edit that is" if self.unsaved == 1 else f"{self.unsaved} edits that are"
            raise ProjectError(
                f"{self.path or 'The project'} has {edits} saved nowhere, because its journal cannot be written; "
                "save it elsewhere, or close it with discard=True."
            )
        self._closed = True
        self._finalizer.detach()
        empty = discard or not self.unsaved
        with self._history.lock:
            self._history.journal = None
        self._keeper.close()
        self._journal.close(remove=empty)
        if not self.is_named and (discard or (empty and not self.graph.nodes)):
            remove_project(self._name)
        self.graph.project = None
        self._lock.close()

    def _check_open(self) -> None:
        if self._closed:
            raise ProjectError(f"{self.path or 'The project'} is closed; open it again.")

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _teller(observers: list[Callable[[JournalEvent], object]]) -> Callable[[JournalEvent], None]:
    """Tells observers; it holds only their list, so that a project that is let go of can end."""

    def tell(event: JournalEvent) -> None:
        for observer in tuple(observers):
            observer(event)

    return tell


def _let_go(owner: int, keeper: Keeper, journal: Journal, lock: ProjectLock) -> None:
    """Close what a program forgot to close: unsaved edits stay in the journal."""
    if os.getpid() == owner:
        keeper.close()
        journal.close(remove=not journal.unsaved)
        lock.close()


def _adopt_places(document: Document, saved: Document) -> None:
    """Remember where a save has put what the document refers to."""
    document.origin = saved.origin
    document.collected.update(saved.collected)
    document.media_files.update(saved.media_files)
