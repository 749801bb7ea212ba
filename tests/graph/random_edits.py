"""Random edits for the property tests: mostly possible ones on whatever the graph holds, some impossible."""

from __future__ import annotations

import random
from collections.abc import Callable

from graphdaw.errors import GraphdawError
from graphdaw.graph import text
from graphdaw.graph.controls import Control, KeySource, MidiSource, OscSource
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import GROUP, GroupPort, Medium, Value
from graphdaw.graph.ports import inlets, outlets
from graphdaw.graph.vocabulary import (
    AddNode,
    Connect,
    DeclarePort,
    Disconnect,
    Edit,
    Group,
    InsertOnWire,
    Move,
    RemoveNode,
    ReplaceNode,
    SetComment,
    SetControl,
    SetDepth,
    SetFlags,
    SetGraph,
    SetLabel,
    SetMedia,
    SetPlace,
    SetTimeline,
    SetValues,
    UndeclarePort,
    Ungroup,
)
from graphdaw.nodes.base import registry
from tests.graph.random_music import random_music, random_timeline

LEAF = ["t_osc", "t_osc", "t_filter", "t_filter", "t_delay", "t_notes", "t_voice", "t_output", "t_amp", "t_amp"]
LEAF += ["send", "return"]  # joined by a bus that no wire shows
LEAF += ["t_curve", "t_regions"]  # with the notes of t_notes, all kinds of clips
TYPES = [*LEAF, GROUP]
LABELS = ["", "Lead", 'quo"te', "two\nlines", "ü", "\x1b[31m", "\u2028", "-> .", "raw(AA==)", "1e5"]


def random_edits(graph: Graph, dice: random.Random) -> list[Edit]:
    """One user action as a list of edits; it may well be refused."""
    document = graph.document
    nodes, wires = list(document.nodes), list(document.wires)
    groups = ["", *(n for n in nodes if document.nodes[n].type == GROUP)]
    parent = dice.choice([*groups, "", *(document.nodes[n].parent for n in nodes)])
    level = [n.id for n in document.inside(parent)]
    kind = dice.choice(
        ["add"] * 6 + ["connect"] * 24 + ["declare", "set", "wire", "music", "music"] * 3 + list(_ACTIONS)
    )
    if kind == "add" or not nodes:
        type = dice.choice(TYPES)
        values: dict[str, Value] = {"cutoff_hz": dice.uniform(20, 20_000)} if type == "t_filter" else {}
        return [AddNode(document.issue(type), type, values, parent, label=dice.choice(LABELS))]
    if kind == "connect":
        return _connect(graph, dice, level)
    return _ACTIONS[kind](graph, dice, nodes, wires, level, parent)


def _connect(graph: Graph, dice: random.Random, level: list[str]) -> list[Edit]:
    document = graph.document
    if not level:
        return []
    source = dice.choice([n for n in level if outlets(document, document.nodes[n])] or level)
    target = dice.choice([n for n in level if inlets(document, document.nodes[n])] or level)
    outs = list(outlets(document, document.nodes[source])) or ["out"]
    ins = list(inlets(document, document.nodes[target])) or ["in"]
    if document.nodes[target].type == "t_filter":
        ins += ["cutoff_hz", "q", "order"]
    depth = dice.choice([1.0, 1, 0.5, -2.0])
    return [Connect(document.issue("w"), source, dice.choice(outs), target, dice.choice(ins), depth)]


def _set(graph: Graph, dice: random.Random, nodes: list[str], *_: object) -> list[Edit]:
    node = graph.document.nodes[dice.choice(nodes)]
    kind = registry.get(node.type)
    names = [*kind.params, *kind.choices] if kind else []
    name = dice.choice(names) if names and dice.random() < 0.9 else "cutof_hz"
    value = dice.choice([1.0, 2, 5.0, 0.5, "highpass", None, float("nan"), 1e9])
    return [SetValues(node.id, {name: value})]


def _wire_edit(graph: Graph, dice: random.Random, nodes: list[str], wires: list[str], *_: object) -> list[Edit]:
    if not wires:
        return []
    wire = dice.choice(wires)
    possible: list[Edit] = [Disconnect(wire), SetDepth(wire, dice.uniform(-2, 2))]
    possible.append(InsertOnWire(dice.choice(nodes), wire))
    return [dice.choice(possible)]


def _declare(
    graph: Graph, dice: random.Random, nodes: list[str], wires: list[str], level: list[str], parent: str
) -> list[Edit]:
    document = graph.document
    direction = dice.choice(["in", "in", "out"])
    ports = inlets if direction == "in" else outlets
    possible = [(id, name, type) for id in level for name, type in ports(document, document.nodes[id]).items()]
    chosen = dice.sample(possible, min(len(possible), dice.randrange(4) if direction == "in" else 1))
    type = chosen[0][2] if chosen and dice.random() < 0.9 else dice.choice(["audio", "control", "event"])
    ends = tuple((id, name) for id, name, inner in chosen if inner == type or dice.random() < 0.1)
    group = parent if parent or not level else dice.choice(nodes)
    return [DeclarePort(group, GroupPort(dice.choice("abcd"), direction, type, ends), dice.choice([-1, -1, 0]))]


def _undeclare(graph: Graph, dice: random.Random, *rest: object) -> list[Edit]:
    ports = [(n.id, p.name) for n in graph.document.nodes.values() for p in n.ports]
    return [UndeclarePort(*dice.choice(ports))] if ports else []


