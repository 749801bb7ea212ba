"""What every kernel owes: the names of its declaration, finite sound, and the same bits however it is run."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import cycle, islice, product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graphdaw.nodes import types
from graphdaw.nodes.base import NodeType, Port, Recording
from tests.kernel_probe import CELL, LEVELS, WIDTHS, Memory, Signal, State, Stream, aligned, facts, run_kernel, slots

LANES, FRAMES, RATE = 5, 230, 48_000
MANY = 24  # combinations of choices, of which more would take too long
WITH_KERNEL = sorted(name for name, node in types().items() if node.kernel)
DEVICE = ("input", "output")  # move frames to and from a device, which the probe has none of
RUNNABLE = [name for name in WITH_KERNEL if name not in DEVICE]
RANDOM_SLICES = (5, 1, 33, CELL, 2, 17, 50)


def entries(node: NodeType, ports: dict[str, Port]) -> tuple[str, ...]:
    """Kernel ports of a declaration: a linked port stands once for each of its channels."""
    return tuple(name for name, port in ports.items() for _ in range(port.channels or 1 if node.linked else 1))


def settings(node: NodeType) -> Iterator[dict[str, str]]:
    """Every combination of a node's choices; of many, some in which each option stands at least twice."""
    lists = [list(choice.options) for choice in node.choices.values()]
    rows = list(product(*lists)) if math.prod(map(len, lists)) <= MANY else []
    if not rows:
        dice, longest = random.Random(5), max(map(len, lists))
        for _ in range(2):
            rows += zip(*(islice(cycle(dice.sample(o, len(o))), longest) for o in lists), strict=True)
    for options in rows:
        yield dict(zip(node.choices, options, strict=True))


def values(node: NodeType, seed: int) -> dict[str, Signal]:
    """A random value in range for each parameter and lane, near the default or anywhere."""
    rng = np.random.default_rng(seed)
    return {
        name: np.clip(
            p.default + rng.uniform(-1, 1, LANES) * (p.hi - p.lo) * rng.choice([0.01, 1.0]), p.lo, p.hi
        ).astype(np.float32)
        for name, p in node.params.items()
        if not p.fixed
    }


def memories(node: NodeType) -> list[Memory | None]:
    """Fresh memory for each lane, as the declaration asks for it."""
    recording = np.random.default_rng(3).uniform(-1, 1, 512).astype(np.float32)
    if any(media.streamed for media in node.media.values()):
        return [Memory(recording, RATE, stream=Stream(written=512)) for _ in range(LANES)]
    if node.media_memory is not None:
        sound = Recording("noise.wav", recording[None, :150], RATE, (60, 120)) if node.media else None
        return [*Memory.of(node.media_memory(sound, node.defaults(), RATE), LANES)]
    if node.memory_frames is None:
        return [None] * LANES
    return [Memory(np.zeros(node.memory_frames(node.defaults(), RATE), np.float32)) for _ in range(LANES)]


def sources(node: NodeType, kind: str) -> dict[str, Signal]:
    """Something on every inlet: silence, an impulse or noise."""
    rng = np.random.default_rng(7)
    result = {}
    for slot in slots(facts(node.kernel).ins):
        signal = np.zeros((LANES, FRAMES), np.float32)
        if kind == "impulse":
            signal[:, 3] = 1.0
        if kind == "noise":
            signal = rng.uniform(-1, 1, (LANES, FRAMES)).astype(np.float32)
        result[slot] = signal
    return result


def run(node: NodeType, **setting: Any) -> dict[str, Signal]:
    """One run with fresh memory at a time inside a cell."""
    options = {"memories": memories(node), "frames": FRAMES, "lanes": LANES, "sample_rate": RATE, "time": 40} | setting
    return run_kernel(node.kernel, **options)


def same_bits(a: dict[str, NDArray[np.float32]], b: dict[str, NDArray[np.float32]]) -> None:
    for slot in a:
        np.testing.assert_array_equal(a[slot].view(np.uint32), b[slot].view(np.uint32), err_msg=slot)


@pytest.mark.parametrize("name", WITH_KERNEL)
def test_declaration_and_kernel_agree_on_every_name_and_its_place(name: str) -> None:
    node, kernel = types()[name], facts(types()[name].kernel)
    assert kernel.ins == entries(node, node.inputs)
    assert kernel.outs == entries(node, node.outputs)
    assert kernel.params == tuple(p for p, declared in node.params.items() if not declared.fixed)
    assert kernel.choices == tuple(node.choices)


@pytest.mark.parametrize("name", WITH_KERNEL)
def test_declaration_is_complete_for_a_panel(name: str) -> None:
    node = types()[name]
    assert node.doc and node.tags
    for param in node.params.values():
        assert param.lo <= param.default <= param.hi and param.help, param.name
        assert param.curve in ("linear", "log") and (param.curve == "linear" or param.lo >= 0), param.name
    for choice in node.choices.values():
        assert choice.help and (not choice.default or choice.default in choice.options), choice.name


