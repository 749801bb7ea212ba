"""Writing a project file: whole, checked, and with its recordings inside."""

from __future__ import annotations

import os

from graphdaw.errors import ProjectError
from graphdaw.graph import codec
from graphdaw.graph.limits import MAX_BYTES
from graphdaw.graph.model import Document
from graphdaw.graph.project import bundle
from graphdaw.graph.project.bundle import DOCUMENT, MEDIA, Writer
from graphdaw.graph.project.media import collect, content, store
from graphdaw.nodes.base import registry


def save(document: Document, path: str | os.PathLike[str]) -> None:
    """Write a project atomically, media collected into it; raises ProjectError and leaves the old file on failure.

    Media named by a path the user has set are stored under their SHA-256 and the saved nodes refer to that; a path that
    leads nowhere, or that came with a file, is kept as it is. The document in memory keeps its paths.
    """
    name = os.path.realpath(os.fspath(path))
    saved = document.copy()
    used = {node.type for node in saved.nodes.values()} - registry.keys()
    saved.sketches = {type: sketch for type, sketch in saved.sketches.items() if type in used}
    wanted = collect(saved)
    data = codec.encode(saved)
    if len(data) > MAX_BYTES:
        raise ProjectError(f"{name} would hold a document larger than {MAX_BYTES >> 20} MiB; split the project.")

    def fill(writer: Writer) -> None:
        writer.add(DOCUMENT, data)
        for hash, source in sorted(wanted.items()):
            if os.path.exists(source):
                with content(hash, source) as recording:
                    store(writer, hash, recording, source)
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


def _keep_others(writer: Writer, path: str) -> None:
    """Take over what this program does not write itself: plugin states, history, proposals, and folders to come."""
    with bundle.opened(path) as old:
        for info in old.infolist():
            if info.filename not in writer.names and not info.is_dir() and not info.filename.startswith(MEDIA):
                with old.open(info) as member:
                    writer.copy(info.filename, member)
