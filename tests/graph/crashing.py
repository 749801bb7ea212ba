"""What a crash leaves of an open project: its file and its journal as they lie on the disk at that moment."""

from __future__ import annotations

import itertools
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from graphdaw.graph import Graph, records
from graphdaw.graph.codec import content_bytes
from graphdaw.graph.journal import journal_path
from graphdaw.graph.opened import Project

_numbers = itertools.count()


def journal_of(path: Path) -> Path:
    """The journal beside a project file."""
    return Path(journal_path(str(path)))


def contents_of(path: Path) -> records.Contents:
    """What the journal beside a project file holds."""
    contents = records.read(str(journal_of(path)))
    assert contents is not None
    return contents


def crashed(project: Project, folder: Path) -> Path:
    """A copy of the project as `kill -9` would leave it now."""
    assert project.path is not None
    place = folder / f"crash{next(_numbers)}"
    place.mkdir()
    copy = place / Path(project.path).name
    os.link(project.path, copy)  # a save puts another file in its place
    if journal_of(Path(project.path)).exists():
        shutil.copy(journal_of(Path(project.path)), journal_of(copy))
    return copy


def same(found: Graph, expected: Graph) -> bool:
    """Whether two graphs are the same in all that a file holds."""
    return content_bytes(found.document) == content_bytes(expected.document)


def eventually(happens: Callable[[], bool]) -> bool:
    """Whether something happens within a time that is long even on a busy machine."""
    end = time.monotonic() + 30
    while not happens() and time.monotonic() < end:
        time.sleep(0.005)
    return happens()
