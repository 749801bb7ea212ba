"""Going back to an earlier version of a project."""

from __future__ import annotations

import os

from graphdaw.graph.project.kept import generation
from graphdaw.graph.project.loading import load
from graphdaw.graph.project.saving import Saved, save


def restore_generation(path: str | os.PathLike[str], number: int) -> Saved:
    """Put an earlier version in the place of a project, whose present state is kept as one; raises ProjectError.

    The file has no journal mark then: what a journal holds happened after another version.
    """
    return save(load(generation(path, number).path), path)
