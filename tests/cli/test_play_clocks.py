"""`graphdaw play` with clocks and Link: what it says where there is nothing to go by."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import graphdaw as gd
from tests.jack_server import JackServer


@pytest.mark.parametrize("option", ["--clock-in", "--clock-out"])
def test_a_port_that_is_not_there_is_named_in_one_sentence(option: str, tmp_path: Path, server: JackServer) -> None:
    piece = gd.Graph()
    piece.add("sine") >> piece.add("output")
    piece.save(tmp_path / "tone.gdaw")
    done = subprocess.run(
        [sys.executable, "-m", "graphdaw.cli", "play", "tone.gdaw", "--device", "null", option, "no such port"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("graphdaw: ") and "no such port" in last
