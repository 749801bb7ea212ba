"""Nodes between a `midi_in` and a `midi_out`: what goes in at which frame, and what is heard behind them."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import graphdaw as gd
from graphdaw.graph.timeline import Loop, Tempo, Timeline
from graphdaw.graph.vocabulary import SetTimeline
from graphdaw.host.offline import Renderer
from graphdaw.nodes import types
from graphdaw.nodes.base import Param
from tests.events import ALL_OFF, BEND, CC, OFF, ON, PRESSURE, Heard, heard, press
from tests.reference import CELL

RATE = 48_000


class Put(NamedTuple):
    """An event that goes in at an absolute frame."""

    frame: int
    kind: int
    note: int = 0
    key: float = 0.0
    value: float = 0.0
    number: int = 0
    channel: int = 0


def struck(frame: int, until: int, note: int, key: float, value: float = 0.8, **more: int) -> list[Put]:
    """A note's two ends."""
    return [Put(frame, ON, note, key, value, **more), Put(until, OFF, note, key, 0.5, **more)]


def chain(*nodes: tuple[str, dict[str, Any]]) -> gd.Graph:
    """`midi_in1` through these into `midi_out1`."""
    graph = gd.Graph(sample_rate=RATE)
    before = graph.add("midi_in")
    for type, values in nodes:
        node = graph.add(type, **values)
        before >> node
        before = node
    before >> graph.add("midi_out")
    graph.add("output")
    return graph


def put_all(renderer: Renderer, puts: list[Put]) -> None:
    """In order of frames; of one frame ends come first, and what is for a note behind its beginning."""
    for one in sorted(puts, key=lambda p: (p.frame, p.kind not in (OFF, ALL_OFF), p.kind != ON and p.note != 0)):
        fields = one._asdict()
        assert press(renderer.engine, "midi_in1", fields.pop("kind"), time=fields.pop("frame"), **fields)


def through(graph: gd.Graph, puts: list[Put], frames: int, block: int = 1024, *, rolls: bool = True) -> list[Heard]:
    """What comes out of a chain within so many frames."""
    with Renderer(graph, block_frames=block) as renderer:
        renderer.engine.roll(rolls)
        put_all(renderer, puts)
        renderer.render(frames)
        return heard(renderer.engine)


# Whatever may happen


def some_value(chance: random.Random, param: Param, most: dict[str, float]) -> float:
    hi = min(param.hi, most.get(param.name, param.hi))
    return chance.choice([param.lo, hi, param.default if param.default <= hi else hi, chance.uniform(param.lo, hi)])


def turmoil(
    type: str,
    seed: int,
    block: int,
    most: dict[str, float],
    tail_frames: int,
    first: dict[str, Any],
    last: dict[str, Any],
) -> list[Heard]:
    """Notes, changes and ends of all notes at random frames, and between them edits of every kind.

    Values, wires, places, tempos, standing and rolling. In the end all keys go up, `last` is set, the rest rings out.
    """
    chance = random.Random(seed)
    kind = types()[type]
    graph = chain((type, first))
    node, events, on = f"{type}1", [], {}
    graph.apply([SetTimeline(Timeline((Tempo(0, 150.0),), loop=Loop(0, 3840)))])
    with Renderer(graph, block_frames=block) as renderer:
        time, names = 0, iter(range(1, 100_000))
        for _ in range(chance.randint(5, 10)):
            frames = CELL * chance.randint(20, 90)
            puts: list[Put] = []
            for at in sorted(chance.randrange(frames) for _ in range(chance.randint(4, 30))):
                what, frame = chance.random(), time + at
                if what < 0.5:
                    note = next(names)
                    on[note] = Put(
                        frame, ON, note, float(chance.randint(30, 90)), chance.random(), channel=chance.randint(0, 1)
                    )
                    puts.append(on[note])
                elif what < 0.8 and on:
                    puts.append(on.pop(chance.choice(list(on)))._replace(frame=frame, kind=OFF))
                elif what < 0.85:
                    puts.append(Put(frame, ALL_OFF, channel=chance.choice([0, 255])))
                else:
                    kinds = chance.choice([BEND, PRESSURE, CC])
                    note = chance.choice([0, *on]) if kinds != CC else 0
                    puts.append(Put(frame, kinds, note, 0.0, chance.random(), 74))
            for one in puts:  # in the order they were drawn, so that ends follow beginnings of their frame
                fields = one._asdict()
                assert press(renderer.engine, "midi_in1", fields.pop("kind"), time=fields.pop("frame"), **fields)
            renderer.render(frames)
            events += heard(renderer.engine)
            time += frames
            _meddle(chance, graph, renderer, kind, node, most)
        graph.set(node, **last)
        if not graph.document.wires_into("midi_out1"):
            graph.connect(node, "midi_out1")
        renderer.render(8 * CELL)
        put_all(renderer, [one._replace(frame=time + 8 * CELL, kind=OFF) for one in on.values()])
        renderer.render(tail_frames)
        events += heard(renderer.engine)
    return events


def _meddle(
    chance: random.Random, graph: gd.Graph, renderer: Renderer, kind: Any, node: str, most: dict[str, float]
) -> None:
    for _ in range(chance.randint(0, 3)):
        match chance.choice(["value", "value", "choice", "locate", "roll", "wire", "tempo"]):
            case "value" if kind.params:
                name = chance.choice(list(kind.params))
                graph.set(node, **{name: some_value(chance, kind.params[name], most)})
            case "choice" if kind.choices:
                name = chance.choice(list(kind.choices))
                options = kind.choices[name].options[-8:]  # of note lengths the short ones: much is to happen
                graph.set(node, **{name: chance.choice(options)})
            case "locate":
                renderer.engine.locate(chance.randrange(96_000))
            case "roll":
                renderer.engine.roll(chance.random() < 0.5)
            case "wire":
                ends = chance.choice([("midi_in1", node), (node, "midi_out1")])
                wires = graph.document.wires_into(ends[1])
                if wires and chance.random() < 0.7:
                    graph.disconnect(*ends)
                elif not wires:
                    graph.connect(*ends)
            case "tempo":
                tempo = chance.uniform(60, 240)
                graph.apply(
                    [SetTimeline(Timeline((Tempo(0, tempo, True), Tempo(3840, 400.0 - tempo)), loop=Loop(0, 3840)))]
                )


def tidy(events: list[Heard]) -> None:
    """In order of frames, no note twice at a time, no end or change without its beginning, and nothing left on."""
    on: set[int] = set()
    frame = 0
    for event in events:
        assert event.frame >= frame
        frame = event.frame
        if event.kind == ON:
            assert event.note and event.note not in on, event
            on.add(event.note)
        elif event.kind == OFF:
            assert event.note in on, event
            on.remove(event.note)
    assert not on
