"""Opening a project with what its journal holds beyond the file, and a report of what was found."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from graphdaw.errors import GraphdawError, ProjectError
from graphdaw.graph import codec, own_state, records, structure
from graphdaw.graph.edits import perform, replay
from graphdaw.graph.history import History, Transaction
from graphdaw.graph.journal import journal_path, texts
from graphdaw.graph.model import Document
from graphdaw.graph.project import bundle
from graphdaw.graph.project.loading import load_marked
from graphdaw.graph.project.marks import JournalMark
from graphdaw.graph.records import Contents, Record

MAX_ORDER = 2**62


class Recovery(msgspec.Struct, frozen=True):
    """What a journal held beyond its project file: edits found, made again, and lost, and why.

    `torn` says that the last write was cut off in the middle, so its edit had not been made yet. `first_s` and `last_s`
    are when the edits were made, in seconds since 1970. `fits` is False where the journal continues another version of
    the file. `mark` is up to where the journal is in the document now.
    """

    path: str
    found: int = 0
    applied: int = 0
    dropped: int = 0
    why: str = ""
    torn: bool = False
    fits: bool = True
    damaged_file: str = ""
    first_s: float = 0.0
    last_s: float = 0.0
    kept_as: str = ""
    mark: JournalMark | None = None

    @property
    def sentence(self) -> str:
        """The report in words; empty where there is nothing to tell.

        >>> Recovery("song.gdaw", found=2, applied=2).sentence
        'Recovered 2 edits that song.gdaw did not hold yet.'
        """
        parts = []
        if not self.fits:
            parts.append(f"The journal beside {self.path} continues another version of it and was not used")
        elif self.damaged_file:
            parts.append(f"Recovered {self.path} from its journal: {self.damaged_file.rstrip('.')}")
        elif self.applied:
            parts.append(f"Recovered {_edits(self.applied)} that {self.path} did not hold yet{self._times()}")
        if self.dropped or self.why:
            lost = _edits(self.dropped) if self.dropped else "Edits"
            parts.append(f"{lost} could not be recovered from its journal: {self.why or 'it is damaged'}")
        if self.kept_as:
            parts.append(f"The journal is kept as {self.kept_as}")
        return ". ".join(parts) + "." if parts else ""

    def _times(self) -> str:
        if not self.last_s:
            return ""
        first, last = clock(self.first_s), clock(self.last_s)
        return f" (made at {last})" if first == last else f" (made from {first} to {last})"


def _edits(count: int) -> str:
    return f"{count} edit" if count == 1 else f"{count} edits"


def clock(time_s: float) -> str:
    """A moment, in seconds since 1970, as people here say it; a journal may hold any number.

    >>> clock(1e300)
    'an unknown time'
    """
    try:
        return datetime.fromtimestamp(time_s, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return "an unknown time"


class Recovered(NamedTuple):
    """A project as it was when its last edit was made."""

    history: History
    report: Recovery | None
    digest: str


def recover(path: str) -> Recovered:
    """The project in a file, with every edit of its journal made again; raises ProjectError.

    Changes nothing on the disk.
    """
    contents = records.read(journal_path(os.path.realpath(path)))
    if contents is None:
        return Recovered(History(load_marked(path)[0]), None, digest_of(path))
    try:
        document, mark = load_marked(path)
    except ProjectError as error:
        if contents.header is None or contents.snapshot is None or not contents.snapshot.document:
            raise
        try:
            history, report = _from(contents, contents.header.after, None, path)
        except ProjectError:  # neither of them is sound
            raise error from None
        report = msgspec.structs.replace(report, damaged_file=str(error))
        return Recovered(history, report, contents.header.base)
    digest = digest_of(path)
    after = _continues(contents, mark, digest)
    if after is None:
        lost = contents.lost_records if contents.header is None else 0
        fits = contents.header is None
        report = Recovery(path, found=lost, dropped=lost, why=contents.why, torn=contents.torn, fits=fits)
        return Recovered(History(document), report, digest)
    try:
        history, report = _from(contents, after, document, path)
    except ProjectError as error:  # a forged one
        lost = len(contents.records)
        history, report = History(document), Recovery(path, lost, dropped=lost, why=str(error))
    return Recovered(history, report, digest)


def digest_of(path: str) -> str:
    """The SHA-256 of the document in a project, by which a journal knows what it continues; raises ProjectError."""
    with bundle.reading(path), bundle.opened(path) as archive:
        return hashlib.sha256(bundle.read_document(archive, path)).hexdigest()


def _continues(contents: Contents, mark: JournalMark | None, digest: str) -> int | None:
    """The last change that is in the file; None where the journal belongs to another version of it."""
    header, snapshot = contents.header, contents.snapshot
    if header is None:
        return None
    whole = snapshot is not None and bool(snapshot.document)
    if mark is not None and mark.id == header.journal:
        return mark.seq if whole or header.after <= mark.seq else None
    if header.base and header.base == digest and (whole or header.after == 0):
        return 0
    return None


def _from(contents: Contents, saved: int, document: Document | None, path: str) -> tuple[History, Recovery]:
    """The history up to the end of a journal, from its snapshot or from the document of the file, saved at `saved`."""
    header = contents.header
    assert header is not None
    sealed = own_state.is_sealed(header.sealed_part, header.seal)
    start = _start(contents, saved, document, path, sealed)
    found = [record for record in contents.records if record.seq > saved and record.op in records.COUNTED]
    before = contents.snapshot.unsaved if contents.snapshot and saved <= contents.snapshot.seq else 0
    rerun = Rerun(start.history, sealed)
    why, done = contents.why, start.seq
    for record in contents.records:
        if record.seq <= start.seq:
            continue
        try:
            rerun.make(record)
        except Exception as error:  # whatever a forged edit runs into, what was made so far stands
            why = f"change {record.seq} does not fit: {str(error) or type(error).__name__}"
            break
        done = record.seq
    applied = [record for record in found if record.seq <= done]
    fault = _fault(start.history.document, path) if done > start.seq or start.is_snapshot else ""
    if fault:  # no edit alone is wrong, but together they make what no file may hold
        raise ProjectError(f"its edits make no sound document: {fault.rstrip('.')}")
    report = Recovery(
        path=path,
        found=before + len(found) + contents.lost_records,
        applied=before + len(applied),
        dropped=len(found) - len(applied) + contents.lost_records,
        why=why,
        torn=contents.torn,
        first_s=applied[0].time_s if applied else 0.0,
        last_s=applied[-1].time_s if applied else 0.0,
        mark=JournalMark(header.journal, max(done, saved)),
    )
    rerun.finish()
    return start.history, report


class _Start(NamedTuple):
    """The state that changes are made on, and the last change in it."""

    history: History
    seq: int
    is_snapshot: bool


def _start(contents: Contents, saved: int, document: Document | None, path: str, sealed: bool) -> _Start:
    """The snapshot, or the file where it is further or the snapshot holds no document."""
    snapshot, header = contents.snapshot, contents.header
    assert header is not None
    last = contents.records[-1].seq if contents.records else header.after
    if snapshot is None or (not snapshot.document and snapshot.seq != saved) or (document is not None and last < saved):
        assert document is not None
        return _Start(History(document), saved, is_snapshot=False)
    start = document
    if snapshot.document:
        start = codec.decode(snapshot.document, journal_path(path))
        start.origin = document.origin if document is not None else ""
        known = {hash: place for hash, place in snapshot.places.items() if sealed and os.path.exists(place)}
        start.media_files = {**known, **(document.media_files if document is not None else {})}
        start.foreign = set(snapshot.foreign) if sealed else structure.outside_paths(start)
    assert start is not None
    history = History(start)
    if sealed:  # undoing is done unchecked, so the steps must be our own
        history.past, history.future = list(snapshot.past), list(snapshot.future)
        if snapshot.unfinished is not None:
            history.resume(snapshot.unfinished)
    return _Start(history, snapshot.seq, is_snapshot=bool(snapshot.document))


def _fault(document: Document, path: str) -> str:
    """Why the document could not be saved and read again; empty when it can."""
    try:
        same = codec.decode(codec.encode(document), path) == document
    except (GraphdawError, *records.FAULTS) as error:
        return str(error) or type(error).__name__
    return "" if same else "the edits make no sound document"


class Rerun:
    """Makes the changes of a journal again, so that they can be undone as before."""

    def __init__(self, history: History, sealed: bool) -> None:
        self._history = history
        self._sealed = sealed
        self._changed = False

    def make(self, record: Record) -> None:
        """Make one change; raises whatever a change runs into that does not fit."""
        document = self._history.document
        if any(getattr(edit, "order", 0) not in range(MAX_ORDER) for edit in record.edits):
            raise ProjectError("its order number is beyond any edit count")
        for type, sketch in record.sketches.items():
            document.sketches.setdefault(type, sketch)
        if self._sealed:
            document.media_files.update((h, p) for h, p in record.places.items() if h not in document.media_files)
        self._changed = True
        _OPS[record.op](self._history, record)
        if self._sealed:  # what an edit names and was not foreign then, the user had chosen
            document.foreign.difference_update(texts(record.edits))
            document.foreign.update(record.foreign)

    def finish(self) -> None:
        """Close what a crash left open, and distrust paths that somebody else's journal brought."""
        history = self._history
        if history.unfinished is not None:
            history.commit()
        if self._changed and not self._sealed:
            history.document.foreign = structure.outside_paths(history.document)
            if not _leads_back(history):
                history.past.clear()
                history.future.clear()
        structure.remember_placeholders(history.document)


