"""Programs in C are built while other tests run, and their tests come last."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BUILDER = pytest.StashKey[subprocess.Popen[bytes]]()


def _is_here(item: pytest.Item) -> bool:
    return HERE in item.path.parents


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_is_here)


def pytest_collection_finish(session: pytest.Session) -> None:
    own = sum(map(_is_here, session.items))
    first = getattr(session.config, "workerinput", {}).get("workerid", "gw0") == "gw0"  # of processes that run tests
    if first and own and own < len(session.items) and not session.config.option.collectonly:
        session.stash[BUILDER] = subprocess.Popen(
            [sys.executable, "-m", "tests.c.build"],
            cwd=HERE.parents[1],
            preexec_fn=lambda: os.nice(5),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def pytest_sessionfinish(session: pytest.Session) -> None:
    builder = session.stash.get(BUILDER, None)
    if builder is not None:
        builder.terminate()
        builder.wait()
