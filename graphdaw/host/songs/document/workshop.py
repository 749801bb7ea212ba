"""What the parts of a document are built with: the graph, the report, recordings, and what automation may move."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Sequence
from typing import NamedTuple

from graphdaw.errors import MediaError
from graphdaw.graph.graph import Graph
from graphdaw.graph.handles import NodeHandle
from graphdaw.graph.song import Report, Target
from graphdaw.host.media import length_s
from graphdaw.nodes.base import registry

LMMS_SAMPLES = "/usr/share/lmms/samples"  # where LMMS' own recordings lie, which its projects name from there


class Move(NamedTuple):
    """A parameter that an automation may move: its value is `offset` and `factor` times that of the curve.

    `settles` are set on the node where the curve takes over, because they would come on top of it.
    """

    node: NodeHandle
    parameter: str
    factor: float = 1.0
    offset: float = 0.0
    settles: dict[str, float] = {}


class Workshop:
    """What the parts share while a document is built."""

    def __init__(
        self,
        graph: Graph,
        report: Report,
        folders: Sequence[str | os.PathLike[str]],
        soundfont: str,
        wanted: Collection[Target],
    ) -> None:
        self.graph, self.report, self.soundfont = graph, report, soundfont
        self.wanted = frozenset(wanted)  # what automation moves
        self.moves: dict[Target, Move] = {}
        self._folders = [os.path.realpath(folder) for folder in folders]

    def say(self, whose: str, what: str) -> None:
        """Say what could not be carried over, of a track or the whole."""
        self.report.say(f"{whose}: {what}.")

    def recording(self, name: str) -> str | None:
        """The path of a recording if it lies, links followed, in a folder that the user has named or in LMMS' own."""
        for folder in (*self._folders, os.path.realpath(LMMS_SAMPLES)):
            with contextlib.suppress(ValueError, OSError):  # a name that no path can have
                path = os.path.realpath(os.path.join(folder, name))
                if os.path.commonpath((folder, path)) == folder and os.path.isfile(path):
                    return path
        return None

    def length_s(self, path: str) -> float | None:
        """How long a recording is; None, and a sentence, for a file that cannot be read as one."""
        try:
            return length_s(path)
        except MediaError as error:
            self.report.say(str(error))
            return None

    def add(self, type: str, label: str = "", /, **values: float | str) -> NodeHandle:
        """Add a node, numbers held within their ranges."""
        node = self.graph.add(type, **in_range(type, values))
        if label:
            self.graph.look(node, label=name_of(label))
        return node


def in_range(type: str, values: dict[str, float | str]) -> dict[str, float | str]:
    """The values with numbers held within what the type allows."""
    params = registry[type].params
    return {
        name: min(max(float(value), params[name].lo), params[name].hi) if name in params else value
        for name, value in values.items()
    }


def name_of(text: str) -> str:
    """A text of another program as a label: one line, not too long."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:64]
