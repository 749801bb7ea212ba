"""Random documents that sound: nodes of every kind with sensible values, wired at random, some of them in groups."""

from __future__ import annotations

import random

import graphdaw as gd
from graphdaw.errors import CycleError, DuplicateWireError, GroupingError
from graphdaw.nodes import registry

RATES = (8_000, 11_025, 22_050, 44_100, 48_000, 88_200, 96_000, 192_000)
SOURCES = ("sine", "saw", "noise", "lfo")
OTHERS = ("adsr", "filter", "delay", "gain", "gain", "pan", "mix", "switch", "feedback", "meter")
# lowest, highest, and how far a wire moves it
RANGES: dict[str, tuple[float, float, float]] = {
    "sine.frequency_hz": (30, 4_000, 200),
    "saw.frequency_hz": (60, 3_000, 100),
    "noise.density_hz": (300, 10_000, 500),
    "lfo.rate_hz": (0.5, 60, 20),
    "lfo.amount": (0, 1, 0.5),
    "lfo.offset": (-1, 1, 0.5),
    "lfo.phase": (0, 1, 0.5),
    "lfo.tempo_bpm": (60, 200, 40),
    "lfo.skew": (0.5, 0.5, 0.0),  # off the middle a jump's frame hangs on the last bit
    "lfo.slew_s": (0, 0.002, 0.001),
    "adsr.attack_s": (0, 0.02, 0.01),
    "adsr.decay_s": (0, 0.05, 0.02),
    "adsr.sustain": (0, 1, 0.5),
    "adsr.release_s": (0, 0.05, 0.02),
    "adsr.attack_curve": (-1, 2, 0.5),
    "adsr.decay_curve": (-0.5, 1, 0.5),
    "adsr.release_curve": (-0.5, 1, 0.5),
    "filter.cutoff_hz": (50, 6_000, 800),
    "filter.q": (0.4, 10, 2),
    "filter.gain_db": (-9, 6, 3),
    "delay.time_s": (0.0002, 0.02, 0.001),
    "delay.feedback": (-0.8, 0.8, 0.2),
    "delay.mix": (0, 1, 0.5),
    "gain.gain_db": (-30, 3, 6),
    "gain.level": (-1.2, 1.2, 1),
    "pan.pan": (-1, 1, 1),
    "switch.select": (0, 3, 1.5),
    "output.gain_db": (-12, 3, 3),
}
LOGARITHMIC = ("frequency_hz", "cutoff_hz", "rate_hz", "time_s", "q")


def range_of(type: str, name: str) -> tuple[float, float, float]:
    return (-30, 3, 6) if type == "mix" else RANGES[f"{type}.{name}"]


def random_value(dice: random.Random, type: str, name: str) -> float:
    lo, hi, _ = range_of(type, name)
    if name == "select" and dice.random() < 0.6:
        return float(dice.randrange(4))
    return lo * (hi / lo) ** dice.random() if name in LOGARITHMIC else dice.uniform(lo, hi)


def random_values(dice: random.Random, type: str) -> dict[str, float | str]:
    """Some of a type's parameters and choices."""
    kind = registry[type]
    values: dict[str, float | str] = {}
    for name, param in kind.params.items():
        if not param.fixed and (dice.random() < 0.7 or name == "time_s"):
            values[name] = random_value(dice, type, name)
    for name, choice in kind.choices.items():
        options = [option for option in choice.options if option != "brown"]  # which gathers rounding for ever
        values[name] = dice.choice(options)
    return values


def add_node(graph: gd.Graph, dice: random.Random, type: str = "") -> str:
    type = type or dice.choice(SOURCES if dice.random() < 0.35 else OTHERS)
    return graph.add(type, **random_values(dice, type)).id


def add_wire(graph: gd.Graph, dice: random.Random, to: str = "") -> bool:
    """One wire between two nodes picked at random; False where it would close a loop or is there already."""
    plain = [id for id, node in graph.nodes.items() if node.type != "group"]
    source, target = dice.choice(plain), to or dice.choice(plain)
    kind = registry[graph.nodes[target].type]
    # Noise stays without wires into it: it is one channel then, before and after any edits.
    params = [name for name, param in kind.params.items() if not param.fixed and kind.name != "noise"]
    inlets = [name for name in kind.inputs if name != "sync"]  # which turns rounding into another sound
    ports = inlets if inlets and (dice.random() < 0.65 or not params) else params
    if not ports or graph.nodes[source].parent != graph.nodes[target].parent:
        return False
    port = dice.choice(ports)
    depth = 1.0 if dice.random() < 0.6 else dice.uniform(-1.0, 1.0)
    if port in params:
        depth = dice.uniform(-1, 1) * range_of(kind.name, port)[2]
    elif graph.nodes[source].type in ("feedback", "delay"):
        depth *= 0.4
    try:
        graph.connect(f"{source}.out", f"{target}.{port}", depth)
    except (CycleError, DuplicateWireError):
        return False
    return True


def random_graph(seed: int, count: int, rate: int) -> gd.Graph:
    """A graph of about `count` nodes; every output hears something."""
    dice = random.Random(seed)
    graph = gd.Graph(sample_rate=rate)
    for _ in range(count):
        add_node(graph, dice)
    source = add_node(graph, dice, dice.choice(("sine", "saw", "noise")))
    for _ in range(count * 2):
        add_wire(graph, dice)
    for _ in range(1 if dice.random() < 0.8 else 2):
        output = add_node(graph, dice, "output")
        heard = [id for id, node in graph.nodes.items() if node.type != "output"]
        for id in dict.fromkeys([source, *dice.sample(heard, min(len(heard), dice.randint(0, 3)))]):
            graph.connect(f"{id}.out", f"{output}.in")
    for _ in range(dice.choice((0, 0, 1, 2))):
        level = [id for id, node in graph.nodes.items() if not node.parent]
        try:
            graph.group(dice.sample(level, min(len(level), dice.randint(2, 5))))
        except GroupingError:
            continue
    return graph
