"""Storms under sanitizers: random edits while audio, helper and disk threads run, and swaps by the thousand."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.c import build

WRAP = ("gd_program_free",)


SANITIZERS = pytest.mark.parametrize(
    "variant, options",
    [
        ("address", {"ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1"}),
        ("thread", {"TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1"}),
    ],
)


@SANITIZERS
def test_tapes_that_come_and_go_while_it_plays(variant: str, options: dict[str, str]) -> None:
    program = build.program("tapes", variant)

    done = build.run([str(program), "2"], **options)

    assert done.returncode == 0 and "tapes: fine" in done.stdout, done.stdout + done.stderr


@SANITIZERS
def test_places_and_taps_that_come_and_go_while_it_plays(
    variant: str, options: dict[str, str], long_form: bool
) -> None:
    program = build.program("places", variant)

    done = build.run([str(program), "30" if long_form else "2"], timeout_s=300, **options)

    assert done.returncode == 0 and "places: fine" in done.stdout, done.stdout + done.stderr


@SANITIZERS
def test_recordings_of_tracks_live_as_long_as_they_are_read(
    variant: str, options: dict[str, str], long_form: bool
) -> None:
    program = build.program("pieces", variant)

    done = build.run([str(program), "30" if long_form else "2"], timeout_s=300, **options)

    assert done.returncode == 0 and "pieces: fine" in done.stdout, done.stdout + done.stderr


@SANITIZERS
def test_a_storm_of_edits_finds_no_race_leak_or_bad_memory(
    variant: str, options: dict[str, str], long_form: bool
) -> None:
    program = build.program("storm", variant, wrap=WRAP)

    done = build.run([str(program), "60" if long_form else "3"], timeout_s=600, **options)

    assert done.returncode == 0 and "storm: fine" in done.stdout, done.stdout + done.stderr


@SANITIZERS
def test_every_swap_comes_back_and_the_sound_outside_fades_is_that_without_swaps(
    variant: str, options: dict[str, str], long_form: bool, record_property: Callable[[str, object], None]
) -> None:
    swaps = 100_000 if long_form else 1_000
    program = build.program("swaps", variant, wrap=WRAP)

    done = build.run([str(program), str(swaps)], timeout_s=2_400, **options)

    assert done.returncode == 0, done.stdout + done.stderr
    counts = {name: int(count) for name, count in re.findall(r"(\w+) (\d+)", done.stdout)}
    record_property("figures", f"{counts['per_second']} swaps a second")
    assert counts["published"] == counts["taken"] == counts["freed"] == swaps
    assert counts["compared"] > swaps // 2 and counts["fading"] > swaps and counts["different"] == 0
