"""`graphdaw presets`: the instruments there are, and what is in one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphdaw.cli.output import AsJson, say, say_json, table

if TYPE_CHECKING:
    from graphdaw.graph.library import Preset


def presets(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One instrument, or a .txt file.")] = None,
    tag: Annotated[str, typer.Option(help="Only those with this tag.")] = "",
    family: Annotated[str, typer.Option(help="Only this family.")] = "",
    show: Annotated[bool, typer.Option("--show", help="Print NAME as text, which can be edited and kept.")] = False,
    folder: Annotated[bool, typer.Option("--folder", help="Print the folder of your own instruments.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the instruments, or say all about one."""
    from graphdaw.graph import library, own_state

    if folder:
        say(str(own_state.presets_folder()))
    elif name is None:
        if show:
            raise typer.BadParameter("say which instrument: graphdaw presets NAME --show.")
        found = library.presets(tag, family)
        if as_json:
            say_json([listed(preset) for preset in found])
        else:
            rows = [(p.name, p.family, ", ".join(p.tags), p.description) for p in found]
            table(("name", "family", "tags", "what it is"), rows)
    elif show:
        sys.stdout.write(library.source(library.find(name)))
    else:
        _print_preset(library.find(name), as_json)


def listed(preset: Preset) -> dict[str, Any]:
    """What is known of an instrument without opening it, as plain values."""
    return {
        "name": preset.name,
        "family": preset.family,
        "tags": list(preset.tags),
        "description": preset.description,
        "path": preset.path,
    }


def _print_preset(preset: Preset, as_json: bool) -> None:
    from graphdaw.graph import library
    from graphdaw.graph.graph import Graph

    graph = Graph(document=library.read(preset))
    group = graph.document.inside("")[0]
    knobs = {
        label: (id, float(str(graph[id].params["value"])), graph.nodes[id].comment)
        for label, id in library.macros(graph, group.id).items()
    }
    if as_json:
        told = [{"label": k, "node": id, "value": v, "help": says} for k, (id, v, says) in knobs.items()]
        say_json({**listed(preset), "macros": told, "nodes": len(graph.nodes)})
        return
    say(f"{preset.name} ({preset.family}; {', '.join(preset.tags)}): {preset.description}\n")
    table(("knob", "value", "meaning"), [(label, f"{v:g}", says) for label, (_, v, says) in knobs.items()])
