"""Transactions and undo: the graph's past as lists of edits, and the observers that follow it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from graphdaw.errors import HistoryError
from graphdaw.graph.edits import perform, replay
from graphdaw.graph.model import Document
from graphdaw.graph.vocabulary import Edit

Observer = Callable[[list[Edit]], object]


class Transaction(msgspec.Struct, gc=False):
    """One undo step: what was done, how to take it back, what it is called and who did it."""

    label: str
    edits: list[Edit]
    inverse: list[Edit]
    author: str = "user"


class History:
    """Makes edits on a document and remembers them; observers are told each list of primitive edits once it is made."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.past: list[Transaction] = []
        self.future: list[Transaction] = []
        self._observers: list[Observer] = []
        self._open: Transaction | None = None
        self._live = False

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
        done, inverse = perform(self.document, edits, trusted)
        transaction = self._open
        if transaction is not None:
            transaction.edits += done
            transaction.inverse.extend(reversed(inverse))  # oldest first while it is open
            if self._live:
                self._tell(done)
        elif done:
            self.past.append(Transaction(label, done, inverse, author))
            if self.future:
                self.future.clear()
            if self._observers:
                self._tell(done)
        return done

    def begin(self, label: str, author: str = "user", live: bool = False) -> bool:
        """Open a transaction; inside an open one it only joins and returns False."""
        if self._open is not None:
            return False
        self._open = Transaction(label, [], [], author)
        self._live = live
        return True

    def commit(self) -> None:
        """Close the transaction and make it one undo step."""
        transaction, self._open = self._open, None
        if transaction is None:
            raise HistoryError("There is no open transaction to commit; begin one first.")
        if transaction.edits:
            transaction.inverse.reverse()
            self.past.append(transaction)
            self.future.clear()
            if not self._live:
                self._tell(transaction.edits)

    def rollback(self) -> None:
        """Close the transaction and take everything in it back."""
        transaction, self._open = self._open, None
        if transaction is None:
            raise HistoryError("There is no open transaction to take back; begin one first.")
        transaction.inverse.reverse()
        replay(self.document, transaction.inverse)
        if self._live and transaction.inverse:
            self._tell(transaction.inverse)

    def undo(self) -> Transaction:
        """Take the last transaction back; raises HistoryError when there is none."""
        return self._step(self.past, self.future, "undo")

    def redo(self) -> Transaction:
        """Make the last undone transaction again; raises HistoryError when there is none."""
        return self._step(self.future, self.past, "redo")

    def _step(self, source: list[Transaction], target: list[Transaction], verb: str) -> Transaction:
        if self._open is not None:
            raise HistoryError(f"Cannot {verb} inside the open transaction {self._open.label!r}; leave it first.")
        if not source:
            raise HistoryError(f"There is nothing to {verb}.")
        transaction = source.pop()
        edits = transaction.inverse if verb == "undo" else transaction.edits
        replay(self.document, edits)
        target.append(transaction)
        self._tell(edits)
        return transaction

    def _tell(self, edits: list[Edit]) -> None:
        for observer in tuple(self._observers):
            observer(edits)
