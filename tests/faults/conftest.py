"""Where system calls fail: the library that makes them, a folder in memory, and a program of trials in between."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.c import build

ROOT = Path(__file__).parents[2]
MEMORY = Path("/dev/shm")  # the same calls to the same kernel, without waiting for a disk that is not asked anything
WATCHDOG_S = 500


@pytest.fixture(scope="module")
def interposer() -> Path:
    """The preloaded library, built from faults.c."""
    return build.library(Path(__file__).with_name("faults.c"))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    if not MEMORY.is_dir():
        yield tmp_path
        return
    place = Path(tempfile.mkdtemp(prefix="graphdaw-faults-", dir=MEMORY))
    yield place
    shutil.rmtree(place)


def trials(module: str, interposer: Path, folder: Path, *arguments: str) -> dict[str, Any]:
    """Run `tests.faults.MODULE` with the library preloaded; returns what it found."""
    preloaded = {"LD_PRELOAD": str(interposer), "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(folder / "state")}
    run = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{module}", str(folder), *arguments],
        env=os.environ | preloaded,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WATCHDOG_S,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found
