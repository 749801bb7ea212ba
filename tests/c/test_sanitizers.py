"""The storm under sanitizers: random edits while an audio thread, a helper and a disk thread run."""

from __future__ import annotations

import pytest

from tests.c import build

WRAP = ("gd_program_free",)


SANITIZERS = [
    ("address", {"ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1"}),
    ("thread", {"TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1"}),
]


@pytest.mark.parametrize("variant, options", SANITIZERS)
def test_tapes_that_come_and_go_while_it_plays(variant: str, options: dict[str, str]) -> None:
    program = build.program("tapes", variant)

    done = build.run([str(program), "2"], **options)

    assert done.returncode == 0 and "tapes: fine" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("variant, options", SANITIZERS)
def test_a_storm_of_edits_finds_no_race_leak_or_bad_memory(variant: str, options: dict[str, str]) -> None:
    program = build.program("storm", variant, wrap=WRAP)

    done = build.run([str(program), "3"], **options)

    assert done.returncode == 0 and "storm: fine" in done.stdout, done.stdout + done.stderr
