"""A hundred thousand mutated inputs end in a value or in a sentence; and what says so catches seeded faults."""

from __future__ import annotations

import pytest

from tests.fuzz import faults
from tests.fuzz.fuzz import MEMORY_BYTES, fuzz, shares
from tests.fuzz.runner import mutated
from tests.fuzz.targets import TARGETS

SEED = 1


@pytest.mark.parametrize("kind", faults.KINDS)
def test_a_reader_with_a_fault_is_caught_and_the_input_is_kept(kind: str) -> None:
    expected = faults.KINDS[kind][1]

    result = fuzz({kind: 2_000}, SEED, jobs=1, most_failures=1)

    assert result.failures, f"no mutation found it: {kind}"
    failure = result.failures[0]
    assert expected in failure.what
    target = faults.FAULTY[kind]
    assert failure.path.read_bytes() == mutated(target.mutator, target.seeds(), kind, SEED, failure.index)


def test_mutated_inputs_end_in_a_value_or_in_one_sentence(long_form: bool) -> None:
    wanted = shares(1_000_000 if long_form else 100_000)

    result = fuzz(wanted, seed=SEED + long_form)

    assert [f"{one.target} {one.index}: {one.what} ({one.path})" for one in result.failures] == []
    assert result.done >= sum(wanted.values()) >= 100_000
    assert result.peak_bytes <= MEMORY_BYTES
    assert 0.2 < result.refused / result.done < 0.95, "both ends must have been reached"


def test_inputs_depend_on_the_seed_and_their_number_alone() -> None:
    for name, target in TARGETS.items():
        seeds = target.seeds()
        first = [mutated(target.mutator, seeds, name, 5, index) for index in range(8)]
        assert [mutated(target.mutator, seeds, name, 5, index) for index in reversed(range(8))] == first[::-1]
        assert sum(data not in seeds for data in first) > 4
