"""Writing a project file: whole, checked, with its recordings inside, and the version before it kept."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO

import msgspec

from graphdaw.errors import MediaError, ProjectError
from graphdaw.graph import codec
from graphdaw.graph.instruments import packs
from graphdaw.graph.media_values import media_values
from graphdaw.graph.model import Document
from graphdaw.graph.project import bundle, checkpoints, disk, kept, marks
from graphdaw.graph.project.bundle import DOCUMENT, MEDIA, Writer
from graphdaw.graph.project.checkpoints import Checkpoint, Checkpoints
from graphdaw.graph.project.marks import JournalMark
from graphdaw.graph.project.media import Collected, collect, hash_file, store
from graphdaw.graph.project.publish import Published, publish, why_not_written
from graphdaw.nodes.base import registry


class Saved(msgspec.Struct, frozen=True):
    """What a save did: `sentence` says it to a person.

    `generation` is the number under which the version before is kept, None when there was none or it could not be;
    without `durable` the file is there and whole, but it is not sure that it survives a power cut; `left_out` names
    recordings and other parts that could not be found or read any more.
    """

    path: str
    generation: int | None
    durable: bool
    sentence: str
    left_out: tuple[str, ...] = ()


def save(
    document: Document,
    path: str | os.PathLike[str],
    *,
    mark: JournalMark | None = None,
    checkpoints: Checkpoints | None = None,
) -> Saved:
    """Write a project atomically, media collected into it; raises ProjectError and leaves the old file on failure.

    Media named by a path the user has set are stored under their SHA-256 and the saved nodes refer to that; a path that
    leads nowhere, or that came with a file, is kept as it is. The document in memory keeps its paths. `mark` says how
    far the journal is in the file; without `checkpoints` those of the file it came from are kept.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = save(Document(), f"{folder}/song.gdaw")
    ...     second = save(Document(44_100), f"{folder}/song.gdaw")
    >>> (first.generation, second.generation, second.durable)
    (None, 1, True)
    """
    try:
        name = disk.real_path(path)
        content = _Content(document, name, mark, checkpoints)
    except OSError as error:
        raise ProjectError(why_not_written(os.fspath(path), error)) from error
    published = None
    while published is None:
        try:
            published = publish(name, content.write, content.check)
        except _DamagedError:
            continue  # ends: each turn knows of more damage than the one before, and passes it by
    content.settle(document)
    return Saved(
        name, published.generation, not published.not_durable, _sentence(name, published, content.left_out),
        tuple(content.left_out),
    )  # fmt: skip


def _sentence(name: str, published: Published, left_out: list[str]) -> str:
    remarks = []
    if published.not_durable:
        remarks.append(f"it is not sure that it survives a power cut ({published.not_durable}); save again")
    if published.not_kept:
        remarks.append(f"the version before could not be kept surely ({published.not_kept})")
    if left_out:
        remarks.append(f"left out, because it cannot be read any more: {', '.join(left_out)}")
    return f"Saved {name}" + "".join(f"; {remark}" for remark in remarks) + "."


class _DamagedError(Exception):
    """Members taken over from an older file turned out to be damaged there."""


class _Content:
    """What one save puts into the file, and the check that the file holds it."""

    def __init__(self, document: Document, name: str, mark: JournalMark | None, given: Checkpoints | None) -> None:
        self.name = name
        self.origin = document.origin
        self.mark = mark
        self.left_out: list[str] = []
        self._lost: list[str] = []
        self._kept_checkpoints: list[Checkpoint] = []
        self._damaged: set[tuple[str, str]] = set()
        self._taken: dict[str, str] = {}
        self._written: list[tuple[str, int, int]] = []
        self.saved = document.copy()
        used = {node.type for node in self.saved.nodes.values()} - registry.keys()
        self.saved.sketches = {type: sketch for type, sketch in self.saved.sketches.items() if type in used}
        self.collected = collect(self.saved)
        self.media = _media(self.saved, self.collected)
        self._unread = _unread(self.saved)
        self._pack_checkpoints(given)
        self.data = codec.encode(self.saved)
        codec.check_size(self.data, name)

    def _pack_checkpoints(self, given: Checkpoints | None) -> None:
        self.checkpoints = given if given is not None else self._checkpoints_of_origin()
        self.packed: list[Checkpoint] = []
        self.documents: dict[str, bytes] = {}
        media: dict[str, str] = {}

        def take_in(document: Document) -> None:
            media.update(_media(document, collect(document)))

        if self.checkpoints is not None:
            self.packed, self.documents = self.checkpoints.pack(take_in)
        for hash in (hash for one in self.packed for hash in one.media):
            self.media.setdefault(hash, media.get(hash, self._checkpoints_place()))

    def _checkpoints_place(self) -> str:
        """The file that holds the checkpoints that were saved before."""
        return self.checkpoints.place if self.checkpoints is not None else ""

    def _checkpoints_of_origin(self) -> Checkpoints | None:
        """None when there are none to keep, or they cannot be read, which leaves them out."""
        if not disk.is_file(self.origin):
            return None
        with bundle.reading(self.origin):
            try:
                with bundle.opened(self.origin) as archive:
                    return checkpoints.read_from(archive, self.origin)
            except (*bundle.FAULTS, ProjectError) as error:
                if isinstance(error.__cause__, OSError):
                    raise
                self._lost.append(f"checkpoints in {self.origin}")
                return None

    def write(self, file: IO[bytes]) -> None:
        """Write the whole bundle."""
        self.left_out = [*self._unread, *self._lost]
        self._taken = {}
        with ExitStack() as stack, zipfile.ZipFile(file, "w") as archive:
            sources = _Sources(stack, self._damaged)
            writer = Writer(archive)
            writer.add(DOCUMENT, self.data)
            if self.mark is not None:
                writer.add(marks.MARK, marks.write(self.mark))
            self._put_checkpoints(writer, sources)
            for hash, place in sorted(self.media.items()):
                self._put_medium(writer, sources, hash, place)
            self._keep_others(writer, sources)
            self._written = [(info.filename, info.CRC, info.file_size) for info in archive.filelist]

    def _put_checkpoints(self, writer: Writer, sources: _Sources) -> None:
        """The documents of checkpoints, new or from where they were saved before, and the list of what is there."""
        self._kept_checkpoints = []
        place = self._checkpoints_place()
        for one in self.packed:
            member = checkpoints.HISTORY + one.document
            archive = sources.open(place) if member not in self.documents else None
            if member in writer.names:
                pass
            elif member in self.documents:
                writer.add(member, self.documents[member])
            elif archive is not None and member in archive.NameToInfo and sources.sound(place, member):
                writer.take(archive, archive.NameToInfo[member])
                self._taken[member] = place
            else:
                self.left_out.append(f"checkpoint {one.label!r}")
                continue
            self._kept_checkpoints.append(one)
        if self._kept_checkpoints:
            writer.add(checkpoints.INDEX, checkpoints.write(self._kept_checkpoints))

    def _places(self, place: str) -> Iterator[str]:
        """Where a recording may lie."""
        yield place
        yield self.origin
        yield self._checkpoints_place()
        for one in kept.generations(self.origin or self.name):
            yield one.path

    def _put_medium(self, writer: Writer, sources: _Sources, hash: str, place: str) -> None:
        """From where it lies; from the file the project came from or an earlier version of it if it is gone there."""
        for other in self._places(place):
            archive = sources.open(other)
            if archive is not None and MEDIA + hash in archive.NameToInfo:
                if sources.sound(other, MEDIA + hash):
                    writer.take(archive, archive.NameToInfo[MEDIA + hash])
                    self._taken[MEDIA + hash] = other
                    return
            elif other == place and disk.is_file(place) and hash_file(place)[0] == hash:
                with packs.contents(place) as recording:
                    store(writer, hash, recording, place)
                return
        medium = self.saved.media.get(hash)
        self.left_out.append(repr(medium.name) if medium is not None else f"recording {hash[:12]} of a checkpoint")

    def _keep_others(self, writer: Writer, sources: _Sources) -> None:
        """Take over what this program does not write itself: plugin states, proposals, and folders to come."""
        archive = sources.open(self.origin)
        if archive is None:
            if disk.is_file(self.origin):
                self.left_out.append(f"other parts of {self.origin}")
            return
        for info in archive.infolist():
            member = info.filename
            ours = member.startswith(MEDIA) or member in (marks.MARK, checkpoints.INDEX)
            if member in writer.names or info.is_dir() or ours or checkpoints.is_document(member):
                continue
            if sources.sound(self.origin, member):
                writer.take(archive, info)
                self._taken[member] = self.origin
            else:
                self.left_out.append(member)

    def check(self, temporary: str) -> None:
        """Read the new file back; raises ProjectError when it is not what was meant."""
        try:
            is_same = self._reads_back(temporary)
        except ProjectError as error:
            if isinstance(error.__cause__, OSError):
                raise error.__cause__ from None
            is_same = False
        if not is_same:
            raise ProjectError(f"{self.name} reads back differently than it was written; check the disk.")

    def _reads_back(self, temporary: str) -> bool:
        with bundle.reading(self.name), bundle.opened(temporary) as archive:
            if [(info.filename, info.CRC, info.file_size) for info in archive.infolist()] != self._written:
                return False
            bad = next((name for name in archive.namelist() if not bundle.is_whole(archive, name)), None)
            if bad in self._taken:
                self._find_damage(bad)
            data = bundle.read_document(archive, self.name)
            return bad is None and data == self.data and codec.decode(data, self.name) == self.saved

    def _find_damage(self, first: str) -> None:
        """Look for damage where parts were taken from; raises _DamagedError if it is there, and not in the new file."""
        with ExitStack() as stack:
            sources = _Sources(stack, set())
            damaged = {(place, member) for member, place in self._taken.items() if not sources.intact(place, member)}
        if damaged - self._damaged:
            self._damaged |= damaged
            raise _DamagedError(first)

    def settle(self, document: Document) -> None:
        """Tell the document in memory where its parts lie now."""
        document.origin = self.name
        held = {name.removeprefix(MEDIA) for name, _, _ in self._written if name.startswith(MEDIA)}
        for path, (hash, medium) in self.collected.items():
            if hash in held:
                document.collected[path] = hash, medium
        wanted = {hash for hash, _ in document.collected.values()} | document.media.keys()
        document.media_files.update((hash, self.name) for hash in held if hash in wanted)
        if self.checkpoints is not None:
            self.checkpoints.settle(self.packed, self._kept_checkpoints, self.name)


def _unread(saved: Document) -> list[str]:
    """The recordings still named by a path the user has chosen: what is there could not be read, or nothing is."""
    values = [value for node in saved.nodes.values() for _, value in media_values(node)]
    return [repr(value) for value in dict.fromkeys(values) if value not in saved.media and value not in saved.foreign]


def _media(saved: Document, collected: Collected) -> dict[str, str]:
    """Where each recording of a document lies now, "" for those nobody knows the place of."""
    places = {hash: saved.media_files.get(hash, "") for hash in saved.media}
    for path, (hash, _) in collected.items():
        if not places.get(hash):
            places[hash] = os.path.realpath(path) if disk.is_file(path) else saved.media_files.get(hash, "")
    return places


class _Sources:
    """The bundles that parts are taken from, each opened once."""

    def __init__(self, stack: ExitStack, damaged: set[tuple[str, str]]) -> None:
        self._stack = stack
        self._damaged = damaged
        self._open: dict[str, zipfile.ZipFile | None] = {}

    def open(self, place: str) -> zipfile.ZipFile | None:
        """The bundle at a place; None when there is no file, or it is none."""
        if place not in self._open:
            self._open[place] = None
            if place and disk.is_file(place) and bundle.is_bundle(place):
                try:
                    self._open[place] = self._stack.enter_context(bundle.opened(place))
                except ProjectError as error:
                    if isinstance(error.__cause__, OSError):
                        raise
        return self._open[place]

    def sound(self, place: str, member: str) -> bool:
        """Whether a member is not known to be damaged."""
        return (place, member) not in self._damaged

    def intact(self, place: str, member: str) -> bool:
        """Whether a member reads back whole; raises ProjectError where the disk does not answer."""
        archive = self.open(place)
        try:
            return archive is not None and bundle.is_whole(archive, member)
        except OSError as error:
            raise MediaError(f"{place} cannot be read: {error.strerror or error}; check the disk.") from error
