"""Every kernel with all that is needed to run it, taken from the declarations: for the contract and the benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from graphdaw.graph.voicing import has_events
from graphdaw.nodes import types
from graphdaw.nodes.base import NodeType, Param, Prepared, Recording
from tests.kernel_probe import CELL, Facts, Memory, Signal, Stream, facts, run_kernel, slots

LANES = 5
RATES = (48_000, 8_000, 44_100, 192_000, 22_050, 96_000)
KINDS = ("noise", "silence", "impulse", "dc", "tiny", "loud")
BROKEN = (np.nan, np.inf, -np.inf, 1e30)


@dataclass(frozen=True)
class Subject:
    """A kernel and the node type that declares it; half of a node that closes a loop has part of its ports."""

    kernel: str
    node: NodeType

    @property
    def facts(self) -> Facts:
        """What the kernel says of itself."""
        return _facts(self.kernel)

    @property
    def params(self) -> dict[str, Param]:
        """The parameters that the kernel reads."""
        return {name: self.node.params[name] for name in self.facts.params}

    @property
    def controls(self) -> set[str]:
        """Slots of the inlets that take gates and other control signals."""
        control = {name for name, port in self.node.inputs.items() if port.type == "control"}
        return {slot for slot in slots(self.facts.ins) if slot.partition(".")[0] in control}

    def __str__(self) -> str:
        return self.kernel


@dataclass(frozen=True)
class Situation:
    """One way to set a node: its choices, its fixed parameters and the sample rate."""

    number: int
    rate_hz: int
    choices: Mapping[str, str]
    fixed: Mapping[str, float]

    def values(self, node: NodeType) -> dict[str, Any]:
        """Every value of the node, standing parameters at their defaults."""
        return {**node.defaults(), **self.choices, **self.fixed}


_facts = cache(facts)


def subjects() -> list[Subject]:
    """Every kernel that a node type runs, but for those with event ports, whose contract is `test_event_turmoil`."""
    return [
        Subject(kernel, node)
        for node in types().values()
        for kernel in dict.fromkeys([node.kernel, *node.loop_kernels])
        if kernel and not has_events(node.name)
    ]


def situations(subject: Subject, least: int = len(RATES)) -> list[Situation]:
    """Enough situations that every option of every choice and every sample rate occurs."""
    node = subject.node
    count = max([least, *(len(choice.options) for choice in node.choices.values())])
    columns = {
        name: np.concatenate([_shuffled(choice.options, turn) for turn in range(count)])[:count]
        for name, choice in node.choices.items()
    }
    return [
        Situation(
            number,
            RATES[number % len(RATES)],
            {name: str(column[number]) for name, column in columns.items()},
            {name: p.lo if number % 2 else p.default for name, p in node.params.items() if p.fixed},
        )
        for number in range(count)
    ]


def _shuffled(options: tuple[str, ...], turn: int) -> Any:
    """The options as they stand, then in other orders, so that choices meet in many ways."""
    return np.random.default_rng(turn).permutation(options) if turn else np.array(options)


def between(param: Param, share: Signal) -> Signal:
    """The value that lies a share of the way through a range, as a knob travels."""
    if param.curve == "log":
        least = max(param.lo, 1e-4 * param.hi)
        return np.float32(np.where(share <= 0.0, param.lo, least * (param.hi / least) ** share)).clip(
            param.lo, param.hi
        )
    return np.float32(param.lo + (param.hi - param.lo) * share)


def still(subject: Subject, seed: int) -> dict[str, Signal]:
    """A value a lane for each parameter: the default, near it, or anywhere."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, p in subject.params.items():
        anywhere = between(p, rng.uniform(0.0, 1.0, LANES))
        near = np.clip(p.default * rng.uniform(0.8, 1.2, LANES), p.lo, p.hi)
        found[name] = np.float32(np.choose(rng.integers(0, 3, LANES), (anywhere, near, np.full(LANES, p.default))))
    return found


