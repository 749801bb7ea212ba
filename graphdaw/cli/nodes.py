"""`graphdaw nodes`: the node types there are, and what each takes."""

from __future__ import annotations

import sys
from inspect import cleandoc
from typing import Annotated, Any

import typer

from graphdaw.cli.output import AsJson, remark, say, say_json, table
from graphdaw.nodes.base import NodeType, Port


def nodes(
    type_: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="One type, in full.")] = None,
    as_json: AsJson = False,
    example: Annotated[
        bool, typer.Option("--example", help="Print a patch that shows TYPE, which `render` and `play` take as a file.")
    ] = False,
) -> None:
    """List the node types, or say all about one."""
    from graphdaw.errors import UnknownTypeError, suggestion
    from graphdaw.nodes import types

    known = types()
    if example:
        _print_example(type_)
        return
    if type_ is None:
        if as_json:
            say_json([described(kind) for kind in known.values()])
        else:
            table(("type", "what it does"), [(kind.name, kind.doc.splitlines()[0]) for kind in known.values()])
        return
    if type_ not in known:
        raise UnknownTypeError(f"There is no node type {type_!r}; {suggestion(type_, known, 'types')}")
    if as_json:
        say_json(described(known[type_]))
    else:
        _print_type(known[type_])


def _print_example(type_: str | None) -> None:
    from graphdaw.graph import examples

    if type_ is None:
        raise typer.BadParameter("say which type: graphdaw nodes TYPE --example.")
    sys.stdout.write(examples.source(type_))


def described(kind: NodeType) -> dict[str, Any]:
    """A node type as plain values."""
    return {
        "type": kind.name,
        "doc": cleandoc(kind.doc),
        "tags": list(kind.tags),
        "inputs": [_port(port) for port in kind.inputs.values()],
        "outputs": [_port(port) for port in kind.outputs.values()],
        "params": [
            {
                "name": param.name,
                "default": param.default,
                "lo": param.lo,
                "hi": param.hi,
                "unit": param.unit,
                "curve": param.curve,
                "fixed": param.fixed,
                "help": param.help,
            }
            for param in kind.params.values()
        ],
        "choices": [
            {
                "name": choice.name,
                "options": list(choice.options),
                "default": choice.default or choice.options[0],
                "help": choice.help,
            }
            for choice in kind.choices.values()
        ],
        "media": [{"name": media.name, "help": media.help} for media in kind.media.values()],
        "clips": kind.clips,
        "texts": [{"name": text.name, "default": text.default, "help": text.help} for text in kind.texts.values()],
    }


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "type": port.type, "channels": port.channels, "help": port.help}


def _print_type(kind: NodeType) -> None:
    say(f"{kind.name}: {cleandoc(kind.doc)}\n")
    rows = [("inlet", port.name, "", _signal(port), port.help) for port in kind.inputs.values()]
    rows += [("outlet", port.name, "", _signal(port), port.help) for port in kind.outputs.values()]
    rows += [
        (
            "fixed" if p.fixed else "parameter",
            p.name,
            f"{p.default:g}",
            f"{p.lo:g} to {p.hi:g}{' ' * bool(p.unit)}{p.unit}",
            p.help,
        )
        for p in kind.params.values()
    ]
    rows += [
        ("choice", c.name, c.default or c.options[0], " | ".join(c.options), c.help) for c in kind.choices.values()
    ]
    rows += [("recording", m.name, "", "a path", m.help) for m in kind.media.values()]
    rows += [("clips", kind.clips, "", "", "What it holds of the piece, in clips along the timeline.")] * bool(
        kind.clips
    )
    rows += [("text", t.name, t.default, "a text", t.help) for t in kind.texts.values()]
    table(("", "name", "default", "values", "meaning"), rows)
    if any(not param.fixed for param in kind.params.values()):
        remark("Each parameter is also an inlet of its own name: what is wired into it is added to its value.")


def _signal(port: Port) -> str:
    return f"{port.type}, {port.channels} channels" if port.channels else port.type
