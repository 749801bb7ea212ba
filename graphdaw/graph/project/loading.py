"""Reading a project file, which may hold anything."""

from __future__ import annotations

import errno
import os
import shlex

from graphdaw.errors import ProjectError, VersionError
from graphdaw.graph import codec
from graphdaw.graph.model import Document
from graphdaw.graph.project import bundle, marks
from graphdaw.graph.project.bundle import MEDIA
from graphdaw.graph.project.kept import Generation, generations
from graphdaw.graph.project.marks import JournalMark

_EARLIER = (" Open an earlier version of it.", "; open an earlier version of it.")


def load(path: str | os.PathLike[str]) -> Document:
    """Read a project; raises ProjectError, and nothing else, for whatever the file may hold.

    The sentence of the error names the newest earlier version that is whole, if one is kept.
    """
    return load_marked(path)[0]


def load_marked(path: str | os.PathLike[str]) -> tuple[Document, JournalMark | None]:
    """A project and the mark of the journal in it, of one moment; raises ProjectError as `load` does."""
    name = os.fspath(path)
    try:
        return _read(name)
    except VersionError:
        raise
    except ProjectError as error:
        good = newest_good(name) if _may_be_lost(error) else None
        if good is None:
            raise
        way_out = f"restore {good}, with `graphdaw generations {shlex.quote(name)} --restore {good.number}`."
        sentence = str(error).removesuffix(_EARLIER[0]).removesuffix(_EARLIER[1]).rstrip(".")
        raise ProjectError(f"{sentence}{', or' if '; ' in sentence else ';'} {way_out}") from error


def _may_be_lost(error: ProjectError) -> bool:
    """Whether the file is damaged or gone, and not only out of reach for now."""
    cause = error.__cause__
    return not isinstance(cause, OSError) or cause.errno == errno.EIO


def mark(path: str | os.PathLike[str]) -> JournalMark | None:
    """How far the journal is in a project file; None when it has no mark; raises ProjectError."""
    name = os.fspath(path)
    with bundle.reading(name), bundle.opened(name) as archive:
        return marks.read(archive, name)


def newest_good(path: str | os.PathLike[str]) -> Generation | None:
    """The newest earlier version that reads back whole, recordings included; None when there is none."""
    for one in generations(path):
        try:
            _read(one.path)
            with bundle.reading(one.path), bundle.opened(one.path) as archive:
                if archive.testzip() is None:
                    return one
        except ProjectError:
            continue
    return None


def _read(name: str) -> tuple[Document, JournalMark | None]:
    with bundle.reading(name), bundle.opened(name) as archive:
        document = codec.decode(bundle.read_document(archive, name), name)
        held = set(archive.namelist())
        found = marks.read(archive, name)
    place = os.path.realpath(name)
    document.media_files = {hash: place for hash in document.media if MEDIA + hash in held}
    document.origin = place
    return document, found
