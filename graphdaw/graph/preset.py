"""Presets: the values of a node, or of everything in a group, in a file with the recordings they need."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from graphdaw.errors import GraphError, ProjectError, brief
from graphdaw.graph import checks
from graphdaw.graph.graph import Graph
from graphdaw.graph.handles import NodeHandle
from graphdaw.graph.model import GROUP, Document, Node, Opaque, Value
from graphdaw.graph.ports import node_of, title
from graphdaw.graph.project.loading import load
from graphdaw.graph.project.parts import save_group
from graphdaw.graph.vocabulary import Edit, SetMedia, SetValues
from graphdaw.nodes.base import registry


@dataclass(slots=True)
class Loaded:
    """What a preset did: the settings it changed ("lp1.cutoff_hz"), and in sentences what of it could not be used."""

    changed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def save_preset(graph: Graph, node: NodeHandle | str, path: str | os.PathLike[str]) -> None:
    """Write the values of a node, or of all nodes in a group, to a file (`NAME.gdpreset`); raises ProjectError.

    The file is a project of one node: it holds recordings by content, and `insert_group` can read it too.
    """
    save_group(graph.document, _id(node), path)


def load_preset(graph: Graph, node: NodeHandle | str, path: str | os.PathLike[str]) -> Loaded:
    """Set a node, or all nodes in a group, as a preset has them, in one undo step; what it does not set is default.

    Raises ProjectError where the file is no preset, or one for another type or another kind of group.

    >>> import tempfile, graphdaw as gd
    >>> from graphdaw.graph.preset import load_preset, save_preset
    >>> g = gd.Graph()
    >>> lp, other = g.add("filter", cutoff_hz=300.0), g.add("filter")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_preset(g, lp, f"{folder}/dark.gdpreset")
    ...     load_preset(g, other, f"{folder}/dark.gdpreset").changed
    ['filter2.cutoff_hz']
    >>> g.undo().label
    'preset dark'
    """
    document = graph.document
    part = load(path)
    loaded = Loaded()
    edits: list[Edit] = []
    for ours, theirs in _pairs(document, node_of(document, _id(node)), part, os.fspath(path)):
        values = _changes(document, ours, theirs, part, loaded)
        if values:
            edits.append(SetValues(ours.id, values))
            loaded.changed += [f"{ours.id}.{name}" for name in values]
            edits[:0] = _media(document, part, values)
    graph.apply(edits, f"preset {Path(path).stem}")
    return loaded


def _id(node: NodeHandle | str) -> str:
    return node if isinstance(node, str) else node.id


def _pairs(document: Document, node: Node, part: Document, where: str) -> list[tuple[Node, Node]]:
    """Each node that is set beside the one it is set from."""
    tops = part.inside("")
    if len(tops) != 1:
        raise ProjectError(f"{where} is no preset: it holds {len(tops)} nodes side by side; insert it as a group.")
    ours, theirs = [node], tops
    if node.type == GROUP:
        ours, theirs = [*ours, *document.below(node.id)], [*theirs, *part.below(tops[0].id)]
    if tops[0].type != node.type:
        raise ProjectError(f"{where} is for {tops[0].type!r} and does not fit node {title(node)}; choose another.")
    if [n.type for n in ours] != [n.type for n in theirs]:
        raise ProjectError(f"{where} is for a group with other nodes in it than {title(node)}; insert it as a group.")
    return [pair for pair in zip(ours, theirs, strict=True) if pair[0].type != GROUP]


def _changes(document: Document, ours: Node, theirs: Node, part: Document, loaded: Loaded) -> dict[str, Value | None]:
    """What to set, and None for what goes back to its default."""
    changes: dict[str, Value | None] = {name: None for name in ours.values if name not in theirs.values}
    for name, value in theirs.values.items():
        fault = _fault(document, ours, name, value, part)
        if fault:
            loaded.left_out.append(brief(fault, 500))
        elif ours.values.get(name) != value:
            changes[name] = value
    return changes


def _fault(document: Document, ours: Node, name: str, value: Value, part: Document) -> str:
    """Why a value of the preset cannot be used; "" if it can."""
    kind = registry.get(ours.type)
    if isinstance(value, Opaque):
        return f"{name!r} of the preset for {title(ours)} is of a kind that only a newer GraphDAW knows."
    if kind is not None and name in kind.media and value and value not in part.media:
        return f"{name!r} of the preset for {title(ours)} names a file outside it; choose the recording yourself."
    try:
        checks.check_values(document, ours, {name: value})
    except GraphError as error:
        return str(error)
    return ""


def _media(document: Document, part: Document, values: dict[str, Value | None]) -> list[Edit]:
    """The recordings the values name, entered in the media table."""
    edits: list[Edit] = []
    for hash in {value for value in values.values() if isinstance(value, str) and value in part.media}:
        if hash in part.media_files:
            document.media_files.setdefault(hash, part.media_files[hash])
        if hash not in document.media:
            edits.append(SetMedia(hash, part.media[hash]))
    return edits
