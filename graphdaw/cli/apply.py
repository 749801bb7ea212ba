"""`graphdaw apply`: a patch put into a project, or tried without changing anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graphdaw.cli.output import AsJson, ProjectFile, remark, say, say_json

if TYPE_CHECKING:
    from graphdaw.graph.graph import Graph
    from graphdaw.graph.patch import Patch, Report


def _print_schema(wanted: bool) -> None:
    if wanted:
        from graphdaw.graph import patch_files

        say_json(patch_files.schema())
        raise typer.Exit


def apply(
    file: ProjectFile,
    patch: Annotated[str, typer.Argument(metavar="PATCH", help="A patch as JSON or msgpack, or a graph as text.")],
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Where to: a .gdaw or .txt file; FILE itself if not said.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    as_json: AsJson = False,
    _schema: Annotated[
        bool,
        typer.Option("--schema", help="Print the JSON Schema of patches.", callback=_print_schema, is_eager=True),
    ] = False,
) -> None:
    """Apply PATCH to FILE, all of it or nothing; with --dry-run, exit code 1 if it cannot be applied."""
    from graphdaw.cli.project import load
    from graphdaw.errors import PatchError
    from graphdaw.graph import patch as patches
    from graphdaw.graph import patch_files

    brought = patch_files.read(patch)
    if dry_run:
        report = patches.dry_run(load(file).document, brought)
    elif output is None and file.endswith(".txt"):
        raise PatchError(f"{file} is text, whose remarks would be lost; say where to with -o.")
    elif output is None:
        report = _apply_in_place(file, brought)
    else:
        graph = load(file)
        report = patches.apply(graph, brought)
        _write(graph, output)
    _tell(brought, report, output or file, dry_run, as_json)
    if not report.fits:
        raise typer.Exit(1)


def _apply_in_place(file: str, patch: Patch) -> Report:
    """Apply and save, with a checkpoint that says who made it and from what words."""
    from graphdaw.cli.project import remark_on_recovery
    from graphdaw.graph import patch as patches
    from graphdaw.graph.opened import open_project

    with open_project(file) as project:
        remark_on_recovery(project.recovered)
        report = patches.apply(project.graph, patch)
        project.checkpoint(patch.label, patch.prompt, patch.author)
    return report


def _write(graph: Graph, target: str) -> None:
    from graphdaw.cli.project import remark_on
    from graphdaw.graph import text

    if target.endswith(".txt"):
        Path(target).write_text(text.show(graph.document), encoding="utf-8")
    else:
        remark_on(graph.save(target))


def _tell(patch: Patch, report: Report, target: str, dry_run: bool, as_json: bool) -> None:
    findings = [
        {"edit": one.edit, "state": one.state, "code": one.code, "message": one.message, "allowed": list(one.allowed)}
        for one in report.findings
    ]
    if as_json:
        done = {"label": patch.label, "author": patch.author, "edits": len(patch.edits)}
        wrote = None if dry_run else target
        changes = report.changes.splitlines()
        say_json({**done, "fits": report.fits, "findings": findings, "changes": changes, "output": wrote})
        return
    for one in report.findings:
        say(f"{f'edit {one.edit + 1}, ' if one.edit >= 0 else ''}{one.state}: {one.message}")
    for line in report.changes.splitlines():
        say(line)
    if not dry_run:
        remark(f"Applied {patch.label!r} by {patch.author!r}: {target} is written.")
