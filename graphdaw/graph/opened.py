"""An opened project: a graph whose every edit is written down before it is heard, until it is saved and closed."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec

from graphdaw.errors import HistoryError, ProjectError
from graphdaw.graph import places
from graphdaw.graph.autosave import Keeper, steps_alone
from graphdaw.graph.differences import adopt, difference
from graphdaw.graph.graph import Graph
from graphdaw.graph.journal import Journal, JournalEvent, journal_path
from graphdaw.graph.model import Document
from graphdaw.graph.project import checkpoints, kept
from graphdaw.graph.project.checkpoints import Checkpoint, Checkpoints
from graphdaw.graph.project.checkpoints import restore as restore_checkpoint
from graphdaw.graph.project.kept import Generation
from graphdaw.graph.project.loading import load_marked
from graphdaw.graph.project.lock import ProjectLock, live_owner
from graphdaw.graph.project.marks import JournalMark
from graphdaw.graph.project.saving import save
from graphdaw.graph.recovery import Recovered, Recovery, recover

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
        return _open(_new_unnamed(), "", every_s)
    name = os.path.realpath(os.fspath(path))
    lock = ProjectLock(name)
    try:
        if create and not os.path.exists(name) and not os.path.lexists(journal_path(name)):
            save(Document(), name)
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


def _put_aside(name: str, report: Recovery) -> Recovery:
    """Keep a journal that could not be used in full, for whoever can read more of it."""
    journal = journal_path(name)
    if report.fits and not report.dropped and not report.why:
        return report
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept_as = f"{journal}.{moment}.{secrets.token_hex(2)}"
    try:
        os.link(journal, kept_as)
    except OSError:
        os.rename(journal, kept_as)
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
        self._journal = Journal(journal_path(name), found.history, found.digest)
        self._keeper = Keeper(self._journal, found.history, _teller(self._observers), every_s=every_s)
        self._checkpoints: Checkpoints | None = None
        self._closed = False
        self._owner = os.getpid()
        self._finalizer = weakref.finalize(self, _let_go, os.getpid(), self._keeper, self._journal, self._lock)
        if not self.is_named:
            self.graph.path = None
        else:
            self.graph.path = name
        self._history.journal = self._journal
        if found.report is not None:
            self._take_over(found.report)

    def _take_over(self, report: Recovery) -> None:
        """Go on from what was recovered, in a journal of our own; the old one stays until the new one is whole."""
        self._journal.edits = max(report.applied, 1 if report.damaged_file else 0)
        if self._journal.edits:
            if not self._keeper.renew() and self._keeper.trouble is not None:
                self._journal.abandon(self._journal.path, self._keeper.trouble)
        else:
            with contextlib.suppress(OSError):
                os.unlink(self._journal.path)

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{self.unsaved} unsaved edits"
        return f"<Project {self.path or 'without a name'}, {state}>"

    @property
    def is_named(self) -> bool:
        """False until a project that was opened without a path is saved under one."""
        return os.path.dirname(self._name) != os.path.realpath(places.unnamed_folder())

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
            if os.path.lexists(journal_path(name)):
                _put_aside(name, Recovery(name, fits=False))
            saved = self._save(name)
        except BaseException:
            lock.close()
            raise
        old, self._name, old_lock, self._lock = self._name, name, self._lock, lock
        self._finalizer.detach()
        self._finalizer = weakref.finalize(self, _let_go, os.getpid(), self._keeper, self._journal, lock)
        if _is_unnamed(old):
            _remove_project(old)
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
            with self._history.lock:
                target = load_marked(state.path)[0]
                edits = difference(self.graph.document, target)
                adopt(self.graph.document, target)
                return self.graph.apply(edits, f"restore {state}", trusted=True)
        id = state if isinstance(state, int) else state.id
        with self._history.lock:
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
                renewal.publish(steps, journal_path(name))
            except OSError as error:  # the old journal goes on, and the mark says what of it is in the file
                if name != self._name:
                    journal.abandon(journal_path(name), error)
        return saved

    # Ends

    def close(self, *, discard: bool = False) -> None:
        """Close the project. Edits that are not saved stay in the journal for the next opening, unless `discard`.

        Raises ProjectError, and stays open, where they could not be kept.
        """
        if self._closed or os.getpid() != self._owner:  # a forked child closes nothing of its parent's
            return
        if self.unsaved and not discard and self._journal.broken and not self._keeper.renew():
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
            _remove_project(self._name)
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


# Graphs that are loaded and saved without being opened


def load_graph(path: str) -> Graph:
    """A project to look at: with the edits a crash left, but without those of a program that has it open now."""
    if live_owner(path) is not None:
        graph = Graph(document=load_marked(path)[0])
        graph.path = path
        return graph
    history, report, _ = recover(path)
    if report is not None and live_owner(path) is not None:  # opened since, so the journal is not left but in use
        return load_graph(path)
    graph = Graph.of(history)
    graph.path, graph.recovered = path, report
    return graph


def save_graph(graph: Graph, path: str) -> Saved:
    """Write a graph to a file; through its project where it is the file of that."""
    name = os.path.realpath(path)
    project = graph.project
    if project is not None and name == os.path.realpath(project.path or ""):
        return project.save()
    report = graph.recovered
    continues = report is not None and name == os.path.realpath(report.path)
    owner = live_owner(name)
    if owner is not None:
        raise ProjectError(f"{name} is open, by {owner}; save through that, or under another name.")
    saved = save(graph.document, name, mark=report.mark if report is not None and continues else None)
    if project is None:
        graph.path = path
    return saved


# Projects without a name


class UnsavedProject(msgspec.Struct, frozen=True):
    """A project that never got a name, as its last program left it; `open_project(path)` opens it."""

    path: str
    edits: int
    nodes: int
    last_s: float
    sentence: str


def unsaved_projects() -> list[UnsavedProject]:
    """Projects without a name that are open nowhere, newest first: what a crash or a close left of them."""
    found = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(places.unnamed_folder()):
            one = _unsaved(entry.path) if entry.name.endswith(".gdaw") else None
            if one is not None:
                found.append(one)
    return sorted(found, key=lambda project: project.last_s, reverse=True)


def _unsaved(path: str) -> UnsavedProject | None:
    """What a file in the folder of projects without a name holds; None where it is open, or holds nothing and goes."""
    try:
        lock = ProjectLock(path)
    except ProjectError:
        return None
    with lock:
        try:
            history, report, _ = recover(path)
        except ProjectError as error:
            return UnsavedProject(path, 0, 0, 0.0, str(error))
        nodes, edits = len(history.document.nodes), report.applied if report is not None else 0
        if not nodes and not edits and (report is None or not report.sentence):
            _remove_project(path)
            return None
    last_s = report.last_s if report is not None and report.last_s else os.path.getmtime(path)
    sentence = f"A project without a name: {nodes} nodes, {_clock(last_s)}."
    return UnsavedProject(path, edits, nodes, last_s, sentence if report is None else f"{sentence} {report.sentence}")


def _clock(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def _new_unnamed() -> str:
    folder = places.unnamed_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ProjectError(f"{folder} cannot be made: {error.strerror}; give the project a path.") from error
    name = os.path.join(os.path.realpath(folder), f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}.gdaw")
    save(Document(), name)
    return name


def _is_unnamed(name: str) -> bool:
    return os.path.dirname(name) == os.path.realpath(places.unnamed_folder())


def _remove_project(name: str) -> None:
    """Remove a project without a name, with its earlier versions."""
    for one in kept.generations(name):
        with contextlib.suppress(OSError):
            os.unlink(one.path)
    with contextlib.suppress(OSError):
        os.rmdir(kept.folder_of(name))
    for path in (name, journal_path(name)):
        with contextlib.suppress(OSError):
            os.unlink(path)
