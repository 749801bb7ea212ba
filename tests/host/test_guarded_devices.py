"""The calls of real devices under the real-time guard: no heap, lock or system call in them, whatever is edited."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.c import build
from tests.c.module import module
from tests.jack_server import JackServer

ROOT = Path(__file__).parents[2]
WRAP = ("gd_caller_run", "gd_sleep_while", "gd_give_way")
VIOLATIONS = {1: "malloc", 2: "free", 3: "pthread_mutex_lock", 4: "system call 1", 5: "system call 230"}


@pytest.fixture(scope="module")
def core() -> Path:
    return module("guarded_module", wrap=WRAP)


@pytest.fixture(scope="module")
def guard() -> Path:
    return build.library(build.HERE / "guard.c")


@pytest.fixture
def jack() -> Iterator[JackServer]:
    server = JackServer(block_frames=128)
    yield server
    server.close()


def played(
    core: Path, guard: Path, device: str, seconds: float, threads: int = 1, violation: int = 0
) -> dict[str, Any]:
    """What the guard saw of a session."""
    command = [sys.executable, "-m", "tests.host.guarded_child", str(core), device, str(seconds)]
    done = subprocess.run(
        [*command, str(threads), str(violation)],
        cwd=ROOT,
        env=os.environ | {"LD_PRELOAD": str(guard), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=seconds + 60.0,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if not seen["trapped"]:
        pytest.skip("this kernel cannot trap system calls")
    return seen


@pytest.mark.parametrize("threads", [1, 2])
def test_the_null_devices_calls_never_wait(core: Path, guard: Path, threads: int, long_form: bool) -> None:
    seen = played(core, guard, "null", 60.0 if long_form else 2.0, threads)

    assert seen["violations"] == 0, seen["first"]
    assert seen["trapped"] == seen["calls"] > 200
    assert seen["swaps"] > 5


def test_the_calls_of_a_jack_server_never_wait(core: Path, guard: Path, jack: JackServer, long_form: bool) -> None:
    seen = played(core, guard, jack.device, 60.0 if long_form else 2.0)

    assert seen["violations"] == 0, seen["first"]
    assert "jack" in seen["device"].lower()
    assert seen["trapped"] == seen["calls"] > 200
    assert seen["swaps"] > 20


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_the_guard_sees_what_a_call_must_not_do(core: Path, guard: Path, violation: int) -> None:
    seen = played(core, guard, "null", 1.0, violation=violation)

    assert seen["violations"] > 0
    assert re.fullmatch(VIOLATIONS[violation], seen["first"])
