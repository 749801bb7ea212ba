"""The audio thread and its helpers do nothing that may wait: no heap, no lock, no system call, no page fault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.c import build

WRAP = ("gd_run_steps", "gd_run_share", "gd_sleep_while", "gd_give_way")
SEEN_AS = {
    "malloc": "malloc",
    "calloc": "calloc",
    "realloc": "malloc|realloc",  # of nothing, which the compiler knows to be malloc
    "aligned_alloc": "aligned_alloc",
    "posix_memalign": "posix_memalign",
    "free": "free",
    "pthread_mutex_lock": "pthread_mutex_lock",
    "pthread_cond_signal": "pthread_cond_signal",
    "sem_post": "sem_post",
    "write": "system call 1",
    "print": "system call 1",
    "getpid": "system call 39",
    "sleep": "system call 230",
    "yield": "system call 24",
    "futex_wait": "system call 202",
    "clock": "system call 228",
    "thread_clock": "system call 228",
}


@pytest.fixture(scope="module")
def program() -> Path:
    return build.program("guarded", "plain", wrap=WRAP)


@pytest.fixture(scope="module")
def guard() -> Path:
    return build.library(build.HERE / "guard.c")


def storm(program: Path, guard: Path, violation: str, thread: str, seconds: float) -> tuple[int, dict[str, int], str]:
    """Exit status, counts, and the first violation's name."""
    done = build.run([str(program), violation, thread, str(seconds)], LD_PRELOAD=str(guard))
    if done.returncode == 77:
        pytest.skip(done.stdout.strip())
    assert done.returncode in (0, 1), done.stdout + done.stderr
    counts = {name: int(count) for name, count in re.findall(r"(\w+) (\d+)", done.stdout.partition("first")[0])}
    return done.returncode, counts, done.stdout.partition("first '")[2].strip().rstrip("'")


def test_a_storm_of_edits_never_makes_the_audio_threads_wait(program: Path, guard: Path) -> None:
    status, counts, first = storm(program, guard, "none", "audio", 3.0)

    assert status == 0 and counts["violations"] == 0, first
    assert counts["swaps"] > 20 and counts["helped"] > 0
    assert 0 < counts["wakes"] <= counts["calls"]
    assert counts["major_faults"] == 0
    assert counts["minor_faults"] + counts["helper_faults"] <= 64  # stacks of up to 100 KiB, once; not one a swap


@pytest.mark.parametrize("violation", SEEN_AS)
def test_the_guard_catches(program: Path, guard: Path, violation: str) -> None:
    status, counts, first = storm(program, guard, violation, "audio", 0.2)

    assert status == 1 and counts["violations"] > 0
    assert re.fullmatch(SEEN_AS[violation], first)


@pytest.mark.parametrize("violation", ["free", "pthread_mutex_lock", "write", "getpid"])
def test_the_guard_catches_in_a_helper(program: Path, guard: Path, violation: str) -> None:
    status, counts, first = storm(program, guard, violation, "helper", 0.2)

    assert status == 1 and counts["violations"] > 0
    assert first == SEEN_AS[violation]


def test_page_faults_are_counted(program: Path, guard: Path) -> None:
    _, counts, _ = storm(program, guard, "page_faults", "audio", 0.5)

    assert counts["minor_faults"] >= 64
