"""`graphdaw diff`: what an edit changed, as text. Exit code 1 where something did, as `diff` has it."""

from __future__ import annotations

import sys
from pathlib import PurePath
from typing import Annotated

import typer

from graphdaw.cli.output import AsJson, say_json


def diff(
    old: Annotated[str, typer.Argument(metavar="A", help="A .gdaw project, or a graph as text (.txt).")],
    new: Annotated[str, typer.Argument(metavar="B", help="Another.")],
    as_json: AsJson = False,
    as_patch: Annotated[
        bool, typer.Option("--patch", help="Print it as a patch, which `graphdaw apply` takes.")
    ] = False,
) -> None:
    """Print what changed from A to B; exit code 1 if anything."""
    from graphdaw.cli.project import load
    from graphdaw.graph import patch_files, text
    from graphdaw.graph.patch import between

    before, after = load(old).document, load(new).document
    changes = text.diff(before, after)
    if as_patch:
        patch = between(before, after, f"{PurePath(old).name} to {PurePath(new).name}")
        sys.stdout.write(patch_files.dumps(patch).decode())
    elif as_json:
        say_json({"changes": changes.splitlines()})
    else:
        sys.stdout.write(changes)
    if changes:
        raise typer.Exit(1)
