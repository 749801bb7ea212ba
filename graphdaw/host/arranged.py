"""The part of an engine that keeps audio tracks playing what their clips say."""

from __future__ import annotations

from graphdaw.graph.graph import Graph
from graphdaw.graph.model import Node
from graphdaw.graph.voicing import Voiced
from graphdaw.host.audio_tracks import Arranged
from graphdaw.host.events import Event, Problem
from graphdaw.host.lowering import Lowering
from graphdaw.host.recordings import Recordings
from graphdaw.host.timing import Timing


class Arranging(Timing):
    """Tracks of recordings, which of them are to be looked at again, and what is wrong with nodes."""

    graph: Graph
    _missing: str
    _behind: bool
    _flat: Voiced
    _lowering: Lowering
    _recordings: Recordings

    def __init__(self) -> None:
        super().__init__()
        self.problems: dict[str, str] = {}
        self._told: list[Event] = []
        self._timed: set[str] = set()  # tracks that depend on the tempo
        self._waiting: set[str] = set()  # that wait for a stretched copy
        self._silent: set[str] = set()  # with clips that cannot be heard

    def _note(self, id: str, error: Exception | str) -> None:
        """What is wrong with a node, told once."""
        if self.problems.get(id) != str(error):
            self.problems[id] = str(error)
            self._told.append(Problem(id, str(error)))

    def _arrange(self, node: Node) -> Arranged:
        """What a track plays now; what of it cannot be heard is a problem of the node while that is so."""
        strict = self._missing == "error"
        track = self._recordings.tracks.arrange(self.graph.document, node, self._flat.timeline, strict=strict)
        (self._timed.add if track.timed else self._timed.discard)(node.id)
        (self._waiting.add if track.waiting else self._waiting.discard)(node.id)
        if track.faults:
            self._silent.add(node.id)
            self._note(node.id, " ".join(track.faults))
        elif node.id in self._silent:
            self._silent.discard(node.id)
            self.problems.pop(node.id, None)
        return track

    def _arrange_timed(self) -> None:
        """The tempo is another one."""
        self._arrange_again(self._timed)

    def _arrange_waiting(self) -> None:
        """Look whether stretched copies are ready."""
        with self._lock:
            if self._engine is not None:
                self._arrange_again(self._waiting)
                self._note_width()

    def _arrange_again(self, ids: set[str]) -> None:
        for id in sorted(ids):
            if id in self._lowering.nodes:
                self._lowering.reshape(id)
            else:
                ids.discard(id)

    def _note_width(self) -> None:
        """A track with more channels than before needs a plan."""
        self._behind |= self._lowering.widened
        self._lowering.widened = False
