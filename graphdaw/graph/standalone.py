"""Graphs that are loaded and saved without being opened as projects: to look at, to render, or to edit by a script."""

from __future__ import annotations

import os

from graphdaw.errors import ProjectError
from graphdaw.graph.graph import Graph
from graphdaw.graph.project.loading import load_marked
from graphdaw.graph.project.lock import live_owner
from graphdaw.graph.project.saving import Saved, save
from graphdaw.graph.recovery import recover


def load_graph(path: str) -> Graph:
    """A project to look at: with the edits a crash left, but without those of a program that has it open now."""
    if live_owner(path) is not None:
        graph = Graph(document=load_marked(path)[0])
        graph.path = path
        return graph
    history, report, _ = recover(path)
    if report is not None and live_owner(path) is not None:  # opened since, so the journal is not left but in use
        return load_graph(path)
    graph = Graph.of(history)
    graph.path, graph.recovered = path, report
    return graph


def save_graph(graph: Graph, path: str) -> Saved:
    """Write a graph to a file; through its project where it is the file of that."""
    name = os.path.realpath(path)
    project = graph.project
    if project is not None and name == os.path.realpath(project.path or ""):
        return project.save()
    report = graph.recovered
    continues = report is not None and name == os.path.realpath(report.path)
    owner = live_owner(name)
    if owner is not None:
        raise ProjectError(f"{name} is open, by {owner}; save through that, or under another name.")
    saved = save(graph.document, name, mark=report.mark if report is not None and continues else None)
    if project is None:
        graph.path = path
    return saved