@pytest.mark.parametrize("name", RUNNABLE)
def test_output_is_finite_at_every_end_of_every_range(name: str) -> None:
    node = types()[name]
    ends = [{p: getattr(d, end) for p, d in node.params.items() if not d.fixed} for end in ("lo", "hi", "default")]
    for choices in settings(node):
        for kind, params in product(("silence", "impulse", "noise"), [*ends, values(node, 11)]):
            out = run(node, inputs=sources(node, kind), params=params, choices=choices)
            assert all(np.isfinite(signal).all() for signal in out.values()), (choices, kind, params)


@pytest.mark.parametrize("name", RUNNABLE)
def test_cutting_time_differently_changes_no_bit(name: str) -> None:
    node = types()[name]
    for choices in settings(node):
        setting = {"inputs": sources(node, "noise"), "params": values(node, 1), "choices": choices}
        whole = run(node, slices=CELL, **setting)
        for slices in (1, 17, RANDOM_SLICES):
            same_bits(whole, run(node, slices=slices, **setting))


@pytest.mark.parametrize("name", RUNNABLE)
def test_every_width_and_processor_level_gives_the_same_bits(name: str) -> None:
    node = types()[name]
    for choices in settings(node):
        still = values(node, 2)
        moving = {p: np.repeat(v[:, None], FRAMES, axis=1) for p, v in values(node, 3).items()}
        for params in (still, moving):
            setting = {"inputs": sources(node, "noise"), "params": params, "choices": choices}
            expected = run(node, width=1, level="base", **setting)
            for level, width in product(LEVELS, WIDTHS):
                same_bits(expected, run(node, width=width, level=level, **setting))


@pytest.mark.parametrize("name", RUNNABLE)
def test_a_parameter_that_moves_without_changing_is_one_that_stands(name: str) -> None:
    node = types()[name]
    for choices in settings(node):
        still = values(node, 4)
        setting = {"inputs": sources(node, "noise"), "choices": choices}
        expected = run(node, params=still, **setting)
        for p in still:
            moving = still | {p: np.repeat(still[p][:, None], FRAMES, axis=1)}
            same_bits(expected, run(node, params=moving, **setting))
            rest = {q: v for q, v in still.items() if q != p}
            same_bits(expected, run(node, params=rest, cells={p: moving[p]}, **setting))


@pytest.mark.parametrize("name", RUNNABLE)
def test_an_unwired_input_is_one_that_carries_zeros(name: str) -> None:
    node = types()[name]
    for choices in settings(node):
        setting = {"params": values(node, 5), "choices": choices}
        same_bits(run(node, **setting), run(node, inputs=sources(node, "silence"), **setting))


@pytest.mark.parametrize("name", RUNNABLE)
def test_neighbours_in_a_pack_change_no_bit(name: str) -> None:
    node = types()[name]
    params, inputs = values(node, 6), sources(node, "noise")
    together = run(node, inputs=inputs, params=params, seeds=range(20, 20 + LANES))
    for lane in (0, 3):
        alone = run(
            node,
            inputs={slot: signal[[lane]] for slot, signal in inputs.items()},
            params={p: v[[lane]] for p, v in params.items()},
            memories=memories(node)[lane : lane + 1],
            seeds=[20 + lane],
            lanes=1,
        )
        same_bits({slot: signal[[lane]] for slot, signal in together.items()}, alone)


@pytest.mark.parametrize("name", RUNNABLE)
def test_lanes_that_move_to_another_pack_go_on_as_if_nothing_happened(name: str) -> None:
    """State is rows of words, and moves lane by lane: here from a pack of 8 to other places in a pack of 16."""
    node, half, order = types()[name], 128, [3, 0, 4, 2, 1]
    for choices in settings(node):
        inputs, params = sources(node, "noise"), values(node, 8)
        setting = {"params": params, "choices": choices, "seeds": range(30, 30 + LANES), "time": 0}
        whole = run(node, inputs=inputs, **setting)

        before, lent = State(), memories(node)
        first = {slot: signal[:, :half] for slot, signal in inputs.items()}
        run(node, inputs=first, memories=lent, frames=half, width=8, state=before, **setting)
        rows = facts(node.kernel).state_rows
        after = State([aligned(max(1, rows * 16))])
        after.packs[0][: rows * 16].reshape(rows, 16)[:, :LANES] = before.packs[0][: rows * 8].reshape(rows, 8)[
            :, order
        ]

        second = {slot: signal[order, half:] for slot, signal in inputs.items()}
        setting |= {"params": {p: v[order] for p, v in params.items()}, "seeds": [30 + lane for lane in order]}
        moved = [lent[lane] for lane in order]
        out = run(node, inputs=second, **setting | {"time": half}, memories=moved, frames=FRAMES - half, state=after)
        same_bits({slot: signal[order, half:] for slot, signal in whole.items()}, out)
