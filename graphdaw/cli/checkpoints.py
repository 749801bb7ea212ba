"""`graphdaw checkpoints`: the labelled states in a project, made and come back to."""

from __future__ import annotations

from typing import Annotated

import typer

from graphdaw.cli.output import AsJson, OnlyProject, clock, say, say_json, table
from graphdaw.cli.project import remark_on_recovery


def checkpoints(
    file: OnlyProject,
    add: Annotated[str | None, typer.Option("--add", metavar="LABEL", help="Make one of the present state.")] = None,
    restore: Annotated[int | None, typer.Option("--restore", metavar="ID", help="Bring FILE back to one.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the checkpoints of FILE, make one, or bring FILE back to one; the state before stays an earlier version."""
    from graphdaw.graph.opened import open_project
    from graphdaw.graph.project import checkpoints as stored

    if add is not None or restore is not None:
        with open_project(file) as project:
            remark_on_recovery(project.recovered)
            if add is not None:
                project.checkpoint(add)
            if restore is not None:
                if project.unsaved:
                    project.save()  # so that what a crash left is an earlier version to come back to
                project.restore(restore)
                project.save()
    known = list(stored.read(file))
    if as_json:
        say_json(
            [
                {"id": one.id, "label": one.label, "author": one.author, "prompt": one.prompt, "made_s": one.made_at}
                for one in known
            ]
        )
    elif restore is not None:
        say(f"{file} is as it was at checkpoint {restore}.")
    elif not known:
        say(f"{file} has no checkpoint; make one with --add LABEL.")
    else:
        rows = [(str(one.id), clock(one.made_at), one.author, one.label, one.prompt) for one in known]
        table(("id", "made", "by", "label", "prompt"), rows)
