"""Groups kept as files of their own, for reuse in other projects."""

from __future__ import annotations

import os

from graphdaw.graph.clip import distrust, graft, selection
from graphdaw.graph.model import Document
from graphdaw.graph.ports import node_of
from graphdaw.graph.project.loading import load
from graphdaw.graph.project.saving import save
from graphdaw.graph.vocabulary import Edit, SetMedia


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
