"""The time of the piece as an engine keeps it: its tempo map and loop, rolling and standing, and the click."""

from __future__ import annotations

from typing import Any

from graphdaw._core import ffi, lib
from graphdaw.graph.model import Node
from graphdaw.graph.timeline import TempoMap, Timeline
from graphdaw.host.numbers import Numbers


class Timing(Numbers):
    """What one may ask of an engine's transport, from the control side."""

    sample_rate: int
    _asked: tuple[bool, int] = (True, 0)  # to roll, after so many frames

    @property
    def rolls(self) -> bool:
        """Whether the piece goes on while it sounds; false also while it is counted in."""
        with self._being_there:
            return self._engine is not None and bool(lib.gd_engine_rolls(self._engine))

    def roll(self, on: bool = True, *, count_in_frames: int = 0) -> None:
        """Let the piece go on, after so many frames of counting in, or let it stand; what sounds freely goes on.

        Where it stands notes end, tails ring out, and what comes from a keyboard is heard.
        """
        with self._lock:
            self._asked = (on, count_in_frames)
            lib.gd_engine_roll(self.pointer, on, count_in_frames)

    def roll_as(self, other: Timing, *, begins: bool) -> None:
        """Roll, stand or count in as another engine was asked to; a count-in that is not over yet begins anew.

        `begins`: nothing has played yet since that was asked.
        """
        on, count_in_frames = other._asked
        over = other.rolls and not begins
        self.roll(on, count_in_frames=0 if over else round(count_in_frames * self.sample_rate / other.sample_rate))

    def _send_timeline(self, timeline: Timeline) -> None:
        """Let what is played follow these tempos, bars and loop."""
        spec = ffi.new("GdTimelineSpec *")
        tempos = TempoMap(timeline.tempos, float(self.sample_rate))
        spans = ffi.new("GdTempoSpan[]", [tuple(span) for span in tempos.spans])
        bars = ffi.new(
            "GdBars[]",
            [(float(s.at_ticks), float(s.bar_ticks), 3840.0 / s.unit) for s in timeline.signatures],
        )
        spec.spans, spec.span_count = spans, len(timeline.tempos)
        spec.bars, spec.bar_count = bars, len(timeline.signatures)
        if timeline.loop is not None and timeline.loop.on:
            spec.loop_start = tempos.frame(timeline.loop.start_ticks)
            spec.loop_end = tempos.frame(timeline.loop.end_ticks)
        if not lib.gd_engine_timeline(self._engine, spec):
            raise MemoryError("no memory for the tempo map")

    def outside_nodes(self) -> dict[str, Node]:
        """The nodes that exchange events with other threads, by id."""
        with self._lock:
            nodes = self._lowering.flat.nodes
            return {id: nodes[id] for id in self._lowering.rings if id in nodes}

    def ring(self, id: str) -> Any:
        """The ring by which a node and one other thread exchange events; None where it has none."""
        with self._lock:
            return self._lowering.rings.get(id)
