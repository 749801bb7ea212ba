"""Effects of other programs as chains of our nodes, where there is an honest match."""

from __future__ import annotations

from graphdaw.graph import strips
from graphdaw.graph.handles import NodeHandle, PortHandle
from graphdaw.graph.song import Device, SongTrack, Target
from graphdaw.host.songs.document import built_in, ladspa, lmms_effects
from graphdaw.host.songs.document.fits import Fit
from graphdaw.host.songs.document.instruments import OWN
from graphdaw.host.songs.document.workshop import Move, Workshop, in_range, name_of
from graphdaw.nodes.base import registry

_SHOW_ONLY = ("lmms/spectrumanalyzer", "lmms/vectorscope", "lmms/peakcontrollereffect")  # they pass the sound on


def effects_of(shop: Workshop, track: SongTrack, group: str, before: PortHandle) -> PortHandle:
    """Add a track's effects inside a group, one behind the other; returns where the last one's sound comes out."""
    last = before
    for index, effect in enumerate(track.effects):
        if effect.kind in _SHOW_ONLY:
            continue
        fits = fits_of(effect)
        if fits is None:
            shop.say(track.name, f"its effect {effect.name or effect.kind} has no match here and was left out")
            continue
        last = _chain(shop, track, group, last, index, fits)
    return last


def fits_of(effect: Device) -> list[Fit] | None:
    """The nodes that stand for an effect, or None."""
    if effect.kind.startswith(f"{OWN}/"):
        return _own(effect)
    return lmms_effects.fits_of(effect) or ladspa.fits_of(effect) or built_in.fits_of(effect)


def _own(effect: Device) -> list[Fit] | None:
    """One of our own nodes, as `reading.py` describes it: of what a song says only numbers and choices are taken."""
    type = effect.kind.removeprefix(f"{OWN}/")
    kind = registry.get(type)
    if kind is None or kind.media or {"in", "out"} - {*kind.inputs, *kind.outputs}:
        return None
    if kind.inputs["in"].type != "audio" or kind.outputs["out"].type != "audio":
        return None
    values = {
        name: value
        for name, value in effect.parameters.items()
        if (name in kind.params and isinstance(value, float | int))
        or (name in kind.choices and value in kind.choices[name].options)
    }
    moves = {name: (name, 1.0, 0.0) for name in kind.params}
    return [Fit(type, values, moves)]


def _chain(shop: Workshop, track: SongTrack, group: str, before: PortHandle, index: int, fits: list[Fit]) -> PortHandle:
    effect = track.effects[index]
    graph = shop.graph
    last = before
    nodes = []
    for fit in fits:
        node = graph.add_inside(group, fit.type, **in_range(fit.type, fit.values))
        graph.connect(last, node["in"])
        for name, (parameter, factor, offset) in fit.moves.items():
            if not registry[fit.type].params[parameter].fixed:
                shop.moves[Target("effect", name, track.id, index)] = Move(node, parameter, factor, offset)
        nodes.append(node)
        last = node["out"]
    if nodes:
        name = name_of(effect.name or effect.kind)
        graph.look(nodes[0], label=name.capitalize() if name in strips.PARTS else name)  # parts are found by theirs
    wet = effect.parameters.get("wet")
    if nodes and effect.kind.startswith(("lmms/", f"{OWN}/")):
        last = _wet(shop, track, group, before, last, index, float(wet) if isinstance(wet, float | int) else 1.0)
    if not effect.on:
        for node in nodes:
            graph.bypass(node)
    return last


def _wet(
    shop: Workshop, track: SongTrack, group: str, dry: PortHandle, wet: PortHandle, index: int, amount: float
) -> PortHandle:
    """What is mixed in of an effect, where that is not all of it or an automation moves it."""
    moved = [target for name in ("wet", "on") if (target := Target("effect", name, track.id, index)) in shop.wanted]
    if amount >= 1.0 and not moved:
        return wet
    node: NodeHandle = shop.graph.add_inside(group, "crossfade", law="linear", position=min(max(amount, 0.0), 1.0))
    shop.graph.connect(dry, node["a"])
    shop.graph.connect(wet, node["b"])
    for target in moved[:1]:
        shop.moves[target] = Move(node, "position")
    return node["out"]
