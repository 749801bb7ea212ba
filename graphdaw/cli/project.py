"""Projects as commands get them: loaded, and at another sample rate where that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphdaw.cli.output import remark

if TYPE_CHECKING:
    from graphdaw.graph.graph import Graph
    from graphdaw.graph.project import Saved
    from graphdaw.graph.recovery import Recovery
    from graphdaw.host.tape import Take


def remark_on(saved: Saved) -> None:
    """Say what a save could not make sure of or had to leave out; nothing when all went well."""
    if saved.left_out or not saved.durable:
        remark(saved.sentence)


def remark_on_recovery(report: Recovery | None) -> None:
    """Say what a crash had left, and what became of it; nothing where it left nothing."""
    if report is not None and report.sentence:
        remark(report.sentence)


def remark_on_takes(takes: list[Take]) -> None:
    """Say which recordings that a crash had interrupted are whole again."""
    for take in takes:
        length_s = take.frames / take.sample_rate_hz
        remark(f"A recording that was interrupted has been recovered: {take.path}, {length_s:.2f} s.")


def load(path: str) -> Graph:
    """The project or text in a file, with a remark on what a crash left; raises ProjectError or TextError."""
    from graphdaw.graph.graph import Graph

    graph = Graph.load(path)
    remark_on_recovery(graph.recovered)
    return graph


def load_to_hear(path: str) -> Graph:
    """The same, with remarks on what will be silent; raises EngineError if nothing can be heard."""
    from graphdaw.errors import EngineError
    from graphdaw.graph.validate import validate

    graph = load(path)
    if not any(node.type == "output" for node in graph.nodes.values()):
        raise EngineError(f"Nothing in {path} is heard: it has no 'output' node; add one and wire into it.")
    for problem in validate(graph.document):
        remark(f"{problem.severity}: {problem.message}")
    return graph


def at_rate(graph: Graph, sample_rate: int | None) -> Graph:
    """The graph itself, or set to another rate; the file is not touched."""
    if sample_rate is not None:
        graph.sample_rate = sample_rate
    return graph
