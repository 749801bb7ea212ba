"""Every system call of a save fails or lies in turn: the project is old or new, never torn, and every error is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphdaw.graph import Graph
from tests.faults import saves
from tests.faults.conftest import trials


def tried(interposer: Path, folder: Path, *arguments: str) -> dict[str, dict[str, int]]:
    (folder / "trial").mkdir()
    return trials("saves", interposer, folder / "trial", *arguments)


@pytest.mark.parametrize("keeping", ["links", "copies"])
def test_whatever_call_fails_the_project_is_old_or_new_and_whole(interposer: Path, folder: Path, keeping: str) -> None:
    found = tried(interposer, folder, keeping)

    assert found["breaches"] == []
    unseen = {kind for kind, count in found["calls"].items() if not count}
    assert unseen == ({"link"} if keeping == "copies" else set()), "calls that the library does not see"
    for outcome in ("saved", "refused", "saved, durability unknown"):
        assert found["outcomes"][outcome] > 10, "each has happened"


@pytest.mark.parametrize("seeded", saves.SEEDED)
def test_a_save_with_a_fault_of_its_own_is_found_out(interposer: Path, folder: Path, seeded: str) -> None:
    assert tried(interposer, folder, "links", seeded)["breaches"]


def test_the_kinds_of_calls_are_named_in_the_order_of_the_library() -> None:
    source = Path(__file__).with_name("faults.c").read_text()
    listed = source[source.index("enum { OPEN") + 7 : source.index(", KINDS };")]
    assert tuple(name.strip().lower() for name in listed.split(",")) == saves.KINDS


def test_a_limit_of_the_system_is_met_as_any_other_failure(tmp_path: Path) -> None:
    program = (
        "import resource, sys; from graphdaw.graph import Graph\n"
        "g = Graph(); g.add('gain'); g.save(sys.argv[1]); g.add('gain')\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))\n"
        "from graphdaw.errors import ProjectError\n"
        "try: g.save(sys.argv[1])\n"
        "except ProjectError as error: print(error)"
    )
    path = tmp_path / "a.gdaw"
    run = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert run.stdout == f"{path} cannot be written: File too large; choose another folder.\n"
    assert len(Graph.load(path).nodes) == 1 and os.listdir(tmp_path) == ["a.gdaw"]
