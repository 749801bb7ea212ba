"""`graphdaw tune`: a project keeps the scale, and what is wrong is one sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import graphdaw as gd


def tune(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "graphdaw.cli", "tune", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    graph = gd.Graph()
    graph.add("voices")
    graph.add("sine")
    graph.save(tmp_path / "song.gdaw")
    (tmp_path / "fifths.scl").write_text("! fifths.scl\nFifths\n2\n3/2\n2/1\n")
    return tmp_path / "song.gdaw"


def test_the_project_holds_the_scale(song: Path) -> None:
    run = tune(song, "voices1", song.with_name("fifths.scl"))

    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == f"voices1 of {song} plays {song.with_name('fifths.scl')}.\n"
    song.with_name("fifths.scl").unlink()
    assert gd.load(str(song))["voices1"].params["scale"] == "3/2 2/1"


@pytest.mark.parametrize(
    "node, scale, sentence",
    [
        ("voices2", "fifths.scl", "voices2"),
        ("sine1", "fifths.scl", "has no parameter 'scale'"),
        ("voices1", "gone.scl", "gone.scl cannot be read"),
    ],
)
def test_what_cannot_be_tuned_is_one_sentence_and_leaves_the_project(
    node: str, scale: str, sentence: str, song: Path
) -> None:
    before = song.read_bytes()
    run = tune(song, node, song.with_name(scale))

    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert sentence in run.stderr
    assert song.read_bytes() == before
