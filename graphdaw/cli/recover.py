"""`graphdaw recover`: what a crash left of a project, and what shall become of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphdaw.cli.output import AsJson, clock, say, say_json, table

if TYPE_CHECKING:
    from graphdaw.graph.records import Contents

SHOWN = 20


def recover(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="A .gdaw project; left out, the projects without a name.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Save FILE with the edits in it.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Forget the edits: FILE stays as it was last saved.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the edits that a crash left beside FILE; opening it has them anyway."""
    from graphdaw.errors import ProjectError

    if apply and drop:
        raise ProjectError("--apply and --drop exclude each other; choose one.")
    if file is None:
        if apply or drop:
            raise ProjectError(
                "Name the FILE whose edits are meant; `graphdaw recover` alone lists those without a name."
            )
        _list_unnamed(as_json)
    elif apply or drop:
        _settle(file, apply, as_json)
    else:
        _show(file, as_json)


def _list_unnamed(as_json: bool) -> None:
    from graphdaw.graph.unnamed import unsaved_projects

    found = unsaved_projects()
    if as_json:
        say_json([{"path": one.path, "edits": one.edits, "nodes": one.nodes, "last_s": one.last_s} for one in found])
    elif not found:
        say("No project without a name was left behind.")
    else:
        rows = [(one.path, str(one.nodes), str(one.edits), clock(one.last_s)) for one in found]
        table(("project", "nodes", "edits", "last edit"), rows)


def _settle(file: str, apply: bool, as_json: bool) -> None:
    from graphdaw.graph.opened import open_project

    project = open_project(file)
    try:
        report, edits = project.recovered, project.unsaved
        if apply and edits:
            project.save()
    finally:
        project.close(discard=not apply)
    done = "saved" if apply else "dropped"
    if as_json:
        say_json({"file": file, "edits": edits, "done": done, "report": report.sentence if report is not None else ""})
        return
    if report is not None and report.sentence:
        say(report.sentence)
    counted = "1 edit is" if edits == 1 else f"{edits} edits are"
    say(f"{counted} {done}: {file}." if edits else f"{file} had no edits that were not saved.")


def _show(file: str, as_json: bool) -> None:
    import os

    from graphdaw.graph import records
    from graphdaw.graph.graph import Graph
    from graphdaw.graph.journal import journal_path
    from graphdaw.graph.project import live_owner

    report = Graph.load(file).recovered
    journal = records.read(journal_path(os.path.realpath(file))) if report is not None else None
    contents = journal or records.Contents()
    if as_json:
        say_json(_described(file, report, contents))
        return
    owner = live_owner(file)
    if owner is not None:
        say(f"{file} is open, by {owner}: its edits are safe there.")
    elif report is None or not report.sentence:
        say(f"{file} is as it was saved: no edits were left beside it.")
    else:
        say(report.sentence)
        changes = [record for record in contents.records if record.edits][-min(SHOWN, max(report.found, 1)) :]
        rows = [(clock(one.time_s), one.op, one.label, one.author, _in_words(one.edits)) for one in changes]
        table(("time", "what", "label", "by", "edits"), rows)


def _described(file: str, report: Any, contents: Contents) -> dict[str, Any]:
    if report is None:
        return {"file": file, "found": 0, "applied": 0, "dropped": 0, "sentence": "", "changes": []}
    return {
        "file": file,
        "found": report.found,
        "applied": report.applied,
        "dropped": report.dropped,
        "fits": report.fits,
        "why": report.why,
        "sentence": report.sentence,
        "changes": [
            {"seq": one.seq, "time_s": one.time_s, "op": one.op, "label": one.label, "author": one.author,
             "edits": len(one.edits)}
            for one in contents.records
        ],
    }  # fmt: skip


def _in_words(edits: list[Any]) -> str:
    """The edits of a change, as short as a table takes them."""
    words = [
        f"{edit.__struct_config__.tag} {getattr(edit, 'id', getattr(edit, 'group', ''))}".strip() for edit in edits
    ]
    return ", ".join(words[:3]) + (f" and {len(words) - 3} more" if len(words) > 3 else "")
