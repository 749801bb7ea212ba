"""Out of memory in the core, as Python meets it: one clear error, the sound goes on, and nothing is left out later."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.c.module import module

ROOT = Path(__file__).parents[2]
WRAP = ("malloc", "calloc", "realloc", "aligned_alloc")


def child(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_refused_allocation_is_an_error_and_what_it_left_out_is_heard_later() -> None:
    refused = json.loads(child("tests.host.starved_child", str(module("starved_module", wrap=WRAP))))

    assert refused["opening"] > 20 and refused["opening and all later"] > 20
    assert refused["editing"] > 20 and refused["editing and all later"] > 20


def test_a_project_too_large_for_memory_is_an_error_while_another_plays_on(tmp_path: Path) -> None:
    assert json.loads(child("tests.host.starved_child", "loading", str(tmp_path)))["refused"] > 0
