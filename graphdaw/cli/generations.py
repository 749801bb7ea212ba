"""`graphdaw generations`: the versions of a project that were saved over, and the way back to one."""

from __future__ import annotations

from typing import Annotated

import typer

from graphdaw.cli.output import AsJson, OnlyProject, remark, say, say_json, table
from graphdaw.cli.project import remark_on_recovery


def generations(
    file: OnlyProject,
    restore: Annotated[int | None, typer.Option("--restore", metavar="N", help="Put this one in FILE's place.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the earlier versions of FILE, or put one in its place; what FILE holds now becomes one of them."""
    from graphdaw.graph.project import kept

    if restore is not None:
        _restore(file, restore)
    known = kept.generations(file)
    if as_json:
        say_json(
            [
                {"number": one.number, "path": one.path, "saved_s": one.saved_at.timestamp(), "bytes": one.size}
                for one in known
            ]
        )
    elif restore is not None:
        say(f"{file} is generation {restore} again.")
    elif not known:
        say(f"No earlier version of {file} is kept.")
    else:
        rows = [(str(one.number), kept.when(one.saved_at), f"{one.size:,}") for one in known]
        table(("number", "saved", "bytes"), rows)


def _restore(file: str, number: int) -> None:
    from graphdaw.errors import ProjectError
    from graphdaw.graph.opened import open_project
    from graphdaw.graph.project import ProjectLock, kept, load, restore_generation

    kept.generation(file, number)
    try:
        load(file)
    except ProjectError:  # nothing in it to open: the earlier version takes its place as it is
        remark(f"{file} cannot be read as it is: generation {number} takes its place.")
        with ProjectLock(file):
            restore_generation(file, number)
        return
    with open_project(file) as project:
        if project.unsaved:
            remark_on_recovery(project.recovered)
            project.save()  # so that what a crash left is an earlier version too
    with ProjectLock(file):
        restore_generation(file, number)