def _look(graph: Graph, dice: random.Random, nodes: list[str], *_: object) -> list[Edit]:
    node = dice.choice(nodes)
    looks: list[Edit] = [
        SetPlace(node, dice.choice([None, (1, 2), (0.1, -1e-7)])),
        SetLabel(node, dice.choice(LABELS)),
        SetComment(node, dice.choice(LABELS)),
    ]
    return dice.sample(looks, 2)


def _flag(graph: Graph, dice: random.Random, nodes: list[str], *_: object) -> list[Edit]:
    flags = {name: dice.random() < 0.6 for name in ("bypassed", "muted", "soloed", "frozen") if dice.random() < 0.5}
    return [SetFlags(dice.choice(nodes), **flags)]


def _replace(graph: Graph, dice: random.Random, nodes: list[str], *_: object) -> list[Edit]:
    return [ReplaceNode(dice.choice(nodes), dice.choice(LEAF))]


def document_leaf(graph: Graph, id: str) -> bool:
    """Whether a node is no group."""
    return graph.document.nodes[id].type != GROUP


def _remove(graph: Graph, dice: random.Random, nodes: list[str], *_: object) -> list[Edit]:
    leaves = [n for n in nodes if document_leaf(graph, n)] or nodes
    return [RemoveNode(dice.choice(leaves if dice.random() < 0.8 else nodes), dice.random() < 0.5)]


def _group(
    graph: Graph, dice: random.Random, nodes: list[str], wires: list[str], level: list[str], parent: str
) -> list[Edit]:
    return [Group(tuple(dice.sample(level, min(len(level), dice.randint(1, 3)))), dice.choice(LABELS))]


def _ungroup(graph: Graph, dice: random.Random, nodes: list[str], *_: object) -> list[Edit]:
    groups = [n for n in nodes if graph.document.nodes[n].type == GROUP]
    return [Ungroup(dice.choice(groups))] if groups else []


def _move(
    graph: Graph, dice: random.Random, nodes: list[str], wires: list[str], level: list[str], parent: str
) -> list[Edit]:
    groups = ["", *(n for n in nodes if graph.document.nodes[n].type == GROUP)]
    return [Move(tuple(dice.sample(level, min(len(level), 2))), dice.choice(groups))]


def _paste(
    graph: Graph, dice: random.Random, nodes: list[str], wires: list[str], level: list[str], parent: str
) -> list[Edit]:
    chosen = dice.sample(level, min(len(level), 3))
    return text.paste(graph.document, text.copy(graph.document, chosen)) if chosen else []


def _whole(graph: Graph, dice: random.Random, *_: object) -> list[Edit]:
    hash = dice.choice("abc") * 64
    rate = dice.choice([44_100, 48_000, 96_000, 0])
    return [SetGraph(rate), SetMedia(hash, dice.choice([None, Medium("ü voice.wav", 3)]))]


def _control(graph: Graph, dice: random.Random, nodes: list[str], *_: object) -> list[Edit]:
    id = dice.choice(["knob", "pad", "fader"])
    target = dice.choice([f"{dice.choice(nodes)}.cutoff_hz", f"{dice.choice(nodes)}@mute", "tempo", "play", "nowhere"])
    source = dice.choice(
        [
            MidiSource("cc", dice.randrange(130), dice.randrange(-1, 16), dice.choice(["*", 'Ü "1"'])),
            MidiSource("bend"),
            MidiSource("program", -1),
            OscSource("/1/fader"),
            KeySource("Ctrl+F5"),
        ]
    )
    lo, hi = dice.choice([(None, None), (1.0, -1e-5), (100, 2e300), (float("nan"), 0.0)])
    mode = dice.choice(["jump", "pickup", "relative", "toggle"])
    step, steps = dice.choice([0.25, 0.0078125]), dice.choice([0, 5])
    made = Control(id, source, target, lo, hi, mode=mode, step=step, steps=steps, feedback=dice.random() < 0.5)
    return [SetControl(id, dice.choice([made, made, made, None]))]


def _several(graph: Graph, dice: random.Random, nodes: list[str], *_: object) -> list[Edit]:
    return [RemoveNode(dice.choice(nodes)), SetLabel(dice.choice(nodes), "x"), RemoveNode(dice.choice(nodes))]


def _music(graph: Graph, dice: random.Random, nodes: list[str], *_: object) -> list[Edit]:
    return random_music(graph.document, dice, dice.choice(nodes))


_ACTIONS: dict[str, Callable[[Graph, random.Random, list[str], list[str], list[str], str], list[Edit]]] = {
    "set": _set,
    "wire": _wire_edit,
    "declare": _declare,
    "undeclare": _undeclare,
    "look": _look,
    "flag": _flag,
    "replace": _replace,
    "remove": _remove,
    "group": _group,
    "ungroup": _ungroup,
    "move": _move,
    "paste": _paste,
    "whole": _whole,
    "control": _control,
    "several": _several,
    "music": _music,
    "timeline": lambda graph, dice, *_: [SetTimeline(random_timeline(dice))],
}


def act(graph: Graph, dice: random.Random) -> bool:
    """Try one random action; returns whether it was made."""
    try:
        edits = random_edits(graph, dice)
        return bool(graph.apply(edits))
    except GraphdawError:
        return False


def grown(seed: int, actions: int) -> Graph:
    """A graph after many random actions."""
    graph, dice = Graph(), random.Random(seed)
    for _ in range(actions):
        act(graph, dice)
    return graph
