"""Project files: a document with its media in one `.gdaw` bundle, and groups kept as files for reuse."""

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

from graphdaw.errors import MediaError, ProjectError
from graphdaw.graph import bundle, codec
from graphdaw.graph.bundle import CHUNK, DOCUMENT, MEDIA, Writer
from graphdaw.graph.clip import distrust, graft, selection
from graphdaw.graph.limits import MAX_BYTES
from graphdaw.graph.model import Document, Medium, Node
from graphdaw.graph.ports import node_of
from graphdaw.graph.vocabulary import Edit, SetMedia
from graphdaw.nodes.base import registry

replace = msgspec.structs.replace


def load(path: str | os.PathLike[str]) -> Document:
    """Read a project; raises ProjectError, and nothing else, for whatever the file may hold."""
    name = os.fspath(path)
    with bundle.reading(name), bundle.opened(name) as archive:
        document = codec.decode(bundle.read_document(archive, name), name)
        held = set(archive.namelist())
    place = os.path.realpath(name)
    document.media_files = {hash: place for hash in document.media if MEDIA + hash in held}
    document.origin = place
    return document


def save(document: Document, path: str | os.PathLike[str]) -> None:
    """Write a project atomically, media collected into it; raises ProjectError and leaves the old file on failure.

    Media named by a path the user has set are stored under their SHA-256 and the saved nodes refer to that; a path that
    leads nowhere, or that came with a file, is kept as it is. The document in memory keeps its paths.
    """
    name = os.path.realpath(os.fspath(path))
    saved = document.copy()
    used = {node.type for node in saved.nodes.values()} - registry.keys()
    saved.sketches = {type: sketch for type, sketch in saved.sketches.items() if type in used}
    wanted = _collect(saved)
    data = codec.encode(saved)
    if len(data) > MAX_BYTES:
        raise ProjectError(f"{name} would hold a document larger than {MAX_BYTES >> 20} MiB; split the project.")

    def fill(writer: Writer) -> None:
        writer.add(DOCUMENT, data)
        for hash, source in sorted(wanted.items()):
            if os.path.exists(source):
                with _content(hash, source) as content:
                    _store(writer, hash, content, source)
        if os.path.exists(document.origin):
            _keep_others(writer, document.origin)

    def check(temporary: str) -> None:
        with bundle.reading(name), bundle.opened(temporary) as archive:
            again = bundle.read_document(archive, name)
            if again != data or codec.decode(again, name) != saved or archive.testzip() is not None:
                raise ProjectError(f"{name} reads back differently than it was written; check the disk.")

    bundle.write(name, fill, check)
    document.origin = name
    document.media_files.update((hash, name) for hash in wanted if hash in document.media)


def _collect(saved: Document) -> dict[str, str]:
    """Put hashes in place of paths; returns where each recording lies now."""
    wanted = {hash: place for hash, place in saved.media_files.items() if hash in saved.media}
    known: dict[str, str] = {}
    for node in list(saved.nodes.values()):
        for param, value in _media_values(node):
            if value in saved.media or value in saved.foreign or not os.path.isfile(value):
                continue
            if value not in known:
                hash, size = _hash_file(value)
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


def _hash_file(path: str) -> tuple[str, int]:
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
def _content(hash: str, place: str) -> Iterator[IO[bytes]]:
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


def _store(writer: Writer, hash: str, content: IO[bytes], place: str) -> None:
    digest = hashlib.sha256()
    writer.copy(MEDIA + hash, content, digest.update)
    if digest.hexdigest() != hash:
        raise MediaError(f"A recording in {place} has changed or is damaged; restore it, or choose another.")


def _keep_others(writer: Writer, path: str) -> None:
    """Take over what this program does not write itself: plugin states, history, proposals, and folders to come."""
    with bundle.opened(path) as old:
        for info in old.infolist():
            if info.filename not in writer.names and not info.is_dir() and not info.filename.startswith(MEDIA):
                with old.open(info) as member:
                    writer.copy(info.filename, member)


def media_path(document: Document, value: str, folder: str | os.PathLike[str]) -> Path:
    """A file that holds the recording a media value names, unpacked into `folder` if need be; raises MediaError."""
    if value not in document.media:
        if value in document.foreign:
            raise MediaError(f"Recording {value} lies outside the project and came with the file; choose it yourself.")
        if not os.path.isfile(value):
            raise MediaError(f"Recording {value} is missing; put it back or choose another.")
        return Path(value)
    target = Path(folder) / value
    if target.is_file() and _hash_file(str(target))[0] == value:
        return target
    label = document.media[value].name
    if value not in document.media_files:
        raise MediaError(f"Recording {label!r} is not in the project file; choose it again.")
    place = document.media_files[value]
    with (
        bundle.reading(place),
        tempfile.TemporaryDirectory(dir=folder) as scratch,
        _content(value, place) as content,
        open(Path(scratch) / value, "w+b") as out,
    ):
        shutil.copyfileobj(content, out, CHUNK)
        out.flush()
        if _hash_file(out.name)[0] != value:
            raise MediaError(f"Recording {label!r} in {place} is damaged; choose it again.")
        os.replace(out.name, target)
    return target


def save_group(document: Document, group: str, path: str | os.PathLike[str]) -> None:
    """Write one group (or any node) as a file that `insert_group` reads."""
    save(selection(document, [node_of(document, group).id]), path)


def insert_group(document: Document, path: str | os.PathLike[str], parent: str = "") -> list[Edit]:
    """The edits that put the content of a project or group file into `parent`, under fresh ids; not yet made."""
    part = load(path)
    edits: list[Edit] = [SetMedia(hash, medium) for hash, medium in part.media.items() if hash not in document.media]
    for hash, place in part.media_files.items():
        document.media_files.setdefault(hash, place)
    distrust(document, part)
    for type, sketch in part.sketches.items():
        document.sketches.setdefault(type, sketch)
    return edits + graft(document, part, parent)