def wandering(subject: Subject, frames: int, seed: int) -> dict[str, Signal]:
    """A curve through the range for each parameter and lane, slow or at audio rate."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, p in subject.params.items():
        turns = 10.0 ** rng.uniform(-3.5, -0.5, (LANES, 1)) * np.arange(frames) + rng.uniform(0, 1, (LANES, 1))
        found[name] = between(p, 0.5 + 0.5 * np.sin(2.0 * np.pi * turns))
    return found


def jumping(subject: Subject, frames: int, seed: int) -> dict[str, Signal]:
    """Each parameter at one end or the other, anew in every frame."""
    rng = np.random.default_rng(seed)
    return {n: rng.choice(np.float32([p.lo, p.hi]), (LANES, frames)) for n, p in subject.params.items()}


def sources(subject: Subject, kind: str, frames: int, seed: int = 7) -> dict[str, Signal]:
    """A signal of one kind on every inlet; control inlets open and close, but for silence."""
    rng = np.random.default_rng(seed)
    return {slot: _source(kind, slot in subject.controls, frames, rng) for slot in slots(subject.facts.ins)}


def _source(kind: str, control: bool, frames: int, rng: np.random.Generator) -> Signal:
    signal = np.zeros((LANES, frames), np.float32)
    if kind == "silence":
        return signal
    if control:
        return np.repeat(rng.integers(0, 2, (LANES, frames // 90 + 1)), 90, axis=1)[:, :frames].astype(np.float32)
    if kind == "impulse":
        signal[:, 3] = 1.0
        return signal
    if kind == "dc":
        return signal + np.float32(0.7)
    level = {"noise": 1.0, "tiny": 1e-39, "loud": 1e6}[kind]
    return np.float32(rng.uniform(-level, level, (LANES, frames)))


@cache
def _recording(frames: int) -> Signal:
    return np.random.default_rng(3).uniform(-1, 1, (2, frames)).astype(np.float32)


@cache
def _prepared(node_name: str, rate_hz: int, values: tuple[tuple[str, Any], ...]) -> Prepared:
    node = types()[node_name]
    assert node.media_memory is not None
    sound = Recording("noise.wav", _recording(150), rate_hz, (60, 120)) if node.media else None
    return node.media_memory(sound, dict(values), rate_hz)


def memories(subject: Subject, situation: Situation, lanes: int = LANES) -> list[Memory | None]:
    """Fresh memory for each lane, as the declaration asks for it; recordings are noise."""
    node, rate, values = subject.node, situation.rate_hz, situation.values(subject.node)
    if any(media.streamed for media in node.media.values()):
        return [Memory(_recording(4096)[0], rate, stream=Stream(written=4096)) for _ in range(lanes)]
    if node.media_memory is not None:
        return [*Memory.of(_prepared(node.name, rate, tuple(values.items())), lanes)]
    if node.memory_frames is None:
        return [None] * lanes
    return [Memory(np.zeros(node.memory_frames(values, rate), np.float32)) for _ in range(lanes)]


def written(memory: Memory) -> Signal | None:
    """The part of a lane's memory that its kernel writes."""
    return memory.work if memory.work is not None else None if memory.rate_hz else memory.data


def run(subject: Subject, situation: Situation, frames: int, **how: Any) -> dict[str, Signal]:
    """One run, with fresh memory if none is given; the outputs, and what is left in each lane's memory."""
    lanes = how.get("lanes", LANES)
    lent = how.pop("memories", None) or memories(subject, situation, lanes)
    defaults = {name: np.float32(p.default) for name, p in subject.params.items()}
    cells = how.pop("cells", {})
    given = {**defaults, **how.pop("params", {})}
    result = run_kernel(
        subject.kernel,
        **{"lanes": LANES, "time": 3 * CELL + 40} | how,
        frames=frames,
        params={name: value for name, value in given.items() if name not in cells},
        cells=cells,
        choices=numbers(subject, situation),
        memories=lent,
        sample_rate=situation.rate_hz,
    )
    left = {f"memory {lane}": written(memory) for lane, memory in enumerate(lent) if memory}
    return result | {name: words for name, words in left.items() if words is not None}


def numbers(subject: Subject, situation: Situation) -> dict[str, int]:
    """The choices that the kernel reads, as it counts them."""
    known = subject.node.choices
    return {name: known[name].options.index(situation.choices[name]) for name in subject.facts.choices}
