"""What every effect kernel promises: the same bits at every width, level and slicing, finite numbers, exact silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pytest

from graphdaw.nodes import types
from tests.kernel_probe import CELL, LEVELS, WIDTHS, Memory, Signal, State, facts, run_kernel, slots

RATES = (8_000, 48_000, 192_000)
LANES = 5
FRAMES = 700


@dataclass(frozen=True)
class Case:
    """A kernel with the ranges its parameters are tried in, its choices and the length of its memory."""

    kernel: str
    params: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    choices: tuple[Mapping[str, int], ...] = ({},)
    memory: int = 0


MODES = tuple({"mode": i} for i in range(6))
STEEP = tuple({"mode": i, "slope": k} for i in (0, 1, 6, 7, 8) for k in (0, 1) if i > 1 or k)
BETWEEN = tuple({"interpolation": i} for i in range(2))
DETECTORS = tuple({"detector": d, "topology": t, "key": k} for d, t, k in product(range(2), range(2), range(2)))
DYNAMICS = (
    Case(
        "compressor",
        {
            "threshold_db": (-60.0, 0.0),
            "attack_s": (0.00001, 0.1),
            "release_s": (0.001, 0.02),
            "highpass_hz": (0.0, 500.0),
        },
        DETECTORS,
        16 + 2 * 512 + 200,
    ),
)
EQ = {
    "type1": (0.0, 8.0),
    "frequency1_hz": (10.0, 20_000.0),
    "gain1_db": (-24.0, 24.0),
    "q1": (0.1, 40.0),
    "gain_db": (-24.0, 24.0),
}
FILTERS = (
    Case("eq", EQ),
    Case(
        "ladder",
        {"cutoff_hz": (10.0, 20_000.0), "resonance": (0.0, 1.5), "drive_db": (-24.0, 48.0), "bass": (0.0, 1.0)},
        tuple({"mode": i} for i in range(4)),
    ),
    Case(
        "comb",
        {
            "frequency_hz": (150.0, 20_000.0),
            "feedback": (-0.9995, 0.9995),
            "damping_hz": (100.0, 20_000.0),
            "mix": (0.0, 1.0),
        },
        tuple({"mode": i} for i in range(2)),
        2048,
    ),
    Case(
        "formant",
        {"vowel": (0.0, 4.0), "shift_semitones": (-24.0, 24.0), "sharpness": (0.25, 8.0), "mix": (0.0, 1.0)},
        tuple({"voice": i} for i in range(4)),
    ),
    Case("split_bands", {f"split{i}_hz": (20.0, 20_000.0) for i in range(1, 5)}, tuple({"bands": i} for i in range(4))),
    Case("dc_block", {"cutoff_hz": (1.0, 200.0)}),
    Case("mid_side", choices=tuple({"mode": i} for i in range(2))),
    Case("stereo_width", {"width": (0.0, 4.0), "mono_below_hz": (0.0, 500.0)}),
    Case("haas", {"time_s": (0.0, 0.04), "level_db": (-24.0, 12.0)}, tuple({"late": i} for i in range(2)), 8192),
    Case("crossfade", {"position": (0.0, 1.0)}, tuple({"law": i} for i in range(2))),
    Case("send", {"level_db": (-96.0, 24.0)}),
    Case("return", {"level_db": (-96.0, 24.0)}),
    Case(
        "multiband",
        {
            "threshold1_db": (-80.0, 12.0),
            "ratio2": (0.5, 100.0),
            "attack3_s": (0.0001, 0.1),
            "split1_hz": (20.0, 20_000.0),
        },
        tuple({"bands": i} for i in range(3)),
    ),
    Case(
        "dynamic_eq",
        {"threshold1_db": (-80.0, 12.0), "ratio2": (0.25, 20.0), "frequency3_hz": (20.0, 20_000.0), "q4": (0.1, 20.0)},
        tuple({"key": i} for i in range(2)),
    ),
    Case("matrix", {"level1_1": (-2.0, 2.0), "level2_1": (-2.0, 2.0), "level1_6": (-2.0, 2.0)}),
)
CASES = (
    Case("filter", {"cutoff_hz": (10.0, 20_000.0), "q": (0.3, 40.0)}, MODES),
    Case("filter", {"cutoff_hz": (10.0, 20_000.0), "q": (0.3, 4.0), "gain_db": (-24.0, 24.0)}, STEEP),
    Case("delay", {"time_s": (0.0001, 0.02), "feedback": (-0.99, 0.99), "mix": (0.0, 1.0)}, BETWEEN, 1024),
    Case("delay_read", {"time_s": (0.0001, 0.02)}, BETWEEN, 1024),
    Case("delay_write", {"feedback": (-0.99, 0.99)}, memory=1024),
    Case("feedback_read", memory=128),
    Case("feedback_write", memory=128),
    Case("pan", {"pan": (-1.0, 1.0)}, tuple({"law": i} for i in range(3))),
    Case("mix", {f"gain{i}_db": (-96.0, 24.0) for i in range(1, 9)}),
    Case("switch", {"select": (0.0, 3.0)}),
    Case("meter", memory=4),
    Case("output", {"gain_db": (-96.0, 24.0)}),
    *DYNAMICS,
    *FILTERS,
)
VARIANTS = tuple((case, choices) for case in CASES for choices in case.choices)
NAMES = [f"{case.kernel}-{'-'.join(map(str, choices.values()))}".rstrip("-") for case, choices in VARIANTS]
every_kernel = pytest.mark.parametrize(("case", "choices"), VARIANTS, ids=NAMES)


def noise(case: Case, frames: int = FRAMES) -> dict[str, Signal]:
    rng = np.random.default_rng(1)
    return {slot: rng.uniform(-1, 1, (LANES, frames)).astype(np.float32) for slot in slots(facts(case.kernel).ins)}


def lines(case: Case, *, filled: bool = True) -> list[Memory] | None:
    rng = np.random.default_rng(2)
    shape = (LANES, case.memory)
    data = rng.uniform(-1, 1, shape) if filled and case.kernel != "meter" else np.zeros(shape)
    return [Memory(row) for row in data.astype(np.float32)] if case.memory else None


def wandering(case: Case, frames: int = FRAMES) -> dict[str, Signal]:
    """Each parameter on a different slow curve through its range in each lane."""
    t, lane = np.arange(frames) / 300, np.arange(LANES)[:, None]
    waves = {name: 0.5 + 0.5 * np.sin(t * (1 + k) + lane) for k, name in enumerate(case.params)}
    return {n: np.float32(lo + (hi - lo) * waves[n]) for n, (lo, hi) in case.params.items()}


def run(case: Case, choices: Mapping[str, int], params: Mapping[str, Signal], **how: object) -> list[Signal]:
    """Outputs, then what is left in the memories."""
    memories = lines(case)
    outputs = run_kernel(
        case.kernel,
        inputs=noise(case),
        params=params,
        choices=choices,
        memories=memories,
        frames=FRAMES,
        lanes=LANES,
        **how,
    )
    return [*outputs.values(), *(m.data for m in memories or [])]


def assert_same_bits(a: list[Signal], b: list[Signal]) -> None:
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x.view(np.uint32), y.view(np.uint32))


@every_kernel
@pytest.mark.parametrize("rate", RATES)
def test_every_width_and_level_gives_the_same_bits(case: Case, choices: Mapping[str, int], rate: int) -> None:
    for params in (wandering(case), {n: v[:, 0] for n, v in wandering(case).items()}):
        expected = run(case, choices, params, width=1, level="base", sample_rate=rate, time=CELL * 5)
        assert all(np.isfinite(x).all() for x in expected)
        for width, level in product(WIDTHS, LEVELS):
            actual = run(case, choices, params, width=width, level=level, sample_rate=rate, time=CELL * 5)
            assert_same_bits(actual, expected)


@every_kernel
@pytest.mark.parametrize("width", (1, 16))
def test_slices_change_no_bit(case: Case, choices: Mapping[str, int], width: int) -> None:
    for params in (wandering(case), {n: v[:, 0] for n, v in wandering(case).items()}):
        expected = run(case, choices, params, width=width, time=37)
        for slices in (1, (3, CELL, 7, 17)):
            assert_same_bits(run(case, choices, params, width=width, time=37, slices=slices), expected)


@every_kernel
def test_a_constant_that_moves_equals_one_that_stands(case: Case, choices: Mapping[str, int]) -> None:
    standing = {n: v[:, 0] for n, v in wandering(case).items()}
    expected = run(case, choices, standing)
    for name in case.params:
        moving = {**standing, name: np.repeat(standing[name][:, None], FRAMES, axis=1)}
        assert_same_bits(run(case, choices, moving), expected)


@every_kernel
@pytest.mark.parametrize("rate", RATES)
def test_parameters_that_jump_from_end_to_end_give_finite_numbers(
    case: Case, choices: Mapping[str, int], rate: int
) -> None:
    rng = np.random.default_rng(3)
    params = {n: rng.choice(np.float32(ends), (LANES, FRAMES)) for n, ends in case.params.items()}
    for x in run(case, choices, params, sample_rate=rate):
        assert np.isfinite(x).all()
        assert np.abs(x).max(initial=0) < 1e4


RINGERS = ("filter", "delay", "switch", "compressor", "eq", "ladder", "comb", "formant", "dc_block", "haas")
RINGING = tuple((c, v) for c, v in VARIANTS if c.kernel in RINGERS)


@pytest.mark.parametrize(("case", "choices"), RINGING, ids=lambda x: str(getattr(x, "kernel", x)))
@pytest.mark.parametrize("width", (1, 16))
def test_an_idle_kernel_can_be_skipped_without_a_trace(case: Case, choices: Mapping[str, int], width: int) -> None:
    params = {n: np.full(LANES, lo + 0.3 * (hi - lo), np.float32) for n, (lo, hi) in case.params.items()}
    state, memories = State(), lines(case, filled=False)
    sound, silence = noise(case, 256), {slot: np.zeros((LANES, 4096), np.float32) for slot in noise(case)}
    time = 0

    def go_on(inputs: dict[str, Signal]) -> list[Signal]:
        nonlocal time
        result = run_kernel(
            case.kernel,
            width=width,
            inputs=inputs,
            params=params,
            choices=choices,
            memories=memories,
            time=time,
            state=state,
        )
        time += next(iter(result.values())).shape[1]
        return list(result.values())

    go_on(sound)
    assert not state.idle or case.kernel == "switch"
    for _ in range(60):
        go_on(silence)
        if state.idle:
            break
    assert state.idle
    assert all((m.data == 0).all() for m in memories or [])
    before, kept = time, [pack.copy() for pack in state.packs]
    for silent in go_on(silence):
        assert not silent.view(np.uint32).any()
    assert state.idle
    after_running = go_on(sound)
    for pack, copy in zip(state.packs, kept, strict=True):
        pack[:] = copy
    for memory in memories or []:
        memory.data[:] = 0
    time = before + 4096
    assert_same_bits(go_on(sound), after_running)


@pytest.mark.parametrize("name", ("delay", "feedback"))
def test_the_halves_of_a_loop_share_their_node_s_ports_and_parameters(name: str) -> None:
    declared = types()[name]
    read, write = (facts(kernel) for kernel in declared.loop_kernels)
    assert not read.ins and read.outs == ("out",)
    assert set(declared.at_once) == {*read.ins, *read.params}
    assert write.ins[0] == "in" and not write.outs
    assert {*read.params, *write.params} <= {*declared.params}
    assert {*read.choices, *write.choices} <= {*declared.choices}
