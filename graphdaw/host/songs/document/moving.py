"""Automation of a song as nodes, wired into what they move."""

from __future__ import annotations

from collections.abc import Iterable

from graphdaw.graph.clip_checks import MAX_POINTS
from graphdaw.graph.clips import CurveClip, Point
from graphdaw.graph.field_checks import MAX_NAME
from graphdaw.graph.model import GROUP
from graphdaw.graph.ports import inlets
from graphdaw.graph.song import Automation, Song, changed
from graphdaw.graph.vocabulary import AddNode
from graphdaw.host.songs.document.workshop import Move, Workshop, name_of
from graphdaw.nodes.base import registry

CURVE_OF = "Curve of "  # what the name of an automation is behind in its label: a strip's parts are found by theirs


def automate(shop: Workshop, song: Song) -> None:
    """Add all curves of a song; those that move what is not there are said."""
    for one in song.automation:
        move = shop.moves.get(one.target)
        if move is None:
            _say_unmoved(shop, song, one)
        else:
            _wire(shop, one, move)


def _say_unmoved(shop: Workshop, song: Song, one: Automation) -> None:
    track = song.track(one.target.track)
    whose = track.name if track is not None else one.target.track or "The song"
    shop.say(whose, f"the automation of {one.target.parameter!r} moves what is not here, so it was left out")


def _wire(shop: Workshop, one: Automation, move: Move) -> None:
    """Put a curve beside the node that it moves, or, of an instrument whose voices all move, outside of it."""
    graph, document = shop.graph, shop.graph.document
    param = registry[move.node.type].params[move.parameter]
    clips = tuple(_clips(one.clips, move, param.lo, param.hi))
    if not clips:
        return
    parent = move.node.value.parent
    voiced = parent and any(node.type == "voices" for node in document.inside(parent))
    id = document.issue("automation")
    outside = document.nodes[parent].parent if voiced else parent
    label = f"{CURVE_OF}{name_of(one.name or one.target.parameter)}"
    graph.apply([AddNode(id, "automation", {}, outside, label=label, clips=clips)])
    if move.settles:
        graph.set(move.node, **move.settles)
    if not voiced:
        graph.connect(f"{id}.out", move.node[move.parameter])
        return
    taken = inlets(document, document.nodes[parent])
    name = next(n for k in range(len(taken) + 1) if (n := move.parameter + (str(k) if k else "")) not in taken)
    assert document.nodes[parent].type == GROUP
    graph.declare(parent, name, "in", move.node[move.parameter], type="control")
    graph.connect(f"{id}.out", f"{parent}.{name}")


def _clips(clips: Iterable[CurveClip], move: Move, lo: float, hi: float) -> Iterable[CurveClip]:
    """The clips in the unit of what they move, held within its range, under ids of this node."""
    for number, clip in enumerate(clips, 1):
        points = tuple(_scaled(point, move, lo, hi) for point in clip.points[:MAX_POINTS])
        if points:
            yield changed(clip, id=f"curve{number}", name=clip.name[:MAX_NAME], points=points)


def _scaled(point: Point, move: Move, lo: float, hi: float) -> Point:
    return changed(point, value=min(max(move.offset + move.factor * point.value, lo), hi))
