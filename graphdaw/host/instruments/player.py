"""An instrument file as a group that plays notes: `voices` in front of `zones`."""

from __future__ import annotations

import os
from pathlib import Path

from graphdaw.graph.graph import Graph
from graphdaw.graph.handles import NodeHandle
from graphdaw.host.instruments import read_instrument

VOICES = 16


def add_instrument(
    graph: Graph, path: str | os.PathLike[str], preset: str = "", *, voices: int = VOICES, name: str = ""
) -> NodeHandle:
    """Add a group that plays a SoundFont, an SFZ file, a Hydrogen drum kit or a recording; raises MediaError.

    `preset` chooses a sound of a SoundFont: "bank:program", a program, or a name. The group has an inlet `events` and a
    stereo outlet `out`. Keys that cut each other off in the file, such as open and closed hats, do so here.
    """
    instrument = read_instrument(path, preset)
    file = Path(path)
    called = file.stem if instrument.name in (str(file), file.name) else instrument.name
    chokes = ", ".join(" ".join(map(str, keys)) for keys in instrument.choke_groups())
    with graph.transaction(f"add {called}"):
        hand = graph.add("voices", voices=float(voices), choke=chokes)
        zones = graph.add("zones", file=os.fspath(path), preset=preset)
        for signal in ("key", "gate", "velocity"):
            graph.connect(hand[signal], zones[signal])
        group = graph.group([hand, zones], name or called)
        graph.declare(group, "events", "in", hand["events"], type="event")
        graph.declare(group, "out", "out", zones["out"])
    return group
