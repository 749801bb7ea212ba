"""`graphdaw check`: whether a project would sound as it should on this machine."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import typer

from graphdaw.cli.output import AsJson, ProjectFile, say, say_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphdaw.graph.graph import Graph


def check(file: ProjectFile, as_json: AsJson = False) -> None:
    """Check that all FILE needs is here; exit code 1 if not."""
    from graphdaw.cli.project import load

    graph = load(file)
    found = list(problems(graph))
    if as_json:
        say_json({"nodes": len(graph.nodes), "wires": len(graph.wires), "problems": found})
    else:
        for problem in found:
            say(problem["message"])
        if not found:
            say(f"{file} is sound: {len(graph.nodes)} nodes, {len(graph.wires)} wires, {graph.sample_rate} Hz.")
    if found:
        raise typer.Exit(1)


def problems(graph: Graph) -> Iterator[dict[str, Any]]:
    """What stands in the way, each with a code and a sentence."""
    from graphdaw.errors import GraphdawError
    from graphdaw.graph.model import GROUP
    from graphdaw.nodes import types

    known = {GROUP, *types()}
    for node in graph.nodes.values():
        if node.type not in known:
            message = f"Node {node.id!r} is of type {node.type!r}, which is not installed; it is kept but stays silent."
            yield {"code": "unknown_type", "node": node.id, "message": message}
    if not any(node.type == "output" for node in graph.nodes.values()):
        yield {"code": "no_output", "node": "", "message": "Nothing is heard: the graph has no 'output' node; add one."}
    missing = list(_missing_media(graph))
    yield from missing
    if not missing:
        try:
            _compile(graph)
        except GraphdawError as error:
            yield {"code": error.code, "node": getattr(error, "node", ""), "message": str(error)}


def _missing_media(graph: Graph) -> Iterator[dict[str, Any]]:
    from graphdaw.errors import GraphdawError
    from graphdaw.graph.project import media_path
    from graphdaw.host.media import MediaStream
    from graphdaw.nodes import types

    with tempfile.TemporaryDirectory(prefix="graphdaw-check-") as folder:
        for node in graph.nodes.values():
            kind = types().get(node.type)
            for name in kind.media if kind else ():
                value = node.values.get(name)
                if not isinstance(value, str) or not value:
                    continue
                try:
                    MediaStream(media_path(graph.document, value, folder), graph.sample_rate).close()
                except GraphdawError as error:
                    yield {"code": error.code, "node": node.id, "message": f"Node {node.id!r}: {error}"}


def _compile(graph: Graph) -> None:
    from graphdaw.host.offline import Renderer

    with Renderer(graph, block_frames=64, threads=1) as renderer:
        renderer.render(64)
