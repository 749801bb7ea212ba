"""Projects that have no name yet: kept in the user's state folder, and offered again after a crash."""

from __future__ import annotations

import contextlib
import os
import secrets
import time

import msgspec

from graphdaw.errors import ProjectError
from graphdaw.graph import own_state
from graphdaw.graph.journal import journal_path
from graphdaw.graph.model import Document
from graphdaw.graph.project import kept
from graphdaw.graph.project.lock import ProjectLock
from graphdaw.graph.project.saving import save
from graphdaw.graph.recovery import clock, recover


class UnsavedProject(msgspec.Struct, frozen=True):
    """A project that never got a name, as its last program left it; `open_project(path)` opens it."""

    path: str
    edits: int
    nodes: int
    last_s: float
    sentence: str


def unsaved_projects() -> list[UnsavedProject]:
    """Projects without a name that are open nowhere, newest first: what a crash or a close left of them."""
    found = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(own_state.unnamed_folder()):
            one = _unsaved(entry.path) if entry.name.endswith(".gdaw") else None
            if one is not None:
                found.append(one)
    return sorted(found, key=lambda project: project.last_s, reverse=True)


def _unsaved(path: str) -> UnsavedProject | None:
    """What a file in the folder of projects without a name holds; None where it is open, or holds nothing and goes."""
    try:
        lock = ProjectLock(path)
    except ProjectError:
        return None
    with lock:
        try:
            history, report, _ = recover(path)
        except ProjectError as error:
            return UnsavedProject(path, 0, 0, 0.0, str(error))
        nodes, edits = len(history.document.nodes), report.applied if report is not None else 0
        if not nodes and not edits and (report is None or not report.sentence):
            remove_project(path)
            return None
    last_s = report.last_s if report is not None and report.last_s else os.path.getmtime(path)
    sentence = f"A project without a name: {nodes} nodes, {clock(last_s)}."
    return UnsavedProject(path, edits, nodes, last_s, sentence if report is None else f"{sentence} {report.sentence}")


def new_unnamed() -> str:
    """Make an empty project without a name and return its file; raises ProjectError."""
    folder = own_state.unnamed_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ProjectError(f"{folder} cannot be made: {error.strerror}; give the project a path.") from error
    name = os.path.join(os.path.realpath(folder), f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}.gdaw")
    save(Document(), name)
    return name


def is_unnamed(name: str) -> bool:
    """Whether a project file is one of those that have no name."""
    return os.path.dirname(name) == os.path.realpath(own_state.unnamed_folder())


def remove_project(name: str) -> None:
    """Remove a project without a name, with its earlier versions."""
    for one in kept.generations(name):
        with contextlib.suppress(OSError):
            os.unlink(one.path)
    with contextlib.suppress(OSError):
        os.rmdir(kept.folder_of(name))
    for path in (name, journal_path(name)):
        with contextlib.suppress(OSError):
            os.unlink(path)