def _leads_back(history: History) -> bool:
    """Whether all can be undone, and redone, to a document that can be saved: steps are retraced unchecked."""
    ways = [[step.inverse for step in reversed(history.past)], [step.edits for step in reversed(history.future)]]
    try:
        for way in ways:
            twin = history.document.copy()
            for edits in way:
                replay(twin, edits)
            if _fault(twin, "the journal"):
                return False
    except Exception:  # whatever a forged step runs into
        return False
    return True


def _make(history: History, record: Record) -> None:
    """Make edits as checked ones or, where they lead through a state that only a file brings in, on a copy first."""
    try:
        history.apply(record.edits, record.label, record.author)
    except GraphdawError:
        twin = history.document.copy()
        replay(twin, record.edits)
        if _fault(twin, "the journal"):
            raise
        done, inverse = perform(history.document, record.edits, trusted=True)
        history.adopt(done, inverse, record.label, record.author)


def _apart(history: History, record: Record) -> Transaction | None:
    """Make edits that are no new step; returns them with their inverse."""
    past, future = history.past.copy(), history.future.copy()
    _make(history, record)
    made = history.past[-1] if len(history.past) > len(past) else None
    history.past, history.future = past, future
    return made


def _begin(history: History, record: Record) -> None:
    _commit(history, record)
    _part(history, record)


def _part(history: History, record: Record) -> None:
    if history.unfinished is None:
        history.begin(record.label, record.author, live=True)
    _make(history, record)


def _commit(history: History, _: Record) -> None:
    if history.unfinished is not None:
        history.commit()


def _rollback(history: History, record: Record) -> None:
    if history.unfinished is not None:
        history.rollback()
    else:
        _apart(history, record)


def _undo(history: History, record: Record) -> None:
    if history.past and history.past[-1].inverse == record.edits:
        history.undo()
        return
    back = _apart(history, record)  # of a step from before the journal began: its inverse is what the step did
    history.past.clear()
    if back is not None:
        history.future.append(Transaction(record.label, back.inverse, back.edits, record.author))


def _redo(history: History, record: Record) -> None:
    if history.future and history.future[-1].edits == record.edits:
        history.redo()
    else:
        _make(history, record)


_OPS: dict[str, Callable[[History, Record], None]] = {
    "do": _make,
    "begin": _begin,
    "part": _part,
    "commit": _commit,
    "rollback": _rollback,
    "undo": _undo,
    "redo": _redo,
}
