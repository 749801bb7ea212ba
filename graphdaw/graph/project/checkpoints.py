"""Checkpoints: labelled states of a project that travel in its file, each document stored once by its content."""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from collections.abc import Callable, Iterator

import msgspec

from graphdaw.errors import ProjectError
from graphdaw.graph import codec, limits
from graphdaw.graph.checks import is_hash
from graphdaw.graph.differences import bring_to
from graphdaw.graph.graph import Graph
from graphdaw.graph.limits import MAX_BYTES
from graphdaw.graph.model import Document
from graphdaw.graph.project import bundle
from graphdaw.graph.project.bundle import MEDIA
from graphdaw.graph.vocabulary import Edit

HISTORY = "history/"
INDEX = HISTORY + "checkpoints.msgpack"
MAX_CHECKPOINTS = 10_000


class Checkpoint(msgspec.Struct, frozen=True):
    """One state: its number, a label, who made it and what they asked for, and when (Unix time).

    `document` is the SHA-256 of the stored document, "" until it is saved; `media` are the recordings it needs.
    """

    id: int
    label: str
    made_at: float
    author: str = "user"
    prompt: str = ""
    document: str = ""
    media: tuple[str, ...] = ()


class Checkpoints:
    """The checkpoints of a project: those in its file, `place`, and those made since, which the next save puts there.

    >>> from graphdaw.graph.graph import Graph
    >>> graph, checkpoints = Graph(), Checkpoints()
    >>> saw = graph.add("saw", frequency_hz=110.0)
    >>> first = checkpoints.add(graph.document, "before the drop")
    >>> graph.remove(saw)
    >>> _ = restore(graph, checkpoints, first.id)
    >>> graph[saw.id].params["frequency_hz"]
    110.0
    """

    def __init__(self, known: list[Checkpoint] | None = None, place: str = "") -> None:
        self._known = {one.id: one for one in known or []}
        self._fresh: dict[int, Document] = {}
        self.place = place
        self._top = max(self._known, default=0)

    def __iter__(self) -> Iterator[Checkpoint]:
        """Oldest first."""
        return iter([self._known[id] for id in sorted(self._known)])

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, id: int) -> Checkpoint:
        """The checkpoint of this number; raises ProjectError."""
        if id not in self._known:
            there = ", ".join(map(str, sorted(self._known))) or "none"
            raise ProjectError(f"There is no checkpoint {id}; the project has {there}.")
        return self._known[id]

    def add(self, document: Document, label: str, author: str = "user", prompt: str = "") -> Checkpoint:
        """Remember a document as it is now; it is in the file with the next save."""
        if len(self._known) >= MAX_CHECKPOINTS:
            raise ProjectError(f"The project has {MAX_CHECKPOINTS} checkpoints already; remove some.")
        self._top += 1
        made = Checkpoint(self._top, label, time.time(), author, prompt)
        self._known[made.id] = made
        self._fresh[made.id] = document.copy()
        return made

    def remove(self, id: int) -> None:
        """Forget one; raises ProjectError. What only it needed leaves the file with the next save."""
        del self._known[self[id].id]
        self._fresh.pop(id, None)

    def document(self, id: int) -> Document:
        """The document of a checkpoint, with its recordings where they lie; raises ProjectError."""
        one = self[id]
        if id in self._fresh:
            return self._fresh[id].copy()
        where = f"Checkpoint {id} in {self.place}"
        with bundle.reading(self.place), bundle.opened(self.place) as archive:
            data = bundle.read_member(archive, HISTORY + one.document, MAX_BYTES, self.place)
            held = set(archive.namelist())
        if hashlib.sha256(data).hexdigest() != one.document:
            raise ProjectError(f"{where} is damaged; choose another one.")
        document = codec.decode(data, where)
        document.media_files = {hash: self.place for hash in document.media if MEDIA + hash in held}
        return document

    def pack(self, collect: Callable[[Document], object]) -> tuple[list[Checkpoint], dict[str, bytes]]:
        """The list and the new documents as a file takes them, by member; `collect` puts hashes in place of paths."""
        members: dict[str, bytes] = {}
        packed = []
        for one in self:
            if one.id in self._fresh:
                document = self._fresh[one.id].copy()
                collect(document)
                data = codec.content_bytes(document)
                hash = hashlib.sha256(data).hexdigest()
                members[HISTORY + hash] = data
                one = msgspec.structs.replace(one, document=hash, media=tuple(sorted(document.media)))
            packed.append(one)
        return packed, members

    def settle(self, packed: list[Checkpoint], there: list[Checkpoint], place: str) -> None:
        """Of what was packed, this is in the file at `place` now; the rest could not be read any more."""
        for one in packed:
            self._fresh.pop(one.id, None)
            if one not in there:
                self._known.pop(one.id, None)
        self._known.update((one.id, one) for one in there if one.id in self._known)
        self.place = place


def is_document(member: str) -> bool:
    """Whether a member of a bundle is the document of a checkpoint."""
    return member.startswith(HISTORY) and is_hash(member.removeprefix(HISTORY))


def write(packed: list[Checkpoint]) -> bytes:
    """The list as the content of the member `INDEX`."""
    return msgspec.msgpack.encode(packed)


def read(path: str | os.PathLike[str]) -> Checkpoints:
    """The checkpoints in a project file; raises ProjectError."""
    name = os.path.realpath(os.fspath(path))
    with bundle.reading(name), bundle.opened(name) as archive:
        return read_from(archive, name)


def read_from(archive: zipfile.ZipFile, place: str) -> Checkpoints:
    """The checkpoints in an open project; raises ProjectError, and what zipfile raises."""
    if INDEX not in archive.NameToInfo:
        return Checkpoints(place=place)
    data = bundle.read_member(archive, INDEX, MAX_BYTES, place)
    try:
        limits.check(data, max_items=32 * MAX_CHECKPOINTS)
        known = msgspec.msgpack.decode(data, type=list[Checkpoint])
    except (limits.LimitError, msgspec.MsgspecError, UnicodeError) as error:
        raise ProjectError(
            f"The checkpoints in {place} are damaged: {error}; open an earlier version of it."
        ) from error
    held = set(archive.namelist())
    return Checkpoints([one for one in known if one.id > 0 and HISTORY + one.document in held], place)


def restore(graph: Graph, checkpoints: Checkpoints, id: int, author: str = "user") -> list[Edit]:
    """Bring a live graph to the state of a checkpoint in one step that can be undone; returns the edits made.

    What is the same in both plays on untouched. Raises ProjectError when the checkpoint is not there or damaged.
    """
    target = checkpoints.document(id)
    return bring_to(graph, target, f"restore {checkpoints[id].label or f'checkpoint {id}'}", author)
