"""Transactions and undo: the graph's past as lists of edits, the journal that keeps it, and observers that follow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Literal, Protocol

import msgspec

from graphdaw.errors import HistoryError
from graphdaw.graph.edits import perform, replay
from graphdaw.graph.model import Document
from graphdaw.graph.vocabulary import Edit, SetValues

Observer = Callable[[list[Edit]], object]
Op = Literal["do", "begin", "part", "commit", "rollback", "undo", "redo"]
"""What happened: a whole step; beginning, part and end of a live transaction; a step back or forth."""


class Recorder(Protocol):
    """What writes changes down."""

    def record(self, op: Op, edits: list[Edit], label: str, author: str) -> None:
        """Keep a change; called with the history's lock held, and never raises."""


class Transaction(msgspec.Struct, gc=False):
    """One undo step: what was done, how to take it back, what it is called and who did it."""

    label: str
    edits: list[Edit]
    inverse: list[Edit]
    author: str = "user"


class History:
    """Makes edits on a document and remembers them; observers are told each list of primitive edits once it is made.

    The journal, where there is one, has written a change down before any observer hears of it. Two locks, taken in this
    order: `turn` for a change until all observers have heard of it, so that they hear of changes in the order in which
    they were made, whatever thread makes them; `lock` while the document changes and the journal writes, which is all
    that one who only wants the present state waits for.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.past: list[Transaction] = []
        self.future: list[Transaction] = []
        self.journal: Recorder | None = None
        self.turn, self.lock = threading.RLock(), threading.RLock()
        self._observers: list[Observer] = []
        self._open: Transaction | None = None
        self._live = False
        self._turned: dict[str, int] = {}  # node -> where its values stand in the open live transaction

    @property
    def unfinished(self) -> Transaction | None:
        """The open transaction."""
        return self._open

    @property
    def heard(self) -> bool:
        """Whether all that the document holds has been told: false inside a transaction that is not live."""
        return self._open is None or self._live

    def observe(self, callback: Observer) -> Callable[[], None]:
        """Call `callback(edits)` after every change, undo and redo; returns a function that ends it."""
        self._observers.append(callback)
        return lambda: self._observers.remove(callback) if callback in self._observers else None

    def apply(
        self, edits: Iterable[Edit], label: str = "", author: str = "user", *, trusted: bool = False
    ) -> list[Edit]:
        """Make edits, all or nothing, as one undo step (or as part of the open one); returns the primitive edits.

        `trusted` skips the checks: for primitive edits that lead to a document that is known.
        """
        with self.turn:
            with self.lock:
                done, inverse = perform(self.document, edits, trusted)
                told = bool(done) and self.adopt(done, inverse, label, author)
            if told:
                self._tell(done)
        return done

    def adopt(self, done: list[Edit], inverse: list[Edit], label: str = "", author: str = "user") -> bool:
        """Remember edits that were just made, and write them down; returns whether observers hear of them now."""
        transaction = self._open
        if transaction is None:
            transaction = Transaction(label, done, inverse, author)
            self.past.append(transaction)
            self.future.clear()
            self._record("do", done, transaction)
            return True
        first = not transaction.edits
        self._join(transaction, done, inverse)
        if self._live:
            self._record("begin" if first else "part", done, transaction)
        return self._live

    def _join(self, transaction: Transaction, done: list[Edit], inverse: list[Edit]) -> None:
        """Add to the open transaction, whose inverse is kept oldest first; a knob that turns on takes no more room."""
        for edit, back in zip(done, reversed(inverse), strict=True):
            if self._live and isinstance(edit, SetValues) and isinstance(back, SetValues):
                at = self._turned.setdefault(edit.id, len(transaction.edits))
                if at < len(transaction.edits):
                    was, first = transaction.edits[at], transaction.inverse[at]
                    assert isinstance(was, SetValues) and isinstance(first, SetValues)
                    transaction.edits[at] = SetValues(edit.id, {**was.values, **edit.values})
                    transaction.inverse[at] = SetValues(edit.id, {**back.values, **first.values})
                    continue
            else:
                self._turned.clear()  # values stay on their side of any other edit
            transaction.edits.append(edit)
            transaction.inverse.append(back)

    def begin(self, label: str, author: str = "user", live: bool = False) -> bool:
        """Open a transaction; inside an open one it only joins and returns False."""
        with self.turn, self.lock:
            if self._open is not None:
                return False
            self.resume(Transaction(label, [], [], author), live)
            return True

    def resume(self, transaction: Transaction, live: bool = True) -> None:
        """Go on with a transaction, its inverse oldest first, as if its edits had just been made."""
        self._open, self._live = transaction, live
        self._turned.clear()

    def commit(self) -> None:
        """Close the transaction and make it one undo step."""
        with self.turn:
            with self.lock:
                transaction, live = self._close("commit"), self._live
                if not transaction.edits:
                    return
                transaction.inverse.reverse()
                self.past.append(transaction)
                self.future.clear()
                self._record("commit" if live else "do", [] if live else transaction.edits, transaction)
            if not live:
                self._tell(transaction.edits)

    def rollback(self) -> None:
        """Close the transaction and take everything in it back."""
        with self.turn:
            with self.lock:
                transaction = self._close("take back")
                transaction.inverse.reverse()
                replay(self.document, transaction.inverse)
                told = self._live and bool(transaction.inverse)
                if told:
                    self._record("rollback", transaction.inverse, transaction)
            if told:
                self._tell(transaction.inverse)

    def _close(self, verb: str) -> Transaction:
        transaction, self._open = self._open, None
        if transaction is None:
            raise HistoryError(f"There is no open transaction to {verb}; begin one first.")
        return transaction

    def undo(self) -> Transaction:
        """Take the last transaction back; raises HistoryError when there is none."""
        return self._step(self.past, self.future, "undo")

    def redo(self) -> Transaction:
        """Make the last undone transaction again; raises HistoryError when there is none."""
        return self._step(self.future, self.past, "redo")

    def _step(self, source: list[Transaction], target: list[Transaction], verb: Literal["undo", "redo"]) -> Transaction:
        with self.turn:
            with self.lock:
                if self._open is not None:
                    label = self._open.label
                    raise HistoryError(f"Cannot {verb} inside the open transaction {label!r}; leave it first.")
                if not source:
                    raise HistoryError(f"There is nothing to {verb}.")
                transaction = source.pop()
                edits = transaction.inverse if verb == "undo" else transaction.edits
                replay(self.document, edits)
                target.append(transaction)
                self._record(verb, edits, transaction)
            self._tell(edits)
        return transaction

    def _record(self, op: Op, edits: list[Edit], transaction: Transaction) -> None:
        if self.journal is not None:
            self.journal.record(op, edits, transaction.label, transaction.author)

    def _tell(self, edits: list[Edit]) -> None:
        """With the lock held, so that observers hear of edits in the order in which they were made."""
        for observer in tuple(self._observers):
            observer(edits)
