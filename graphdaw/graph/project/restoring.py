"""Going back to an earlier version of a project."""

from __future__ import annotations

import os

from graphdaw.errors import ProjectError
from graphdaw.graph.project import checkpoints
from graphdaw.graph.project.kept import generation
from graphdaw.graph.project.loading import load
from graphdaw.graph.project.saving import Saved, save


def restore_generation(path: str | os.PathLike[str], number: int) -> Saved:
    """Put an earlier version in the place of a project, whose present state is kept as one; raises ProjectError.

    Checkpoints made since stay. The file has no journal mark then: what a journal holds happened after another version.
    """
    document = load(generation(path, number).path)
    try:
        known = checkpoints.read(path)
    except ProjectError:  # the present file is damaged or gone: the earlier version has its own
        known = None
    return save(document, path, checkpoints=known or None)
