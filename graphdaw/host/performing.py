"""The part of a session that writes down what is played: notes of keyboards, and parameters that are moved."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from graphdaw.errors import EngineError
from graphdaw.graph.arranging import fresh_id, replace
from graphdaw.graph.clips import Clip, CurveClip, NoteClip, Point
from graphdaw.graph.edits import Edit
from graphdaw.graph.graph import Graph
from graphdaw.graph.handles import End, NodeHandle
from graphdaw.graph.performance import HELD_S, clip_of_moves, clip_of_notes, punched_in
from graphdaw.graph.ports import node_of
from graphdaw.graph.takes import TAKE, edits_between, takes_of
from graphdaw.graph.vocabulary import PutClip, SetClip, SetValues
from graphdaw.host.note_recorder import NoteTape, passages
from graphdaw.host.taps import outlet_of
from graphdaw.nodes.base import Param, registry
from graphdaw.nodes.prepare.curve import SHAPES, curve_of_clips, points_of
from graphdaw.nodes.prepare.curve import at as value_at

if TYPE_CHECKING:
    from graphdaw.host.driver import Driver
    from graphdaw.host.engine import Engine

ERROR = 0.002  # of the way that a knob travels: how far a recorded curve may be off


class Moves:
    """A parameter that is being recorded for an automation node: what it was set to, and when."""

    def __init__(self, node: str, target: tuple[str, str], begin: int, silenced: list[str]) -> None:
        self.node = node
        self.target = target
        self.begin = begin
        self.silenced = silenced  # clips that are muted until the end
        self.moves: list[tuple[int, float]] = []


class Performing:
    """Recording notes and automation; each becomes clips, in one undo step, when it is stopped."""

    graph: Graph
    engine: Engine
    driver: Driver

    if TYPE_CHECKING:

        def _tell(self, *events: object) -> None: ...

    def __init__(self) -> None:
        self._moves: dict[str, Moves] = {}

    # Notes

    def record_notes(self, node: End, source: End = "midi_in1") -> None:
        """Record what comes out of `source`, such as a `midi_in`, for a `notes` node, while the piece rolls.

        `stop_notes` makes clips of it. What is played along with what is heard lies where it was played: the latency of
        output and graph is taken off.
        """
        id = self._holder(node, "notes")
        late = self.engine.latency_frames() + self.driver.latency_frames[1] if self.driver.device is not None else 0
        self.engine.notes.start(id, outlet_of(self.graph, source), late)

    def stop_notes(self, node: End) -> list[NoteClip]:
        """Put what was recorded into the track, and return it: a clip, or a take for each turn of a loop.

        Of several takes the last one sounds; takes that the track had before are muted.
        """
        id = self._holder(node, "notes")
        tape, end = self.engine.notes.stop(id)
        clips = self._clips_of(tape, end, node_of(self.graph.document, id).clips)
        muted: list[Edit] = []
        if any(clip.name for clip in clips):
            muted = [
                SetClip(id, clip.id, {"muted": True})
                for found in takes_of(node_of(self.graph.document, id).clips).values()
                for clip in found
            ]
        self.graph.apply([*muted, *(PutClip(id, clip) for clip in clips)], "record notes")
        return clips

    def _clips_of(self, tape: NoteTape, end: int, there: Sequence[Clip]) -> list[NoteClip]:
        engine, timeline = self.engine, self.graph.document.timeline
        self._tell()
        ids, numbered = [clip.id for clip in there], len(takes_of(there))
        found: list[NoteClip] = []
        for passage in passages(engine.journey, timeline, engine.sample_rate, tape.begin, end):
            id = fresh_id(ids, "recorded")
            clip = clip_of_notes(tape.played, passage, id)
            if clip is not None:
                ids.append(id)
                found.append(clip)
        if len(found) < 2:
            return found
        names = [f"{TAKE}{numbered + k}" for k in range(1, len(found) + 1)]
        last = len(found) - 1
        return [replace(clip, name=names[k], muted=k < last) for k, clip in enumerate(found)]

    # Automation

    def record_automation(self, node: End) -> None:
        """Record how the parameter is set that an `automation` node moves, while the piece rolls.

        Until `stop_automation` the node lets go of it: its clips are muted, and the parameter stands where the curve
        is now.
        """
        id = self._holder(node, "automation")
        if id in self._moves:
            raise EngineError(f"Node {id!r} is being recorded already; stop that first.")
        document = self.graph.document
        target = next(((wire.target, wire.target_port) for wire in document.wires_from(id, "out")), None)
        kind = registry.get(document.nodes[target[0]].type) if target is not None else None
        if target is None or kind is None or target[1] not in kind.params:
            raise EngineError(f"Node {id!r} moves no parameter; wire it into one.")
        clips = [clip for clip in document.nodes[id].clips if isinstance(clip, CurveClip) and not clip.muted]
        let_go: list[Edit] = [SetClip(id, clip.id, {"muted": True}) for clip in clips]
        value = _value_now(clips, document.timeline.ticks(self.engine.position_frames / self.engine.sample_rate))
        if value is not None:
            let_go.append(SetValues(target[0], {target[1]: value}))
        if let_go:
            self.graph.apply(let_go, "let go of automation")
        self._moves[id] = Moves(id, target, self.engine.time_frames, [clip.id for clip in clips])

    def stop_automation(self, node: End, *, error: float = ERROR) -> list[CurveClip]:
        """Put what was recorded into the track, over what it had there, and return it.

        No value is further off than `error` of the way that a knob of the parameter travels.
        """
        id = self._holder(node, "automation")
        moves = self._moves.pop(id, None)
        if moves is None:
            raise EngineError(f"Node {id!r} is not being recorded; start that first.")
        end, rate = self.engine.time_frames, self.engine.sample_rate
        self._tell()
        document = self.graph.document
        old = node_of(document, id).clips
        new: list[Clip] = [replace(clip, muted=False) if clip.id in moves.silenced else clip for clip in old]
        param = registry[document.nodes[moves.target[0]].type].params[moves.target[1]]
        made: list[CurveClip] = []
        for passage in passages(self.engine.journey, document.timeline, rate, moves.begin, end):
            name = fresh_id([clip.id for clip in [*new, *made]], "recorded")
            held = round(HELD_S * rate)
            clip = clip_of_moves(moves.moves, passage, held, name, error_of(param, error))
            if clip is not None:
                new = punched_in(new, clip, document.timeline, document.sample_rate)
                made.append(clip)
        self.graph.apply(edits_between(id, old, new), "record automation")
        return [clip for clip in made if clip in new]

    def _follow_moves(self, edits: list[Edit]) -> None:
        """Note the values that recorded parameters are set to."""
        if not self._moves:
            return
        now = self.engine.time_frames
        for edit in edits:
            if isinstance(edit, SetValues):
                for moves in self._moves.values():
                    value = edit.values.get(moves.target[1])
                    if edit.id == moves.target[0] and isinstance(value, float):
                        moves.moves.append((now, value))

    def _end_performing(self) -> None:
        """Put all that is being recorded into its tracks: what comes now has another clock."""
        for id in self.engine.notes.targets():
            self.stop_notes(id)
        for id in list(self._moves):
            self.stop_automation(id)

    # Ends

    def _holder(self, node: End, type: str) -> str:
        id = node if isinstance(node, str) else node.id if isinstance(node, NodeHandle) else node.node.id
        found = node_of(self.graph.document, id)
        if found.type != type:
            raise EngineError(f"Node {id!r} is no {type} node and cannot be recorded into as one; name one that is.")
        return id


def error_of(param: Param, share: float) -> Callable[[float], float]:
    """By how much a value may be off, for a share of the way that a knob of the parameter travels."""
    if param.curve != "log":
        return lambda _: share * (param.hi - param.lo)
    least = max(param.lo, 1e-4 * param.hi)
    return lambda value: share * math.log(param.hi / least) * max(value, least)


def _value_now(clips: Sequence[CurveClip], tick: float) -> float | None:
    """What a track's curve is at a tick; None where it has no points."""
    table = points_of(curve_of_clips(clips))
    if not table:
        return None
    shapes = list(SHAPES)
    points = [Point(round(at), value, shapes[shape], curve) for at, value, curve, shape, _ in table]  # type: ignore[arg-type]
    return value_at(points, max(tick, points[0].at_ticks))
