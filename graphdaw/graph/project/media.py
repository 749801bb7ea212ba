"""Recordings of a project: collected by content when it is saved, found and unpacked when it plays."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from graphdaw.errors import MediaError
from graphdaw.graph import outside
from graphdaw.graph.instruments import packs
from graphdaw.graph.media_values import media_values, with_media
from graphdaw.graph.model import Document, Medium
from graphdaw.graph.project import bundle, disk
from graphdaw.graph.project.bundle import CHUNK, MEDIA, Readable, Writer

Collected = dict[str, tuple[str, Medium]]
"""The hash and the entry in the media table of each recording that a document names by its path."""

_UNREADABLE = (errno.EACCES, errno.EPERM, errno.EIO, errno.ELOOP, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT)
_hashes: dict[tuple[object, ...], str] = {}  # by device, inode, size and times: what a file with these held
_MAX_HASHES = 10_000
_SETTLED_S = 2.0


def collect(saved: Document) -> Collected:
    """Put hashes in place of the paths the user has chosen; returns what stands for which path.

    A path that leads nowhere (any more) stands for what was collected from it before, and else stays as it is.
    """
    collected: Collected = {}
    for node in list(saved.nodes.values()):
        hashes: dict[str, str] = {}
        for _, value in media_values(node):
            if value in saved.media or value in saved.foreign:
                continue
            if value not in collected:
                found = _identify(saved, value)
                if found is None:
                    continue
                collected[value] = found
            hashes[value], medium = collected[value]
            saved.media.setdefault(hashes[value], medium)
        if hashes:
            saved.nodes[node.id] = with_media(node, hashes)
    return collected


def _identify(saved: Document, path: str) -> tuple[str, Medium] | None:
    try:
        if disk.is_file(path):
            hash, size = hash_file(path)
            return hash, Medium(os.fsencode(os.path.basename(path)).decode(errors="replace"), size)
    except (OSError, MediaError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if getattr(cause, "errno", 0) not in _UNREADABLE:
            raise
    return saved.collected.get(path)


def hash_file(path: str) -> tuple[str, int]:
    """The SHA-256 of a file, in hexadecimal, and its size in bytes; raises MediaError.

    An instrument that names other files counts with all of them, as the pack that a project keeps.
    """
    digest = hashlib.sha256()
    try:
        if packs.is_index(path):
            pack = packs.PackReader(path)
            return _hash_pack(pack), pack.size
        with outside.opened(path) as file:
            facts = os.fstat(file.fileno())
            key = facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns
            if key in _hashes:
                return _hashes[key], facts.st_size
            while piece := file.read(CHUNK):
                digest.update(piece)
            size, after = file.tell(), os.fstat(file.fileno())
    except OSError as error:
        raise MediaError(f"Recording {path} cannot be read: {error.strerror}; check it or choose another.") from error
    if (size, after.st_mtime_ns) == (facts.st_size, facts.st_mtime_ns):
        _remember(key, digest.hexdigest(), after.st_mtime)
    return digest.hexdigest(), size


def _hash_pack(pack: packs.PackReader) -> str:
    """The SHA-256 of an instrument with the files it names."""
    if pack.facts not in _hashes:
        digest = hashlib.sha256()
        while piece := pack.read(CHUNK):
            digest.update(piece)
        _remember(pack.facts, digest.hexdigest(), pack.changed_s)
        return digest.hexdigest()
    return _hashes[pack.facts]


def _remember(key: tuple[object, ...], hash: str, changed_s: float) -> None:
    """Keep a hash, but of a file just written, which may change again within one tick of the clock that dates it."""
    if time.time() - changed_s > _SETTLED_S:
        if len(_hashes) >= _MAX_HASHES:
            _hashes.clear()
        _hashes[key] = hash


@contextmanager
def content(hash: str, place: str) -> Iterator[Readable]:
    """A recording open for reading, wherever it lies: in a bundle, or as a file of its own."""
    with ExitStack() as stack:
        if bundle.is_bundle(place):
            archive = stack.enter_context(bundle.opened(place))
            if MEDIA + hash in archive.namelist():
                yield stack.enter_context(archive.open(MEDIA + hash))
                return
        yield stack.enter_context(packs.contents(place))


def store(writer: Writer, hash: str, recording: Readable, place: str) -> None:
    """Put a recording into a bundle; raises MediaError if it is not the one its hash promises."""
    digest = hashlib.sha256()
    writer.copy(MEDIA + hash, recording, digest.update)
    if digest.hexdigest() != hash:
        raise MediaError(f"A recording in {place} has changed or is damaged; restore it, or choose another.")


def media_path(document: Document, value: str, folder: str | os.PathLike[str]) -> Path:
    """A file that holds the recording a media value names, unpacked into `folder` if need be; raises MediaError."""
    if value not in document.media:
        if value in document.foreign:
            raise MediaError(f"Recording {value} lies outside the project and came with the file; choose it yourself.")
        if os.path.isfile(value):
            return Path(value)
        if value not in document.collected:
            raise MediaError(f"Recording {value} is missing; put it back or find it with `graphdaw relink`.")
        hash, medium = document.collected[value]
        return _unpacked(document, hash, medium.name, Path(folder))
    return _unpacked(document, value, document.media[value].name, Path(folder))


def _unpacked(document: Document, hash: str, label: str, folder: Path) -> Path:
    target = folder / hash
    if target.is_file() and hash_file(str(target))[0] == hash:
        return target
    place = document.media_files.get(hash, "")
    if not os.path.isfile(place):
        raise MediaError(f"Recording {label!r} is not in the project file; find it with `graphdaw relink`.")
    with (
        bundle.reading(place),
        tempfile.TemporaryDirectory(dir=folder) as scratch,
        content(hash, place) as recording,
        open(Path(scratch) / hash, "w+b") as out,
    ):
        while piece := recording.read(CHUNK):
            out.write(piece)
        out.flush()
        if hash_file(out.name)[0] != hash:
            raise MediaError(f"Recording {label!r} in {place} is damaged; choose it again.")
        os.replace(out.name, target)
    return target
