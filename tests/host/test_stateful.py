"""Edits of every kind in any order, on a playing graph, against a model of a few lines; hypothesis tries to break it.

The model knows nodes, wires and values, keeps whole copies of itself for undo, and works out the sound of a frame from
its number alone: noise is a function of the time, and all else here only weighs and adds. So what the document says,
what the core's plan runs, and what is heard must all be what the model says, however it came about.
"""

from __future__ import annotations

import copy
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import graphdaw as gd
from graphdaw.errors import CycleError, DuplicateWireError
from graphdaw.graph.flatten import Flat
from graphdaw.graph.model import settings as settings_of
from graphdaw.host.offline import Renderer
from tests.interpreter import seed_of
from tests.reference.noise import white

FRAMES = 256
FADE_FRAMES = 256
INLETS = {"gain": ("in",), "switch": ("in1", "in2", "in3", "in4"), "meter": ("in",), "output": ("in",)}
NODES = 24


@dataclass
class Model:
    """What the graph should be."""

    types: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, float]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    wires: dict[tuple[str, str, str], float] = field(default_factory=dict)  # source, target, inlet: depth
    groups: dict[str, str] = field(default_factory=dict)  # group: the group it is in

    def reaches(self, start: str, goal: str) -> bool:
        """Whether there is a way along wires."""
        seen, ahead = set(), [start]
        while ahead:
            here = ahead.pop()
            if here == goal:
                return True
            if here not in seen:
                seen.add(here)
                ahead += [target for source, target, _ in self.wires if source == here]
        return False

    def inside(self, group: str) -> set[str]:
        """The nodes of a group and of the groups in it."""
        found = {id for id, parent in self.parents.items() if parent == group}
        return found.union(*(self.inside(inner) for inner, parent in self.groups.items() if parent == group))

    def remove(self, ids: set[str]) -> None:
        for id in ids:
            del self.types[id], self.values[id], self.parents[id]
        self.wires = {wire: depth for wire, depth in self.wires.items() if not ids & set(wire[:2])}

    def sound(self, first: int) -> np.ndarray:
        """Frames from `first` on."""
        heard: dict[str, np.ndarray] = {}
        outputs = [self._signal(id, first, heard) for id, type in self.types.items() if type == "output"]
        return sum(outputs, np.zeros(FRAMES))

    def _signal(self, id: str, first: int, heard: dict[str, np.ndarray]) -> np.ndarray:
        if id not in heard:
            heard[id] = self._made(id, first, heard)
        return heard[id]

    def _made(self, id: str, first: int, heard: dict[str, np.ndarray]) -> np.ndarray:
        values = self.values[id]
        if self.types[id] == "noise":
            return white(seed_of(id, 0), np.arange(first, first + FRAMES))
        inlet = f"in{1 + round(values['select'])}" if self.types[id] == "switch" else "in"
        wires = [
            (source, depth) for (source, target, port), depth in self.wires.items() if (target, port) == (id, inlet)
        ]
        total = sum((depth * self._signal(source, first, heard) for source, depth in wires), np.zeros(FRAMES))
        return total * values.get("level", 1.0)


