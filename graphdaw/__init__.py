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

from graphdaw.graph.graph import Graph

if TYPE_CHECKING:
    from graphdaw.host.offline import render
    from graphdaw.host.session import Session

__version__ = "0.1.0"
__all__ = ["Graph", "Session", "example", "load", "render"]


def load(path: str) -> Graph:
    """Read a project file, or a graph as text from a file called .txt; raises `ProjectError` or `TextError`."""
    return Graph.load(path)


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
    if name == "Session":
        from graphdaw.host.session import Session

        return Session
    raise AttributeError(f"module 'graphdaw' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
