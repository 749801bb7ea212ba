"""`graphdaw relink`: recordings of a project that were moved, found again and taken into its file."""

from __future__ import annotations

from typing import Annotated

import typer

from graphdaw.cli.output import AsJson, OnlyProject, say, say_json
from graphdaw.cli.project import remark_on

Folders = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FOLDER]...", help="Where to look, folders below included; beside the project if left out."
    ),
]


def relink(file: OnlyProject, folders: Folders = None, as_json: AsJson = False) -> None:
    """Find the missing recordings of FILE and save it with them inside; exit code 1 if some stay missing."""
    import os

    from graphdaw.errors import MediaError
    from graphdaw.graph.opened import open_project
    from graphdaw.graph.project.found import missing_media, settings_of
    from graphdaw.graph.project.found import relink as find

    for folder in folders or []:
        if not os.path.isdir(folder):
            raise MediaError(f"{folder} is no folder; name one to look for recordings in.")
    with open_project(file) as project:
        document = project.graph.document
        found = find(document, *(folders or []))
        if found:
            project.graph.apply(settings_of(found), "relink")
            remark_on(project.save())
        missing = missing_media(document)
    if as_json:
        say_json(
            {
                "found": [{"name": f.missing.name, "path": f.path, "certain": f.certain} for f in found],
                "missing": [{"name": m.name, "nodes": [node for node, _ in m.nodes]} for m in missing],
            }
        )
    else:
        for one in found:
            say(f"found: {one.missing} is {one.path}{'' if one.certain else ' (by its name: listen to it)'}")
        for still in missing:
            say(f"missing: {still}")
        if not found and not missing:
            say(f"{file} misses no recording.")
    if missing:
        raise typer.Exit(1)
