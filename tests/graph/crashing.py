"""What a crash leaves of an open project: its file and its journal as they lie on the disk at that moment."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path

from graphdaw.graph import records
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
