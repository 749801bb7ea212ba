"""Reading a project file, which may hold anything."""

from __future__ import annotations

import os

from graphdaw.graph import codec
from graphdaw.graph.model import Document
from graphdaw.graph.project import bundle
from graphdaw.graph.project.bundle import MEDIA


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
