"""Commands for what is kept of a project beside its present file: edits after a crash, checkpoints, generations."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import graphdaw as gd

CRASH = """
import os, sys, graphdaw as gd
project = gd.open(sys.argv[1])
for frequency_hz in (100.0, 200.0, 300.0):
    project.graph.set("sine1", frequency_hz=frequency_hz)
os.kill(os.getpid(), 9)
"""


def graphdaw(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "graphdaw.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def refused(*arguments: object) -> str:
    run = graphdaw(*arguments)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert run.stderr.startswith("graphdaw: ") and "fault of GraphDAW" not in run.stderr
    return run.stderr


def frequency_hz(path: Path) -> float:
    value = gd.load(str(path))["sine1"].params["frequency_hz"]
    assert isinstance(value, float)
    return value


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def song(tmp_path: Path) -> Path:
    graph = gd.Graph()
    graph.add("sine")
    graph.save(tmp_path / "song.gdaw")
    return tmp_path / "song.gdaw"


@pytest.fixture
def crashed(song: Path) -> Path:
    """The project with three edits that a killed program left in its journal."""
    assert subprocess.run([sys.executable, "-c", CRASH, str(song)], check=False).returncode == -9
    return song


def test_what_a_crash_left_is_shown_and_every_command_says_that_it_is_there(crashed: Path) -> None:
    run = graphdaw("recover", crashed)
    assert run.returncode == 0 and run.stdout.startswith(f"Recovered 3 edits that {crashed} did not hold yet")
    assert run.stdout.count("set_values sine1") == 3

    shown = json.loads(graphdaw("recover", crashed, "--json").stdout)
    assert (shown["found"], shown["applied"], len(shown["changes"])) == (3, 3, 3)
    assert "Recovered 3 edits" in graphdaw("show", crashed).stderr
    assert "300" in graphdaw("show", crashed).stdout


def test_the_edits_are_saved_when_asked(crashed: Path) -> None:
    run = graphdaw("recover", crashed, "--apply")

    assert run.returncode == 0 and "3 edits are saved" in run.stdout
    assert frequency_hz(crashed) == 300.0 and gd.load(str(crashed)).recovered is None


def test_the_edits_are_dropped_when_asked(crashed: Path) -> None:
    assert json.loads(graphdaw("recover", crashed, "--drop", "--json").stdout)["done"] == "dropped"

    assert frequency_hz(crashed) == 440.0 and gd.load(str(crashed)).recovered is None
    assert "no edits were left" in graphdaw("recover", crashed).stdout


def test_projects_without_a_name_are_listed() -> None:
    assert "No project without a name" in graphdaw("recover").stdout
    program = "import os, graphdaw as gd; p = gd.open(); p.graph.add('saw'); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", program], check=False)

    (left,) = json.loads(graphdaw("recover", "--json").stdout)

    assert left["edits"] == 1 and os.path.exists(left["path"]) and left["path"] in graphdaw("recover").stdout


def test_checkpoints_are_made_listed_and_restored(song: Path) -> None:
    assert "has no checkpoint" in graphdaw("checkpoints", song).stdout
    assert "before" in graphdaw("checkpoints", song, "--add", "before").stdout
    with gd.open(song) as project:
        project.graph.set("sine1", frequency_hz=50.0)
        project.save()
    (one,) = json.loads(graphdaw("checkpoints", song, "--json").stdout)
    assert (one["id"], one["label"]) == (1, "before")

    assert graphdaw("checkpoints", song, "--restore", 1).returncode == 0

    assert frequency_hz(song) == 440.0
    newest = json.loads(graphdaw("generations", song, "--json").stdout)[0]
    assert frequency_hz(Path(newest["path"])) == 50.0


def test_generations_are_listed_and_restored_and_what_was_there_becomes_one(crashed: Path) -> None:
    graphdaw("recover", crashed, "--apply")
    (old,) = json.loads(graphdaw("generations", crashed, "--json").stdout)

    run = graphdaw("generations", crashed, "--restore", old["number"])

    assert run.returncode == 0 and frequency_hz(crashed) == 440.0
    newest = json.loads(graphdaw("generations", crashed, "--json").stdout)[0]
    assert frequency_hz(Path(newest["path"])) == 300.0


def test_a_damaged_project_gives_way_to_an_earlier_version(song: Path) -> None:
    with gd.open(song) as project:
        project.graph.set("sine1", frequency_hz=50.0)
        project.save()
    data = bytearray(song.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    song.unlink()
    song.write_bytes(data)
    assert "graphdaw generations" in refused("show", song)

    assert graphdaw("generations", song, "--restore", 1).returncode == 0
    assert frequency_hz(song) == 440.0


def test_what_cannot_be_done_is_one_sentence(song: Path, tmp_path: Path) -> None:
    assert "no generation 7" in refused("generations", song, "--restore", 7)
    assert "no checkpoint 7" in refused("checkpoints", song, "--restore", 7)
    assert "does not exist" in refused("recover", tmp_path / "none.gdaw", "--apply")
    assert "does not exist" in refused("checkpoints", tmp_path / "none.gdaw")
    assert "exclude each other" in refused("recover", song, "--apply", "--drop")
    assert "Name the FILE" in refused("recover", "--apply")
    with gd.open(song):
        assert "held open" in refused("recover", song, "--drop")
        assert "held open" in refused("checkpoints", song, "--add", "mine")
