"""Out of memory at every allocation of the core, one after the other."""

from __future__ import annotations

import re

from tests.c import build

WRAP = ("malloc", "calloc", "realloc", "aligned_alloc", "pthread_create")


def test_a_refused_allocation_fails_cleanly_and_the_old_plan_plays_on() -> None:
    program = build.program("oom", "address", wrap=WRAP)

    done = build.run([str(program)], ASAN_OPTIONS="detect_leaks=1")

    assert done.returncode == 0 and "oom: fine" in done.stdout, done.stdout + done.stderr
    refused = {what: int(count) for what, count in re.findall(r"(.+): (\d+) allocations refused", done.stdout)}
    assert refused["making"] > 400 and refused["changing"] > 500 and refused["removing"] > 50
