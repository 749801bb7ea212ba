"""GraphDAW: an audio engine in which everything is a node.

>>> import graphdaw as gd
>>> g = gd.Graph(sample_rate=48_000)
>>> osc = g.add("saw", frequency_hz=110.0)
>>> low = g.add("filter", mode="lowpass", cutoff_hz=900.0, q=2.0)
>>> osc >> low >> g.add("output")
<output output1>
>>> gd.render(g, seconds=0.1).shape
(1, 4800)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphdaw.graph import tracks
from graphdaw.graph.clips import AudioClip, CurveClip, Lane, Note, NoteClip, Point
from graphdaw.graph.graph import Graph
from graphdaw.graph.timeline import Loop, Marker, Signature, Tempo, Timeline

if TYPE_CHECKING:
    import os

    from graphdaw.graph.library import macros, presets, save_preset
    from graphdaw.graph.opened import Project
    from graphdaw.graph.unnamed import UnsavedProject
    from graphdaw.host.instruments.player import add_instrument
    from graphdaw.host.left_takes import recover_takes
    from graphdaw.host.offline import render
    from graphdaw.host.session import Session

__version__ = "0.1.0"
__all__ = [
    "AudioClip", "CurveClip", "Graph", "Lane", "Loop", "Marker", "Note", "NoteClip", "Point", "Project", "Session",
    "Signature", "Tempo", "Timeline", "add_instrument", "example", "load", "macros", "open", "presets", "recover_takes",
    "render", "save_preset", "unsaved_projects",
]  # fmt: skip
_LIBRARY = ("macros", "presets", "save_preset")


def _length_s(path: str) -> float:
    from graphdaw.host.media import length_s

    return length_s(path)


tracks.measure = _length_s


def load(path: str) -> Graph:
    """Read a project file, or a graph as text from a file called .txt; raises `ProjectError` or `TextError`.

    To edit a project so that nothing can be lost, `open` it instead.
    """
    return Graph.load(path)


def open(path: str | os.PathLike[str] | None = None, *, create: bool = False) -> Project:
    """Open a project to edit it: every edit is in a journal before it is heard, whatever happens to the program.

    `create` makes the file where there is none; without a path the project has no name until `save_as`. Raises
    `ProjectError`. See `Project`.
    """
    from graphdaw.graph.opened import open_project

    return open_project(path, create=create)


def unsaved_projects() -> list[UnsavedProject]:
    """Projects that never got a name, as a crash or a close left them, newest first; `open(one.path)` opens one."""
    from graphdaw.graph import unnamed

    return unnamed.unsaved_projects()


def example(type: str) -> Graph:
    """A small patch that shows what a node type is for; raises `UnknownTypeError`.

    >>> import graphdaw as gd
    >>> sorted({node.type for node in gd.example("gain").nodes.values()})
    ['adsr', 'gain', 'lfo', 'output', 'saw']
    """
    from graphdaw.graph import examples

    return Graph(document=examples.load(type))


def __getattr__(name: str) -> Any:
    """The engine and what needs it are imported when they are first used."""
    if name == "render":
        from graphdaw.host.offline import render

        return render
    if name in _LIBRARY:
        from graphdaw.graph import library

        return getattr(library, name)
    if name == "add_instrument":
        from graphdaw.host.instruments.player import add_instrument

        return add_instrument
    if name == "recover_takes":
        from graphdaw.host.left_takes import recover_takes

        return recover_takes
    if name == "Project":
        from graphdaw.graph.opened import Project

        return Project
    if name == "Session":
        from graphdaw.host.session import Session

        return Session
    raise AttributeError(f"module 'graphdaw' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
