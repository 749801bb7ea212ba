"""What every kernel owes: the names of its declaration, finite sound, and the same bits however it is run."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import numpy as np
import pytest

from graphdaw.nodes import types
from graphdaw.nodes.base import NodeType, Port
from tests.kernel_probe import CELL, LEVELS, WIDTHS, Signal, State, aligned, facts, slots
from tests.nodes.subjects import (
    BROKEN,
    KINDS,
    LANES,
    RATES,
    Situation,
    Subject,
    jumping,
    memories,
    run,
    situations,
    sources,
    still,
    subjects,
    wandering,
    written,
)

FRAMES = 1_500
BOUND = 1e8  # 160 dB: the gains and resonances of any node at their ends, one on the other
LARGER = {"dynamic_eq": 1e16}  # four bands of 60 dB, whose frequencies jump in every frame
MOST_RINGING_S = 400  # echoes of four bars
RANDOM_SLICES = (5, 1, 33, CELL, 2, 17, 50)
STATELESS, RINGS = 1, 2
UNITS = {"Hz": "hz", "s": "s", "dB": "db", "cents": "cents", "bpm": "bpm"}

SUBJECTS = subjects()
every_kernel = pytest.mark.parametrize("subject", SUBJECTS, ids=str)
every_type = pytest.mark.parametrize("node", types().values(), ids=lambda node: node.name)


def same_bits(a: dict[str, Signal], b: dict[str, Signal], what: object = "") -> None:
    for slot in a:
        np.testing.assert_array_equal(a[slot].view(np.uint32), b[slot].view(np.uint32), err_msg=f"{slot} {what}")


def outputs(subject: Subject, result: dict[str, Signal]) -> dict[str, Signal]:
    return {slot: signal for slot, signal in result.items() if not slot.startswith("memory ")}


# Declarations


def entries(node: NodeType, ports: dict[str, Port]) -> tuple[str, ...]:
    """Kernel ports of a declaration: a linked port stands once for each of its channels."""
    return tuple(name for name, port in ports.items() for _ in range(port.channels or 1 if node.linked else 1))


@pytest.mark.parametrize("node", [node for node in types().values() if node.kernel], ids=lambda node: node.name)
def test_declaration_and_kernel_agree_on_every_name_and_its_place(node: NodeType) -> None:
    """What a kernel finds in its box is made of choices too: those it knows nothing of."""
    kernel = facts(node.kernel)
    assert kernel.ins == entries(node, node.inputs)
    assert kernel.outs == entries(node, node.outputs)
    assert kernel.params == tuple(p for p, declared in node.params.items() if not declared.fixed)
    assert kernel.choices == (() if node.data or node.outside else tuple(node.choices))


@pytest.mark.parametrize("node", [n for n in types().values() if n.loop_kernels[0]], ids=lambda node: node.name)
def test_the_halves_of_a_loop_share_their_node_s_ports_and_parameters(node: NodeType) -> None:
    read, write = (facts(kernel) for kernel in node.loop_kernels)
    assert read.outs == entries(node, node.outputs)
    assert not write.outs
    assert {*read.ins, write.ins[0]} == {*node.inputs}
    assert {*node.at_once} == {*read.ins, *read.params}
    assert {*read.params, *write.params} <= {*node.params}
    assert {*read.choices, *write.choices} <= {*node.choices}


@every_type
def test_declaration_says_all_that_a_panel_and_a_reader_need(node: NodeType) -> None:
    first, _, rest = node.doc.partition("\n")
    assert len(first) > 15 and node.doc.endswith(".") and (not rest or first.endswith("."))
    assert node.tags
    assert (len(node.choices) <= 4 or node.data) and len(node.params) <= 48
    assert sum(port.channels or 1 for port in [*node.inputs.values(), *node.outputs.values()]) <= 16
    for param in node.params.values():
        assert np.isfinite([param.lo, param.hi]).all() and param.lo < param.hi, param.name
        assert param.lo <= param.default <= param.hi, param.name
        assert param.curve in ("linear", "log") and (param.curve == "linear" or param.lo >= 0), param.name
        assert 0.0 <= param.ramp_s <= 1.0, param.name
        ending = re.sub(r"\d", "", param.name).rpartition("_")[2]
        assert UNITS.get(param.unit, ending) == ending, f"{param.name} is in {param.unit}"
        assert ending not in UNITS.values() or param.unit, f"{param.name} has no unit"
    for choice in node.choices.values():
        assert len(set(choice.options)) == len(choice.options) > 1, choice.name
        assert not choice.default or choice.default in choice.options, choice.name
    for item in [*node.params.values(), *node.choices.values(), *node.media.values(), *node.texts.values()]:
        assert item.help.endswith(".") and len(item.help) > 10, f"{item.name} says too little: {item.help!r}"


@every_type
def test_memory_and_latency_are_whole_numbers_at_every_rate(node: NodeType) -> None:
    values = node.defaults()
    for rate in RATES:
        for count in (node.memory_frames, node.latency_frames):
            frames = count(values, rate) if count else 0
            assert isinstance(frames, int)
            assert 0 <= frames < 1 << 26


# Numbers


def lowest(subject: Subject, frames: int, seed: int) -> dict[str, Signal]:
    return {name: np.float32(p.lo) for name, p in subject.params.items()}


def highest(subject: Subject, frames: int, seed: int) -> dict[str, Signal]:
    return {name: np.float32(p.hi) for name, p in subject.params.items()}


def cornered(subject: Subject, frames: int, seed: int) -> dict[str, Signal]:
    return {name: value[:, 0] for name, value in jumping(subject, 1, seed).items()}


EXTREMES = (lowest, highest, cornered, jumping, wandering)


@every_kernel
def test_output_is_finite_and_bounded_whatever_comes_in_and_wherever_parameters_stand(subject: Subject) -> None:
    where = situations(subject)
    for turn in range(max(len(where), len(EXTREMES) * len(KINDS))):
        situation, kind = where[turn % len(where)], KINDS[turn % len(KINDS)]
        params = EXTREMES[turn // len(KINDS) % len(EXTREMES)](subject, FRAMES, turn)
        result = run(subject, situation, FRAMES, inputs=sources(subject, kind, FRAMES), params=params)
        for slot, signal in result.items():
            assert np.isfinite(signal).all(), (slot, situation, kind, turn)
            if not slot.startswith("memory "):
                assert np.abs(signal).max(initial=0.0) <= LARGER.get(subject.kernel, BOUND) * (
                    1e12 if kind == "loud" else 1.0
                ), (
                    slot,
                    situation,
                    kind,
                )


@every_kernel
def test_a_broken_source_is_forgotten_soon_after_it_has_gone(subject: Subject) -> None:
    """NaN, infinity and 1e30 come in for a cell; after three seconds the node sounds again, and like a new one."""
    frames, situation = 24_000, situations(subject)[1]
    good = sources(subject, "noise", frames)
    healthy = outputs(subject, run(subject, situation, frames, inputs=good))
    for bad in BROKEN:
        broken = {slot: signal.copy() for slot, signal in good.items()}
        for signal in broken.values():
            signal[:, 100 : 100 + CELL] = bad
        result = outputs(subject, run(subject, situation, frames, inputs=broken))
        for slot, signal in result.items():
            late, expected = signal[:, -4_000:], healthy[slot][:, -4_000:]
            assert np.isfinite(late).all(), (slot, bad)
            assert np.abs(late).max() <= BOUND, (slot, bad)
            assert np.abs(late).max() >= 0.1 * np.abs(expected).max(), (slot, bad)


# Bits


@every_kernel
def test_width_processor_level_and_slices_change_no_bit(subject: Subject) -> None:
    for situation in situations(subject):
        rng = np.random.default_rng(situation.number)
        moving = wandering(subject, FRAMES, situation.number)
        ways = {name: rng.choice(["still", "moves", "cells"]) for name in subject.params}
        setting: dict[str, Any] = {
            "inputs": sources(subject, "noise", FRAMES),
            "params": still(subject, situation.number) | {n: moving[n] for n, way in ways.items() if way == "moves"},
            "cells": {n: moving[n] for n, way in ways.items() if way == "cells"},
        }
        expected = run(subject, situation, FRAMES, width=1, level=LEVELS[0], slices=RANDOM_SLICES, **setting)
        forms = list(product(LEVELS, WIDTHS))
        if situation.number:
            forms = forms[situation.number % 3 :: 3]
        for level, width in forms:
            same_bits(
                expected, run(subject, situation, FRAMES, width=width, level=level, **setting), (situation, width)
            )
        for slices in (1, 17) if situation.number < 2 else (77,):
            same_bits(expected, run(subject, situation, FRAMES, slices=slices, **setting), (situation, slices))


@every_kernel
def test_a_parameter_that_moves_without_changing_is_one_that_stands(subject: Subject) -> None:
    for situation in situations(subject, 2):
        values = still(subject, situation.number)
        moving = {name: np.repeat(value[:, None], FRAMES, axis=1) for name, value in values.items()}
        inputs = sources(subject, "noise", FRAMES)
        expected = run(subject, situation, FRAMES, inputs=inputs, params=values)
        names = [[name] for name in values] if situation.number == 0 else [list(values)[::2], list(values)[1::2]]
        for group in names:
            some = {name: moving[name] for name in group}
            same_bits(expected, run(subject, situation, FRAMES, inputs=inputs, params=values | some), group)
            same_bits(expected, run(subject, situation, FRAMES, inputs=inputs, params=values, cells=some), group)


@every_kernel
def test_an_unwired_input_is_one_that_carries_zeros(subject: Subject) -> None:
    for situation in situations(subject, 2):
        params = still(subject, 5)
        wired = run(subject, situation, FRAMES, params=params, inputs=sources(subject, "silence", FRAMES))
        same_bits(wired, run(subject, situation, FRAMES, params=params), situation)


@every_kernel
def test_a_new_node_sounds_like_any_new_node_and_its_neighbours_change_nothing(subject: Subject) -> None:
    for situation in situations(subject, 2)[:3]:
        params, inputs = still(subject, 6), sources(subject, "noise", FRAMES)
        together = run(subject, situation, FRAMES, inputs=inputs, params=params, seeds=range(20, 20 + LANES))
        for lane in (0, 3):
            alone = run(
                subject,
                situation,
                FRAMES,
                inputs={slot: signal[[lane]] for slot, signal in inputs.items()},
                params={name: value[[lane]] for name, value in params.items()},
                memories=memories(subject, situation)[lane : lane + 1],
                seeds=[20 + lane],
                lanes=1,
            )
            alone = outputs(subject, alone)
            same_bits({slot: together[slot][[lane]] for slot in alone}, alone)


@every_kernel
def test_lanes_that_move_to_another_pack_go_on_as_if_nothing_happened(subject: Subject) -> None:
    """State is rows of words, and moves lane by lane: here from a pack of 8 to other places in a pack of 16."""
    half, order = 3 * CELL, [3, 0, 4, 2, 1]
    for situation in situations(subject, 2):
        inputs, params = sources(subject, "noise", FRAMES), still(subject, 8)
        setting: dict[str, Any] = {"params": params, "seeds": range(30, 30 + LANES), "time": 0}
        whole = run(subject, situation, FRAMES, inputs=inputs, **setting)

        before, lent = State(), memories(subject, situation)
        first = {slot: signal[:, :half] for slot, signal in inputs.items()}
        run(subject, situation, half, inputs=first, memories=lent, width=8, state=before, **setting)
        rows = subject.facts.state_rows
        after = State([aligned(max(1, rows * 16))])
        after.packs[0][: rows * 16].reshape(rows, 16)[:, :LANES] = before.packs[0][: rows * 8].reshape(rows, 8)[
            :, order
        ]

        second = {slot: signal[order, half:] for slot, signal in inputs.items()}
        setting |= {"params": {p: v[order] for p, v in params.items()}, "seeds": [30 + lane for lane in order]}
        setting |= {"time": half, "position": half, "memories": [lent[lane] for lane in order], "state": after}
        out = outputs(subject, run(subject, situation, FRAMES - half, inputs=second, **setting))
        same_bits({slot: whole[slot][order, half:] for slot in out}, out, situation)


# Silence


@pytest.mark.parametrize("subject", [s for s in SUBJECTS if s.facts.flags & STATELESS], ids=str)
def test_a_kernel_without_state_gives_silence_for_silence(subject: Subject) -> None:
    for situation in situations(subject):
        result = run(subject, situation, FRAMES, params=wandering(subject, FRAMES, 1))
        assert not any(signal.any() for signal in outputs(subject, result).values())


@pytest.mark.parametrize("subject", [s for s in SUBJECTS if s.facts.flags & RINGS], ids=str)
def test_a_kernel_that_rings_out_can_then_be_skipped_without_a_trace(subject: Subject) -> None:
    for situation in situations(subject, 2):
        rate_hz = situation.rate_hz if situation.number == 0 else min(RATES)  # where minutes are over soon
        slow = Situation(situation.number, rate_hz, situation.choices, situation.fixed)
        _ring_out(subject, slow, width=(16, 1)[situation.number % 2])


def _ring_out(subject: Subject, situation: Situation, width: int) -> None:
    lent, state, time = memories(subject, situation), State(), 0

    def go_on(kind: str, frames: int) -> dict[str, Signal]:
        nonlocal time
        inputs = sources(subject, kind, frames)
        time += frames
        setting = {"memories": lent, "state": state, "width": width, "time": time - frames}
        return outputs(subject, run(subject, situation, frames, inputs=inputs, **setting))

    go_on("noise", 2 * CELL)
    last: dict[str, Signal] = {}
    takes_sound = not set(slots(subject.facts.ins)) <= subject.controls
    gives_sound = all(port.type == "audio" for port in subject.node.outputs.values())
    most_s = MOST_RINGING_S if takes_sound and gives_sound else 10.0
    while not state.idle and time < most_s * situation.rate_hz:
        last = go_on("silence", 32 * CELL)
    if not state.idle:
        assert any(signal.any() for signal in last.values()), "silence came in for minutes, and silence goes out"
        return  # a source may play, and a held value stand, for ever
    before, packs = time, [pack.copy() for pack in state.packs]
    work = [words for words in (written(memory) for memory in lent if memory) if words is not None]
    kept = [words.copy() for words in work]
    for silent in go_on("silence", 32 * CELL).values():
        assert not silent.any()
    assert state.idle
    after_running = go_on("noise", FRAMES)
    for pack, copy in zip(state.packs, packs, strict=True):
        pack[:] = copy
    for words, copy in zip(work, kept, strict=True):
        words[:] = copy
    time = before + 32 * CELL
    same_bits(go_on("noise", FRAMES), after_running, situation)
