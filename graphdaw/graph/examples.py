"""Graphs as text files, and the example patches of the node types, which are such files."""

from __future__ import annotations

import os
from pathlib import Path

from graphdaw.errors import ProjectError, TextError, UnknownTypeError, suggestion
from graphdaw.graph import outside, structure
from graphdaw.graph.media_values import media_values, with_media
from graphdaw.graph.model import Document
from graphdaw.graph.parse import MAX_TEXT, parse

FOLDER = Path(__file__).resolve().parent.parent / "examples"


def names() -> list[str]:
    """The types there is an example of."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def source(type: str) -> str:
    """The example of a type as text, its remarks included; raises UnknownTypeError."""
    known = names()
    if type not in known:
        raise UnknownTypeError(f"There is no example of {type!r}; {suggestion(type, known, 'examples')}")
    return (FOLDER / f"{type}.txt").read_text(encoding="utf-8")


def load(type: str) -> Document:
    """The example of a type; raises UnknownTypeError."""
    document = parse(source(type))
    _find_media(document, FOLDER)
    return document


def read(path: str | os.PathLike[str]) -> Document:
    """The graph in a text file; raises ProjectError where it cannot be read, TextError where it is none.

    A recording is named by its path from the text file's folder, and must lie in there; those of the examples
    (`media/voice.flac`) are found from anywhere.
    """
    name = os.fspath(path)
    try:
        with open(name, encoding="utf-8", newline="", opener=outside.regular) as file:
            document = parse(file.read(MAX_TEXT + 1))
    except OSError as error:
        raise ProjectError(f"{name} cannot be read: {error.strerror or error}; choose another file.") from error
    except UnicodeDecodeError as error:
        raise TextError(f"{name} is no text; choose a graph as `graphdaw show` prints it.") from error
    except TextError as error:
        raise TextError(f"{name}: {error}", line=error.line) from None
    except ValueError as error:
        raise ProjectError(f"{name!r} cannot be read: {error}; choose another file.") from error
    _find_media(document, Path(name).resolve().parent)
    return document


def _find_media(document: Document, folder: Path) -> None:
    """Put absolute paths in place of relative ones; whatever lies outside the folder counts as brought by the file."""
    document.foreign = structure.outside_paths(document)
    for node in list(document.nodes.values()):
        paths = {value for _, value in media_values(node) if value in document.foreign}
        found = {value: _inside(folder, value) or _inside(FOLDER, value) for value in paths}
        there = {value: path for value, path in found.items() if path}
        if there:
            document.nodes[node.id] = with_media(node, there)
    document.foreign &= structure.outside_paths(document)


def _inside(folder: Path, value: str) -> str | None:
    """The file of this name in a folder or below it, with links resolved."""
    if "\0" in value or Path(value).is_absolute():
        return None
    path = (folder / value).resolve()
    return str(path) if path.is_relative_to(folder) and path.is_file() else None
