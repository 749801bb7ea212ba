"""`graphdaw diff`: what an edit changed, as text. Exit code 1 where something did, as `diff` has it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from graphdaw.cli.output import AsJson, say_json


def diff(
    old: Annotated[str, typer.Argument(metavar="A", help="A .gdaw project, or a graph as text (.txt).")],
    new: Annotated[str, typer.Argument(metavar="B", help="Another.")],
    as_json: AsJson = False,
) -> None:
    """Print what changed from A to B; exit code 1 if anything."""
    from graphdaw.cli.project import load
    from graphdaw.graph import text

    changes = text.diff(load(old).document, load(new).document)
    if as_json:
        say_json({"changes": changes.splitlines()})
    else:
        sys.stdout.write(changes)
    if changes:
        raise typer.Exit(1)
