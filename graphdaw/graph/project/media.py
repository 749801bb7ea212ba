"""Recordings of a project: collected by content when it is saved, found and unpacked when it plays."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import msgspec

from graphdaw.errors import MediaError
from graphdaw.graph.model import Document, Medium, Node
from graphdaw.graph.project import bundle
from graphdaw.graph.project.bundle import CHUNK, MEDIA, Writer
from graphdaw.nodes.base import registry

replace = msgspec.structs.replace


def collect(saved: Document) -> dict[str, str]:
    """Put hashes in place of paths; returns where each recording lies now."""
    wanted = {hash: place for hash, place in saved.media_files.items() if hash in saved.media}
    known: dict[str, str] = {}
    for node in list(saved.nodes.values()):
        for param, value in _media_values(node):
            if value in saved.media or value in saved.foreign or not os.path.isfile(value):
                continue
            if value not in known:
                hash, size = hash_file(value)
                known[value] = hash
                saved.media.setdefault(
                    hash, Medium(os.fsencode(os.path.basename(value)).decode(errors="replace"), size)
                )
                wanted.setdefault(hash, os.path.realpath(value))
            node = replace(node, values={**node.values, param: known[value]})
            saved.nodes[node.id] = node
    return wanted


def _media_values(node: Node) -> list[tuple[str, str]]:
    kind = registry.get(node.type)
    found = ((name, node.values.get(name)) for name in (kind.media if kind else ()))
    return [(name, value) for name, value in found if isinstance(value, str) and value]


def hash_file(path: str) -> tuple[str, int]:
    """The SHA-256 of a file, in hexadecimal, and its size in bytes; raises MediaError."""
    digest, size = hashlib.sha256(), 0
    try:
        with open(path, "rb") as file:
            while piece := file.read(CHUNK):
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        raise MediaError(f"Recording {path} cannot be read: {error.strerror}; check it or choose another.") from error
    return digest.hexdigest(), size


@contextmanager
def content(hash: str, place: str) -> Iterator[IO[bytes]]:
    """A recording open for reading, wherever it lies: in a bundle, or as a file of its own."""
    with ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(open(place, "rb"))
        if file.read(4) == b"PK\x03\x04":
            archive = stack.enter_context(bundle.opened(place))
            if MEDIA + hash in archive.namelist():
                yield stack.enter_context(archive.open(MEDIA + hash))
                return
        file.seek(0)
        yield file


def store(writer: Writer, hash: str, recording: IO[bytes], place: str) -> None:
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
        if not os.path.isfile(value):
            raise MediaError(f"Recording {value} is missing; put it back or choose another.")
        return Path(value)
    target = Path(folder) / value
    if target.is_file() and hash_file(str(target))[0] == value:
        return target
    label = document.media[value].name
    if value not in document.media_files:
        raise MediaError(f"Recording {label!r} is not in the project file; choose it again.")
    place = document.media_files[value]
    with (
        bundle.reading(place),
        tempfile.TemporaryDirectory(dir=folder) as scratch,
        content(value, place) as recording,
        open(Path(scratch) / value, "w+b") as out,
    ):
        shutil.copyfileobj(recording, out, CHUNK)
        out.flush()
        if hash_file(out.name)[0] != value:
            raise MediaError(f"Recording {label!r} in {place} is damaged; choose it again.")
        os.replace(out.name, target)
    return target