class Edits(RuleBasedStateMachine):
    """Every rule is one undo step of the graph, and of the model."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="graphdaw-stateful-")
        self.graph = gd.Graph()
        self.model = Model()
        self.past: list[Model] = []
        self.future: list[Model] = []
        self.renderer = Renderer(self.graph, block_frames=100)

    def teardown(self) -> None:
        try:
            self.listen()
        finally:
            self.renderer.close()
            self.folder.cleanup()

    # What hypothesis chooses from

    def pick(self, number: int, *types: str) -> str | None:
        found = [id for id, type in self.model.types.items() if type in types]
        return found[number % len(found)] if found else None

    def step(self) -> Model:
        """The model to change, once the step that is to be undone is kept."""
        self.past.append(copy.deepcopy(self.model))
        self.future.clear()
        return self.model

    # Edits

    @initialize()
    def begin(self) -> None:
        """Something to hear: a noise at half its level and another one, either side of a switch."""
        for type in ("noise", "noise", "gain", "switch", "output"):
            self.add(type)
        for source, target, inlet, depth in (
            ("noise1", "gain1", "in", 0.5),
            ("gain1", "switch1", "in1", 1.0),
            ("noise2", "switch1", "in2", -0.25),
            ("switch1", "output1", "in", 1.0),
        ):
            self.graph.connect(f"{source}.out", f"{target}.{inlet}", depth)
            self.model.wires[source, target, inlet] = depth
        self.past.clear()

    @precondition(lambda self: len(self.model.types) < NODES)
    @rule(type=st.sampled_from(["noise", "noise", "gain", "gain", "switch", "meter", "output"]))
    def add(self, type: str) -> None:
        node = self.graph.add(type)
        model = self.step()
        model.types[node.id], model.parents[node.id] = type, ""
        model.values[node.id] = {"switch": {"select": 0.0}, "gain": {"level": 1.0}}.get(type, {})

    @rule(
        source=st.integers(0, 99),
        to=st.integers(0, 99),
        port=st.integers(0, 3),
        depth=st.sampled_from([1.0, 0.5, -0.25]),
    )
    def connect(self, source: int, to: int, port: int, depth: float) -> None:
        a, b = self.pick(source, "noise", "gain", "switch"), self.pick(to, *INLETS)
        if a is None or b is None or self.model.parents[a] != self.model.parents[b]:
            return
        inlet = INLETS[self.model.types[b]][port % len(INLETS[self.model.types[b]])]
        wanted = (f"{a}.out", f"{b}.{inlet}", depth)
        if (a, b, inlet) in self.model.wires:
            with pytest.raises(DuplicateWireError):
                self.graph.connect(*wanted)
        elif self.model.reaches(b, a):
            with pytest.raises(CycleError):
                self.graph.connect(*wanted)
        else:
            self.graph.connect(*wanted)
            self.step().wires[a, b, inlet] = depth

    @rule(number=st.integers(0, 99))
    def disconnect(self, number: int) -> None:
        parents = self.model.parents
        found = [wire for wire in self.model.wires if parents[wire[0]] == parents[wire[1]]]
        if found:
            source, target, inlet = found[number % len(found)]
            self.graph.disconnect(f"{source}.out", f"{target}.{inlet}")
            del self.step().wires[source, target, inlet]

    @rule(number=st.integers(0, 99), level=st.sampled_from([0.0, 0.25, 0.5, -0.5, 1.0]))
    def set(self, number: int, level: float) -> None:
        id = self.pick(number, "gain")
        if id is not None and self.model.values[id]["level"] != level:
            self.graph.set(id, level=level)
            self.step().values[id]["level"] = level

    @rule(number=st.integers(0, 99), select=st.integers(0, 3))
    def toggle(self, number: int, select: int) -> None:
        id = self.pick(number, "switch")
        if id is not None and self.model.values[id]["select"] != select:
            self.graph.set(id, select=float(select))
            self.step().values[id]["select"] = float(select)

    @rule(number=st.integers(0, 99))
    def remove(self, number: int) -> None:
        id = self.pick(number, "noise", "gain", "switch", "meter")
        if id is not None:
            self.graph.remove(id)
            self.step().remove({id})

    @rule(numbers=st.lists(st.integers(0, 99), min_size=1, max_size=4))
    def group(self, numbers: list[int]) -> None:
        level = [id for id, parent in (self.model.parents | self.model.groups).items() if not parent]
        if not level:
            return
        chosen = list(dict.fromkeys(level[number % len(level)] for number in numbers))
        group = self.graph.group(chosen).id
        model = self.step()
        model.groups[group] = ""
        for id in chosen:
            (model.groups if id in model.groups else model.parents)[id] = group

    @precondition(lambda self: any(not parent for parent in self.model.groups.values()))
    @rule(number=st.integers(0, 99), whole=st.booleans())
    def open_or_remove_group(self, number: int, whole: bool) -> None:
        tops = [group for group, parent in self.model.groups.items() if not parent]
        group = tops[number % len(tops)]
        if whole and not any(self.model.types[id] == "output" for id in self.model.inside(group)):
            self.graph.remove(group)
            model = self.step()
            model.remove(model.inside(group))
            model.groups = {id: parent for id, parent in model.groups.items() if id in self.graph.nodes}
        else:
            self.graph.ungroup(group)
            model = self.step()
            del model.groups[group]
            for parents in (model.parents, model.groups):
                parents.update({id: "" for id, parent in parents.items() if parent == group})

    @precondition(lambda self: self.past)
    @rule(count=st.integers(1, 4))
    def undo(self, count: int) -> None:
        for _ in range(min(count, len(self.past))):
            self.graph.undo()
            self.future.append(self.model)
            self.model = self.past.pop()

    @precondition(lambda self: self.future)
    @rule(count=st.integers(1, 4))
    def redo(self, count: int) -> None:
        for _ in range(min(count, len(self.future))):
            self.graph.redo()
            self.past.append(self.model)
            self.model = self.future.pop()

    @rule()
    def save_and_load(self) -> None:
        path = Path(self.folder.name) / "a.gdaw"
        self.graph.save(path)
        self.renderer.close()
        self.graph = gd.load(path)
        self.renderer = Renderer(self.graph, block_frames=100)
        self.past.clear()
        self.future.clear()

    # What must hold

    @rule(frames=st.sampled_from([1, 64, 100, 200, 700]))
    def play(self, frames: int) -> None:
        assert np.isfinite(self.renderer.render(frames)).all()

    @rule()
    def listen(self) -> None:
        """Once all has faded in, every sample is the model's."""
        for _ in range(3):  # what waits for a fade, the fade itself, a switch that still turns
            self.renderer.render(4 * FADE_FRAMES)
        first = self.renderer.engine.time_frames
        audio, expected = self.renderer.render(FRAMES), self.model.sound(first)

        assert self.renderer.engine.settled()
        np.testing.assert_allclose(
            audio, np.broadcast_to(expected, audio.shape), atol=1e-5 * max(1.0, np.abs(expected).max())
        )
        running = {id for _, _, _, lanes in self.renderer.engine.steps() for id, _ in lanes} - {""}
        outputs = [id for id, type in self.model.types.items() if type == "output"]
        needed = {id for id in self.model.types if any(self.model.reaches(id, output) for output in outputs)}
        assert needed <= running <= set(self.model.types)

    @invariant()
    def document_is_as_the_model(self) -> None:
        flat = Flat(self.graph.document)
        assert {id: node.type for id, node in flat.nodes.items()} == self.model.types
        wires = {(w.source, w.target, w.target_port): w.depth for w in flat.wires.values()}
        assert wires == self.model.wires
        for id, values in self.model.values.items():
            known = settings_of(self.graph.nodes[id])
            assert all(known[name] == value for name, value in values.items())
        parents = {id: node.parent for id, node in self.graph.nodes.items()}
        assert parents == self.model.parents | self.model.groups


def test_any_edits_in_any_order_leave_document_core_and_sound_as_the_model_says(long_form: bool) -> None:
    run_state_machine_as_test(
        Edits,
        settings=settings(
            max_examples=100 if long_form else 12,
            stateful_step_count=100 if long_form else 40,
            deadline=None,
            derandomize=not long_form,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
