"""`graphdaw tune`: an instrument of a project plays a scale of Scala's."""

from __future__ import annotations

from typing import Annotated

import typer

from graphdaw.cli.output import OnlyProject, say
from graphdaw.cli.project import remark_on

Node = Annotated[str, typer.Argument(metavar="NODE", help="The `voices` node of the instrument, such as voices1.")]
Scale = Annotated[str, typer.Argument(metavar="SCALE", help="A scale, a .scl file.")]
KeyMap = Annotated[
    str | None,
    typer.Argument(metavar="[KEYS]", help="Which key plays which degree, a .kbm file; every key one if left out."),
]


def tune(file: OnlyProject, node: Node, scale: Scale, key_map: KeyMap = None) -> None:
    """Let NODE of FILE play SCALE, and save FILE; it holds the scale then."""
    from graphdaw.graph.opened import open_project

    with open_project(file) as project:
        project.graph.tune(node, scale, key_map)
        remark_on(project.save())
    say(f"{node} of {file} plays {scale}{f' by {key_map}' if key_map else ''}.")
