"""`graphdaw check`: whether a project would sound as it should on this machine."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import typer

from graphdaw.cli.output import AsJson, ProjectFile, say, say_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphdaw.graph.graph import Graph


def check(file: ProjectFile, as_json: AsJson = False) -> None:
    """Check that all FILE needs is here; exit code 1 if it is not."""
    from graphdaw.cli.project import load

    graph = load(file)
    found = list(problems(graph))
    if as_json:
        say_json({"nodes": len(graph.nodes), "wires": len(graph.wires), "problems": found})
    else:
        for problem in found:
            say(f"{problem['severity']}: {problem['message']}")
        if not found:
            say(f"{file} is sound: {_size(graph)}, {graph.sample_rate} Hz.")
    if any(problem["severity"] == "error" for problem in found):
        raise typer.Exit(1)


def _size(graph: Graph) -> str:
    nodes, wires = len(graph.nodes), len(graph.wires)
    return f"{nodes} node{'s' * (nodes != 1)}, {wires} wire{'s' * (wires != 1)}"


def problems(graph: Graph) -> Iterator[dict[str, str]]:
    """What stands in the way, each with a code, the node or wire, and a sentence."""
    from graphdaw.errors import GraphdawError
    from graphdaw.graph.validate import validate

    found = validate(graph.document)
    for one in found:
        yield _problem(one.code, one.message, one.node, one.wire, one.severity)
    if not any(node.type == "output" for node in graph.nodes.values()):
        yield _problem("no_output", "Nothing is heard: the graph has no 'output' node; add one.")
    if any(one.severity == "error" for one in found):
        return
    unreadable = list(_unreadable_media(graph))
    yield from unreadable
    if not unreadable:
        try:
            _compile(graph)
        except GraphdawError as error:
            yield _problem(error.code, str(error), getattr(error, "node", ""), getattr(error, "wire", ""))


def _problem(code: str, message: str, node: str = "", wire: str = "", severity: str = "error") -> dict[str, str]:
    return {"severity": severity, "code": code, "node": node, "wire": wire, "message": message}


def _unreadable_media(graph: Graph) -> Iterator[dict[str, str]]:
    from graphdaw.errors import GraphdawError
    from graphdaw.graph.media_values import media_values
    from graphdaw.graph.project import media_path
    from graphdaw.host.media import MediaStream

    with tempfile.TemporaryDirectory(prefix="graphdaw-check-") as folder:
        for node in graph.nodes.values():
            for _, value in media_values(node):
                try:
                    MediaStream(media_path(graph.document, value, folder), graph.sample_rate).close()
                except GraphdawError as error:
                    yield _problem(error.code, f"Node {node.id!r}: {error}", node.id)


def _compile(graph: Graph) -> None:
    from graphdaw.host.offline import Renderer

    with Renderer(graph, block_frames=128, threads=1) as renderer:
        renderer.render(128)
